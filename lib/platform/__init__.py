"""Identity, configuration, Cloud Tasks, clock and logs."""
