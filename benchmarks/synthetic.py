"""A made-up catalogue of any size and needs that ask of it, seeded: for measuring, never shown to anybody.

The same draw comes in two forms: as the ``Terms`` and ``Facts`` that the product takes, and as columns for the peers
that are measured beside it. Region and industry codes are the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import TAX_GRADES
from matchmaker.matching.columns import Coded, FactColumns, TermColumns
from matchmaker.reference import industries, regions

Array = Any
TODAY = date(2026, 9, 23)
KINDS = ("enterprise", "sole_proprietor", "cooperative")
SECURITIES = (
    "MORT_COM", "MORT_RES", "MORT_EQP", "PLEDGE_AR", "PLEDGE_IP_PAT", "PLEDGE_INV", "SURETY_PERS", "SURETY_CORP",
)  # fmt: skip
PURPOSES = ("WC", "PURCHASE", "RENT", "DECOR", "EQUIP", "TECH")
REPAYMENTS = ("EQ_INST", "EQ_PRIN", "INT_M_BULLET", "BULLET", "REVOLVE")
AMOUNT_MIN = np.array([5, 10, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000]) * 1000.0
AMOUNT_MAX = np.array([20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10000]) * 10_000.0
TERM_MIN, TERM_MAX = np.array([1, 3, 6, 12]), np.array([12, 24, 36, 60, 84, 120])
MONTHS = np.array([0, 3, 6, 12, 24, 36])
TURNOVER = np.array([0, 50, 100, 300, 500, 1000, 3000, 5000]) * 10_000.0
DEBT = np.array([50, 60, 70, 80, 90, 1000.0])
NEED_COLUMNS = (
    "amount_log", "term", "months", "turnover_log", "debt", "trait_1", "trait_2", "trait_3",
    "latitude", "longitude", "burden", "securities", "papers",
)  # fmt: skip
PRODUCT_COLUMNS = (
    "rate", "fee", "days", "trait_4", "trait_5", "trait_6", "trait_7", "trait_8", "trait_9", "trait_10",
    "latitude", "longitude", "amount_max_log", "amount_min_log", "term_min", "per_term", "months", "turnover_log",
    "debt", "securities", "papers",
)  # fmt: skip


def _mask(chance: Any, n: int, bits: int, share: float) -> Array:
    drawn = chance.random((n, bits)) < share
    drawn[np.arange(n), chance.integers(0, bits, n)] = True
    return (drawn * (1 << np.arange(bits))).sum(axis=1).astype(np.uint8)


def _codes(names: tuple[str, ...], mask: int) -> tuple[str, ...]:
    return tuple(name for bit, name in enumerate(names) if mask >> bit & 1)


@dataclass
class Catalogue:
    """``n`` products; ``columns`` by name [n], ``in_region`` and ``in_industry`` as packed bits."""

    n: int
    columns: dict[str, Array]
    records: Array
    """float32 [n, PRODUCT_COLUMNS]"""
    in_region: Array
    """uint8 [prefectures, n / 8]: who lends there."""
    in_industry: Array
    """uint8 [classes, n / 8]"""
    regions: Coded
    allow: Coded
    deny: Coded

    @property
    def region_lists(self) -> list[tuple[str, ...]]:
        """The prefectures of each product; none = everywhere."""
        return [self.regions.values[at] for at in self.regions.number.tolist()]

    def term_columns(self) -> TermColumns:
        """All products by column, as the index takes very many."""
        c = self.columns

        def money(value: float) -> Decimal | None:
            return Decimal(int(value)) if value else None

        return TermColumns(
            np.arange(self.n),
            {
                "amount_min_yuan": Coded.of(c["amount_min"], money),
                "amount_max_yuan": Coded.of(c["amount_max"], money),
                "term_min_months": Coded.of(c["term_min"]),
                "term_max_months": Coded.of(c["term_max"]),
                "regions": self.regions,
                "industries_allow": self.allow,
                "industries_deny": self.deny,
                "applicant_kinds": Coded.of(c["kinds"], lambda mask: _codes(KINDS, mask)),
                "min_months_in_business": Coded.of(c["months"], lambda months: months or None),
                "min_turnover_yuan": Coded.of(c["turnover"], money),
                "tax_grades": Coded.of(c["grade"], lambda at: TAX_GRADES[: at + 1] if at < 4 else ()),
                "max_debt_ratio_percent": Coded.of(c["debt"], lambda debt: Decimal(int(debt)) if debt < 1000 else None),
                "securities": Coded.of(c["securities"], lambda mask: _codes(SECURITIES, mask) or ("CREDIT",)),
                "purposes": Coded.of(c["purposes"], lambda mask: _codes(PURPOSES, mask)),
                "first_time_only": Coded.of(c["first_only"]),
                "repayments": Coded.of(c["repayments"], lambda mask: _codes(REPAYMENTS, mask)),
                "valid_until_on": Coded.of(c["until"], date.fromordinal),
            },
        )

    def terms(self, at: int) -> Terms:
        """One product as the product's rules take it; its key is its number."""
        c = self.columns
        turnover, months, debt = float(c["turnover"][at]), int(c["months"][at]), float(c["debt"][at])
        return Terms(
            key=at,
            amount_min_yuan=Decimal(int(c["amount_min"][at])),
            amount_max_yuan=Decimal(int(c["amount_max"][at])),
            term_min_months=int(c["term_min"][at]),
            term_max_months=int(c["term_max"][at]),
            regions=self.regions.values[self.regions.number[at]],
            industries_allow=self.allow.values[self.allow.number[at]],
            industries_deny=self.deny.values[self.deny.number[at]],
            applicant_kinds=_codes(KINDS, int(c["kinds"][at])),
            min_months_in_business=months or None,
            min_turnover_yuan=Decimal(int(turnover)) if turnover else None,
            tax_grades=TAX_GRADES[: int(c["grade"][at]) + 1] if c["grade"][at] < 4 else (),
            max_debt_ratio_percent=Decimal(int(debt)) if debt < 1000 else None,
            securities=_codes(SECURITIES, int(c["securities"][at])) or ("CREDIT",),
            purposes=_codes(PURPOSES, int(c["purposes"][at])),
            first_time_only=bool(c["first_only"][at]),
            repayments=_codes(REPAYMENTS, int(c["repayments"][at])),
            valid_until_on=date.fromordinal(int(c["until"][at])),
        )


