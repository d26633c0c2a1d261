"""The fee schedule: every fee is asked; each answer says who charges what from whom and when, or that it is none."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from matchmaker.refusal import Reason


class Payer(StrEnum):
    """Who bears the fee."""

    BORROWER = "borrower"
    BANK = "bank"
    GOVERNMENT = "government"


class Basis(StrEnum):
    """What the value is counted on."""

    PERCENT_OF_AMOUNT = "percent_of_amount"
    PERCENT_PER_YEAR = "percent_per_year"
    YUAN_ONCE = "yuan_once"
    YUAN_MONTHLY = "yuan_monthly"
    PERCENT_OVER_RATE = "percent_over_rate"  # of the agreed rate, on top of it (penalty interest)


class Timing(StrEnum):
    """When it is paid."""

    UPFRONT = "upfront"
    YEARLY = "yearly"
    MONTHLY = "monthly"
    ON_EVENT = "on_event"  # only if it happens: early repayment, arrears, misuse


# Every fee term of reference/financing_terms.csv but the interest, which the rate itself states.
FEE_CODES: tuple[str, ...] = (
    "MGMT",
    "SERVICE",
    "COMMIT",
    "APPRAISAL",
    "REGIST",
    "NOTARY",
    "GUAR",
    "INSPREM",
    "INSCOLL",
    "DEPOSIT",
    "PLATFORM",
    "BRIDGE",
    "PREPAY",
    "LATE",
    "MISUSE",
    "SUBSIDY",
    "GUARSUB",
)
CONDITIONAL_FEES = frozenset({"PREPAY", "LATE", "MISUSE"})
SUBSIDIES = frozenset({"SUBSIDY", "GUARSUB"})

_USUAL: tuple[tuple[Basis, Timing], ...] = (
    (Basis.PERCENT_OF_AMOUNT, Timing.UPFRONT),
    (Basis.PERCENT_PER_YEAR, Timing.UPFRONT),
    (Basis.PERCENT_PER_YEAR, Timing.YEARLY),
    (Basis.YUAN_ONCE, Timing.UPFRONT),
    (Basis.YUAN_MONTHLY, Timing.MONTHLY),
)
_PAIRS: dict[str, tuple[tuple[Basis, Timing], ...]] = {
    "DEPOSIT": ((Basis.PERCENT_OF_AMOUNT, Timing.UPFRONT),),
    "PREPAY": ((Basis.PERCENT_OF_AMOUNT, Timing.ON_EVENT), (Basis.YUAN_ONCE, Timing.ON_EVENT)),
    "LATE": ((Basis.PERCENT_OVER_RATE, Timing.ON_EVENT),),
    "MISUSE": ((Basis.PERCENT_OVER_RATE, Timing.ON_EVENT),),
    "SUBSIDY": ((Basis.PERCENT_PER_YEAR, Timing.YEARLY), (Basis.PERCENT_OF_AMOUNT, Timing.UPFRONT)),
    "GUARSUB": ((Basis.PERCENT_PER_YEAR, Timing.YEARLY), (Basis.PERCENT_OF_AMOUNT, Timing.UPFRONT)),
}
_MOST_PERCENT = Decimal("100")
_MOST_YUAN = Decimal("10000000")


@dataclass(frozen=True)
class FeeLine:
    """One line of the schedule. `charged` false means: this fee does not exist, nobody pays it."""

    code: str
    charged: bool
    payer: Payer | None = None
    payee: str = ""
    basis: Basis | None = None
    value: Decimal | None = None  # percent or yuan, as `basis` says
    timing: Timing | None = None
    optional: bool = False
    note: str = ""


def pairs_of(code: str) -> tuple[tuple[Basis, Timing], ...]:
    """The ways in which this fee may be counted and paid."""
    return _PAIRS.get(code, _USUAL)


def faults_of(line: FeeLine) -> list[tuple[str, Reason]]:
    """What is wrong with one charged line, as (part of the line, reason); a line of none has no faults."""
    if not line.charged:
        return []
    faults: list[tuple[str, Reason]] = []
    if line.value is None or line.value <= 0:
        faults.append(("value", Reason("product_fee_value_missing", {})))
    elif line.basis is not None:
        most = _MOST_YUAN if line.basis in (Basis.YUAN_ONCE, Basis.YUAN_MONTHLY) else _MOST_PERCENT
        if line.value > most:
            faults.append(("value", Reason("product_number_above", {"most": most})))
    if line.basis is None or line.timing is None:
        faults.append(("way", Reason("product_fee_way_missing", {})))
    elif (line.basis, line.timing) not in pairs_of(line.code):
        faults.append(("way", Reason("product_fee_way_wrong", {})))
    if line.payer is None:
        faults.append(("payer", Reason("product_fee_payer_missing", {})))
    elif line.code in SUBSIDIES and line.payer != Payer.GOVERNMENT:
        faults.append(("payer", Reason("product_fee_subsidy_payer", {})))
    if not line.payee.strip():
        faults.append(("payee", Reason("product_fee_payee_missing", {})))
    return faults


def unanswered(lines: list[FeeLine]) -> list[str]:
    """Fee terms about which the schedule says nothing: with any of these the product cannot be published."""
    answered = {line.code for line in lines}
    return [code for code in FEE_CODES if code not in answered]


def borne_by_borrower(lines: list[FeeLine]) -> list[FeeLine]:
    """The lines that the borrower certainly pays: charged, not optional, not only on an event, not a subsidy."""
    return [
        line
        for line in lines
        if line.charged
        and line.payer == Payer.BORROWER
        and not line.optional
        and line.timing != Timing.ON_EVENT
        and line.code not in SUBSIDIES
    ]
