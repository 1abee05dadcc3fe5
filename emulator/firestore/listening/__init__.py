"""Real-time listeners: the targets of a Listen stream, and who is told of which commit."""
