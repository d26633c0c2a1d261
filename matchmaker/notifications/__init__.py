"""Messages waiting to leave, and a person's own inbox."""
