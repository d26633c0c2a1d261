"""The way on where little or nothing fits yet: the fewest changes that open most, the days on which time opens more,
and what somebody can repair. Everything told here was found by running the same rules over the changed facts.

A product's rules fall apart by the fact that they read: whether it fits after several changes is the conjunction of
what each change does by itself. So each change is judged once against all products (one bit a product), and every
combination is an AND of whole numbers; all of them are looked at. ``tests/eligibility/test_planning.py`` compares with
running every rule for every combination.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from typing import Any

from matchmaker.eligibility.bounds import Outcome, Span
from matchmaker.eligibility.changes import Failures, failures, nearest, nearest_amount, opening_days
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import BY_NAME, TAX_GRADES, Criterion
from matchmaker.refusal import plain

STEPS_AT_MOST = 3
"""Who is asked to change four things at once is asked for another need (own threshold)."""
VALUES_AT_MOST = 40
"""Values of one fact that are tried: in a larger market those at which most products begin or end."""
DAYS_AT_MOST = 4

RULES_OF: Mapping[str, tuple[str, ...]] = {
    "amount_yuan": ("amount", "decision_limit"),
    "term_months": ("term",),
    "securities": ("security",),
    "repayment": ("repayment",),
}
"""The facts that an owner may change, and the rules that read them. A test holds this against the declarations."""

_CHANGEABLE = frozenset(rule for rules in RULES_OF.values() for rule in rules)


@dataclass(frozen=True, slots=True)
class Step:
    """One fact and its new value; for ``securities`` the one kind that is added."""

    fact: str
    value: Any

    @property
    def change(self) -> dict[str, Any]:
        """As ``Help.change``: what ``changes.applied`` takes."""
        return {"fact": self.fact, "value": plain(self.value)}


@dataclass(frozen=True, slots=True)
class Plan:
    """Some changes together, and what they do."""

    steps: tuple[Step, ...]
    opened: tuple[int, ...]
    closed: tuple[int, ...]
    fitting: int
    """How many products fit after it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A day on which time alone opens products that did not fit the day before."""

    on: date
    opened: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Repair:
    """A cause that somebody can repair: one rule, the value that it takes, who does it, and from when it counts."""

    rule: str
    fact: str
    value: Any
    who: str
    """owner or tax_office: with a label each."""
    from_on: date | None
    opened: tuple[int, ...]


def changed_by(steps: Iterable[Step], facts: Facts) -> Facts:
    """The facts after these changes."""
    for step in steps:
        if step.fact == "securities":
            facts = facts.changed(securities=(facts.securities or frozenset()) | {step.value})
        else:
            facts = facts.changed(**{step.fact: step.value})
    return facts


# The smallest set of changes that opens most -------------------------------------------------------------------------


def plans(
    products: Sequence[Terms], facts: Facts, today: date, before: Failures | None = None, most: int = STEPS_AT_MOST
) -> list[Plan]:
    """The best plan of one change, of two, of three, each only where it leaves more fitting than a shorter one.

    The last of them leaves most, by the fewest changes, of those by the smallest. Empty where nothing helps.
    """
    before = before if before is not None else failures(products, facts, today)
    tried = _Masks(products, facts, today, before)
    best: dict[int, tuple[int, tuple[float, str], tuple[Step, ...]]] = {}
    for steps in tried.combinations(most):
        fitting = tried.fitting(steps)
        key = (-fitting, (_size(steps, facts), repr(steps)))
        if len(steps) not in best or key < (-best[len(steps)][0], best[len(steps)][1]):
            best[len(steps)] = (fitting, key[1], steps)
    found: list[Plan] = []
    reached = sum(not failed for failed in before.values())
    for length in sorted(best):
        fitting, _, steps = best[length]
        if fitting > reached:
            found.append(tried.plan(steps))
            reached = fitting
    return found


class _Masks:
    """What every single change does to every product, one bit each."""

    def __init__(self, products: Sequence[Terms], facts: Facts, today: date, before: Failures) -> None:
        self.keys = [terms.key for terms in products]
        self.before = before
        near = [terms for terms in products if set(before[terms.key]) <= _CHANGEABLE]
        self.open_ones = self._bits(terms for terms in near)
        self.now = self._bits(terms for terms in near if not before[terms.key])
        self.passing = {
            fact: self._bits(terms for terms in near if not set(rules) & set(before[terms.key]))
            for fact, rules in RULES_OF.items()
        }
        self.after: dict[Step, int] = {}
        for step in _steps(near, facts, before):
            criteria = [BY_NAME[rule] for rule in RULES_OF[step.fact]]
            changed = changed_by((step,), facts)
            self.after[step] = self._bits(terms for terms in near if _pass(criteria, terms, changed, today))

    def _bits(self, products: Iterable[Terms]) -> int:
        keys = {terms.key for terms in products}
        return sum(1 << place for place, key in enumerate(self.keys) if key in keys)

    def combinations(self, most: int) -> Iterator[tuple[Step, ...]]:
        """Every set of at most ``most`` changes, one of each fact; of securities as many as there is room for."""
        by_fact = {fact: [step for step in self.after if step.fact == fact] for fact in RULES_OF}
        securities = by_fact.pop("securities")
        for chosen in product(*([None, *steps] for steps in by_fact.values())):
            steps = tuple(step for step in chosen if step is not None)
            for room in range(min(most - len(steps), len(securities)) + 1):
                for added in combinations(securities, room):
                    if steps or added:
                        yield steps + added

    def fitting(self, steps: Iterable[Step]) -> int:
        """How many products fit after these changes."""
        return self._left(steps).bit_count()

    def _left(self, steps: Iterable[Step]) -> int:
        masks = dict(self.passing)
        touched: set[str] = set()
        for step in steps:
            more = self.after[step]
            # A second kind of security is offered beside the first, so what either opens is open.
            masks[step.fact] = masks[step.fact] | more if step.fact in touched else more
            touched.add(step.fact)
        left = self.open_ones
        for mask in masks.values():
            left &= mask
        return left

    def plan(self, steps: tuple[Step, ...]) -> Plan:
        left = self._left(steps)
        after = {key for place, key in enumerate(self.keys) if left >> place & 1}
        return Plan(
            self._told(steps),
            opened=tuple(sorted(key for key in after if self.before[key])),
            closed=tuple(sorted(key for key in self.keys if not self.before[key] and key not in after)),
            fitting=len(after),
        )

    def _told(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The changes in the order in which each opens most beyond those before it: who does only the first, gains
        most."""
        rest = list(steps)
        ordered: list[Step] = []
        while rest:
            best = max(rest, key=lambda step: (self.fitting([*ordered, step]), -list(RULES_OF).index(step.fact)))
            ordered.append(best)
            rest.remove(best)
        return tuple(ordered)


