"""Queries: parsed from the wire, compiled to predicates, planned onto index scans, executed, aggregated."""
