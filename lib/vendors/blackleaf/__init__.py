"""Blackleaf: texts and pictures by telephone, out by either generation of its API, receipts and replies back."""
