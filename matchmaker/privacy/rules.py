"""Terms of one's own data: how long an account that is to be closed still waits."""

from __future__ import annotations

from datetime import timedelta

CLOSING_GRACE = timedelta(days=7)
"""Between asking and closing: long enough to notice somebody else's hand, well within the fifteen working days in
which a request must be done with (工信部信管函〔2019〕337号: 15 working days for closing an account)."""
STAFF_ROLES = ("manager", "desk", "operator", "supervisor", "channel")
"""Who works here hands over first: whoever signs in for an institution does not close the account under its work."""
