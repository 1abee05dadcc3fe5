"""A sandbox of Alpine IQ."""
