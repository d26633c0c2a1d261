"""A small invented history for tests: needs before offers, with outcomes from traits that the ranker does not see."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from matchmaker import clock
from matchmaker.eligibility.facts import Facts
from matchmaker.ranking.features import case_of, wish_of
from matchmaker.ranking.queries import HistoryRow
from matchmaker.ranking.rules import Offer, Record

START = datetime(2025, 9, 1, 2, tzinfo=UTC)
PURPOSES = ("WC", "PURCHASE", "EQUIP", "RENT")
INDUSTRIES = ("6210", "5211", "3311", "5430", "0141")
KINDS = ("STATE", "JOINT", "CITY", "RURALC", "RURALX", "PRIVATE")


@dataclass(frozen=True)
class Bank:
    """An institution with traits that no feature shows."""

    institution_id: int
    kind: str
    ease: float
    likes: dict[str, float]


def offers() -> list[tuple[Bank, Offer]]:
    """Twenty-four products of twelve institutions."""
    dice = random.Random(7)
    found = []
    for number in range(1, 13):
        bank = Bank(
            number,
            KINDS[number % len(KINDS)],
            dice.gauss(-0.3, 0.9),
            {code: dice.gauss(0, 0.7) for code in (*PURPOSES, *INDUSTRIES)},
        )
        for step in (0, 1):
            offer = Offer(
                product_id=number * 10 + step,
                institution_id=number,
                institution_kind=bank.kind,
                securities=frozenset({"CREDIT"} if step else {"SURETY_PERS"}),
                first_time_friendly=bool(step),
                amount_min_yuan=Decimal(10_000),
                amount_max_yuan=Decimal(500_000 * (1 + step)),
                term_min_months=3,
                term_max_months=24 + 12 * step,
                min_months_in_business=6,
                min_turnover_yuan=Decimal(200_000),
                purposes=4,
                cost_percent=Decimal(str(round(dice.uniform(3.2, 9), 2))),
                rate_percent=Decimal("4.35"),
                days_to_money=dice.randint(2, 20),
            )
            found.append((bank, offer))
    return found


def facts_of(dice: random.Random) -> Facts:
    """A business and what it asks for."""
    turnover = Decimal(int(10 ** dice.uniform(5.3, 7.3)))
    return Facts(
        kind=dice.choice(("enterprise", "sole_proprietor")),
        industry_code=dice.choice(INDUSTRIES),
        region_code=dice.choice(("330106", "330212", "320102")),
        founded_on=START.date() - timedelta(days=dice.randint(200, 4000)),
        turnover_yuan=turnover,
        tax_grade=dice.choice(("A", "B", "M", "C")),
        debt_ratio_percent=Decimal(dice.randint(5, 90)),
        employees=dice.randint(1, 60),
        has_tax_evidence=dice.random() < 0.7,
        has_flow_evidence=dice.random() < 0.5,
        amount_yuan=Decimal(dice.randint(5, 100) * 10_000),
        term_months=dice.choice((6, 12, 24)),
        purpose=dice.choice(PURPOSES),
        securities=frozenset(),
        first_loan=dice.random() < 0.4,
    )


def true_chance(facts: Facts, bank: Bank, offer: Offer) -> float:
    """What decides, seen by nobody but the oracle."""
    assert isinstance(facts.amount_yuan, Decimal) and isinstance(facts.turnover_yuan, Decimal)
    assert isinstance(facts.debt_ratio_percent, Decimal)
    logit = bank.ease + bank.likes[str(facts.purpose)] + bank.likes[str(facts.industry_code)]
    logit -= 1.4 * (math.log10(float(facts.amount_yuan / facts.turnover_yuan)) + 0.6)
    logit += {"A": 0.7, "B": 0.3, "M": -0.2, "C": -1.2}[str(facts.tax_grade)]
    logit -= 0.02 * (float(facts.debt_ratio_percent) - 45)
    logit += 0.4 if facts.first_loan and offer.first_time_friendly else -0.3 if facts.first_loan else 0.0
    return 1 / (1 + math.exp(-logit))


def invented(n: int, seed: int = 1) -> tuple[list[HistoryRow], dict[int, float]]:
    """`n` decided cases over a year in order of showing, with the record of the moment, and the oracle's chances."""
    dice = random.Random(seed)
    market = offers()
    records: dict[tuple[str, int], list[int]] = {}
    waiting: list[tuple[datetime, Offer, bool]] = []
    rows, oracle = [], {}
    for number in range(1, n + 1):
        shown_at = START + timedelta(minutes=number * 365 * 24 * 60 / n)
        for decided_at, offer, funded in [entry for entry in waiting if entry[0] <= shown_at]:
            waiting.remove((decided_at, offer, funded))
            for key in (("product", offer.product_id), ("institution", offer.institution_id)):
                cell = records.setdefault(key, [0, 0])
                cell[0], cell[1] = cell[0] + 1, cell[1] + funded
        bank, offer = dice.choice(market)
        facts = facts_of(dice)
        chance = true_chance(facts, bank, offer)
        funded = dice.random() < chance
        shown = replace(
            offer,
            amount_yuan=min(facts.amount_yuan, offer.amount_max_yuan),  # type: ignore[type-var]
            term_months=facts.term_months,  # type: ignore[arg-type]
            own=Record(*records.get(("product", offer.product_id), (0, 0))),
            institution=Record(*records.get(("institution", offer.institution_id), (0, 0))),
        )
        decided_at = shown_at + timedelta(days=dice.uniform(1, 20))
        waiting.append((decided_at, offer, funded))
        case = case_of(facts, shown, clock.date_of(shown_at))
        rows.append(HistoryRow(number, number, shown_at, decided_at, funded, case, wish_of(facts)))
        oracle[number] = chance
    return rows, oracle
