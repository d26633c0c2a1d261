"""What is said about one product for one need: its price, its reasons and cautions, its kind. Plain, no database.

Price is a calculation and eligibility a filter; neither is learned here. A product's commission is not among
the facts that come in, so it cannot change anything that goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from matchmaker.eligibility.bounds import Deciders, Outcome, Span
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import BY_NAME, NO_COLLATERAL_NEEDED, Evaluator, Verdict
from matchmaker.eligibility.rules import verdict as verdict_on
from matchmaker.pricing.cashflows import NEEDS_PARAM
from matchmaker.pricing.quotes import PRICED_AS, SUBSIDIES, Fee, Quote, nominal_rate_percent, quote
from matchmaker.products.rules.capacity import NOTHING_SAID, Full, Intake, Load, why_full
from matchmaker.products.rules.concessions import Concession, cut_rate, holding, without_waived
from matchmaker.refusal import Reason, plain

REASONS_VERSION = "2026-11-24.2"
"""Changes whenever the same input would give other reasons, cautions, helps or counts: a list of another version is not
derived again by this one."""
TOP_STORED = 50
"""Places of a list that are stored in full; nobody reads further, and the ranker trains on what was shown."""
SMALLEST_SAMPLE = 20
"""Under this many cases there is no number (look/README, principle 7)."""
COMPARED_AT_MOST = 4
REASONS_SHOWN = 3
CAUTIONS_SHOWN = 3

USUAL_AMOUNT_YUAN = Decimal(300_000)
"""Taken for a price where no amount is known: the usual size of a small shop's loan (look, own example)."""
USUAL_TERM_MONTHS = 12
HEAVY_SHARE_PERCENT = Decimal(25)
"""A monthly payment above this share of the average monthly turnover is worth a word (own threshold)."""
KEPT_WELL_PERCENT = Decimal(80)
"""Fewer answers in time than this are told (own threshold)."""
GUARANTORS = frozenset({"SURETY_GOV", "SURETY_COM", "SURETY_INS"})


@dataclass(frozen=True, slots=True)
class Track:
    """What became of earlier leads, as counted; of one product where it has enough, else of its institution."""

    leads: int = 0
    answered_in_time: int = 0
    decided: int = 0
    funded: int = 0
    median_days_to_money: int | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """One product as matching sees it: terms for the rules, price for the quote, promises for the words."""

    product_id: int
    version_id: int
    institution_id: int
    institution_kind: str
    kind: str
    """credit or guarantee."""
    terms: Terms
    rate_base: str | None
    spread_bp: int | None
    """The highest of its spread: what can be promised before anybody has looked."""
    fixed_rate_percent: Decimal | None
    fees: tuple[Fee, ...] = ()
    concessions: tuple[Concession, ...] = ()
    promised_days: int | None = None
    revolving: bool = False
    renewal_kind: str | None = None
    first_time_friendly: bool = False
    confirmed_until_on: date | None = None
    """The last day on which its institution's word for it is believed."""
    own_track: Track = Track()
    institution_track: Track = Track()
    intake: Intake = NOTHING_SAID
    """What it can take, as said and counted."""
    loads: tuple[Load | None, ...] = ()
    """What each of its branches can take, beside ``terms.places``; None where nobody counts. Empty: nowhere."""

    @property
    def unsecured(self) -> bool:
        return "CREDIT" in self.terms.securities

    @property
    def median_days(self) -> int | None:
        """Median working days to the money, of the product where it has enough cases, else of its institution."""
        for track in (self.own_track, self.institution_track):
            if track.median_days_to_money is not None and track.funded >= SMALLEST_SAMPLE:
                return track.median_days_to_money
        return None

    @property
    def days_to_money(self) -> int | None:
        """The median where there is one, else the working days promised for a decision."""
        return self.promised_days if self.median_days is None else self.median_days


@dataclass(frozen=True, slots=True)
class Lpr:
    """The two rates of one publication, in percent a year."""

    published_on: date
    one_year_percent: Decimal
    five_year_percent: Decimal


@dataclass(frozen=True, slots=True)
class Candidate:
    """One product judged and, if no rule fails, priced."""

    offered: Offered
    verdicts: tuple[Verdict, ...]
    """Of every rule; where the market index has judged and something fails, of the failed rules alone."""
    quote: Quote | None
    unpriced: Reason | None = None
    """Why there is no quote; None where there is one, or none was asked for."""

    @property
    def eligible(self) -> bool:
        return not any(verdict.failed for verdict in self.verdicts)

    @property
    def cost_percent(self) -> Decimal | None:
        """All-in cost a year, simple; None where the flows have no single rate."""
        return self.quote.all_in_simple_percent if self.quote else None

    def verdict(self, rule: str) -> Verdict:
        return next(verdict for verdict in self.verdicts if verdict.rule == rule)


