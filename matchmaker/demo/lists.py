"""The lists that owners of the town were shown: made by `matching` itself, with a memory for what it asks again and again.

A year of lists asks the same rules about the same products thousands of times. `Remembering` is handed to `matching`
as its evaluator: the bounds of a product, the facts of a need, verdicts and quotes are worked out once for each
different question; the answers are those of the rules, nothing else (a test compares both ways, row by row).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from matchmaker.eligibility.bounds import Areas, Between, Deciders, Outcome
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA, Criterion, Verdict
from matchmaker.matching.rules import ListEvaluator
from matchmaker.pricing.quotes import Fee, Quote
from matchmaker.refusal import Reason

_AREA_RULES = frozenset({"service_area", "decision_limit"})
_MOST_FACTS = 64
_UNKNOWN: Any = object()
_PLAIN = frozenset({int, Decimal, date})


class Remembering(ListEvaluator):
    """Answers from memory what was asked the same before: by product, by need, by both.

    Of a product that does not fit only the failed rules are told, which is all that a list keeps of it. It holds every
    product, fee and text it was asked about; one for each run, not for use by several threads.
    """

    def __init__(self) -> None:
        self.numbers: dict[int, tuple[Terms, int]] = {}
        self.bounds: dict[tuple[str, int], Any] = {}
        self.asked: dict[int, list[tuple[Criterion, Any]]] = {}
        self.required: dict[tuple[str, int], Any] = {}
        self.mine: dict[tuple[int, date], tuple[Facts, dict[str, Any], dict[str, Any]]] = {}
        self.outcomes: dict[Any, Outcome] = {}
        self.prices: dict[Any, tuple[Any, Quote | Reason]] = {}
        self.plain_values: dict[int, tuple[Any, Any]] = {}

    def number(self, terms: Terms) -> int:
        """The same terms under one number, so that their many fields are not hashed each time."""
        found = self.numbers.get(id(terms))
        if found is None or found[0] is not terms:
            found = self.numbers[id(terms)] = (terms, len(self.numbers) + 1)
        return found[1]

    def of_need(self, facts: Facts, today: date) -> tuple[Facts, dict[str, Any], dict[str, Any]]:
        """What rules read of a need, and how they tell it."""
        key = (id(facts), today)
        found = self.mine.get(key)
        if found is None or found[0] is not facts:
            if len(self.mine) >= _MOST_FACTS:
                self.mine.clear()
            found = self.mine[key] = (facts, {}, {})
        return found

    def bounds_of(self, criterion: Criterion, terms: Terms, number: int) -> Any:
        """As `Criterion.bounds`."""
        key = (criterion.name, number)
        found = self.bounds.get(key, _UNKNOWN)
        if found is _UNKNOWN:
            found = self.bounds[key] = criterion.bounds(terms)
        return found

    def check(self, criterion: Criterion, terms: Terms, facts: Facts, today: date) -> Outcome:
        """As `Criterion.check`."""
        number = self.number(terms)
        bounds = self.bounds_of(criterion, terms, number)
        if bounds is None:
            return Outcome.PASS
        return self._check(criterion, bounds, number, facts, today, self.of_need(facts, today)[1])

    def _check(
        self, criterion: Criterion, bounds: Any, number: int, facts: Facts, today: date, read: dict[str, Any]
    ) -> Outcome:
        name = criterion.name
        mine = read.get(name, _UNKNOWN)
        if mine is _UNKNOWN:
            mine = read[name] = criterion.mine(facts, today)
        if mine is None and criterion.silent:
            return Outcome.PASS
        if type(bounds) is Between:
            if type(mine) in _PLAIN:
                low, high = bounds.low, bounds.high
                outside = (low is not None and mine < low) or (high is not None and mine > high)
                return Outcome.FAIL if outside else Outcome.PASS
            return bounds.check(mine)
        key = (name, number, self._place(bounds, mine))
        found = self.outcomes.get(key)
        if found is None:
            found = self.outcomes[key] = bounds.check(mine)
        return found

    def outcomes_of(self, terms: Terms, facts: Facts, today: date) -> tuple[list[tuple[Criterion, Outcome]], bool]:
        """The outcome of every rule that the product sets bounds for, and whether one of them failed."""
        number = self.number(terms)
        asked = self.asked.get(number)
        if asked is None:
            asked = self.asked[number] = [
                (criterion, bounds)
                for criterion in CRITERIA
                if (bounds := self.bounds_of(criterion, terms, number)) is not None
            ]
        read = self.of_need(facts, today)[1]
        found, failed = [], False
        for criterion, bounds in asked:
            outcome = self._check(criterion, bounds, number, facts, today, read)
            if outcome is Outcome.FAIL:
                failed = True
            found.append((criterion, outcome))
        return found, failed

    def verdicts(self, terms: Terms, facts: Facts, today: date) -> list[Verdict]:
        """As `eligibility.rules.verdicts`; of a product that fails, the failed rules alone."""
        found, failed = self.outcomes_of(terms, facts, today)
        if failed:
            return [
                self.verdict(criterion, terms, facts, today, Outcome.FAIL)
                for criterion, outcome in found
                if outcome is Outcome.FAIL
            ]
        outcomes = {criterion.name: outcome for criterion, outcome in found}
        return [
            self.verdict(criterion, terms, facts, today, outcomes.get(criterion.name, Outcome.PASS))
            for criterion in CRITERIA
        ]

    def quote(
        self, amount_yuan: Decimal, term_months: int, rate_percent: Decimal, repayment: str, fees: Sequence[Fee]
    ) -> Quote | Reason:
        """As `pricing.quotes.quote`; fees are known by their identity, and kept so that it stays theirs."""
        key = (amount_yuan, term_months, rate_percent, repayment, id(fees))
        found = self.prices.get(key)
        if found is None or found[0] is not fees:
            price = super().quote(amount_yuan, term_months, rate_percent, repayment, fees)
            found = self.prices[key] = (fees, price)
        return found[1]

    def plain(self, values: Mapping[str, Any]) -> Any:
        """As `refusal.plain`, once for each text of a rule that is told again and again."""
        known = self.plain_values.get(id(values))
        if known is None or known[0] is not values:
            return super().plain(values)
        if known[1] is None:
            known = self.plain_values[id(values)] = (values, super().plain(values))
        return known[1]

    def _place(self, bounds: Any, mine: Any) -> Any:
        """A position by its county alone where no branch counts kilometres."""
        if isinstance(bounds, (Areas, Deciders)) and not any(place.has_circle for place in bounds.places):
            if isinstance(bounds, Areas):
                return None if mine is None else mine.region_code
            where, amount = mine
            return (None if where is None else where.region_code, amount)
        return mine

    def verdict(self, criterion: Criterion, terms: Terms, facts: Facts, today: date, outcome: Outcome) -> Verdict:
        """As `eligibility.rules.verdict`, for an outcome that is known."""
        name = criterion.name
        change = criterion.change(terms, facts, today) if outcome is Outcome.FAIL else None
        if name in _AREA_RULES:
            return Verdict(
                name, outcome, criterion.told(terms, facts), criterion.mine_told(terms, facts, today), change
            )
        key = (name, self.number(terms))
        required = self.required.get(key)
        if required is None:
            required = self.required[key] = criterion.told(terms, facts)
            self.plain_values[id(required)] = (required, None)
        told = self.of_need(facts, today)[2]
        mine = told.get(name)
        if mine is None:
            mine = told[name] = criterion.mine_told(terms, facts, today)
            self.plain_values[id(mine)] = (mine, None)
        return Verdict(name, outcome, required, mine, change)
