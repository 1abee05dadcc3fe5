"""What `./dev demo` runs: orders from a generator or a real export, replayed on the local stack and checked."""
