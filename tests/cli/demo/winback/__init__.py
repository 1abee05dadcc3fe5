"""The demo's win-back campaign."""
