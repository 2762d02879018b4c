"""The backup vault, its lock, its plan and what the plan selects."""