PREFECTURES = sorted({place.code[:4] for place in regions.places()})
CLASSES = [one.code for one in industries.classes()]
DIVISIONS = sorted({code[:2] for code in CLASSES})
_COUNTY = {place.code[:4]: place.code for place in regions.places()}


def catalogue(n: int, seed: int = 1) -> Catalogue:
    """Draw ``n`` products."""
    chance = np.random.default_rng(seed)
    c: dict[str, Array] = {
        "amount_min": chance.choice(AMOUNT_MIN, n),
        "term_min": chance.choice(TERM_MIN, n),
        "months": chance.choice(MONTHS, n),
        "turnover": chance.choice(TURNOVER, n, p=[0.35, 0.1, 0.15, 0.15, 0.1, 0.08, 0.05, 0.02]),
        "debt": chance.choice(DEBT, n),
        "kinds": _mask(chance, n, 3, 0.6),
        "grade": chance.choice([1, 2, 3, 4], n, p=[0.1, 0.3, 0.1, 0.5]),
        "securities": np.where(chance.random(n) < 0.55, 0, _mask(chance, n, 8, 0.3)).astype(np.uint8),
        "purposes": _mask(chance, n, 6, 0.6),
        "first_only": (chance.random(n) < 0.05),
        "repayments": _mask(chance, n, 5, 0.4),
        "until": TODAY.toordinal() + chance.choice([-10, 30, 90, 180, 360], n, p=[0.02, 0.2, 0.28, 0.3, 0.2]),
    }
    c["amount_max"] = np.maximum(chance.choice(AMOUNT_MAX, n), c["amount_min"] * 4)
    c["term_max"] = np.maximum(chance.choice(TERM_MAX, n), c["term_min"] * 2)
    everywhere = chance.random(n) < 0.3
    home, reach = chance.integers(0, len(PREFECTURES), n), np.minimum(1 + chance.geometric(0.08, n), 60)
    in_region = np.stack(
        [
            np.packbits(everywhere | ((at - home) % len(PREFECTURES) < reach), bitorder="little")
            for at in range(len(PREFECTURES))
        ]
    )
    lent = Coded.of(np.where(everywhere, -1, home * 100 + reach), _prefectures)
    wants = chance.random(n) < 0.45
    picked = np.where(wants, chance.integers(8, 40, n), chance.integers(0, 4, n))
    first, step = chance.integers(0, len(DIVISIONS), n), chance.integers(1, 7, n)
    of_division = np.zeros((len(DIVISIONS), n), bool)
    for k in range(40):
        rows = np.flatnonzero(picked > k)
        of_division[(first[rows] + k * step[rows]) % len(DIVISIONS), rows] = True
    number = {division: at for at, division in enumerate(DIVISIONS)}
    packed = np.stack([np.packbits(np.where(wants, row, ~row), bitorder="little") for row in of_division])
    in_industry = packed[[number[code[:2]] for code in CLASSES]]
    drawn = (first * 10 + step) * 100 + picked
    allow = Coded.of(np.where(wants, drawn, -1), _divisions)
    deny = Coded.of(np.where(wants, -1, drawn), _divisions)
    traits = {f"trait_{k}": chance.normal(size=n) for k in range(4, 11)}
    figures = {
        "rate": chance.uniform(2.5, 15, n), "fee": chance.exponential(0.5, n), "days": chance.integers(1, 40, n),
        "latitude": chance.uniform(20, 50, n), "longitude": chance.uniform(75, 135, n),
        "amount_max_log": np.log(c["amount_max"]), "amount_min_log": np.log(c["amount_min"]),
        "term_min": c["term_min"], "per_term": 1 / (c["term_max"] - c["term_min"]), "months": c["months"],
        "turnover_log": np.log1p(c["turnover"]), "debt": c["debt"], "securities": c["securities"],
        "papers": _mask(chance, n, 8, 0.2),
    } | traits  # fmt: skip
    records = np.ascontiguousarray(np.stack([figures[name] for name in PRODUCT_COLUMNS], axis=1).astype(np.float32))
    return Catalogue(n, c, records, in_region, in_industry, lent, allow, deny)


