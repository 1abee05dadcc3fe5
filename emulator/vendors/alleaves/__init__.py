"""A sandbox of Alleaves."""
