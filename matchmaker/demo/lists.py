"""The lists that owners of the town were shown: made by `matching` itself, with a memory for what it asks again and again.

A year of lists asks the same rules about the same products thousands of times. Inside `remembering()` verdicts,
checks and quotes are computed once for each different question; the answers are those of the rules, nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from matchmaker.eligibility import rules as eligibility
from matchmaker.eligibility.bounds import Outcome
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA, Criterion, Verdict
from matchmaker.matching import rules as matching
from matchmaker.matching import services
from matchmaker.pricing.quotes import Quote
from matchmaker.refusal import Reason

# Rules whose telling depends on the day although their answer does not: when new figures or grades come.
_TOLD_BY_DAY = frozenset({"turnover", "tax_grade", "debt_ratio"})
_PLACE = ("region_code", "latitude", "longitude", "exact_place")


def _needs(criterion: Criterion) -> tuple[str, ...]:
    """The facts that a criterion reads, place included; the day is asked for apart."""
    names = [name for name in criterion.needs if name != "today"]
    return tuple(dict.fromkeys([*names, *(_PLACE if "region_code" in names else ())]))


@contextlib.contextmanager
def remembering() -> Iterator[None]:
    """Let the rules of eligibility and the prices answer from memory where they were asked the same before.

    Not for use beside other threads: the functions are exchanged for the time inside.
    """
    needs = {criterion.name: _needs(criterion) for criterion in CRITERIA}
    asks_day = {criterion.name: "today" in criterion.needs for criterion in CRITERIA}
    checks: dict[Any, Outcome] = {}
    told: dict[Any, Verdict] = {}
    prices: dict[Any, Quote | Reason] = {}
    plain_check, plain_verdict, plain_quote = Criterion.check, eligibility.verdict, matching.quote
    plain_verdicts, plain_values = matching.verdicts, services.plain
    kept: dict[int, tuple[Any, Any]] = {}
    ids: dict[int, tuple[Terms, int]] = {}

    def number(terms: Terms) -> int:
        """The same terms under one number, so that their many fields are not hashed each time."""
        found = ids.get(id(terms))
        if found is None or found[0] is not terms:
            found = ids[id(terms)] = (terms, len(ids) + 1)
        return found[1]

    def check(self: Criterion, terms: Terms, facts: Facts, today: date) -> Outcome:
        key = (self.name, number(terms), today if asks_day[self.name] else None,
               *[getattr(facts, name) for name in needs[self.name]])  # fmt: skip
        found = checks.get(key)
        if found is None:
            found = checks[key] = plain_check(self, terms, facts, today)
        return found

    def verdicts(terms: Terms, facts: Facts, today: date) -> list[Verdict]:
        at = number(terms)
        answers = []
        for criterion in CRITERIA:
            name = criterion.name
            day = today if asks_day[name] or name in _TOLD_BY_DAY else None
            key = (name, at, day, *[getattr(facts, fact) for fact in needs[name]])
            found = told.get(key)
            if found is None:
                found = told[key] = plain_verdict(criterion, terms, facts, today)
                for values in (found.required, found.mine):
                    kept[id(values)] = (values, None)
            answers.append(found)
        return answers

    def quote(amount: Decimal, months: int, rate: Decimal, way: str, fees: Any = ()) -> Quote | Reason:
        key = (amount, months, rate, way, id(fees))
        found = prices.get(key)
        if found is None:
            found = prices[key] = plain_quote(amount, months, rate, way, fees)
        return found

    def plain(values: Any) -> Any:
        known = kept.get(id(values))
        if known is None or known[0] is not values:
            return plain_values(values)
        if known[1] is None:
            known = kept[id(values)] = (values, plain_values(values))
        return known[1]

    Criterion.check, matching.verdicts, matching.quote = check, verdicts, quote  # type: ignore[method-assign,assignment]
    services.plain = plain
    try:
        yield
    finally:
        Criterion.check, matching.verdicts, matching.quote = plain_check, plain_verdicts, plain_quote  # type: ignore[method-assign]
        services.plain = plain_values
