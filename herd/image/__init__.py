"""Golden images at the command line: what would be built and why, what was built, and locks that name it."""
