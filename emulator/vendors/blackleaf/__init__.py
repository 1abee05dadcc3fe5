"""A sandbox of Blackleaf."""
