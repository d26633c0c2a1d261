"""From what a desk typed to terms, and back: nothing typed is lost, and what cannot be read is said at its field."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from matchmaker.eligibility.rules import TAX_GRADES
from matchmaker.products.rules import fees
from matchmaker.products.rules.capacity import FULL_DAYS_MOST, LEADS_PER_WEEK_MOST
from matchmaker.products.rules.concessions import SLOTS, WAIVABLE, Change, Concession, For, slot_field
from matchmaker.products.rules.fees import Basis, FeeLine, Payer, Timing
from matchmaker.products.rules.states import Kind
from matchmaker.products.rules.terms import (
    APPLICANT_KINDS,
    DOCUMENT_CODES,
    Paper,
    Problem,
    RateBase,
    RenewalKind,
    Terms,
    document_field,
    fee_field,
    least_tax_grade,
    tax_grades_from,
)
from matchmaker.reference import industries, regions
from matchmaker.reference import terms as trade
from matchmaker.reference.rules.sums import read_sum, shown_sum
from matchmaker.refusal import Reason

Typed = Mapping[str, Sequence[str]]
Code = TypeVar("Code", bound=StrEnum)

STEPS: tuple[str, ...] = ("basics", "money", "criteria", "fees", "promises")
CONCESSION_PARTS = ("change", "whom", "cut_bp", "fee", "from_on", "until_on")
FEE_PARTS = ("answer", "payer", "payee", "value", "way", "optional", "note")

FIELDS: dict[str, tuple[str, ...]] = {
    "basics": ("name", "summary", "applicant_kinds", "purposes", "first_time_friendly", "first_time_only"),
    "money": (
        "amount_min_wan",
        "amount_max_wan",
        "term_min_months",
        "term_max_months",
        "rate_base",
        "spread_min_bp",
        "spread_max_bp",
        "fixed_rate_percent",
        "repayments",
        "securities",
        "revolving",
    ),
    "criteria": (
        "regions",
        "industries_allow",
        "industries_deny",
        "min_months_in_business",
        "min_turnover_wan",
        "least_tax_grade",
        "max_debt_ratio_percent",
    ),
    "fees": (
        *(fee_field(code, part) for code in fees.FEE_CODES for part in FEE_PARTS),
        *(slot_field(slot, part) for slot in SLOTS for part in CONCESSION_PARTS),
    ),
    "promises": (
        "renewal_kind",
        "renewal_statement",
        "documents",
        *(document_field(code) for code in DOCUMENT_CODES),
        "promised_days",
        "valid_from_on",
        "valid_until_on",
    ),
}
STEP_OF: dict[str, str] = {field: step for step, names in FIELDS.items() for field in names}

PURPOSES: tuple[str, ...] = tuple(code for code in trade.codes("purpose") if not code.startswith("PROHIBIT"))
REPAYMENTS: tuple[str, ...] = trade.codes("repayment")
SECURITIES: tuple[str, ...] = trade.codes("guarantee")

_SEPARATORS = re.compile(r"[\s,，、;；/|]+")
Units = Mapping[str, Decimal]
"""What may stand behind a number → what one of it is in the unit of the field; another unit is unreadable, not dropped.
Sums of money are read by ``reference.rules.sums``."""
_ONE = Decimal(1)
PERCENT_UNITS: Units = {"%": _ONE}
MONTH_UNITS: Units = {"个月": _ONE, "月": _ONE, "months": _ONE, "month": _ONE, "年": Decimal(12)}
POINT_UNITS: Units = {"个基点": _ONE, "基点": _ONE, "bp": _ONE}
DAY_UNITS: Units = {"个工作日": _ONE, "工作日": _ONE, "天": _ONE, "日": _ONE, "days": _ONE, "day": _ONE}
_BY_NAME: tuple[tuple[str, Units], ...] = (("months", MONTH_UNITS), ("bp", POINT_UNITS), ("days", DAY_UNITS))
"""The unit of a field of whole numbers stands in its name."""
MOST_YUAN = 10**14
"""Above this nothing that a desk types is a sum."""


class _Reader:
    """Reads one submission field by field and collects what it cannot read."""

    def __init__(self, typed: Typed) -> None:
        self.typed = typed
        self.problems: list[Problem] = []

    def _no(self, field: str, code: str, **facts: Any) -> None:
        self.problems.append(Problem(field, Reason(code, facts)))

    def text(self, field: str) -> str:
        return (list(self.typed.get(field, ())) or [""])[0].strip()

    def flag(self, field: str) -> bool:
        return self.text(field) not in ("", "n", "no", "false", "0")

    def many(self, field: str, known: Iterable[str]) -> tuple[str, ...]:
        chosen = {value.strip() for value in self.typed.get(field, ()) if value.strip()}
        for unknown in sorted(chosen - set(known)):
            self._no(field, "product_choice_unknown", typed=unknown)
        return tuple(code for code in known if code in chosen)

    def one(self, field: str, known: type[Code]) -> Code | None:
        chosen = self.text(field)
        if not chosen:
            return None
        try:
            return known(chosen)
        except ValueError:
            self._no(field, "product_choice_unknown", typed=chosen)
            return None

    def number(self, field: str, units: Units, most: int = 10**10) -> Decimal | None:
        typed = self.text(field)
        if not typed:
            return None
        bare = unicodedata.normalize("NFKC", typed).replace(",", "").replace(" ", "").replace("−", "-")
        unit = next((one for one in sorted(units, key=len, reverse=True) if bare.lower().endswith(one)), "")
        bare = bare[: len(bare) - len(unit)]
        try:
            value = Decimal(bare) * units.get(unit, _ONE)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or "e" in bare.lower() or len(bare) > 20:
            self._no(field, "product_number_unreadable", typed=typed[:40])
            return None
        if abs(value) >= most:
            self._no(field, "product_number_above", most=most)
            return None
        return value

    def percent(self, field: str, units: Units = PERCENT_UNITS) -> Decimal | None:
        return self._places(field, self.number(field, units, 10**7), 4)

    def sum(self, field: str, unit: str = "yuan", places: int = 2) -> Decimal | None:
        """Yuan, from a field whose bare numbers are in `unit`; at most so many `places` behind the yuan."""
        typed = self.text(field)
        if not typed:
            return None
        yuan = read_sum(typed, unit)
        if yuan is None:
            self._no(field, "product_number_unreadable", typed=typed[:40])
            return None
        if abs(yuan) >= MOST_YUAN:
            self._no(field, "product_sum_above", most_yuan=MOST_YUAN)
            return None
        if yuan != round(yuan, places):
            self._no(field, "product_sum_fine" if places == 0 else "product_number_fine", places=places)
            return None
        return yuan.quantize(Decimal("0.01"))

    def yuan_from_wan(self, field: str) -> Decimal | None:
        return self.sum(field, "wan", places=0)

    def _places(self, field: str, value: Decimal | None, places: int) -> Decimal | None:
        if value is not None and value != round(value, places):
            self._no(field, "product_number_fine", places=places)
            return None
        return value

    def whole(self, field: str) -> int | None:
        value = self.number(field, next((units for name, units in _BY_NAME if name in field), {}), 10**6)
        if value is not None and value != value.to_integral_value():
            self._no(field, "product_number_whole", typed=self.text(field))
            return None
        return None if value is None else int(value)

    def day(self, field: str) -> date | None:
        typed = unicodedata.normalize("NFKC", self.text(field))
        if not typed:
            return None
        parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", typed)
        try:
            day = date(*(int(part) for part in parts.groups())) if parts else date.fromisoformat(typed)
            if not 2000 <= day.year <= 2100:
                raise ValueError(day)
            return day
        except ValueError:
            self._no(field, "product_date_unreadable", typed=typed[:40])
            return None

    def places(self, field: str) -> tuple[str, ...]:
        """Regions by code, prefix or name; stored as prefixes."""
        found: list[str] = []
        for word in filter(None, _SEPARATORS.split(self.text(field))):
            matches = _regions_called(word)
            if len(matches) == 1:
                found.append(matches[0])
            elif matches:
                names = "、".join(f"{regions.full_name(_six(code))} {_six(code)}" for code in matches[:4])
                self._no(field, "product_region_ambiguous", typed=word, candidates=names)
            else:
                self._no(field, "product_region_unknown", typed=word[:20])
        return _shortest(found)

    def trades(self, field: str) -> tuple[str, ...]:
        """Industries by code, section letter or name; a section is stored as its divisions."""
        found: list[str] = []
        for word in filter(None, _SEPARATORS.split(self.text(field))):
            codes = _industries_called(word)
            if not codes:
                self._no(field, "product_industry_unknown", typed=word[:20])
            found += codes
        return _shortest(found)


def _six(prefix: str) -> str:
    return prefix.ljust(6, "0")


def _shortest(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes in order without those that a shorter prefix already covers."""
    unique = sorted(set(codes))
    return tuple(code for code in unique if not any(code != wider and code.startswith(wider) for wider in unique))