class ListEvaluator(Evaluator):
    """Who answers what a list is made of: verdicts, prices, and the plain values that are stored of them."""

    def quote(
        self, amount_yuan: Decimal, term_months: int, rate_percent: Decimal, repayment: str, fees: Sequence[Fee]
    ) -> Quote | Reason:
        """As ``pricing.quotes.quote``."""
        return quote(amount_yuan, term_months, rate_percent, repayment, fees)

    def plain(self, values: Mapping[str, Any]) -> Any:
        """As ``refusal.plain``."""
        return plain(values)


WORKED_OUT_ANEW = ListEvaluator()


def judge(
    offered: Offered, facts: Facts, today: date, lpr: Lpr, by: ListEvaluator = WORKED_OUT_ANEW
) -> Candidate:
    """Every rule's verdict on one product, and its quote when none fails."""
    given = tuple(by.verdicts(offered.terms, facts, today))
    if any(verdict.failed for verdict in given):
        return Candidate(offered, given, None)
    return _priced(offered, given, facts, today, lpr, by)


def judge_known(
    offered: Offered, failed: Sequence[str], facts: Facts, today: date, lpr: Lpr, by: ListEvaluator = WORKED_OUT_ANEW
) -> Candidate:
    """The same where the failed rules are known already: only what is told of them is worked out."""
    if failed:
        told = tuple(verdict_on(BY_NAME[rule], offered.terms, facts, today) for rule in failed)
        return Candidate(offered, told, None)
    return _priced(offered, tuple(by.verdicts(offered.terms, facts, today)), facts, today, lpr, by)


def _priced(
    offered: Offered, given: tuple[Verdict, ...], facts: Facts, today: date, lpr: Lpr, by: ListEvaluator
) -> Candidate:
    price = price_of(offered, facts, today, lpr, by)
    if isinstance(price, Reason):
        return Candidate(offered, given, None, price)
    return Candidate(offered, given, price)


# Price --------------------------------------------------------------------------------------------------------------


def amount_for(terms: Terms, facts: Facts) -> Decimal:
    """The amount to price: what is asked for, brought inside what this product lends and may be decided on."""
    asked = _middle(facts.amount_yuan, USUAL_AMOUNT_YUAN)
    limit = Deciders(terms.places).limit_yuan(facts.where) if terms.places else None
    highs = [high for high in (terms.amount_max_yuan, limit) if high is not None]
    amount: Decimal = min([asked, *highs])
    if terms.amount_min_yuan is not None:
        amount = max(amount, terms.amount_min_yuan)
    return amount.quantize(Decimal("0.01"))


def loads_for(offered: Offered, facts: Facts) -> tuple[Load | None, ...]:
    """What those branches can take that serve this place and may decide on the amount that would be lent."""
    amount = amount_for(offered.terms, facts)
    return tuple(
        load
        for place, load in zip(offered.terms.places, offered.loads, strict=bool(offered.loads))
        if place.covers(facts.where) is not Outcome.FAIL
        and (place.decides_up_to_yuan is None or place.decides_up_to_yuan >= amount)
    )


def full_for(offered: Offered, facts: Facts, on: date) -> Full | None:
    """Why it takes nothing new of this need on ``on``, or None. No rule of eligibility: it only stands later."""
    if offered.intake is NOTHING_SAID and not offered.loads:
        return None
    return why_full(offered.intake, loads_for(offered, facts), on, amount_for(offered.terms, facts))


def left_for(offered: Offered, facts: Facts) -> int | None:
    """Free places with the managers who would get this need, less what waits there; None where somebody of them does
    not count."""
    loads = loads_for(offered, facts) if offered.loads else ()
    known = [load.open_slots - load.waiting for load in loads if load is not None]
    return sum(max(0, left) for left in known) if known and len(known) == len(loads) else None


def plain_capacity(offered: Offered) -> dict[str, Any]:
    """What a list keeps of it, so that the order can be derived again; empty where nothing was said or counted."""
    kept: dict[str, Any] = {}
    if offered.intake != NOTHING_SAID:
        said = offered.intake
        kept["intake"] = plain(
            [said.leads_per_week, said.week_on, said.week_leads, said.funds_left_yuan, said.full_until_on]
        )
    if offered.loads:
        kept["loads"] = [
            None if load is None else [load.open_slots, load.free_managers, load.waiting] for load in offered.loads
        ]
    return kept


