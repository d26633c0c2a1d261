"""Threads inside a case: what owner and institution write to each other; blocks and reports."""
