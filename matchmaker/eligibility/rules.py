"""The criteria of eligibility, declared once as data, and the verdicts they give. Nothing here is learned.

A criterion names the facts it needs and the form of its restriction (``bounds``); the plain loop below and a
bitmap index are two evaluators of these same declarations. ``RULES_VERSION`` is stored with every list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from matchmaker.eligibility.bounds import (
    Areas,
    Between,
    Bounds,
    Deciders,
    OneOf,
    Outcome,
    Place,
    Possible,
    Prefixes,
    Shares,
    Span,
)
from matchmaker.eligibility.facts import Facts, Terms, add_months
from matchmaker.refusal import Reason

RULES_VERSION = "2026-11-24.2"
"""Changes with every change of a criterion; a test holds the fingerprint of the declarations against it."""

TAX_GRADES = ("A", "B", "M", "C", "D")
"""Best to worst, as in the tax authorities' grading (M = newly set up, not yet graded)."""

NO_COLLATERAL_NEEDED = frozenset({"CREDIT", "SURETY_GOV", "SURETY_COM", "SURETY_INS", "RISKPOOL"})
"""Securities that an owner need not own: unsecured credit, and third parties that the product itself brings in."""

FORBIDDEN_PURPOSES = "PROHIBIT_"
"""Purposes that no operating loan may serve (article 16): property, securities, private consumption."""


class Changeable(StrEnum):
    """Whether the owner's side of a failed rule can become another."""

    BY_OWNER = "by_owner"
    WITH_TIME = "with_time"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Change:
    """Who or what can change it; ``from_on`` is the first day on which it may be so."""

    kind: Changeable
    from_on: date | None = None

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind.value} | ({"from_on": self.from_on.isoformat()} if self.from_on else {})


BY_OWNER, NEVER = Change(Changeable.BY_OWNER), Change(Changeable.NO)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule: which facts it needs, which bounds a product sets, and how both are told.

    ``time_alone`` is True where the passing of time by itself, all other facts kept, makes it pass on
    ``Change.from_on``. ``silent`` is True where a fact that was not stated is no obstacle (a wish).
    """

    name: str
    needs: tuple[str, ...]
    bounds: Callable[[Terms], Bounds | None]
    mine: Callable[[Facts, date], Any]
    told: Callable[[Terms, Facts], Mapping[str, Any]]
    mine_told: Callable[[Terms, Facts, date], Mapping[str, Any]]
    change: Callable[[Terms, Facts, date], Change] = lambda terms, facts, today: NEVER
    time_alone: bool = False
    silent: bool = False

    def check(self, terms: Terms, facts: Facts, today: date) -> Outcome:
        """Pass, fail or unknown; a product that sets no bounds lets everyone pass."""
        bounds = self.bounds(terms)
        return Outcome.PASS if bounds is None else self.judge(bounds, self.mine(facts, today))

    def judge(self, bounds: Bounds, mine: Any) -> Outcome:
        """The same where bounds and fact are taken out already, for those who ask very many times."""
        if mine is None and self.silent:
            return Outcome.PASS
        return bounds.check(mine)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says about one product for these facts."""

    rule: str
    outcome: Outcome
    required: Mapping[str, Any] = field(default_factory=dict)
    mine: Mapping[str, Any] = field(default_factory=dict)
    change: Change | None = None
    """Only when it failed."""

    @property
    def failed(self) -> bool:
        return self.outcome is Outcome.FAIL

    @property
    def reason(self) -> Reason:
        """``fails_…``, ``unsure_of_…`` or ``meets_…`` with both numbers."""
        stem = {Outcome.FAIL: "fails", Outcome.UNKNOWN: "unsure_of", Outcome.PASS: "meets"}[self.outcome]
        return Reason(f"{stem}_{self.rule}", {**self.required, **self.mine})


def _between(low: Any, high: Any) -> Between | None:
    return None if low is None and high is None else Between(low, high)


def _given(**facts: Any) -> dict[str, Any]:
    """The facts that say something: no None, no empty list; bands become two ends."""
    told: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, Span):
            stem, _, unit = name.rpartition("_")
            told |= _given(**{f"{stem}_from_{unit}": value.low, f"{stem}_to_{unit}": value.high})
        elif isinstance(value, Possible):
            told[name] = list(value.codes)
        elif isinstance(value, (tuple, frozenset)):
            if value:
                told[name] = sorted(value) if isinstance(value, frozenset) else list(value)
        elif value is not None:
            told[name] = value
    return told


