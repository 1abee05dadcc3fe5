"""Tests of what `./dev demo` runs."""
