"""Who did what, sealed in a chain; who looked at whose data."""
