"""What makes a business ready: kinds, standings and their steps, placeholders, warning signs, what is missing and why."""

from __future__ import annotations

KINDS = ("enterprise", "sole_proprietor", "cooperative")
CAPACITIES = ("legal_representative", "owner", "agent")
"""legal_representative of an enterprise or cooperative; owner (经营者) of a sole proprietor; agent with a letter."""
STANDINGS = ("declared", "papers_sent", "checked", "rejected", "confirmed_outside")
PROVEN = ("checked", "confirmed_outside")
"""With one of these, an institution may be shown who asks (design: identity)."""
PAPER_KINDS = ("licence", "letter")
TAX_GRADES = ("A", "B", "M", "C", "D")
"""纳税信用级别: A best, M for businesses without a full year of record."""
LINE_KINDS = ("loan", "guarantee")
LINE_SOURCES = ("declared", "paid_out")
