"""Forms of matching: a button that makes a list, and nothing to type."""

from __future__ import annotations

from matchmaker.web import BaseForm


class MakeListForm(BaseForm):
    """Ask for a new list."""
