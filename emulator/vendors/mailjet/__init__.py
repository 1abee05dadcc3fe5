"""A sandbox of Mailjet."""
