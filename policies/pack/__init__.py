"""The law in Pulumi's policy protocol: the same rules and the same engine, asked by the real CLI."""
