"""Codes, failed rules and the way on in the reader's words. Nothing is decided here; cards have a room of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.eligibility.planning import Repair, Step
from matchmaker.eligibility.rules import Verdict
from matchmaker.ranking.models import TurnedDown
from matchmaker.reference import industries, regions, terms
from matchmaker.refusal import plain
from matchmaker.web import known_sentences, label, write_fact


def _(message: str, **facts: Any) -> str:
    """Words in the reader's language (flask_babel brings no types)."""
    return str(gettext(message, **facts))


NAMED_AT_MOST = 3
OFFICIAL_NAMES = frozenset({"region", "service_area"})
BY_EDITING = frozenset({"amount", "decision_limit", "term", "purpose", "security", "repayment"})
"""Rules whose fact stands in the need itself: the page links to the form that changes it."""


# Codes as words -----------------------------------------------------------------------------------------------------


def listed(words: Iterable[str], most: int = NAMED_AT_MOST) -> str:
    """Some words in a row; beyond ``most`` the number of all is said."""
    found = [word for word in words if word]
    joined = ("、" if formatting.language() == "zh" else ", ").join(found[:most])
    return joined if len(found) <= most else _("%(some)s 等 %(n)s 样", some=joined, n=len(found))


def term_names(domain: str, codes: Iterable[str]) -> list[str]:
    """Names of codes of financing_terms, as they stand within a sentence."""
    names = [terms.label(domain, code, formatting.language()) for code in codes]
    return [name[:1].lower() + name[1:] for name in names] if domain == "guarantee" else names


def region_name(prefix: Any) -> str:
    """The name of a region by its code or prefix; names are official and stay Chinese."""
    found = regions.get(str(prefix).ljust(6, "0"))
    return found.full_name if found else str(prefix)


def industry_name(prefix: Any) -> str:
    """The name of an industry by its prefix."""
    return industries.name(str(prefix), formatting.language())


def fee_name(code: str) -> str:
    """The name of a fee; the audit is no term of the list, but the sheet names it. A subsidy says "less" by its sum."""
    if code in _SUBSIDIES:
        return str(_SUBSIDIES[code])
    return _("审计费") if code == "AUDIT" else terms.label("fee", code, formatting.language())


_SUBSIDIES = {"SUBSIDY": _l("财政贴息"), "GUARSUB": _l("担保费补贴")}
"""The list calls them "negative": true of the column, no word to say to an owner."""


def fee_sum(value: Any, write: Callable[[Any], str]) -> str:
    """A sum of a fee; what takes something off says so in words."""
    amount = Decimal(str(value))
    return _("减 %(sum)s", sum=write(-amount)) if amount < 0 else write(amount)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


_NAMED: Mapping[str, Callable[[Any], str]] = {
    "regions": lambda value: listed(map(region_name, value)),
    "region": lambda value: listed(map(region_name, _as_list(value))),
    "industries_allow": lambda value: listed(map(industry_name, value)),
    "industries_deny": lambda value: listed(map(industry_name, value)),
    "industry": lambda value: listed(map(industry_name, _as_list(value))),
    "securities": lambda value: listed(term_names("guarantee", value)),
    "securities_offered": lambda value: listed(term_names("guarantee", value)) if value else _("没有"),
    "purposes": lambda value: listed(
        label("need.purpose", code) for code in value if not code.startswith("PROHIBIT")
    ),
    "purpose": lambda value: (
        label("need.purpose", value) if not str(value).startswith("PROHIBIT") else terms.label("purpose", value)
    ),
    "repayments": lambda value: listed(term_names("repayment", value)),
    "repayment": lambda value: term_names("repayment", [value])[0],
    "applicant_kinds": lambda value: listed(map(_applicant, value), most=6),
    "kind": lambda value: _applicant(value),
    "entity": lambda value: terms.label("entity", value, formatting.language()),
}


def _applicant(code: str) -> str:
    if code in ("enterprise", "sole_proprietor", "cooperative"):
        return label("match.applicant", code)
    return terms.label("entity", code, formatting.language())


