"""`./dev simulate`: a seeded run of a shop in which everything goes wrong that can, held against a tiny oracle."""
