"""Tests, mirroring the folder they test."""