def _prefectures(drawn: int) -> tuple[str, ...]:
    """Neighbours of a home by number; -1 = everywhere."""
    home, reach = divmod(drawn, 100)
    return () if drawn < 0 else tuple(PREFECTURES[(home + k) % len(PREFECTURES)] for k in range(reach))


def _divisions(drawn: int) -> tuple[str, ...]:
    """So many divisions from a first one on, each so many steps further; -1 = none."""
    start, picked = divmod(drawn, 100)
    first, step = divmod(start, 10)
    return () if drawn < 0 else tuple(
        DIVISIONS[at] for at in sorted({(first + k * step) % len(DIVISIONS) for k in range(picked)})
    )


@dataclass
class Needs:
    """``n`` needs; ``columns`` by name [n], ``figures`` float32 [n, NEED_COLUMNS]."""

    n: int
    columns: dict[str, Array]
    figures: Array

    def facts(self, at: int) -> Facts:
        """One need as the product's rules take it."""
        c = self.columns
        wish = int(c["repayment"][at])
        return Facts(
            kind=KINDS[int(c["kind"][at])],
            industry_code=CLASSES[int(c["industry"][at])],
            region_code=_COUNTY[PREFECTURES[int(c["region"][at])]],
            months_in_business=int(c["months"][at]),
            turnover_yuan=Decimal(int(c["turnover"][at])),
            tax_grade=TAX_GRADES[int(c["grade"][at])],
            debt_ratio_percent=Decimal(int(c["debt"][at])),
            amount_yuan=Decimal(int(c["amount"][at])),
            term_months=int(c["term"][at]),
            purpose=PURPOSES[int(c["purpose"][at])],
            securities=frozenset(_codes(SECURITIES, int(c["securities"][at]))),
            repayment=_unless_any(wish),
            first_loan=bool(c["first"][at]),
        )


    def fact_columns(self) -> FactColumns:
        """All needs by column, as the reverse match takes very many."""
        c = self.columns

        def whole(value: float) -> Decimal:
            return Decimal(int(value))

        return FactColumns(
            np.arange(self.n),
            {
                "kind": Coded.of(c["kind"], lambda at: KINDS[at]),
                "industry_code": Coded.of(c["industry"], lambda at: CLASSES[at]),
                "region_code": Coded.of(c["region"], lambda at: _COUNTY[PREFECTURES[at]]),
                "months_in_business": Coded.of(c["months"]),
                "turnover_yuan": Coded.of(c["turnover"], whole),
                "tax_grade": Coded.of(c["grade"], lambda at: TAX_GRADES[at]),
                "debt_ratio_percent": Coded.of(c["debt"], whole),
                "amount_yuan": Coded.of(c["amount"], whole),
                "term_months": Coded.of(c["term"]),
                "purpose": Coded.of(c["purpose"], lambda at: PURPOSES[at]),
                "securities": Coded.of(c["securities"], lambda mask: frozenset(_codes(SECURITIES, mask))),
                "repayment": Coded.of(c["repayment"], _unless_any),
                "first_loan": Coded.of(c["first"]),
            },
        )