def _regions_called(word: str) -> list[str]:
    """Prefixes of the divisions that `word` names: code, full name, name, or name without its last letter."""
    if word.isdecimal():
        code = regions.get(_six(word)) if len(word) in (2, 4, 6) else None
        return [] if code is None else list(regions.areas_now([code.code]))
    return [regions.prefix(code) for code in _regions_by_name(regions.present()).get(word, ())]


@lru_cache(maxsize=2)
def _regions_by_name(divisions: regions.Divisions) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    todo = list(divisions.by_parent[""])
    while todo:
        region = todo.pop()
        for name in _names_of(region):
            known = names.setdefault(name, [])
            # A municipality stands twice under one name; the wider row is meant.
            if not any(regions.prefix(region.code).startswith(regions.prefix(other)) for other in known):
                known[:] = [c for c in known if not regions.prefix(c).startswith(regions.prefix(region.code))]
                known.append(region.code)
        todo.extend(divisions.by_parent.get(region.code, ()))
    return _former_names(divisions) | names


def _former_names(divisions: regions.Divisions) -> dict[str, list[str]]:
    """Names that divisions had, with the codes that stand in their place."""
    names: dict[str, list[str]] = {}
    for code, was in sorted(divisions.formerly.items()):
        for name in {name for region in was for name in _names_of(region)}:
            names.setdefault(name, []).append(code)
    return names


