"""Dated, sourced facts of the outside world: industries, regions, size standard, LPR, terms, working days."""