def said(reason: Mapping[str, Any]) -> str:
    """A stored reason as a sentence: codes by their names, payments in 元, shares and gaps as one says them."""
    facts = dict(reason.get("facts") or {})
    written = {name: write_fact(name, value) for name, value in facts.items()}
    written |= {name: _NAMED[name](value) for name, value in facts.items() if name in _NAMED}
    written |= {name: _SPOKEN[name](value) for name, value in facts.items() if name in _SPOKEN}
    return str(known_sentences()[reason["code"]]) % written


_SPOKEN: Mapping[str, Callable[[Any], str]] = {
    "monthly_yuan": formatting.yuan,
    "deposit_yuan": formatting.yuan,
    "share_percent": lambda value: f"{formatting.num(value)}%",
    "gap_percent": lambda value: _("%(gap)s 个百分点", gap=formatting.num(value)),
}


# A failed rule ------------------------------------------------------------------------------------------------------


def _least_or_most(low: Any, high: Any, write: Callable[[Any], str], both: Callable[[Any, Any], str]) -> str:
    if low is not None and high is not None:
        return both(low, high)
    if low is not None:
        return _("至少 %(least)s", least=write(low))
    return _("最多 %(most)s", most=write(high))


def _area(facts: Mapping[str, Any]) -> str:
    if facts.get("regions"):
        return _NAMED["regions"](facts["regions"])
    if facts.get("radius_km") is not None:
        return _(
            "离%(branch)s %(km)s 公里以内",
            branch=facts.get("branch") or _("那个网点"),
            km=formatting.num(facts["radius_km"]),
        )
    return _("它的服务范围里")


def _validity(facts: Mapping[str, Any]) -> str:
    start, end = facts.get("valid_from_on"), facts.get("valid_until_on")
    if start and end:
        return _("%(start)s 到 %(end)s", start=formatting.day_full(start), end=formatting.day_full(end))
    return _("%(start)s起", start=formatting.day(start)) if start else _("到%(end)s止", end=formatting.day(end))


def _industry(facts: Mapping[str, Any]) -> str:
    if facts.get("industries_allow"):
        return _("只做%(names)s", names=_NAMED["industries_allow"](facts["industries_allow"]))
    return _("不做%(names)s", names=_NAMED["industries_deny"](facts["industries_deny"]))


_REQUIRED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "amount": lambda f: _least_or_most(
        f.get("amount_min_yuan"), f.get("amount_max_yuan"), formatting.wan, formatting.wan_range
    ),
    "decision_limit": lambda f: _("网点最多能定 %(most)s", most=formatting.wan(f.get("decision_limit_yuan"))),
    "term": lambda f: _least_or_most(
        f.get("term_min_months"), f.get("term_max_months"), formatting.months, formatting.months_range
    ),
    "months_in_business": lambda f: _("至少 %(least)s", least=formatting.months(f.get("least_months"))),
    "turnover": lambda f: _("至少 %(least)s", least=formatting.wan(f.get("least_turnover_yuan"))),
    "tax_grade": lambda f: _("%(grade)s 级以上", grade=f.get("least_tax_grade") or ""),
    "debt_ratio": lambda f: _("最多 %(most)s", most=formatting.percent1(f.get("most_debt_ratio_percent"))),
    "region": lambda f: _NAMED["regions"](f.get("regions") or []),
    "service_area": _area,
    "industry": _industry,
    "applicant": lambda f: _NAMED["applicant_kinds"](f.get("applicant_kinds") or []),
    "security": lambda f: _NAMED["securities"](f.get("securities") or []),
    "purpose": lambda f: _NAMED["purposes"](f["purposes"]) if f.get("purposes") else _("生产经营的用途"),
    "first_time": lambda f: _("从没贷过款的"),
    "validity": _validity,
    "repayment": lambda f: _NAMED["repayments"](f.get("repayments") or []),
}


