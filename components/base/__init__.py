"""What every component shares: specs, the stack context, naming, tags, child options, problems."""
