"""One folder a vendor: client, wire shapes, webhook."""
