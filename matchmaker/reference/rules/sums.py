"""Reads sums of money as people type them, the one reader of every form, and shows a stored sum for editing again.

What a bare number means is the reader's page's business (万元 on Chinese pages, yuan on English ones); a unit that was
typed always wins. Limits, and what a sum may not be, belong to each subject.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

WAN = Decimal(10_000)
UNITS = {"wan": WAN, "yuan": Decimal(1)}
"""What a bare number may count, in yuan."""
_SCALES = {
    "千": Decimal(10**3), "万": WAN, "百万": Decimal(10**6), "千万": Decimal(10**7), "亿": Decimal(10**8),
    "w": WAN, "k": Decimal(10**3), "thousand": Decimal(10**3), "million": Decimal(10**6), "billion": Decimal(10**9),
}  # fmt: skip
_MOST_SIGNS = 24
_LONGEST_FIRST = "|".join(sorted(_SCALES, key=len, reverse=True))
_SUM = re.compile(
    rf"""(?P<sign>[-+]?)\s*(?P<before>¥|rmb|cny|人民币)?\s*(?P<sign_after>[-+]?)
    (?P<number>(?:\d{{1,3}}(?:[,' ]\d{{3}})+|\d+)(?:\.\d+)?|\.\d+)
    \s*(?P<scale>{_LONGEST_FIRST})?\s*(?P<yuan>元整?|块钱?|yuan|rmb|cny)?""",
    re.ASCII | re.VERBOSE,
)


def narrow(text: str | None) -> str:
    """What was typed in half-width signs, lower case, without blanks around it; "" where nothing was."""
    flat = unicodedata.normalize("NFKC", text or "").lower()
    return flat.replace("−", "-").replace("’", "'").strip()


def read_sum(text: str | None, unit: str = "wan") -> Decimal | None:
    """Yuan, exactly, from what was typed; None where that is no sum (three groups are no thousands: 1,00).

    Full-width signs, thousands by comma, apostrophe or blank, ¥ and RMB before the number, 元, 万元, 亿 and English
    scales behind it are understood. A bare number is in ``unit``; 元, ¥ or RMB without a scale is yuan, whatever it is.
    """
    typed = narrow(text)
    found = _SUM.fullmatch(typed) if len(typed) <= _MOST_SIGNS else None
    if found is None or (found["sign"] and found["sign_after"]):
        return None
    if found["scale"]:
        factor = _SCALES[found["scale"]]
    else:
        factor = Decimal(1) if found["before"] or found["yuan"] else UNITS.get(unit, WAN)
    amount = Decimal(re.sub("[,' ]", "", found["number"])) * factor
    return -amount if "-" in (found["sign"], found["sign_after"]) else amount


def shown_sum(amount: Decimal | None, unit: str) -> str:
    """A stored sum as a form shows it for editing, in its unit: 300000 → "30" (万元), "300,000" (yuan)."""
    if amount is None:
        return ""
    shown = (amount / UNITS.get(unit, WAN)).normalize()
    return format(shown, ",f" if unit == "yuan" else "f")
