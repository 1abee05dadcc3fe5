"""Identity, configuration, clock and logs."""