def required(rule: str, facts: Mapping[str, Any]) -> str:
    """What the product asks for, in a few words; a product that asks nothing here says so."""
    return _REQUIRED[rule](facts) if facts or rule == "purpose" else _("没有要求")


def _band(
    facts: Mapping[str, Any], stem: str, unit: str, write: Callable[[Any], str], both: Callable[[Any, Any], str]
) -> str:
    if f"{stem}_{unit}" in facts:
        return write(facts[f"{stem}_{unit}"])
    low, high = facts.get(f"{stem}_from_{unit}"), facts.get(f"{stem}_to_{unit}")
    return _("还没填") if low is None and high is None else _least_or_most(low, high, write, both)


def _mine_area(facts: Mapping[str, Any]) -> str:
    where = _NAMED["region"](facts["region"]) if facts.get("region") else _("还没填")
    if facts.get("distance_km") is None:
        return where
    return _("%(where)s，约 %(km)s 公里", where=where, km=formatting.num(facts["distance_km"]))


_MINE: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "amount": lambda f: _band(f, "amount", "yuan", formatting.wan, formatting.wan_range),
    "decision_limit": lambda f: _band(f, "amount", "yuan", formatting.wan, formatting.wan_range),
    "term": lambda f: _band(f, "term", "months", formatting.months, formatting.months_range),
    "months_in_business": lambda f: _band(f, "open", "months", formatting.months, formatting.months_range),
    "turnover": lambda f: _band(f, "turnover", "yuan", formatting.wan, formatting.wan_range),
    "tax_grade": lambda f: label("match.tax_grade", f["tax_grade"]) if f.get("tax_grade") else _("还没填"),
    "debt_ratio": lambda f: _band(f, "debt_ratio", "percent", formatting.percent1, formatting.percent_range),
    "service_area": _mine_area,
    "security": lambda f: (
        _NAMED["securities_offered"](f["securities_offered"]) if "securities_offered" in f else _("还没填")
    ),
    "first_time": lambda f: (
        _("还没填") if f.get("first_loan") is None else _("从没贷过款") if f["first_loan"] else _("以前贷过")
    ),
    "validity": lambda f: _("今天 %(day)s", day=formatting.day(f.get("today_on"))),
}
_MINE_NAME = {
    "region": "region",
    "industry": "industry",
    "applicant": "kind",
    "purpose": "purpose",
    "repayment": "repayment",
}


def mine(rule: str, facts: Mapping[str, Any]) -> str:
    """What the owner has on this point."""
    if rule in _MINE:
        return _MINE[rule](facts)
    if rule == "repayment" and not facts:
        return _("怎么还都行")
    name = _MINE_NAME[rule]
    return _NAMED[name](facts[name]) if facts.get(name) else _("还没填")


def change(rule: str, changeable: Mapping[str, Any]) -> tuple[str, str]:
    """(tone, words) of "can it change": "you" the owner may, "soon" with time and from when, "" not at all."""
    kind, from_on = changeable.get("kind"), changeable.get("from_on")
    if kind == "by_owner":
        return "you", _("您能改")
    if kind == "with_time" and from_on:
        if rule in ("turnover", "debt_ratio"):
            return "soon", _("%(day)s起填新一年的数", day=formatting.day(from_on))
        if rule == "tax_grade":
            return "soon", _("等新评级，%(day)s前公布", day=formatting.day(from_on))
        return "soon", _("%(day)s起", day=formatting.day(from_on))
    if kind == "with_time":
        return "soon", _("要等")
    return "", _("变不了")


@dataclass(frozen=True)
class FailedRule:
    """One line of "why not the others"."""

    rule: str
    name: str
    required: str
    mine: str
    tone: str
    change: str
    editable: bool
    official: bool
    """Both values are official names, which stay Chinese on English pages."""


@dataclass(frozen=True)
class Turned:
    """A product that does not fit, with the rules it fails."""

    product_id: int
    name: str
    institution: str
    failed: tuple[FailedRule, ...]


