"""One file a noun; one transaction a function: read once, decide, write once."""
