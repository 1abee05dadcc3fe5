"""Messages and consent over HTTP."""
