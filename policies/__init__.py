"""The law: rules as data and pure functions, one engine that runs them, and what Pulumi's policy protocol needs."""
