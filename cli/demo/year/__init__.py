"""What `./dev demo --days N` runs: the orders at their own moments, and what time alone does in between."""