def kept_capacity(kept: Mapping[str, Any]) -> tuple[Intake, tuple[Load | None, ...]]:
    """The same read back."""
    intake = NOTHING_SAID
    if "intake" in kept:
        week, week_on, leads, funds, until = kept["intake"]
        intake = Intake(
            week,
            date.fromisoformat(week_on) if week_on else None,
            leads,
            None if funds is None else Decimal(funds),
            date.fromisoformat(until) if until else None,
        )
    return intake, tuple(None if load is None else Load(*load) for load in kept.get("loads", ()))


def term_for(terms: Terms, facts: Facts) -> int:
    """The term to price, in months: what is asked for, brought inside what this product gives."""
    asked = int(_middle(facts.term_months, USUAL_TERM_MONTHS))
    if terms.term_max_months is not None:
        asked = min(asked, terms.term_max_months)
    return max(asked, terms.term_min_months or 1)


def _middle(value: Any, unknown: Any) -> Any:
    """A number, the middle of a band (its known end where it is open), or what stands for "not known"."""
    if value is None:
        return unknown
    if isinstance(value, Span):
        ends: list[Any] = [end for end in (value.low, value.high) if end is not None]
        return sum(ends, type(unknown)(0)) / len(ends) if ends else unknown
    return value


def repayment_for(offered: Offered, facts: Facts) -> str | None:
    """The wished way of repaying where it is given, else the first of the product's that can be priced."""
    ways = [way for way in offered.terms.repayments if way in PRICED_AS and PRICED_AS[way] not in NEEDS_PARAM]
    if facts.repayment in ways:
        return facts.repayment
    return ways[0] if ways else None


def price_of(
    offered: Offered, facts: Facts, today: date, lpr: Lpr, by: ListEvaluator = WORKED_OUT_ANEW
) -> Quote | Reason:
    """What it would cost at the highest rate of its range with every fee that is certain, or why that is not known.

    Concessions are taken off that run ``today`` and whose condition the facts prove (8.4).

    A guarantee has no rate of its own: only its fees are counted, and the page says so.
    """
    way = repayment_for(offered, facts)
    if way is None:
        return Reason("price_no_repayment_rule", {})
    if offered.kind == "guarantee":
        rate = Decimal(0)
    else:
        try:
            rate = nominal_rate_percent(
                offered.rate_base or "",
                offered.spread_bp,
                offered.fixed_rate_percent,
                lpr.one_year_percent,
                lpr.five_year_percent,
            )
        except ValueError:
            return Reason("price_no_rate", {})
    fees = offered.fees
    if offered.concessions and (counted := holding(offered.concessions, facts, today)):
        rate, fees = cut_rate(rate, counted), without_waived(fees, counted)
    return by.quote(amount_for(offered.terms, facts), term_for(offered.terms, facts), rate, way, fees)


def stored_quote(price: Quote) -> dict[str, Any]:
    """The quote as a list keeps it: the sums and rates, each fee in yuan, the payment of one period; no flows."""
    kept = price.as_json()
    kept.pop("flows", None)
    paid = [row.payment_yuan for row in price.rows]
    each = next((payment for payment in paid[:-1] if payment), paid[-1])
    return kept | {
        "each_yuan": plain(each),
        "principal_at_end_yuan": plain(price.rows[-1].principal_yuan),
        "fees": [
            {
                "code": item.fee.code,
                "payer": item.fee.payer,
                "payee": item.fee.payee,
                "total_yuan": plain(-item.total_yuan if item.fee.code in SUBSIDIES else item.total_yuan),
                "counted": item.counted,
            }
            for item in price.fees
        ],
    }


# Reasons and cautions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Best:
    """The lowest of one list, for "the lowest rate of these"; said only where at least two are compared."""

    cost_percent: Decimal | None = None
    rate_percent: Decimal | None = None
    compared: int = 0


def best_of(candidates: Sequence[Candidate]) -> Best:
    """The lowest cost and rate among loans that were priced."""
    loans = [one for one in candidates if one.offered.kind == "credit" and one.quote is not None]
    costs = [one.cost_percent for one in loans if one.cost_percent is not None]
    rates = [one.quote.rate_percent for one in loans if one.quote is not None]
    return Best(min(costs, default=None), min(rates, default=None), len(loans))


