"""Everything that is deployed below the triggers."""
