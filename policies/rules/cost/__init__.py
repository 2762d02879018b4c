"""Everything that costs has an owner and an end."""
