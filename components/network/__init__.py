"""The network of a stack: a VPC of its own, or one that exists."""
