"""From a table that somebody else made to what a desk would have typed: cell by cell, with what could not be read.

Nothing is invented: a number without a unit, one number that may be the least or the most, a rate that does not say
on what it is based, and every sentence stay with the person. Pure: takes text, asks no clock and no table.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matchmaker.products.rules import workbook
from matchmaker.products.rules.workbook import NO_RESULT, SHOWN_OTHERWISE, Sheet
from matchmaker.reference import insurance_lines
from matchmaker.reference import terms as trade
from matchmaker.refusal import Reason

MOST_BYTES = 1_000_000
MOST_ROWS = 200
_HEADER_WITHIN = 15
"""How many lines a title and notes may take before the line of headings."""

_HEADINGS: dict[str, tuple[str, ...]] = {
    "name": (
        "product_name",
        "产品名称",
        "产品名",
        "贷款产品",
        "贷款名称",
        "产品",
        "保险产品",
        "保险产品名称",
        "保险名称",
    ),
    "line": ("insurance_line", "险种", "险种名称", "险种代码"),
    "kind": ("kind", "类型", "产品类型", "类别", "业务种类"),
    "institution": ("institution", "机构", "机构名称", "银行", "银行名称"),
    "summary": ("summary", "一句话介绍", "简介"),
    "audience": ("audience", "适用对象", "谁能申请", "客户对象", "服务对象", "投保人", "谁能投保"),
    "amount": ("额度", "贷款额度", "授信额度", "金额", "贷款金额", "保额", "保险金额"),
    "amount_min": ("amount_min", "最低额度", "额度下限", "最低金额", "最少", "最低保额"),
    "amount_max": ("amount_max", "最高额度", "额度上限", "最高金额", "最多", "最高保额"),
    "amount_unit": ("amount_unit", "单位", "金额单位"),
    "term": ("期限", "贷款期限", "保险期间", "保险期限"),
    "term_min": ("tenor_min_months", "最短期限", "最短"),
    "term_max": ("tenor_max_months", "最长期限", "最长"),
    "rate": ("rate_or_price_text", "利率", "年利率", "贷款利率", "年化利率", "利率范围", "费率", "保费", "价格"),
    "rate_min": ("rate_min_pct", "最低利率", "利率下限"),
    "rate_max": ("rate_max_pct", "最高利率", "利率上限"),
    "repayments": ("repayment", "还款方式", "怎么还"),
    "securities": ("guarantee", "担保方式", "担保", "增信方式"),
    "conditions": ("conditions", "条件", "申请条件", "准入条件", "办理条件"),
    "promised_days": ("办理时限", "答复时限", "几个工作日内答复", "报价时限"),
    "valid_from": ("valid_from", "从哪天起", "起始日期", "生效日期"),
    "valid_until": ("valid_until", "到哪天止", "截止日期", "有效期至"),
    "covers": ("保什么", "保险责任", "保障内容", "保障范围"),
    "exclusions": ("不保什么", "责任免除", "除外责任"),
    "deductible": ("免赔", "免赔额", "免赔率", "免赔约定"),
    "plans": ("缴费方式", "交费方式", "怎么付"),
    "filing_number": ("备案编号", "条款编号", "注册编号"),
}
_COLUMN_OF = {heading: column for column, headings in _HEADINGS.items() for heading in headings}
_LOW, _HIGH = {"最低", "最少", "最小", "下限", "最短", "起"}, {"最高", "最多", "最大", "上限", "最长", "止"}
_UNIT_OF_HEADING = {"tenor_min_months": "月", "tenor_max_months": "月", "rate_min_pct": "%", "rate_max_pct": "%"}

_KINDS = {"loan": "credit", "credit": "credit", "贷款": "credit", "guarantee": "guarantee", "担保": "guarantee"}
_KINDS |= dict.fromkeys(("insurance", "cover", "保险"), "cover")
_NOTHING = {"", "-", "--", "/", "n/a", "无", "—", "null"}
_TOTALS = re.compile(r"^(合计|总计|小计|共计|注[::]|备注|说明)")

_NUMBER = r"(\d+(?:\.\d+)?)"
_DASH = r"(?:-|~|—|–|－|至|到)+"
_WAN = {"亿": Decimal(10_000), "万": Decimal(1), "千": Decimal("0.1"), "元": Decimal("0.0001"), "": None}
_MONTHS = {"年": Decimal(12), "月": Decimal(1), "": None}
_MONEY_UNIT = r"(亿元?|万元?|千元|元|)"
_TERM_UNIT = r"(年|个?月|)"
_AT_MOST, _AT_LEAST = r"(?:最高|最多|最长|不超过|上限|至多|可达)", r"(?:最低|最少|最短|不低于|起点|至少)"
_LPR = re.compile(
    rf"(?:(1|一|5|五)年期(?:以上)?)?LPR(?:\((1|一|5|五)年期(?:以上)?\))?([+\-加减]){_NUMBER}"
    rf"(?:{_DASH}{_NUMBER})?(?:BP|个?基点)",
    re.IGNORECASE,
)
_AUDIENCES = (
    ("enterprise", ("小微企业", "中小企业", "企业法人", "企业")),
    ("sole_proprietor", ("个体工商户", "个体户")),
    ("cooperative", ("农民专业合作社", "合作社")),
)
_NOT_THE_BUYER = re.compile("员工|雇员|工人|学生|家属")
"""Whoever is insured in a cover of persons is not whoever takes it out."""
_SUM_UNIT = re.compile(r"(亿|万|千)?元?(保额|保险金额|(累计|赔偿|保险)?限额)?")
"""A sum for a whole policy. 万元/人 is for each person, 万元年毛利润 the base of a premium: no sum to fill in."""
_PERIOD_WORDS = {"1年": "year", "一年": "year", "12个月": "year", "工期": "project", "合同期": "project"}
_PLAN_WORDS = {
    "一次付清": "once", "一次性": "once", "趸交": "once", "半年付": "half_yearly", "半年交": "half_yearly",
    "季付": "quarterly", "季交": "quarterly", "按季": "quarterly", "月付": "monthly", "月交": "monthly",
    "按月": "monthly",
}  # fmt: skip
_GAPS = {NO_RESULT: "import_no_result", SHOWN_OTHERWISE: "import_shown_otherwise"}
_SECURITY_WORDS = {"纯信用": "CREDIT", "无抵押": "CREDIT"}
_REPAYMENT_WORDS = {"先息后本": "INT_M_BULLET", "利随本清": "BULLET", "等本等息": "FLAT"}


@dataclass(frozen=True)
class Found:
    """What became of one cell: the heading it stood under, the field of the form (or ""), a code and its facts.

    Codes: `import_taken`, and what stays with the person: `import_unread`, `import_one_number`, `import_no_unit`,
    `import_rate_base`, `import_sentence`, `import_no_result`, `import_shown_otherwise`, of cover `import_sum_of_each`,
    `import_period`, `import_price`; of a whole line one of `NO_DRAFT`.
    """

    column: str
    field: str
    code: str
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is stored beside the line."""
        return {"column": self.column, "field": self.field, "code": self.code, "facts": dict(self.facts)}


