"""The law for readers: what each rule says, its page, which component it covers, and its own trial."""