def _names_of(region: regions.Region) -> set[str]:
    short = region.name[:-1] if len(region.name) > 2 and region.name[-1] in "省市区县旗州盟" else region.name
    return {region.name, region.full_name, short}


def _industries_called(word: str) -> list[str]:
    if word.isascii():
        found = industries.get(word.upper())
        if found is None:
            return []
        return [child.code for child in found.children] if found.level == industries.SECTION else [found.code]
    for name in (word, word + "业"):
        codes = _industries_by_name().get(name)
        if codes:
            return codes
    return []


_industry_names: dict[str, list[str]] = {}


def _industries_by_name() -> dict[str, list[str]]:
    """Names of sections (as divisions), divisions and groups; the widest level of a name counts."""
    if not _industry_names:
        for section in industries.children():
            _industry_names.setdefault(section.name, [child.code for child in section.children])
        for level in (industries.DIVISION, industries.GROUP, industries.CLASS):
            for leaf in industries.classes():
                node = next((above for above in leaf.path if above.level == level), None)
                if node is not None:
                    _industry_names.setdefault(node.name, [node.code])
    return _industry_names


def _concessions(read: _Reader) -> tuple[Concession, ...]:
    """The slots that say what they change; the others are empty, whatever else stands in them."""
    found = []
    for slot in SLOTS:
        change = read.one(slot_field(slot, "change"), Change)
        if change is None:
            continue
        cuts = change is Change.RATE_CUT
        found.append(
            Concession(
                slot=slot,
                change=change,
                whom=read.one(slot_field(slot, "whom"), For),
                cut_bp=read.whole(slot_field(slot, "cut_bp")) if cuts else None,
                fee=None if cuts else _waived(read, slot),
                from_on=read.day(slot_field(slot, "from_on")),
                until_on=read.day(slot_field(slot, "until_on")),
            )
        )
    return tuple(found)


def _waived(read: _Reader, slot: int) -> str | None:
    code = read.text(slot_field(slot, "fee"))
    if code and code not in WAIVABLE:
        read._no(slot_field(slot, "fee"), "product_choice_unknown", typed=code[:20])
    return code if code in WAIVABLE else None


def _fee_lines(read: _Reader, kind: Kind) -> tuple[FeeLine, ...]:
    lines = []
    for code in fees.FEE_CODES:
        answer = read.text(fee_field(code, "answer"))
        if answer == "none":
            lines.append(FeeLine(code, charged=False))
        elif answer == "charged":
            basis, timing = _way(read, code)
            lines.append(
                FeeLine(
                    code,
                    charged=True,
                    payer=read.one(fee_field(code, "payer"), Payer),
                    payee=read.text(fee_field(code, "payee")),
                    basis=basis,
                    value=_fee_value(read, fee_field(code, "value"), basis),
                    timing=timing,
                    optional=read.flag(fee_field(code, "optional")),
                    note=read.text(fee_field(code, "note")),
                )
            )
        elif answer:
            read._no(fee_field(code, "answer"), "product_choice_unknown", typed=answer[:20])
    return tuple(lines)