NO_DRAFT = (
    "import_no_name",
    "import_kind_elsewhere",
    "import_cover_elsewhere",
    "import_no_line",
    "import_line_elsewhere",
)
"""Why no draft is begun from a line."""


@dataclass(frozen=True)
class Offers:
    """What a desk may list: kinds of product ("cover" besides), the first where a table says none; lines of cover."""

    kinds: tuple[str, ...]
    lines: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Line:
    """One line of the table: its number in the file, what would be typed, what was found in its cells."""

    number: int
    name: str
    institution: str
    kind: str
    cover_line: str
    typed: Mapping[str, list[str]]
    found: tuple[Found, ...]

    @property
    def usable(self) -> bool:
        """Whether a draft can be begun from it."""
        return not any(found.code in NO_DRAFT for found in self.found)


@dataclass(frozen=True)
class Table:
    """A read file: its lines, the headings that were understood and those that were not used."""

    lines: tuple[Line, ...]
    used: tuple[str, ...]
    unused: tuple[str, ...]
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class File:
    """An opened file: its fingerprint, what can be seen in it, and the names of the sheets that are hidden."""

    sha256: str
    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Text without full-width forms, invisible characters, blanks and line breaks."""
    kept = unicodedata.normalize("NFKC", text)
    return "".join(c for c in kept if not c.isspace() and unicodedata.category(c)[0] != "C")


def _line_key(text: str) -> str:
    """A line by its code or its official name; 保险 and 险 at the end are one."""
    return re.sub("保险$", "险", plain(text).lower())


_LINE_OF = {_line_key(name): line.code for line in insurance_lines.every() for name in (line.code, line.name)}


def opened(content: bytes) -> File | Reason:
    """A CSV file or an Excel workbook, told apart by what is in it and not by its name.

    Reasons: `import_empty`, `import_too_large`, `import_old_workbook` (.xls, or one with a password),
    `import_not_workbook`, `import_unpacks_too_large`, `import_not_text`.
    """
    if not content.strip():
        return Reason("import_empty", {})
    if len(content) > MOST_BYTES:
        return Reason("import_too_large", {"most_kb": MOST_BYTES // 1000})
    if content.startswith(workbook.OLE):
        return Reason("import_old_workbook", {})
    sha256 = hashlib.sha256(content).hexdigest()
    if content.startswith(workbook.ZIP):
        found = workbook.sheets_of(content, most_rows=MOST_ROWS + _HEADER_WITHIN)
        return found if isinstance(found, Reason) else File(sha256, tuple(found[0]), tuple(found[1]))
    text = decoded(content)
    return text if isinstance(text, Reason) else File(sha256, (Sheet("", tuple(_cells(text))),))


def decoded(content: bytes) -> str | Reason:
    """The text of a CSV file: UTF-8 with or without a mark, UTF-16 with one, else GB18030 (what Excel writes here).

    The reason is `import_not_text`.
    """
    names = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for name in names:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        return Reason("import_not_text", {}) if "\0" in text else text
    return Reason("import_not_text", {})


def read_table(file: File, offers: Offers) -> Table | Reason:
    """Every line below the headings of the first sheet that has any, read for a desk that may list `offers`.

    Reasons: `import_no_headings` (none of the first lines names a product column), `import_no_lines`,
    `import_too_many`.
    """
    sheet = next((sheet for sheet in file.sheets if _header_of(sheet.rows) is not None), None)
    start = None if sheet is None else _header_of(sheet.rows)
    if sheet is None or start is None:
        return Reason("import_no_headings", {})
    rows = sheet.rows
    headings, first = _headings(rows, start)
    body = [(number, row) for number, row in rows[first:] if any(plain(cell) for cell in row)]
    body = [(number, row) for number, row in body if not _TOTALS.match(next(filter(None, map(plain, row)), ""))]
    if not body:
        return Reason("import_no_lines", {})
    if len(body) > MOST_ROWS:
        return Reason("import_too_many", {"most": MOST_ROWS})
    lines = tuple(_line(number, row, headings, offers) for number, row in body)
    used = tuple(one.shown for one in headings if one.column)
    unused = tuple(one.shown for one in headings if one.shown and not one.column)
    others = tuple(other.name for other in file.sheets if other is not sheet and other.rows) + file.hidden
    return Table(lines, used, unused, sheet.name, others)


@dataclass(frozen=True)
class _Heading:
    column: str  # one of _HEADINGS, or ""
    unit: str
    shown: str


def _cells(text: str) -> list[tuple[int, list[str]]]:
    sample = text[:4000]
    delimiter = max(",\t;", key=lambda mark: (sample.count(mark), mark == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found = []
    try:
        for row in reader:
            found.append((reader.line_num, [cell[:2000] for cell in row[:60]]))
    except csv.Error:
        return found
    return found


def _heading(cell: str) -> _Heading:
    name = "" if cell in _GAPS else plain(cell).lower()
    bracket = re.search(r"\((.*?)\)$", name)
    unit = bracket[1] if bracket else ""
    bare = name[: bracket.start()] if bracket else name
    column = _COLUMN_OF.get(bare, "")
    return _Heading(
        column, unit.removeprefix("单位:") or _UNIT_OF_HEADING.get(bare, ""), " ".join(cell.split()) if name else ""
    )


def _header_of(rows: Sequence[tuple[int, list[str]]]) -> int | None:
    """The place of the line of headings among the first lines, if there is one."""
    return next((place for place, (_, row) in enumerate(rows[:_HEADER_WITHIN]) if _is_header(row)), None)


def _is_header(row: Sequence[str]) -> bool:
    columns = {_heading(cell).column for cell in row} - {""}
    return "name" in columns and len(columns) > 1


def _headings(rows: Sequence[tuple[int, list[str]]], start: int) -> tuple[list[_Heading], int]:
    """The headings, and where the body begins. A merged heading spans the empty cells right of it when the next line
    tells its least from its most."""
    top = rows[start][1]
    below = [plain(cell) for cell in rows[start + 1][1]] if start + 1 < len(rows) else []
    above_it = [plain(cell) for cell in top] + [""] * len(below)
    below = ["" if cell == above_it[place] else cell for place, cell in enumerate(below)]  # one heading, merged down
    if not any(below) or not all(cell in _LOW | _HIGH | {""} for cell in below):
        return [_heading(cell) for cell in top], start + 1
    found: list[_Heading] = []
    above = ""
    for place in range(max(len(top), len(below))):
        cell = top[place] if place < len(top) and plain(top[place]) else ""
        part = below[place] if place < len(below) else ""
        above = cell or (above if part else "")
        one = _heading(above)
        end = "_min" if part in _LOW else "_max" if part in _HIGH else ""
        column = f"{one.column}{end}" if end and one.column in ("amount", "term", "rate") else "" if end else one.column
        found.append(_Heading(column, one.unit, f"{one.shown} {part}".strip()))
    return found, start + 2


def _line(number: int, row: Sequence[str], headings: Sequence[_Heading], offers: Offers) -> Line:
    cells: dict[str, tuple[_Heading, str]] = {}
    for place, heading in enumerate(headings):
        text = " ".join(row[place].split()) if place < len(row) else ""
        if heading.column and plain(text).lower() not in _NOTHING:
            cells.setdefault(heading.column, (heading, text))
    reading = _Reading(cells)
    reading.set_gaps_apart()
    name = cells["name"][1] if "name" in cells else ""
    if not name:
        reading.say("name", "name", "import_no_name")
    kind = reading.kind(offers)
    cover_line = reading.line(offers) if kind == "cover" else ""
    if name and kind and (kind != "cover" or cover_line):
        reading.take("name", {"name": [name]}, name)
        (reading.read_cover if kind == "cover" else reading.read)()
    institution = cells["institution"][1] if "institution" in cells else ""
    return Line(number, name[:200], institution[:200], kind, cover_line, reading.typed, tuple(reading.found))


class _Reading:
    """Reads the cells of one line one after the other."""

    def __init__(self, cells: dict[str, tuple[_Heading, str]]) -> None:
        self.cells = cells
        self.typed: dict[str, list[str]] = {}
        self.found: list[Found] = []

    def say(self, column: str, name: str, code: str, **facts: Any) -> None:
        shown = self.cells[column][0].shown if column in self.cells else ""
        if "text" in facts:  # a cell is never taken for a word of ours
            facts["text"] = facts["text"].replace("label:", "label：")
        self.found.append(Found(shown, name, code, facts))

    def take(self, column: str, typed: Mapping[str, list[str]], text: str) -> None:
        self.typed |= {name: list(values) for name, values in typed.items()}
        for name, values in typed.items():
            self.say(column, name, "import_taken", text=text[:200], values=list(values))

    def set_gaps_apart(self) -> None:
        """Cells that show no value are named and not read."""
        for column, (heading, text) in list(self.cells.items()):
            if text in _GAPS:
                self.found.append(Found(heading.shown, "", _GAPS[text]))
                del self.cells[column]

    def kind(self, offers: Offers) -> str:
        """The kind of this line, "" where this desk does not list it. A line of insurance makes it a cover."""
        text = self.cells["kind"][1] if "kind" in self.cells else ""
        kind = _KINDS.get(plain(text).lower(), "") if text else "cover" if "line" in self.cells else offers.kinds[0]
        if kind in offers.kinds:
            return kind
        shown = text or self.cells["line"][1]
        code = "import_cover_elsewhere" if kind == "cover" else "import_kind_elsewhere"
        self.say("kind" if text else "line", "", code, text=shown[:40])
        return ""

    def line(self, offers: Offers) -> str:
        """The code of the line of insurance, by its code or its official name; "" with the reason said."""
        text = self.cells["line"][1] if "line" in self.cells else ""
        code = _LINE_OF.get(_line_key(text), "")
        if not code:
            self.say("line", "", "import_no_line", text=text[:40])
        elif code not in offers.lines:
            self.say("line", "", "import_line_elsewhere", text=text[:40])
            code = ""
        return code

    def read_cover(self) -> None:
        """All columns that are known of a cover, in the order of its form. No price is ever read from a table."""
        self._texts("summary", "covers", "exclusions", "deductible")
        if "audience" in self.cells and _NOT_THE_BUYER.search(self.cells["audience"][1]):
            self.say("audience", "", "import_sentence", text=self.cells["audience"][1][:200])
        else:
            self._audience()
        self._sum_insured()
        for column in ("term_min", "term_max"):
            if column in self.cells:
                self.say(column, "periods", "import_period", text=self._with_unit(column))
        self._words("term", "periods", _PERIOD_WORDS)
        self._words("plans", "plans", _PLAN_WORDS)
        for column in ("rate", "rate_min", "rate_max"):
            if column in self.cells:
                self.say(column, "", "import_price", text=self._with_unit(column))
        self._days("promised_days", "answer_days")
        self._texts("filing_number")
        self._dates()
        for column in ("repayments", "securities"):
            if column in self.cells:
                self.say(column, "", "import_unread", text=self.cells[column][1][:200])
        self._conditions()

    def _with_unit(self, column: str) -> str:
        heading, text = self.cells[column]
        return f"{text}{heading.unit}"[:200]

    def _sum_insured(self) -> None:
        unit = self.cells["amount_unit"][1] if "amount_unit" in self.cells else ""
        fields = ("sum_min_wan", "sum_max_wan")
        for column in ("amount", "amount_min", "amount_max"):
            if column in self.cells and not _SUM_UNIT.fullmatch(plain(self.cells[column][0].unit or unit)):
                heading, text = self.cells.pop(column)
                self.found.append(
                    Found(
                        heading.shown, fields[1], "import_sum_of_each", {"text": f"{text}{heading.unit or unit}"[:200]}
                    )
                )
        self._span("amount", fields, _MONEY_UNIT, _WAN, unit)

    def _texts(self, *columns: str) -> None:
        """Sentences of a form, as they stand."""
        for column in columns:
            if column in self.cells:
                text = self.cells[column][1]
                self.take(column, {column: [text]}, text)

    def _words(self, column: str, field: str, words: Mapping[str, str]) -> None:
        if column in self.cells:
            text = self.cells[column][1]
            codes = [words.get(part, "") for part in re.split(r"[|、,;/或]", plain(text)) if part]
            if codes and all(codes):
                self.take(column, {field: list(dict.fromkeys(codes))}, text)
            else:
                self.say(column, field, "import_unread", text=text[:200])

    def _days(self, column: str, field: str) -> None:
        if column in self.cells:
            text = self.cells[column][1]
            days = re.fullmatch(r"(\d{1,3})(?:个?工作日)(?:内)?", plain(text))
            if days:
                self.take(column, {field: [days[1]]}, text)
            else:
                self.say(column, field, "import_unread", text=text[:200])

    def _dates(self) -> None:
        for column in ("valid_from", "valid_until"):
            if column in self.cells:
                text = self.cells[column][1]
                parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", plain(text))
                if parts:
                    day = f"{parts[1]}-{int(parts[2]):02}-{int(parts[3]):02}"
                    self.take(column, {f"{column}_on": [day]}, text)
                else:
                    self.say(column, f"{column}_on", "import_unread", text=text[:200])

    def _conditions(self) -> None:
        if "conditions" in self.cells:
            self.say("conditions", "", "import_sentence", text=self.cells["conditions"][1][:400])

    def read(self) -> None:
        """All columns that are known of a loan or a guarantee, in the order of the form."""
        self._texts("summary")
        self._audience()
        unit = self.cells["amount_unit"][1] if "amount_unit" in self.cells else ""
        self._span("amount", ("amount_min_wan", "amount_max_wan"), _MONEY_UNIT, _WAN, unit)
        self._span("term", ("term_min_months", "term_max_months"), _TERM_UNIT, _MONTHS, "")
        self._rate()
        self._codes("repayments", "repayment", _REPAYMENT_WORDS)
        self._codes("securities", "guarantee", _SECURITY_WORDS)
        self._days("promised_days", "promised_days")
        self._dates()
        self._conditions()

    def _audience(self) -> None:
        if "audience" not in self.cells:
            return
        text = self.cells["audience"][1]
        rest, codes = plain(text), []
        for code, words in _AUDIENCES:
            if any(word in rest for word in words):
                codes.append(code)
                for word in words:
                    rest = rest.replace(word, "")
        if codes:
            self.take("audience", {"applicant_kinds": codes}, text)
        if re.sub(r"[、,;/|和及或]", "", rest):
            self.say("audience", "", "import_sentence" if codes else "import_unread", text=text[:200])

    def _span(
        self, column: str, fields: tuple[str, str], unit: str, sizes: Mapping[str, Decimal | None], common: str
    ) -> None:
        for place, end in enumerate(("_min", "_max")):
            if column + end in self.cells:
                heading, text = self.cells[column + end]
                found = spans(plain(text), unit, sizes, plain(heading.unit or common), alone=place)
                self._put(column + end, text, fields, found)
        if column in self.cells:
            heading, text = self.cells[column]
            self._put(column, text, fields, spans(plain(text), unit, sizes, plain(heading.unit or common)))

    def _put(
        self, column: str, text: str, fields: tuple[str, str], found: tuple[Decimal | None, Decimal | None] | str
    ) -> None:
        if isinstance(found, str):
            self.say(column, fields[1], found, text=text[:200])
            return
        values = {name: [_written(value)] for name, value in zip(fields, found, strict=True) if value is not None}
        self.take(column, values, text)

    def _rate(self) -> None:
        for column in ("rate", "rate_min", "rate_max"):
            if column not in self.cells:
                continue
            heading, text = self.cells[column]
            bare = plain(text)
            lpr = _LPR.fullmatch(bare.removeprefix("年化").removeprefix("按"))
            fixed = re.fullmatch(rf"固定(?:年)?利率{_NUMBER}%|{_NUMBER}%\(固定(?:利率)?\)", bare)
            if lpr is not None:
                self._lpr(column, text, lpr)
            elif fixed is not None:
                percent = fixed[1] or fixed[2]
                self.take(column, {"rate_base": ["FIXED"], "fixed_rate_percent": [percent]}, text)
            elif re.search(r"\d", bare):
                self.say(column, "rate_base", "import_rate_base", text=f"{text}{heading.unit}"[:200])
            else:
                self.say(column, "rate_base", "import_unread", text=text[:200])

    def _lpr(self, column: str, text: str, lpr: re.Match[str]) -> None:
        years, sign = lpr[1] or lpr[2], "-" if lpr[3] in "-减" else ""
        values = [f"{sign}{value}" for value in (lpr[4], lpr[5]) if value is not None]
        low, high = min(values, key=Decimal), max(values, key=Decimal)
        self.take(column, {"spread_min_bp": [low], "spread_max_bp": [high]}, text)
        if years is None:
            self.say(column, "rate_base", "import_rate_base", text=text[:200])
        else:
            self.take(column, {"rate_base": ["LPR1Y" if years in "1一" else "LPR5Y"]}, text)

    def _codes(self, column: str, domain: str, words: Mapping[str, str]) -> None:
        if column not in self.cells:
            return
        text = self.cells[column][1]
        known = {plain(term.name): term.code for term in trade.of(domain)}
        known |= {plain(trade.label(domain, code)): code for code in trade.codes(domain)} | dict(words)
        known |= {code.lower(): code for code in trade.codes(domain)}
        bare = plain(text).lower()
        parts = [bare] if bare in known else re.split(r"[|、,;/]", bare)
        codes = [known[part] for part in parts if part in known]
        if codes:
            self.take(column, {column: list(dict.fromkeys(codes))}, text)
        if len(codes) < len([part for part in parts if part]):
            self.say(column, column, "import_unread", text=text[:200])


def spans(
    bare: str, unit: str, sizes: Mapping[str, Decimal | None], common: str = "", *, alone: int | None = None
) -> tuple[Decimal | None, Decimal | None] | str:
    """(least, most) in the base unit of `sizes`, None where it is not said; or the code of why it cannot be read.

    `unit` is the pattern of units, `common` the unit of the column, `alone` says that one number is the least (0) or
    the most (1); otherwise one number says neither.
    """
    bare = bare.replace(",", "").removeprefix("人民币").removesuffix("(含)").removesuffix("限额")
    both = re.fullmatch(rf"{_NUMBER}{unit}{_DASH}{_NUMBER}{unit}", bare)
    one = re.fullmatch(
        rf"(?P<most>{_AT_MOST})?(?P<least>{_AT_LEAST})?{_NUMBER}{unit}(?P<up>以上|起)?(?P<down>以下|以内)?", bare
    )
    if both is not None and alone is None:
        high = _size(both[3], both[4] or common, sizes)
        low = _size(both[1], both[2] or both[4] or common, sizes)
        if low is None or high is None:
            return "import_no_unit"
        return (low, high) if low <= high else "import_unread"
    if one is None:
        return "import_unread"
    says_least, says_most = bool(one["least"] or one["up"]), bool(one["most"] or one["down"])
    if says_least and says_most:
        return "import_unread"
    place = 0 if says_least else 1 if says_most else alone
    if place is None:
        return "import_one_number"
    value = _size(one[3], one[4] or common, sizes)
    if value is None:
        return "import_no_unit"
    return (value, None) if place == 0 else (None, value)


def _size(number: str, unit: str, sizes: Mapping[str, Decimal | None]) -> Decimal | None:
    mark = next((mark for mark in sizes if mark and unit.removeprefix("个").startswith(mark)), "")
    size = sizes[mark]
    return None if size is None else Decimal(number) * size


def _written(value: Decimal) -> str:
    return format(value.normalize(), "f")
