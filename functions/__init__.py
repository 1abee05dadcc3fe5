"""The deployed triggers: decode, authorise, call one use case, encode."""