def _pass(criteria: Iterable[Criterion], terms: Terms, facts: Facts, today: date) -> bool:
    return all(criterion.check(terms, facts, today) is not Outcome.FAIL for criterion in criteria)


def _steps(near: Sequence[Terms], facts: Facts, before: Failures) -> Iterator[Step]:
    """The values worth trying. Which products take an amount or a term is a span of it, and most spans are left or
    entered at an end: the nearest end of each span that does not hold mine is enough to find the best value."""
    amounts: dict[Any, int] = {}
    terms_: dict[Any, int] = {}
    codes: dict[str, int] = {}
    for terms in near:
        failing = set(before[terms.key])
        if failing & set(RULES_OF["amount_yuan"]) and (amount := nearest_amount(terms, facts)) is not None:
            amounts[amount] = amounts.get(amount, 0) + 1
        if "term" in failing:
            months = nearest(terms.term_min_months, terms.term_max_months, facts.term_months)
            if months is not None:
                terms_[months] = terms_.get(months, 0) + 1
        if "security" in failing:
            for code in terms.securities:
                codes[code] = codes.get(code, 0) + 1
    for fact, counted in (("amount_yuan", amounts), ("term_months", terms_), ("securities", codes)):
        kept = sorted(counted, key=lambda value, counted=counted: (-counted[value], value))[:VALUES_AT_MOST]
        yield from (Step(fact, value) for value in sorted(kept))
    if facts.repayment is not None and any("repayment" in before[terms.key] for terms in near):
        yield Step("repayment", None)


