"""After an interrupted run: what the cloud holds that the state doesn't know, and what to do about it."""
