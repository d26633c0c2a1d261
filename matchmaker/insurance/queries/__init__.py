"""Reads of cover for owners, and of what was asked for."""
