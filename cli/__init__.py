"""What ./dev runs: the demo, the audit, the simulation, tokens. Never deployed."""
