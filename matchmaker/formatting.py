"""Figures as they stand on pages and in mails, by language: amounts, rates, dates, terms; nothing is computed here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import get_locale

from matchmaker import clock

NBSP = "\u00a0"
SHANGHAI = ZoneInfo("Asia/Shanghai")
EN_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WAN = Decimal(10_000)
HUNDRED = Decimal(100)
YI = Decimal(100_000_000)


def language() -> str:
    """'zh' or 'en': the language of the page, mail or file that is being written."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def unit_of_page() -> str:
    """In what large sums are typed and shown for editing: 万元 on Chinese pages ("wan"), yuan on English ones."""
    return "yuan" if _english() else "wan"


def _english() -> bool:
    return language() == "en"


def _decimal(value: Any) -> Decimal:
    # Stored facts carry figures as text, so that no float ever stands between the row and the page.
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _missing() -> str:
    return "not given" if _english() else "还没填"


def _is_missing(value: Any) -> bool:
    return value is None or value == ""


def _fixed(value: Any, places: int) -> str:
    """Half up, with thousands by comma; a negative zero is a zero."""
    rounded = _decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{rounded + 0:,.{places}f}" if rounded else f"{0:.{places}f}"


def _shortest(value: Any, places: int) -> str:
    """Half up to at most `places` decimals, trailing zeros dropped."""
    text = _fixed(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _english_yuan(value: Any, places: int) -> str:
    amount = _decimal(value)
    return f"{'-' if amount < 0 else ''}¥{_fixed(abs(amount), places)}"


def num(value: Any) -> str:
    """A count or plain number, thousands by comma: 1,306."""
    return _missing() if _is_missing(value) else _shortest(value, 6)


def wan(value: Any) -> str:
    """An amount that one asks for or lends, from yuan: 30 万元 in whole hundreds, else 215,280 元; in English ¥300,000
    and never "wan"."""
    if _is_missing(value):
        return _missing()
    if _english():
        amount = _decimal(value)
        return _english_yuan(amount, 0 if amount == amount.to_integral_value() else 2)
    amount = _decimal(value)
    if amount % HUNDRED:  # thousandths of 万元 are read by nobody: what is not round is told to the yuan
        return f"{_shortest(amount, 2)}{NBSP}元"
    return f"{_shortest(amount / WAN, 2)}{NBSP}万元"


def board(value: Any) -> str:
    """A sum on a board, from yuan, rounded to two decimals: from 1 亿元 on in 亿元, below in 万元."""
    if _is_missing(value) or _english():
        return wan(value)
    if abs(_decimal(value)) < YI:
        return f"{_shortest(_decimal(value) / WAN, 2)}{NBSP}万元"
    return f"{_fixed(_decimal(value) / YI, 2)}{NBSP}亿元"


def yuan(value: Any) -> str:
    """What one pays, whole yuan, half up: 306,293 元."""
    if _is_missing(value):
        return _missing()
    return _english_yuan(value, 0) if _english() else f"{_fixed(value, 0)}{NBSP}元"


def yuan2(value: Any) -> str:
    """What one pays, to the fen, for cost sheets and comparison: 25,469.65 元."""
    if _is_missing(value):
        return _missing()
    return _english_yuan(value, 2) if _english() else f"{_fixed(value, 2)}{NBSP}元"


def percent2(value: Any) -> str:
    """A rate or cost in percent, two decimals: 3.85%."""
    return _missing() if _is_missing(value) else f"{_fixed(value, 2)}%"


def percent1(value: Any) -> str:
    """A share in percent, one decimal: 14.9%."""
    return _missing() if _is_missing(value) else f"{_fixed(value, 1)}%"


def points(value: Any) -> str:
    """A change of a rate in percentage points, in words: 高 0.50 个百分点."""
    if _is_missing(value):
        return _missing()
    change = _decimal(value)
    size = _fixed(abs(change), 2)
    if _english():
        return "the same" if not change else f"{size}{NBSP}points {'higher' if change > 0 else 'lower'}"
    return "一样" if not change else f"{'高' if change > 0 else '低'} {size}{NBSP}个百分点"


def more_or_less(value: Any) -> str:
    """A change in percent, in words and never by sign or arrow: 多 12.4%, 少 18.0%."""
    if _is_missing(value):
        return _missing()
    change = _decimal(value)
    size = f"{_fixed(abs(change), 1)}%"
    if _english():
        return "the same" if not change else f"{size} {'more' if change > 0 else 'less'}"
    return "一样多" if not change else f"{'多' if change > 0 else '少'} {size}"


def basis_points(value: Any) -> str:
    """A spread over LPR in whole basis points, in words: 加 85 个基点."""
    if _is_missing(value):
        return _missing()
    spread = int(_decimal(value))
    size = f"{abs(spread):,}"
    if _english():
        return "with no spread" if not spread else f"{'plus' if spread > 0 else 'minus'} {size}{NBSP}basis points"
    return "不加不减" if not spread else f"{'加' if spread > 0 else '减'} {size}{NBSP}个基点"


def _as_day(value: Any) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        return _as_moment(value).date()
    return value


def _as_moment(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(SHANGHAI)


def _day_words(on: date) -> str:
    this_year = on.year == clock.today().year
    if _english():
        return f"{on.day}{NBSP}{EN_MONTHS[on.month - 1]}" + ("" if this_year else f" {on.year}")
    return ("" if this_year else f"{on.year}{NBSP}年{NBSP}") + f"{on.month}{NBSP}月{NBSP}{on.day}{NBSP}日"


def day(value: Any) -> str:
    """A date: this year 9 月 28 日, another year 2027 年 11 月 10 日. Instants are taken to Asia/Shanghai first."""
    return _missing() if _is_missing(value) else _day_words(_as_day(value))


WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
EN_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekday(value: Any) -> str:
    """A day near by, by its weekday and date: 周四（9 月 24 日）."""
    if _is_missing(value):
        return _missing()
    on = _as_day(value)
    if _english():
        return f"{EN_WEEKDAYS[on.weekday()]} ({day(on)})"
    return f"{WEEKDAYS[on.weekday()]}（{day(on)}）"


def day_full(value: Any) -> str:
    """A date with its year always, for contracts, consents and logs."""
    if _is_missing(value):
        return _missing()
    on = _as_day(value)
    return f"{on.day}{NBSP}{EN_MONTHS[on.month - 1]} {on.year}" if _english() else on.isoformat()


def moment(value: Any) -> str:
    """An instant in Asia/Shanghai: 9 月 28 日 17:30."""
    if _is_missing(value):
        return _missing()
    at = _as_moment(value)
    return f"{_day_words(at.date())}{',' if _english() else ''} {at:%H:%M}"


def time_of_day(value: Any) -> str:
    """The clock time of an instant in Asia/Shanghai: 17:30."""
    return _missing() if _is_missing(value) else f"{_as_moment(value):%H:%M}"


def _counted(value: Any, unit_zh: str, one: str, many: str) -> str:
    if _is_missing(value):
        return _missing()
    figure = _shortest(value, 1)
    if _english():
        return f"{figure}{NBSP}{one if figure == '1' else many}"
    return f"{figure}{NBSP}{unit_zh}"


def months(value: Any) -> str:
    """A term: 12 个月."""
    return _counted(value, "个月", "month", "months")


def workdays(value: Any) -> str:
    """A number of working days: 9 个工作日."""
    return _counted(value, "个工作日", "working day", "working days")


def days(value: Any) -> str:
    """A number of calendar days: 7 天."""
    return _counted(value, "天", "day", "days")


def _span(low: str, high: str, unit: str = "") -> str:
    """`low 到 high`, the unit once, where both carry the same."""
    if low == high:
        return low
    if unit and low.endswith(unit) and high.endswith(unit):
        low = low[: -len(unit)]
    return f"{low} {'to' if _english() else '到'} {high}"


def wan_range(low: Any, high: Any) -> str:
    """5 到 50 万元; in English ¥50,000 to ¥500,000."""
    return _span(wan(low), wan(high), f"{NBSP}万元")


def months_range(low: Any, high: Any) -> str:
    """6 到 36 个月."""
    return _span(months(low), months(high), f"{NBSP}months" if _english() else f"{NBSP}个月")


def workdays_range(low: Any, high: Any) -> str:
    """4 到 9 个工作日."""
    return _span(workdays(low), workdays(high), f"{NBSP}working days" if _english() else f"{NBSP}个工作日")


def percent_range(low: Any, high: Any) -> str:
    """3.65% 到 5.57%."""
    return _span(percent2(low), percent2(high))


_DIGITS = "零壹贰叁肆伍陆柒捌玖"


def _capital_group(group: int) -> str:
    """Up to four digits in capital characters, inner zeros once: 1,005 → 壹仟零伍."""
    text, gap = "", False
    for place, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = group // place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + unit
            gap = False
        else:
            gap = True
    return text


def capitals(value: Any) -> str:
    """An amount in yuan in the capital characters of cheques (大写): 300,000 → 叁拾万元整. Chinese only."""
    if _is_missing(value):
        return _missing()
    amount = _decimal(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    fen = int(amount * 100)
    whole, jiao, cent = fen // 100, fen // 10 % 10, fen % 10
    text, gap = "", False
    trillions = "万" if whole // 10**8 % 10_000 else "万亿"
    for size, unit in ((10**12, trillions), (10**8, "亿"), (10**4, "万"), (1, "")):
        group = whole // size % 10_000
        if group:
            text += ("零" if text and (gap or group < 1000) else "") + _capital_group(group) + unit
            gap = False
        elif text:
            gap = True
    text = f"{text}元" if text else ("" if jiao or cent else "零元")
    if not jiao and not cent:
        return f"{text}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif text:
        text += "零"
    return text + (f"{_DIGITS[cent]}分" if cent else "整")


@dataclass(frozen=True)
class Parts:
    """A figure taken apart, so that a page can set the unit smaller."""

    before: str
    number: str
    after: str


_KINDS = {
    "yuan": yuan, "yuan2": yuan2, "wan": wan, "board": board, "percent2": percent2, "percent1": percent1,
    "months": months, "workdays": workdays, "days": days, "num": num,
}  # fmt: skip


def parts(value: Any, kind: str = "yuan") -> Parts:
    """The figure of the named filter as (before, number, after); a missing value is all words."""
    text = _KINDS[kind](value)
    if _is_missing(value):
        return Parts("", "", text)
    before = "¥" if text.startswith("¥") else ""
    text = text[len(before) :]
    if text.endswith("%"):
        return Parts(before, text[:-1], "%")
    number, _, after = text.partition(NBSP)
    return Parts(before, number, after)


def held(text: Any) -> str:
    """Words in which no line ends between a digit and the Chinese word that counts with it: 1 家在办."""
    return _BEFORE_HAN.sub(NBSP, str(text))


_PIECES = re.compile(r"(<!--.*?-->|<[^>]*>)", re.S)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_LANG = re.compile(r"""\slang=["']?([a-zA-Z-]+)""")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_BEFORE_HAN = re.compile(f"(?<=[0-9]) (?=[{_HAN}])")
_CHINESE = re.compile(f"[A-Za-z0-9]*[{_HAN}][{_HAN}\u3000-\u303f\uff00-\uffefA-Za-z0-9·]*")
_WITHOUT_END = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"})
_PLAIN_INSIDE = frozenset({"title", "script", "style", "textarea", "option"})
"""Elements whose content is text alone: no span may stand there."""


def mark_chinese(page: str) -> str:
    """An English page in which every Chinese name or text that no element marks yet stands in ``lang="zh-CN"``, so that
    it is read aloud and drawn as what it is. Attributes, titles, options and what was typed stay as they are."""
    open_: list[tuple[str, bool]] = []
    out = []
    for piece in _PIECES.split(page):
        if not piece.startswith("<"):
            inside, is_marked = open_[-1] if open_ else ("", False)
            free = not is_marked and inside not in _PLAIN_INSIDE
            out.append(_CHINESE.sub(r'<span lang="zh-CN">\g<0></span>', piece) if free else piece)
            continue
        out.append(piece)
        tag = _TAG.match(piece)
        if tag is None:
            continue
        name = tag[2].lower()
        if tag[1]:
            places = [place for place, one in enumerate(open_) if one[0] == name]
            del open_[places[-1] if places else len(open_) :]
        elif name not in _WITHOUT_END and not piece.endswith("/>"):
            said = _LANG.search(piece)
            is_chinese = said[1].lower().startswith("zh") if said else bool(open_ and open_[-1][1])
            open_.append((name, is_chinese))
    return "".join(out)


FILTERS = {
    "num": num, "wan": wan, "board": board, "yuan": yuan, "yuan2": yuan2, "percent2": percent2,
    "percent1": percent1, "points": points, "more_or_less": more_or_less, "basis_points": basis_points,
    "day": day, "day_full": day_full, "weekday": weekday, "moment": moment, "time_of_day": time_of_day,
    "months": months, "workdays": workdays, "days": days, "capitals": capitals, "parts": parts, "held": held,
}  # fmt: skip
RANGES = {
    "wan_range": wan_range, "months_range": months_range, "workdays_range": workdays_range,
    "percent_range": percent_range,
}  # fmt: skip


def register(app: Flask) -> None:
    """Give the templates of this application the filters, the ranges and `language()`."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(RANGES, language=language)
