"""Pages of cover for owners, and of requests for a quote on both sides."""

from __future__ import annotations

from flask import Blueprint, current_app

from matchmaker.insurance.rules.conditions import lines_meeting

bp = Blueprint("insurance", __name__)


def licensed() -> bool:
    """Whether the operator's licence for insurance intermediation is on file (setting, off by default)."""
    return bool(current_app.config["SETTINGS"].insurance_licence)


bp.add_app_template_global(lines_meeting, "cover_meeting")

from matchmaker.insurance.views import desk, owner, showing, zone  # noqa: E402, F401  they register themselves
