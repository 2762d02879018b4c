"""One engine for every front end: a rule sees a resource or a stack, and what it can't see is never a pass."""
