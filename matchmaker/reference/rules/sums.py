"""Reads sums of money as people type them, the one reader of every form, and shows a stored sum for editing again.

What a bare number means is the reader's page's business (万元 on Chinese pages, yuan on English ones); a unit that was
typed always wins. Limits, and what a sum may not be, belong to each subject.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import cache

WAN = Decimal(10_000)
UNITS = {"wan": WAN, "yuan": Decimal(1)}
"""What a bare number may count, in yuan."""
_SCALES = {
    "千": Decimal(10**3), "万": WAN, "百万": Decimal(10**6), "千万": Decimal(10**7), "亿": Decimal(10**8),
    "w": WAN, "k": Decimal(10**3), "thousand": Decimal(10**3), "million": Decimal(10**6), "billion": Decimal(10**9),
}  # fmt: skip
_MOST_SIGNS = 32
_MOST_DIGITS = 24
_LONGEST_FIRST = "|".join(sorted(_SCALES, key=len, reverse=True))
_SUM = re.compile(
    rf"""(?P<sign>[-+]?)\s*(?P<before>¥|rmb|cny|人民币)?\s*(?P<sign_after>[-+]?)
    (?:(?P<number>(?:\d{{1,3}}(?:[,' ]\d{{3}})+|\d+)(?:\.\d+)?|\.\d+)\s*(?P<scale>{_LONGEST_FIRST})?
    |(?P<words>[\dw零一二三四五六七八九十百千万亿]+))
    \s*整?\s*(?P<yuan>(?:元|块钱?|yuan|rmb|cny)\s*(?:整|人民币)?|人民币)?""",
    re.ASCII | re.VERBOSE,
)
_DIGITS = "零一二三四五六七八九"
_PLACES = ((1000, "千"), (100, "百"), (10, "十"), (1, ""))
_SIGNS = str.maketrans(
    "壹贰貳叁叄參肆伍陆陸柒捌玖拾佰仟萬億圆圓塊錢〇○正", "一二二三三三四五六六七八九十百千万亿元元块钱零零整"
)
"""Bankers' and traditional signs, as plain ones."""
_TWO = re.compile("(?<!十)(?:两|兩)(?=[百千万亿])")


def narrow(text: str | None) -> str:
    """What was typed in half-width signs, lower case, without blanks around it; "" where nothing was."""
    flat = unicodedata.normalize("NFKC", text or "").lower()
    return flat.replace("−", "-").replace("’", "'").strip()


def read_sum(text: str | None, unit: str = "wan") -> Decimal | None:
    """Yuan, exactly, from what was typed; None where that is no sum (three groups are no thousands: 1,00).

    Full-width signs, thousands by comma, apostrophe or blank, ¥ and RMB before the number, 元, 万元, 亿 and English
    scales behind it are understood, and so are Chinese numerals and sums of several units (两万五千, 1亿2000万). A bare
    number is in ``unit``; 元, ¥ or RMB without a scale is yuan, whatever it is.
    """
    typed = _TWO.sub("二", narrow(text).translate(_SIGNS))
    found = _SUM.fullmatch(typed) if len(typed) <= _MOST_SIGNS else None
    if found is None or (found["sign"] and found["sign_after"]) or len(found["number"] or "") > _MOST_DIGITS:
        return None
    factor = Decimal(1) if found["before"] or found["yuan"] else UNITS.get(unit, WAN)
    if found["words"]:
        amount = _spoken(found["words"], factor, before=bool(found["before"]), behind=bool(found["yuan"]))
    else:
        factor = _SCALES[found["scale"]] if found["scale"] else factor
        amount = Decimal(re.sub("[,' ]", "", found["number"])) * factor
    return -amount if amount and "-" in (found["sign"], found["sign_after"]) else amount


def _spoken(words: str, factor: Decimal, *, before: bool, behind: bool) -> Decimal | None:
    """Yuan from Chinese numerals or several units, 元 standing before or behind them; None where they are no number.

    Without 万, 亿 or 元 only numbers below a hundred are read: 三百 and 五千 leave open whether they mean 万 or yuan.
    """
    total = above = value_above = 0
    parts = re.fullmatch("(?:(.+?)亿)?(?:(.+?)[万w])?(.*)", words)
    for part, scale in zip(parts.groups() if parts else (), (10**8, 10**4, 1), strict=False):
        if not part:
            continue
        digits = part.removeprefix("零") if above else part
        value = _group(digits)
        if value is None:
            return None
        spoken_on = above and digits == part and not (digits.isdecimal() and scale > 1)
        if spoken_on and value < 10 and scale == 1 and value_above < 100 and not behind:
            scale = above // 10  # 两万五, 一亿五: a tenth of what stands before it
        elif spoken_on and (value < 1000 or above // 10**4 != scale):
            return None  # 两万五百, 一亿五千: without 零 or 万 nobody knows
        total, above, value_above = total + value * scale, scale, value
    if before or behind or re.search("[万亿w]", words):
        return Decimal(total) or None
    return total * factor if 0 < total < 100 else None


def _group(text: str) -> int | None:
    """1 to 9999 in numerals, digits, or digits with units (5千5百)."""
    if re.fullmatch(r"[1-9]\d{0,3}", text, re.ASCII):
        return int(text)
    return _groups().get(re.sub(r"\d", lambda digit: _DIGITS[int(digit[0])], text).replace("一十", "十"))


@cache
def _groups() -> dict[str, int]:
    """Every number from 1 to 9,999 as it is written in numerals, 十五 for 一十五: what is not in it is not read."""
    found = {}
    for number in range(1, 10_000):
        words = ""
        for place, sign in _PLACES:
            digit = number // place % 10
            gap = words and number // place // 10 % 10 == 0
            words += ("零" if gap and digit else "") + (_DIGITS[digit] + sign if digit else "")
        found[words.replace("一十", "十")] = number
    return found


def shown_sum(amount: Decimal | None, unit: str) -> str:
    """A stored sum as a form shows it for editing, in its unit: 300000 → "30" (万元), "300,000" (yuan)."""
    if amount is None:
        return ""
    shown = (amount / UNITS.get(unit, WAN)).normalize()
    return format(shown, ",f" if unit == "yuan" else "f")
