"""Terms of one's own data: how long an account that is to be closed still waits."""

from __future__ import annotations

import re
from datetime import timedelta

CLOSING_GRACE = timedelta(days=7)
"""Between asking and closing: long enough to notice somebody else's hand, well within the fifteen working days in
which a request must be done with (工信部信管函〔2019〕337号: 15 working days for closing an account)."""
def masked_name(name: str) -> str:
    """A name of which the first sign stays: 桂兰砂锅馆 -> 桂＊＊＊＊."""
    return name[:1] + "＊" * max(1, len(name) - 1)


def masked_code(code: str) -> str:
    """A code of which the region and the last two signs stay: 92330106MA2T00017X -> 92330106＊＊＊＊＊＊＊＊7X."""
    return f"{code[:8]}＊＊＊＊＊＊＊＊{code[-2:]}"


CASE_NUMBER = re.compile(r"[\w（）()〔〕\[\]－\-]{4,60}")
"""What a case number may look like: 甬金监案〔2026〕12号."""


STAFF_ROLES = ("manager", "desk", "operator", "supervisor", "channel")
"""Who works here hands over first: whoever signs in for an institution does not close the account under its work."""