def _lowest_accepted(grades: Iterable[str]) -> str | None:
    known = [grade for grade in TAX_GRADES if grade in set(grades)]
    return known[-1] if known else None


def _grades_from(grades: tuple[str, ...]) -> frozenset[str]:
    """The lowest accepted grade and all better ones."""
    lowest = _lowest_accepted(grades)
    return frozenset(TAX_GRADES[: TAX_GRADES.index(lowest) + 1]) if lowest else frozenset()


def _security_bounds(terms: Terms) -> Bounds | None:
    if not terms.securities or NO_COLLATERAL_NEEDED.intersection(terms.securities):
        return None
    return Shares(frozenset(terms.securities))


def _purpose_bounds(terms: Terms) -> Bounds:
    if not terms.purposes:
        return Prefixes(deny=(FORBIDDEN_PURPOSES,))
    return OneOf(frozenset(code for code in terms.purposes if not code.startswith(FORBIDDEN_PURPOSES)))


def _limited(terms: Terms) -> Bounds | None:
    """Limits of decision bind only where every branch has one or the branches differ."""
    if all(place.decides_up_to_yuan is None for place in terms.places):
        return None
    return Deciders(terms.places)


def _everywhere(place: Place) -> bool:
    return not place.regions and not place.has_circle


def _nearest(terms: Terms, facts: Facts) -> tuple[Place | None, float | None]:
    distances = [
        (distance, index) for index, place in enumerate(terms.places)
        if place.has_circle and (distance := place.distance_km(facts.where)) is not None
    ]  # fmt: skip
    if not distances:
        return None, None
    distance, index = min(distances)
    return terms.places[index], distance


def _area_told(terms: Terms, facts: Facts) -> Mapping[str, Any]:
    place, _ = _nearest(terms, facts)
    regions = tuple(dict.fromkeys(code for place in terms.places for code in place.regions))
    return _given(
        regions=regions,
        branch=place.name if place else None,
        radius_km=_km(place.radius_km) if place else None,
    )


def _km(distance: float | None) -> Decimal | None:
    return None if distance is None else Decimal(f"{distance:.1f}")


def _next_january(today: date) -> Change:
    """New yearly figures can be typed in from January on."""
    return Change(Changeable.WITH_TIME, date(today.year + 1, 1, 1))


def _next_grading(today: date) -> Change:
    """Grades of the year before are settled within April (State Taxation Administration, notice 40 of 2014, art. 20),
    so the last day of April is the first on which they are certainly out; that day itself still counts."""
    this_year = date(today.year, 4, 30)
    return Change(Changeable.WITH_TIME, this_year if today <= this_year else date(today.year + 1, 4, 30))


def _old_enough(terms: Terms, facts: Facts, today: date) -> Change:
    needed = terms.min_months_in_business or 0
    if facts.founded_on is not None:
        return Change(Changeable.WITH_TIME, add_months(facts.founded_on, needed))
    months = facts.months_in_business
    if isinstance(months, Span):
        if months.high is None or isinstance(months.high, date):
            return Change(Changeable.WITH_TIME)
        return Change(Changeable.WITH_TIME, add_months(today, needed - int(months.high)))
    return Change(Changeable.WITH_TIME, add_months(today, needed - months) if months is not None else None)


def _on_offer(terms: Terms, facts: Facts, today: date) -> Change:
    if terms.valid_from_on is not None and today < terms.valid_from_on:
        return Change(Changeable.WITH_TIME, terms.valid_from_on)
    return NEVER


def _by_owner(terms: Terms, facts: Facts, today: date) -> Change:
    return BY_OWNER


def _applicant(facts: Facts, today: date) -> tuple[str, ...] | None:
    codes = tuple(code for code in (facts.kind, facts.entity_code) if code)
    return codes or None


CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        "validity", ("today",),
        bounds=lambda t: _between(t.valid_from_on, t.valid_until_on),
        mine=lambda f, today: today,
        told=lambda t, f: _given(valid_from_on=t.valid_from_on, valid_until_on=t.valid_until_on),
        mine_told=lambda t, f, today: {"today_on": today},
        change=_on_offer, time_alone=True,
    ),
    Criterion(
        "purpose", ("purpose",),
        bounds=_purpose_bounds,
        mine=lambda f, today: f.purpose,
        told=lambda t, f: _given(purposes=t.purposes),
        mine_told=lambda t, f, today: _given(purpose=f.purpose),
        change=_by_owner,
    ),
    Criterion(
        "applicant", ("kind", "entity_code"),
        bounds=lambda t: OneOf(frozenset(t.applicant_kinds)) if t.applicant_kinds else None,
        mine=_applicant,
        told=lambda t, f: _given(applicant_kinds=t.applicant_kinds),
        mine_told=lambda t, f, today: _given(kind=f.kind, entity=f.entity_code),
    ),
    Criterion(
        "industry", ("industry_code",),
        bounds=lambda t: Prefixes(t.industries_allow, t.industries_deny)
        if t.industries_allow or t.industries_deny else None,
        mine=lambda f, today: f.industry_code,
        told=lambda t, f: _given(industries_allow=t.industries_allow, industries_deny=t.industries_deny),
        mine_told=lambda t, f, today: _given(industry=f.industry_code),
    ),
    Criterion(
        "region", ("region_code",),
        bounds=lambda t: Prefixes(t.regions) if t.regions else None,
        mine=lambda f, today: f.region_code,
        told=lambda t, f: _given(regions=t.regions),
        mine_told=lambda t, f, today: _given(region=f.region_code),
    ),
    Criterion(
        "service_area", ("region_code", "latitude", "longitude"),
        bounds=lambda t: Areas(t.places) if t.places and not any(map(_everywhere, t.places)) else None,
        mine=lambda f, today: f.where,
        told=_area_told,
        mine_told=lambda t, f, today: _given(region=f.region_code, distance_km=_km(_nearest(t, f)[1])),
    ),
    Criterion(
        "amount", ("amount_yuan",),
        bounds=lambda t: _between(t.amount_min_yuan, t.amount_max_yuan),
        mine=lambda f, today: f.amount_yuan,
        told=lambda t, f: _given(amount_min_yuan=t.amount_min_yuan, amount_max_yuan=t.amount_max_yuan),
        mine_told=lambda t, f, today: _given(amount_yuan=f.amount_yuan),
        change=_by_owner,
    ),
    Criterion(
        "decision_limit", ("amount_yuan", "region_code", "latitude", "longitude"),
        bounds=_limited,
        mine=lambda f, today: (f.where, f.amount_yuan),
        told=lambda t, f: _given(decision_limit_yuan=Deciders(t.places).limit_yuan(f.where)),
        mine_told=lambda t, f, today: _given(amount_yuan=f.amount_yuan),
        change=_by_owner,
    ),
    Criterion(
        "term", ("term_months",),
        bounds=lambda t: _between(t.term_min_months, t.term_max_months),
        mine=lambda f, today: f.term_months,
        told=lambda t, f: _given(term_min_months=t.term_min_months, term_max_months=t.term_max_months),
        mine_told=lambda t, f, today: _given(term_months=f.term_months),
        change=_by_owner,
    ),
    Criterion(
        "months_in_business", ("founded_on", "months_in_business", "today"),
        bounds=lambda t: _between(t.min_months_in_business or None, None),
        mine=lambda f, today: f.months_on(today),
        told=lambda t, f: _given(least_months=t.min_months_in_business),
        mine_told=lambda t, f, today: _given(open_months=f.months_on(today)),
        change=_old_enough, time_alone=True,
    ),
    Criterion(
        "turnover", ("turnover_yuan",),
        bounds=lambda t: _between(t.min_turnover_yuan or None, None),
        mine=lambda f, today: f.turnover_yuan,
        told=lambda t, f: _given(least_turnover_yuan=t.min_turnover_yuan),
        mine_told=lambda t, f, today: _given(turnover_yuan=f.turnover_yuan),
        change=lambda t, f, today: _next_january(today),
    ),
    Criterion(
        "tax_grade", ("tax_grade",),
        bounds=lambda t: OneOf(_grades_from(t.tax_grades)) if t.tax_grades else None,
        mine=lambda f, today: f.tax_grade,
        told=lambda t, f: _given(least_tax_grade=_lowest_accepted(t.tax_grades)),
        mine_told=lambda t, f, today: _given(tax_grade=f.tax_grade),
        change=lambda t, f, today: _next_grading(today),
    ),
    Criterion(
        "debt_ratio", ("debt_ratio_percent",),
        bounds=lambda t: _between(None, t.max_debt_ratio_percent),
        mine=lambda f, today: f.debt_ratio_percent,
        told=lambda t, f: _given(most_debt_ratio_percent=t.max_debt_ratio_percent),
        mine_told=lambda t, f, today: _given(debt_ratio_percent=f.debt_ratio_percent),
        change=lambda t, f, today: _next_january(today),
    ),
    Criterion(
        "security", ("securities",),
        bounds=_security_bounds,
        mine=lambda f, today: f.securities,
        told=lambda t, f: _given(securities=t.securities),
        mine_told=lambda t, f, today: {} if f.securities is None else {"securities_offered": sorted(f.securities)},
        change=_by_owner,
    ),
    Criterion(
        "first_time", ("first_loan",),
        bounds=lambda t: OneOf(frozenset({"yes"})) if t.first_time_only else None,
        mine=lambda f, today: None if f.first_loan is None else "yes" if f.first_loan else "no",
        told=lambda t, f: {"first_time_only": True} if t.first_time_only else {},
        mine_told=lambda t, f, today: _given(first_loan=f.first_loan),
    ),
    Criterion(
        "repayment", ("repayment",),
        bounds=lambda t: OneOf(frozenset(t.repayments)) if t.repayments else None,
        mine=lambda f, today: f.repayment,
        told=lambda t, f: _given(repayments=t.repayments),
        mine_told=lambda t, f, today: _given(repayment=f.repayment),
        change=_by_owner, silent=True,
    ),
)  # fmt: skip
"""Every rule, in the order in which a page tells them."""

