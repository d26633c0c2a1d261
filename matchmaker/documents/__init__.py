"""Papers that people hand in: checked by content, kept once, read by permission only."""