def _unless_any(wish: int) -> str | None:
    return None if wish < 0 else REPAYMENTS[wish]


def needs(n: int, seed: int = 2) -> Needs:
    """Draw ``n`` needs."""
    chance = np.random.default_rng(seed)
    c: dict[str, Array] = {
        "kind": chance.choice(3, n, p=[0.5, 0.45, 0.05]),
        "industry": chance.integers(0, len(CLASSES), n),
        "region": chance.integers(0, len(PREFECTURES), n),
        "months": chance.integers(2, 160, n),
        "turnover": np.round(np.exp(chance.normal(np.log(6_000_000), 1.1, n))),
        "grade": chance.choice(4, n, p=[0.2, 0.3, 0.4, 0.1]),
        "debt": np.round(chance.beta(4, 4, n) * 100),
        "amount": np.round(np.exp(chance.normal(np.log(600_000), 1.0, n))),
        "term": chance.choice([6, 12, 12, 24, 36, 60], n),
        "purpose": chance.integers(0, len(PURPOSES), n),
        "securities": _mask(chance, n, 8, 0.2) * (chance.random(n) < 0.6),
        "repayment": np.where(chance.random(n) < 0.6, -1, chance.integers(0, len(REPAYMENTS), n)),
        "first": chance.random(n) < 0.4,
    }
    figures = {
        "amount_log": np.log(c["amount"]), "term": c["term"], "months": c["months"],
        "turnover_log": np.log1p(c["turnover"]), "debt": c["debt"],
        "trait_1": chance.normal(size=n), "trait_2": chance.uniform(0, 1, n), "trait_3": chance.normal(0.05, 0.2, n),
        "latitude": chance.uniform(20, 50, n), "longitude": chance.uniform(75, 135, n),
        "burden": c["amount"] / (c["turnover"] + 1), "securities": c["securities"],
        "papers": _mask(chance, n, 8, 0.6),
    }  # fmt: skip
    columns = np.stack([figures[name] for name in NEED_COLUMNS], axis=1).astype(np.float32)
    return Needs(n, c, np.ascontiguousarray(columns))
