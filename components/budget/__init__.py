"""What a stack may cost, and who hears about it."""
