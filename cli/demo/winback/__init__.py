"""A win-back campaign on the demo's stack: who is in it, how it is played, and what must have come of it."""