def turned(row: TurnedDown) -> Turned:
    """A turned-down row in words."""
    return Turned(
        row.product_id,
        row.product_version.name,
        row.product.institution.short_name,
        tuple(failed_rule(stored) for stored in row.failed),
    )


def failed_rule(stored: Mapping[str, Any]) -> FailedRule:
    """One failed rule in words."""
    rule = stored["rule"]
    tone, words = change(rule, stored["changeable"])
    return FailedRule(
        rule, label("match.rule", rule), required(rule, stored["required"]), mine(rule, stored["mine"]), tone, words,
        editable=rule in BY_EDITING and stored["changeable"].get("kind") == "by_owner",
        official=rule in OFFICIAL_NAMES,
    )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What one rule says about a product that fits, in words."""

    name: str
    outcome: str
    required: str
    mine: str
    official: bool
    asks: bool = True
    """Whether the product asks for anything on this point."""
    tone: str = ""
    change: str = ""
    """Where the rule fails: can that become another, and from when, as of ``change``."""


def judged(verdict: Verdict) -> Judged:
    """A verdict in words; its facts may be plain values or those of the rules."""
    asked, have = plain(verdict.required), plain(verdict.mine)
    tone, words = change(verdict.rule, verdict.change.as_json()) if verdict.change else ("", "")
    return Judged(
        label("match.rule", verdict.rule),
        verdict.outcome.value,
        required(verdict.rule, asked),
        mine(verdict.rule, have),
        official=verdict.rule in OFFICIAL_NAMES,
        asks=bool(asked) or verdict.rule == "purpose",
        tone=tone,
        change=words,
    )


# What would help, and the way on -------------------------------------------------------------------------------------


def helps(stored: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """ "One step further": each change with what it opens or lifts, for the list of reasons."""
    found = []
    for help in stored:
        words = said(help)
        if help["facts"].get("fewer"):
            words = _("%(words)s，但少 %(n)s 个", words=words, n=help["facts"]["fewer"])
        found.append(("add", words))
    return found


def step_said(step: Step) -> str:
    """One change of a plan in words."""
    value = [step.value] if step.fact == "securities" else step.value
    return said({"code": f"step_{step.fact}", "facts": {step.fact: plain(value)}})


_IN_ADDRESS = {"amount_yuan": "amount", "term_months": "term", "securities": "add", "repayment": "repayment"}


def address_of(steps: Iterable[Step]) -> dict[str, str]:
    """The changes of a plan as the form that changes a need reads them from its address."""
    found: dict[str, str] = {}
    for step in steps:
        name = _IN_ADDRESS[step.fact]
        value = "any" if step.fact == "repayment" else str(step.value)
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def named(keys: Iterable[int], names: Mapping[int, tuple[str, str]]) -> str:
    """The first of these products by name, with a word where there are more. Names stay Chinese."""
    found = [names[key][0] for key in keys if key in names]
    return "、".join(found[:NAMED_AT_MOST]) + ("等" if len(found) > NAMED_AT_MOST else "")


@dataclass(frozen=True)
class RepairLine:
    """One cause that somebody can repair, in words."""

    name: str
    mine: str
    needed: str
    who: str
    when: str
    more: int


_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "turnover": formatting.wan,
    "debt_ratio": formatting.percent1,
    "tax_grade": lambda grade: label("match.tax_grade", grade),
}


def repair_line(repair: Repair, facts: Mapping[str, Any]) -> RepairLine:
    """A repair in words; ``facts`` are those stored with the list."""
    have = facts.get(repair.fact)
    value = plain(repair.value)
    write = _WRITTEN[repair.rule]
    needed = write(value)
    if repair.rule == "turnover":
        needed = _("至少 %(least)s", least=needed)
    elif repair.rule == "debt_ratio":
        needed = _("最多 %(most)s", most=needed)
    return RepairLine(
        label("match.rule", repair.rule),
        _("还没填") if have is None else write(have),
        needed,
        label("match.who", repair.who),
        change(repair.rule, {"kind": "with_time", "from_on": repair.from_on})[1],
        len(repair.opened),
    )