def reasons_for(one: Candidate, facts: Facts, best: Best) -> list[Reason]:
    """What rules and price say for it, the most telling first, each with its numbers; the order adds its own."""
    offered, found = one.offered, []
    cheapest = one.cost_percent is not None and one.cost_percent == best.cost_percent
    loan = one.quote is not None and offered.kind == "credit"
    if best.compared > 1 and loan and not cheapest and one.quote and one.quote.rate_percent == best.rate_percent:
        found.append(Reason("for_lowest_rate", {"rate_percent": one.quote.rate_percent}))
    area = one.verdict("service_area")
    near = area.outcome is Outcome.PASS and facts.exact_place and area.required.get("branch")
    if near and area.mine.get("distance_km") is not None:
        found.append(Reason("for_near", {"distance_km": area.mine["distance_km"], "branch": area.required["branch"]}))
    turnover = one.verdict("turnover")
    if turnover.outcome is Outcome.PASS and turnover.required and turnover.mine.get("turnover_yuan") is not None:
        found.append(turnover.reason)
    if offered.revolving:
        found.append(Reason("for_revolving", {}))
    if offered.renewal_kind == "without_repaying":
        found.append(Reason("for_renewal", {}))
    if loan and one.quote and one.quote.cost_yuan == one.quote.interest_yuan:
        found.append(Reason("for_no_fees", {}))
    opened = one.verdict("months_in_business")
    if opened.outcome is Outcome.PASS and opened.required and "open_months" in opened.mine:
        found.append(opened.reason)
    return found


def cautions_of(one: Candidate, facts: Facts, today: date) -> list[Reason]:
    """What to know before choosing it: two things that are still to be checked first, then what it will ask."""
    found = [verdict.reason for verdict in one.verdicts if verdict.outcome is Outcome.UNKNOWN][:2]
    return found + _care(one, facts, today)