def _fee_value(read: _Reader, field: str, basis: Basis | None) -> Decimal | None:
    """Percent or yuan, as the way of counting says; while it is not said, percent unless a unit of money was typed."""
    if basis is not None:
        return read.sum(field) if basis.value.startswith("yuan") else read.percent(field)
    is_bare = re.fullmatch(r"[\d.,\s]*%?", unicodedata.normalize("NFKC", read.text(field)))
    return read.percent(field) if is_bare else read.sum(field)


def _way(read: _Reader, code: str) -> tuple[Basis | None, Timing | None]:
    typed = read.text(fee_field(code, "way"))
    if not typed:
        return None, None
    for basis, timing in fees.pairs_of(code):
        if typed == f"{basis}.{timing}":
            return basis, timing
    read._no(fee_field(code, "way"), "product_choice_unknown", typed=typed[:40])
    return None, None


@dataclass(frozen=True)
class SaidCapacity:
    """What a desk says that a product can take; None = no limit."""

    leads_per_week: int | None
    funds_left_yuan: Decimal | None
    full_until_on: date | None


def read_capacity(typed: Typed, today: date) -> tuple[SaidCapacity, list[Problem]]:
    """What was typed of a product's capacity, and what is unreadable or wrong in it."""
    read = _Reader(typed)
    said = SaidCapacity(read.whole("leads_per_week"), read.yuan_from_wan("funds_left_wan"), read.day("full_until_on"))
    if said.leads_per_week is not None and not 1 <= said.leads_per_week <= LEADS_PER_WEEK_MOST:
        read._no("leads_per_week", "product_number_between", least=1, most=LEADS_PER_WEEK_MOST)
    if said.funds_left_yuan is not None and said.funds_left_yuan < 0:
        read._no("funds_left_wan", "product_sum_below", least_yuan=0)
    last = today + timedelta(days=FULL_DAYS_MOST)
    if said.full_until_on is not None and not today <= said.full_until_on <= last:
        read._no("full_until_on", "product_full_until_between", first_on=today, last_on=last)
    return said, read.problems


def read_terms(typed: Typed, kind: Kind) -> tuple[Terms, list[Problem]]:
    """The terms that can be read from `typed` (field -> values as text), and what could not be read.

    What is unreadable is None in the terms; use `terms.problems_of` for what is missing or wrong in the rest.
    """
    read = _Reader(typed)
    base = read.one("rate_base", RateBase)
    least = read.text("least_tax_grade")
    if least and least not in TAX_GRADES:
        read._no("least_tax_grade", "product_choice_unknown", typed=least[:20])
    asked = read.many("documents", DOCUMENT_CODES)
    found = Terms(
        kind=kind,
        name=read.text("name"),
        summary=read.text("summary"),
        applicant_kinds=read.many("applicant_kinds", APPLICANT_KINDS),
        purposes=read.many("purposes", PURPOSES),
        first_time_friendly=read.flag("first_time_friendly"),
        first_time_only=read.flag("first_time_only"),
        amount_min_yuan=read.yuan_from_wan("amount_min_wan"),
        amount_max_yuan=read.yuan_from_wan("amount_max_wan"),
        term_min_months=read.whole("term_min_months"),
        term_max_months=read.whole("term_max_months"),
        # A guarantee lends nothing: its interest is a fixed zero, its price is the fee GUAR.
        rate_base=RateBase.FIXED if kind == Kind.GUARANTEE else base,
        spread_min_bp=None if base in (None, RateBase.FIXED) else read.whole("spread_min_bp"),
        spread_max_bp=None if base in (None, RateBase.FIXED) else read.whole("spread_max_bp"),
        fixed_rate_percent=Decimal(0)
        if kind == Kind.GUARANTEE
        else read.percent("fixed_rate_percent")
        if base == RateBase.FIXED
        else None,
        repayments=read.many("repayments", REPAYMENTS),
        securities=read.many("securities", SECURITIES),
        revolving=read.flag("revolving"),
        regions=read.places("regions"),
        industries_allow=read.trades("industries_allow"),
        industries_deny=read.trades("industries_deny"),
        min_months_in_business=read.whole("min_months_in_business"),
        min_turnover_yuan=read.yuan_from_wan("min_turnover_wan"),
        tax_grades=tax_grades_from(least),
        max_debt_ratio_percent=read.percent("max_debt_ratio_percent"),
        renewal_kind=read.one("renewal_kind", RenewalKind),
        renewal_statement=read.text("renewal_statement"),
        documents=tuple(Paper(code, read.text(document_field(code))) for code in asked),
        promised_days=read.whole("promised_days"),
        valid_from_on=read.day("valid_from_on"),
        valid_until_on=read.day("valid_until_on"),
        concessions=_concessions(read),
        fees=_fee_lines(read, kind),
    )
    return found, read.problems


