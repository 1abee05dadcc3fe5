"""Names every deployed function; no logic."""
