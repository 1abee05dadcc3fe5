"""The local stack: what Perennial runs on without a network. Never deployed."""