def _care(one: Candidate, facts: Facts, today: date) -> list[Reason]:
    offered, price, found = one.offered, one.quote, []
    if offered.kind == "guarantee":
        found.append(Reason("care_guarantee_only", {}))
    elif price is not None:
        found += _care_of_price(one, price, facts)
    if GUARANTORS & set(offered.terms.securities) and not offered.unsecured and offered.kind == "credit":
        found.append(Reason("care_guarantor", {}))
    elif not offered.unsecured and not NO_COLLATERAL_NEEDED & set(offered.terms.securities):
        found.append(Reason("care_collateral", {}))
    if facts.wanted_by_on is not None and offered.promised_days is not None:
        # Promised days are working days; five of seven days is what can be said without a calendar.
        earliest = today + timedelta(days=-(-offered.promised_days * 7 // 5))
        if earliest > facts.wanted_by_on:
            found.append(
                Reason("care_late", {"promised_days": offered.promised_days, "wanted_by_on": facts.wanted_by_on})
            )
    track = offered.institution_track
    if track.leads >= SMALLEST_SAMPLE and Decimal(track.answered_in_time * 100) / track.leads < KEPT_WELL_PERCENT:
        found.append(
            Reason("care_answers_late", {"late": track.leads - track.answered_in_time, "leads": track.leads})
        )
    if offered.renewal_kind == "no":
        found.append(Reason("care_not_renewable", {}))
    return found


def _care_of_price(one: Candidate, price: Quote, facts: Facts) -> list[Reason]:
    found = []
    last = price.rows[-1]
    if price.priced_as in ("INT_M_BULLET", "INT_Q_BULLET", "BULLET"):
        found.append(Reason("care_all_at_end", {"end_months": price.term_months, "end_yuan": last.principal_yuan}))
    monthly = price.first_instalment_yuan
    turnover = facts.turnover_yuan
    if isinstance(turnover, Decimal) and turnover > 0:
        share = monthly * 12 * 100 / turnover
        if share > HEAVY_SHARE_PERCENT:
            found.append(
                Reason("care_heavy_payment", {"monthly_yuan": monthly, "share_percent": share.quantize(Decimal(1))})
            )
    cost = price.all_in_simple_percent
    if cost is not None and cost - price.rate_percent >= Decimal("0.1"):
        found.append(
            Reason(
                "care_costs_more_than_rate", {"gap_percent": (cost - price.rate_percent).quantize(Decimal("0.01"))}
            )
        )
    if facts.max_rate_percent is not None and cost is not None and cost > facts.max_rate_percent:
        found.append(Reason("care_above_your_limit", {"cost_percent": cost, "limit_percent": facts.max_rate_percent}))
    if price.deposit_yuan:
        found.append(Reason("care_deposit", {"deposit_yuan": price.deposit_yuan}))
    if price.no_rate:
        found.append(Reason("care_no_single_rate", {}))
    return found


# Kinds, and the answer before sign-up --------------------------------------------------------------------------------


def kind_of(offered: Offered) -> str:
    """The kind an owner would name: revolving, unsecured, backed by a guarantor, mortgaged, or a guarantee."""
    if offered.kind == "guarantee":
        return "guarantee"
    if offered.revolving:
        return "revolving"
    if offered.unsecured:
        return "unsecured"
    if GUARANTORS & set(offered.terms.securities) or "RISKPOOL" in offered.terms.securities:
        return "guaranteed"
    return "secured"


KINDS = ("unsecured", "guaranteed", "revolving", "secured", "guarantee")


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many products of one kind may fit, what they cost and how long they take."""

    kind: str
    count: int
    unsure: int
    """Of these, how many still have something to be checked."""
    low_percent: Decimal | None
    high_percent: Decimal | None
    low_days: int | None
    high_days: int | None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A rule that stops products, what most of them ask, and how many it alone stops."""

    rule: str
    stopped: int
    alone: int
    required: Mapping[str, Any] = field(default_factory=dict)
    mine: Mapping[str, Any] = field(default_factory=dict)
    change: str = "no"
    from_on: date | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer of "check first": by kind, in all, and what stops most. Nothing of it is stored."""

    checked: int
    fitting: int
    by_kind: tuple[KindCount, ...]
    low_percent: Decimal | None
    high_percent: Decimal | None
    usual_low_days: int | None
    usual_high_days: int | None
    obstacles: tuple[Obstacle, ...]
    unsure: tuple[str, ...]
    """Rules that could not be judged for at least one fitting product, most products first."""
    helps: tuple[Reason, ...] = ()
    lpr_on: date | None = None


def middle_half(values: Iterable[int]) -> tuple[int | None, int | None]:
    """First and third quartile (the nearest values that occur), or None twice when there are none."""
    ordered = sorted(values)
    if not ordered:
        return None, None
    last = len(ordered) - 1
    return ordered[last // 4], ordered[last - last // 4]


def count_kinds(fitting: Sequence[Candidate]) -> tuple[KindCount, ...]:
    """The fitting products by kind, in the order of ``KINDS``, without the empty ones."""
    found = []
    for kind in KINDS:
        mine = [one for one in fitting if kind_of(one.offered) == kind]
        if not mine:
            continue
        costs = [one.cost_percent for one in mine if one.cost_percent is not None]
        days = middle_half(day for one in mine if (day := one.offered.days_to_money) is not None)
        unsure = sum(any(verdict.outcome is Outcome.UNKNOWN for verdict in one.verdicts) for one in mine)
        found.append(KindCount(kind, len(mine), unsure, min(costs, default=None), max(costs, default=None), *days))
    return tuple(found)


def obstacles_of(judged: Sequence[Candidate], most: int = 3) -> tuple[Obstacle, ...]:
    """The rules that stop most products; those that stop them alone count first. A product over is no obstacle."""
    stopped: dict[str, list[Candidate]] = {}
    for one in judged:
        for verdict in one.verdicts:
            if verdict.failed and verdict.rule != "validity":
                stopped.setdefault(verdict.rule, []).append(one)

    def alone(rule: str) -> list[Candidate]:
        return [one for one in stopped[rule] if sum(verdict.failed for verdict in one.verdicts) == 1]

    order = sorted(stopped, key=lambda rule: (-len(alone(rule)), -len(stopped[rule]), rule))
    found = []
    for rule in order[:most]:
        example = (alone(rule) or stopped[rule])[0].verdict(rule)
        change = example.change
        found.append(
            Obstacle(
                rule,
                len(stopped[rule]),
                len(alone(rule)),
                example.required,
                example.mine,
                change.kind.value if change else "no",
                change.from_on if change else None,
            )
        )
    return tuple(found)


def unsure_rules(fitting: Sequence[Candidate]) -> tuple[str, ...]:
    """Rules still to be checked, those of most products first."""
    counts: dict[str, int] = {}
    for one in fitting:
        for verdict in one.verdicts:
            if verdict.outcome is Outcome.UNKNOWN:
                counts[verdict.rule] = counts.get(verdict.rule, 0) + 1
    return tuple(sorted(counts, key=lambda rule: (-counts[rule], rule)))
