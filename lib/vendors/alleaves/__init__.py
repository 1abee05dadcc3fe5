"""Alleaves, the point of sale: its customers and orders, read on schedule, and its webhook, which makes that prompt."""
