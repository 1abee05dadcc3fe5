"""Sandboxes of the vendors: they speak their HTTP contracts, keep state, lag, and fail on demand."""
