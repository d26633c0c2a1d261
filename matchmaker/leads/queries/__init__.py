"""Reads of leads: one by number and locked, lists by reader, the queue, and what an institution may see."""