def _size(steps: Iterable[Step], facts: Facts) -> float:
    """How much is changed: relative for numbers, one for anything else."""
    total = 0.0
    for step in steps:
        mine = getattr(facts, step.fact)
        if isinstance(mine, Span):
            mine = mine.low if mine.high is None else mine.high
        if isinstance(mine, (Decimal, int)) and mine and isinstance(step.value, (Decimal, int)):
            total += abs(float(step.value) - float(mine)) / float(mine)
        else:
            total += 1.0
    return round(total, 9)


# What time does by itself --------------------------------------------------------------------------------------------


def openings(products: Sequence[Terms], facts: Facts, today: date, before: Failures | None = None) -> list[Opening]:
    """The days within two years on which waiting alone opens products, the first of them, each product once."""
    by_day: dict[date, list[int]] = {}
    for key, day in opening_days(products, facts, today, before).items():
        by_day.setdefault(day, []).append(key)
    return [Opening(day, tuple(sorted(by_day[day]))) for day in sorted(by_day)][:DAYS_AT_MOST]


# What can be repaired ------------------------------------------------------------------------------------------------

_REPAIRS: tuple[tuple[str, str, str], ...] = (
    ("turnover", "turnover_yuan", "owner"),
    ("debt_ratio", "debt_ratio_percent", "owner"),
    ("tax_grade", "tax_grade", "tax_office"),
)
"""Rules that neither the owner's wish nor time alone mends, but somebody's work does: rule, fact, who."""


def repairs(products: Sequence[Terms], facts: Facts, today: date, before: Failures | None = None) -> list[Repair]:
    """For each such rule that alone stands in the way of products: the nearest value that opens one, and all that it
    opens. Other figures must stay as they are for it to hold."""
    before = before if before is not None else failures(products, facts, today)
    found = []
    for rule, fact, who in _REPAIRS:
        near = [terms for terms in products if before[terms.key] == (rule,)]
        values = [value for terms in near if (value := _threshold(rule, terms)) is not None]
        if not near or not values:
            continue
        value = max(values) if rule == "debt_ratio" else min(values, key=_from_mine)
        changed = facts.changed(**{fact: value})
        opened = [terms.key for terms in near if BY_NAME[rule].check(terms, changed, today) is Outcome.PASS]
        if opened:
            change = BY_NAME[rule].change(near[0], facts, today)
            found.append(Repair(rule, fact, value, who, change.from_on, tuple(sorted(opened))))
    return sorted(found, key=lambda repair: (-len(repair.opened), repair.rule))


def _threshold(rule: str, terms: Terms) -> Any:
    if rule == "turnover":
        return terms.min_turnover_yuan
    if rule == "debt_ratio":
        return terms.max_debt_ratio_percent
    accepted = [grade for grade in TAX_GRADES if grade in terms.tax_grades]
    return accepted[-1] if accepted else None


def _from_mine(value: Any) -> Any:
    """The easiest first: the smallest turnover, the lowest grade that is accepted."""
    return -TAX_GRADES.index(value) if value in TAX_GRADES else value


def to_fill_in(verdicts: Iterable[Iterable[Any]]) -> list[tuple[str, int]]:
    """Rules that could not be judged for products that fit, with how many; most first. ``verdicts``: one row a
    product."""
    counts: dict[str, int] = {}
    for row in verdicts:
        for verdict in row:
            if verdict.outcome is Outcome.UNKNOWN:
                counts[verdict.rule] = counts.get(verdict.rule, 0) + 1
    order = {name: place for place, name in enumerate(BY_NAME)}
    return sorted(counts.items(), key=lambda pair: (-pair[1], order[pair[0]]))
