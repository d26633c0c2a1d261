"""What would open more products: the same rules run again over changed facts, or over a later day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from matchmaker.eligibility.bounds import Deciders, Outcome, Span
from matchmaker.eligibility.facts import Facts, Terms, add_months, read_fact
from matchmaker.eligibility.rules import ASKED_ANEW, BY_NAME, CRITERIA, Changeable, Evaluator, failed_rules
from matchmaker.refusal import Reason, plain

_TOLD = {criterion.name: place for place, criterion in enumerate(CRITERIA)}

Failures = Mapping[int, tuple[str, ...]]
"""Product → the names of the rules it fails, in the order of ``CRITERIA``; empty = eligible."""
Fitting = Callable[[Facts, date], AbstractSet[int]]
"""Which products fit these facts on a day, as another evaluator of the same rules knows it (the market index)."""

TODAY = "today"
LOOK_AHEAD_MONTHS = 24
"""Nobody waits longer for one product; further dates are not told."""
HELPS_AT_MOST = 4
"""Issue 4: never more than four; a longer list is read by nobody."""
SECURITIES_AT_MOST = 2
"""Of these, kinds of security: who has none gains nothing from a third of them (own choice)."""
LARGER_BY_HALF = Decimal("1.5")
"""Nobody is advised to borrow more than half again as much as is needed (article 16.3 warns of over-lending; own
threshold)."""


@dataclass(frozen=True, slots=True)
class Help:
    """One change and what it would do: the products it opens and those it closes."""

    fact: str
    """A fact that the owner can change, or ``today`` for waiting."""
    value: Any
    opened: tuple[int, ...]
    closed: tuple[int, ...]

    @property
    def net(self) -> int:
        return len(self.opened) - len(self.closed)

    @property
    def change(self) -> dict[str, Any]:
        """The change as plain values, so that anybody can apply it again (``applied``)."""
        return {"fact": self.fact, "value": plain(self.value)}

    @property
    def reason(self) -> Reason:
        """``help_<fact>`` with the new value and how many more and fewer products."""
        counts = {"more": len(self.opened), "fewer": len(self.closed)}
        if self.fact == TODAY:
            return Reason("help_wait", {"from_on": self.value, **counts})
        if self.fact == "securities":
            return Reason("help_security", {"securities": [self.value], **counts})
        if self.fact == "repayment":
            return Reason("help_repayment", counts)
        return Reason(f"help_{self.fact}", {self.fact: self.value, **counts})


def applied(change: Mapping[str, Any], facts: Facts, today: date) -> tuple[Facts, date]:
    """The facts and the day after a change that ``Help.change`` wrote; a kind of security is added to those offered."""
    fact, value = change["fact"], change["value"]
    if fact == TODAY:
        return facts, date.fromisoformat(value)
    if fact == "securities":
        return facts.changed(securities=(facts.securities or frozenset()) | {value}), today
    return facts.changed(**{fact: read_fact(fact, value)}), today


def within_reach(failed: Sequence[str]) -> bool:
    """Whether a list tells of a product that fails these rules: it fits, one rule alone turns it away, or all of them
    ask for one fact (or the day), so that a single change may open it."""
    if len(failed) < 2:
        return True
    return bool(set.intersection(*(set(BY_NAME[rule].needs) for rule in failed)))


def failures(products: Iterable[Terms], facts: Facts, today: date) -> dict[int, tuple[str, ...]]:
    """Every product with the rules that it fails on ``today``."""
    return {terms.key: failed_rules(terms, facts, today) for terms in products}


def failures_after(
    products: Iterable[Terms], before: Failures, fact: str, facts: Facts, today: date, by: Evaluator = ASKED_ANEW
) -> dict[int, tuple[str, ...]]:
    """The failures when only ``fact`` has changed: the rules that need it are run again, the others stand.

    ``facts`` and ``today`` are the changed ones. Equal to ``failures(products, facts, today)``, with less work.
    """
    touched = [criterion for criterion in CRITERIA if fact in criterion.needs]
    after = {}
    for terms in products:
        old = before[terms.key]
        now = set(old)
        for criterion in touched:
            failed = by.check(criterion, terms, facts, today) is Outcome.FAIL
            (now.add if failed else now.discard)(criterion.name)
        after[terms.key] = old if now == set(old) else tuple(sorted(now, key=_TOLD.__getitem__))
    return after


def what_helps(
    products: Sequence[Terms],
    facts: Facts,
    today: date,
    before: Failures | None = None,
    most: int = HELPS_AT_MOST,
    by: Evaluator = ASKED_ANEW,
    fitting: Fitting | None = None,
) -> list[Help]:
    """Single changes that make more products eligible than they close, the best value of each fact, most first.

    Only what the owner may honestly change is tried (amount, term, security, repayment) and waiting;
    never purpose, place, trade or history. ``fitting`` answers for the market index; without it the rules are run.
    """
    before = before if before is not None else failures(products, facts, today)
    best: dict[Any, Help] = {}
    for fact, value, changed in _candidates(products, facts, before):
        after = fitting(changed, today) if fitting else _fitting_after(products, before, fact, changed, today, by)
        found = _compare(before, fact, value, after)
        slot = (fact, value) if fact == "securities" else fact
        if found.net > 0 and (slot not in best or _better(found, best[slot], facts)):
            best[slot] = found
    securities = sorted((help for help in best.values() if help.fact == "securities"), key=_most_first)
    helps = [help for help in best.values() if help.fact != "securities"] + securities[:SECURITIES_AT_MOST]
    if waiting := first_opening(products, facts, today, before, by, fitting):
        helps.append(waiting)
    return sorted(helps, key=_most_first)[:most]


def _most_first(help: Help) -> tuple[int, str, str]:
    return -help.net, help.fact, str(help.value)


def first_opening(
    products: Sequence[Terms],
    facts: Facts,
    today: date,
    before: Failures | None = None,
    by: Evaluator = ASKED_ANEW,
    fitting: Fitting | None = None,
) -> Help | None:
    """The first day within two years on which waiting alone opens a product, and which; None when there is none."""
    before = before if before is not None else failures(products, facts, today)
    for day in sorted(set(opening_days(products, facts, today, before, by).values())):
        after = fitting(facts, day) if fitting else _fitting_after(products, before, TODAY, facts, day, by)
        found = _compare(before, TODAY, day, after)
        if found.opened:
            return found
    return None


def opening_days(
    products: Iterable[Terms], facts: Facts, today: date, before: Failures | None = None, by: Evaluator = ASKED_ANEW
) -> dict[int, date]:
    """Products that time alone opens, with the first day on which all their failing rules pass."""
    days = {}
    for terms in products:
        failing = before[terms.key] if before is not None else by.failed_rules(terms, facts, today)
        if not failing or not all(BY_NAME[rule].time_alone for rule in failing):
            continue
        changes = [BY_NAME[rule].change(terms, facts, today) for rule in failing]
        waits = [change.from_on for change in changes if change.kind is Changeable.WITH_TIME and change.from_on]
        if len(waits) < len(changes):
            continue
        day = max(waits)
        if today < day <= add_months(today, LOOK_AHEAD_MONTHS) and not by.failed_rules(terms, facts, day):
            days[terms.key] = day
    return days


def _candidates(products: Iterable[Terms], facts: Facts, before: Failures) -> Iterable[tuple[str, Any, Facts]]:
    """The changes worth trying: for each near product, the nearest value that its own bounds would take."""
    tried: set[tuple[str, Any]] = set()
    for terms in products:
        failing = set(before[terms.key])
        if not failing:
            continue
        if failing <= {"amount", "decision_limit"}:
            value = nearest_amount(terms, facts)
            if value is not None and ("amount_yuan", value) not in tried:
                tried.add(("amount_yuan", value))
                yield "amount_yuan", value, facts.changed(amount_yuan=value)
        elif failing == {"term"}:
            months = nearest(terms.term_min_months, terms.term_max_months, facts.term_months)
            if months is not None and ("term_months", months) not in tried:
                tried.add(("term_months", months))
                yield "term_months", months, facts.changed(term_months=months)
        elif failing == {"repayment"} and ("repayment", None) not in tried:
            tried.add(("repayment", None))
            yield "repayment", None, facts.changed(repayment=None)
        elif failing == {"security"}:
            for code in sorted(set(terms.securities)):
                if ("securities", code) not in tried:
                    tried.add(("securities", code))
                    yield "securities", code, facts.changed(securities=(facts.securities or frozenset()) | {code})


def nearest(low: Any, high: Any, mine: Any) -> Any:
    """The value from ``low`` to ``high`` that is nearest to mine; None when mine is not known or no value is."""
    if mine is None:
        return None
    below, above = (mine.low, mine.high) if isinstance(mine, Span) else (mine, mine)
    if low is not None and above is not None and above < low:
        return low
    if high is not None and below is not None and below > high:
        return high
    return None if isinstance(mine, Span) else mine


def nearest_amount(terms: Terms, facts: Facts) -> Decimal | None:
    """The amount nearest to mine that this product lends and a branch here may decide on; None where there is none,
    or where it would be far more than is needed."""
    limit = Deciders(terms.places).limit_yuan(facts.where) if terms.places else None
    highs = [value for value in (terms.amount_max_yuan, limit) if value is not None]
    value: Decimal | None = nearest(terms.amount_min_yuan, min(highs) if highs else None, facts.amount_yuan)
    mine = facts.amount_yuan.high if isinstance(facts.amount_yuan, Span) else facts.amount_yuan
    if value is not None and isinstance(mine, Decimal) and value > mine * LARGER_BY_HALF:
        return None
    return value


@dataclass(frozen=True, slots=True)
class Enough:
    """What the need would have to be for one product to fit; None = as it is."""

    product_key: int
    amount_yuan: Decimal | None
    term_months: int | None


def enough(terms: Terms, facts: Facts, today: date, most_yuan: Decimal | None = None) -> Enough | None:
    """The nearest smaller amount, or the nearest term, with which this product fits; None where neither does.

    ``most_yuan`` is an end that somebody named (an institution that declined). The rules are run again over the changed
    facts: where anything else fails, a smaller amount is no way on and is not told.
    """
    asked, term = facts.amount_yuan, facts.term_months
    if not isinstance(asked, Decimal):
        return None
    amount = nearest_amount(terms, facts)
    if amount is not None and most_yuan is not None:
        amount = min(amount, most_yuan)
    months = nearest(terms.term_min_months, terms.term_max_months, term)
    if amount is None or amount > asked or (term is not None and months is None) or (amount, months) == (asked, term):
        return None
    if failed_rules(terms, facts.changed(amount_yuan=amount, term_months=months), today):
        return None
    return Enough(terms.key, amount if amount != asked else None, months if months != term else None)


def _fitting_after(
    products: Iterable[Terms], before: Failures, fact: str, facts: Facts, today: date, by: Evaluator
) -> AbstractSet[int]:
    """The products that fit when only ``fact`` has changed."""
    after = failures_after(products, before, fact, facts, today, by)
    return {key for key, failed in after.items() if not failed}


def _compare(before: Failures, fact: str, value: Any, after: AbstractSet[int]) -> Help:
    return Help(
        fact,
        value,
        opened=tuple(sorted(key for key, failed in before.items() if failed and key in after)),
        closed=tuple(sorted(key for key, failed in before.items() if not failed and key not in after)),
    )


def _better(found: Help, known: Help, facts: Facts) -> bool:
    """More products; as many by a smaller change."""
    if found.net != known.net:
        return found.net > known.net
    mine = getattr(facts, found.fact, None)
    if isinstance(mine, (Decimal, int)) and not isinstance(mine, bool):
        return bool(abs(found.value - mine) < abs(known.value - mine))
    return False