def _number_text(value: Decimal | int | None) -> list[str]:
    if value is None:
        return []
    text = format(Decimal(value), "f")
    return [text.rstrip("0").rstrip(".") if "." in text else text]


def _sum_text(amount_yuan: Decimal | None) -> list[str]:
    return [] if amount_yuan is None else [shown_sum(amount_yuan, "wan")]


def kept_of(typed: Typed, unit: str) -> dict[str, list[str]]:
    """What was typed on a page whose bare sums are in `unit`, as a draft keeps it: in 万元. Chinese pages stay to the
    letter; what cannot be read stays as it was typed, on any page."""
    return _converted(typed, unit, "wan")


def shown_of(kept: Typed, unit: str) -> dict[str, list[str]]:
    """What a draft keeps, as a page shows it whose bare sums are in `unit`: the reverse of ``kept_of``."""
    return _converted(kept, "wan", unit)


def _converted(typed: Typed, unit: str, wanted: str) -> dict[str, list[str]]:
    def one(value: str) -> str:
        amount = read_sum(value, unit)
        return value if amount is None else shown_sum(amount, wanted)

    return {
        field: [one(value) for value in values] if field.endswith("_wan") and unit != wanted else list(values)
        for field, values in typed.items()
    }


def typed_from(terms: Terms) -> dict[str, list[str]]:
    """What a desk would have typed for these terms: a new version starts from it."""
    typed: dict[str, list[str]] = {
        "name": [terms.name],
        "summary": [terms.summary],
        "applicant_kinds": list(terms.applicant_kinds),
        "purposes": list(terms.purposes),
        "first_time_friendly": ["y"] if terms.first_time_friendly else [],
        "first_time_only": ["y"] if terms.first_time_only else [],
        "amount_min_wan": _sum_text(terms.amount_min_yuan),
        "amount_max_wan": _sum_text(terms.amount_max_yuan),
        "term_min_months": _number_text(terms.term_min_months),
        "term_max_months": _number_text(terms.term_max_months),
        "rate_base": [terms.rate_base] if terms.rate_base and terms.kind == Kind.CREDIT else [],
        "spread_min_bp": _number_text(terms.spread_min_bp),
        "spread_max_bp": _number_text(terms.spread_max_bp),
        "fixed_rate_percent": _number_text(terms.fixed_rate_percent) if terms.kind == Kind.CREDIT else [],
        "repayments": list(terms.repayments),
        "securities": list(terms.securities),
        "revolving": ["y"] if terms.revolving else [],
        "regions": ["、".join(terms.regions)],
        "industries_allow": ["、".join(terms.industries_allow)],
        "industries_deny": ["、".join(terms.industries_deny)],
        "min_months_in_business": _number_text(terms.min_months_in_business),
        "min_turnover_wan": _sum_text(terms.min_turnover_yuan),
        "least_tax_grade": [least_tax_grade(terms.tax_grades)],
        "max_debt_ratio_percent": _number_text(terms.max_debt_ratio_percent),
        "renewal_kind": [terms.renewal_kind] if terms.renewal_kind else [],
        "renewal_statement": [terms.renewal_statement],
        "documents": [paper.code for paper in terms.documents],
        **{document_field(paper.code): [paper.reason] for paper in terms.documents},
        "promised_days": _number_text(terms.promised_days),
        "valid_from_on": [terms.valid_from_on.isoformat()] if terms.valid_from_on else [],
        "valid_until_on": [terms.valid_until_on.isoformat()] if terms.valid_until_on else [],
    }
    for line in terms.fees:
        typed |= _fee_typed(line)
    for one in terms.concessions:
        kept = one.as_json()
        typed |= {
            slot_field(one.slot, part): [] if kept[part] is None else [str(kept[part])] for part in CONCESSION_PARTS
        }
    return {field: [str(value) for value in values] for field, values in typed.items()}


def _fee_typed(line: FeeLine) -> dict[str, list[str]]:
    if not line.charged:
        return {fee_field(line.code, "answer"): ["none"]}
    return {
        fee_field(line.code, "answer"): ["charged"],
        fee_field(line.code, "payer"): [str(line.payer)] if line.payer else [],
        fee_field(line.code, "payee"): [line.payee],
        fee_field(line.code, "value"): _number_text(line.value),
        fee_field(line.code, "way"): [f"{line.basis}.{line.timing}"] if line.basis and line.timing else [],
        fee_field(line.code, "optional"): ["y"] if line.optional else [],
        fee_field(line.code, "note"): [line.note],
    }
