"""Uploaded papers: kinds, checks by content, storage in the database, reading by permission only."""