BY_NAME: Mapping[str, Criterion] = {criterion.name: criterion for criterion in CRITERIA}


def verdict(criterion: Criterion, terms: Terms, facts: Facts, today: date) -> Verdict:
    """What one rule says, with what is required, what is mine, and whether that can change."""
    outcome = criterion.check(terms, facts, today)
    return Verdict(
        criterion.name,
        outcome,
        criterion.told(terms, facts),
        criterion.mine_told(terms, facts, today),
        criterion.change(terms, facts, today) if outcome is Outcome.FAIL else None,
    )


def verdicts(terms: Terms, facts: Facts, today: date) -> list[Verdict]:
    """One verdict per rule, in the order of ``CRITERIA``; ``today`` is the date in Asia/Shanghai."""
    return [verdict(criterion, terms, facts, today) for criterion in CRITERIA]


def failed_rules(terms: Terms, facts: Facts, today: date) -> tuple[str, ...]:
    """The names of the rules that fail, without their reasons: the quick question of a loop over products."""
    return tuple(c.name for c in CRITERIA if c.check(terms, facts, today) is Outcome.FAIL)


class Evaluator:
    """Who puts the questions to the declarations: this one asks each of them anew.

    Handed in where many needs are worked out one after the other, so that another may answer from memory; the answers
    must be the same.
    """

    def check(self, criterion: Criterion, terms: Terms, facts: Facts, today: date) -> Outcome:
        """As ``Criterion.check``."""
        return criterion.check(terms, facts, today)

    def verdicts(self, terms: Terms, facts: Facts, today: date) -> list[Verdict]:
        """As ``verdicts``; of a product that fails at least those of the failed rules."""
        return verdicts(terms, facts, today)

    def failed_rules(self, terms: Terms, facts: Facts, today: date) -> tuple[str, ...]:
        """As ``failed_rules``."""
        return tuple(c.name for c in CRITERIA if self.check(c, terms, facts, today) is Outcome.FAIL)


ASKED_ANEW = Evaluator()


def eligible(given: Iterable[Verdict]) -> bool:
    """Whether no rule failed. "To be checked" does not stand in the way; it is shown as a caution."""
    return not any(verdict.failed for verdict in given)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The products that fail this one rule and no other."""

    rule: str
    keys: tuple[int, ...]


def near_misses(failures: Mapping[int, Sequence[str]]) -> list[NearMiss]:
    """Products by the single rule that they fail, most products first. ``failures``: product → failed rules."""
    by_rule: dict[str, list[int]] = defaultdict(list)
    for key, rules in failures.items():
        if len(rules) == 1:
            by_rule[rules[0]].append(key)
    order = {criterion.name: place for place, criterion in enumerate(CRITERIA)}
    ranked = sorted(by_rule.items(), key=lambda item: (-len(item[1]), order[item[0]]))
    return [NearMiss(rule, tuple(sorted(keys))) for rule, keys in ranked]
