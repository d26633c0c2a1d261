"""What an institution saw when it declined: one figure for each reason that rests on one, or why it names none.

The owner reads it beside what the product wrote and what was typed (look, page 07: 「银行看到的 92 万元」). What a
credit bureau reported has no figure here: it is for who asked, and its owner reads it there (decision 0069).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from matchmaker.eligibility.facts import Facts
from matchmaker.eligibility.rules import TAX_GRADES
from matchmaker.refusal import Reason

Figure = Decimal | int | str

FIGURES_BEHIND: dict[str, tuple[str, ...]] = {
    "T01": ("tax_owed_yuan",),
    "T02": ("tax_grade",),
    "B01": ("open_months",),
    "B02": ("turnover_yuan",),
    "B03": ("debts_yuan", "debt_ratio_percent"),
    "D01": ("security_yuan",),
}
"""Reason code -> what was looked at; one of them is enough."""

WHY_UNSEEN = ("not_one_figure", "may_not_say", "not_seen")
"""Why no figure is named: several things together decided, a rule forbids to say it, or it was not to be seen."""

AMOUNT_MAY_DO = ("B02", "B03", "D01", "X01")
"""Reasons for which a smaller amount can be enough."""

_FACT_OF = {"turnover_yuan": "turnover_yuan", "debt_ratio_percent": "debt_ratio_percent", "tax_grade": "tax_grade"}
_BOUND_OF = {
    "turnover_yuan": ("least_turnover_yuan", 1),
    "open_months": ("least_months", 1),
    "debt_ratio_percent": ("most_debt_ratio_percent", -1),
}


@dataclass(frozen=True)
class Seen:
    """What stands with a decline: the figures, why there is none for a reason, and up to which amount it would do."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    """Yuan and percent as Decimal, whole months, or a tax grade."""
    unseen: str | None = None
    enough_yuan: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values for the step of the decline, without what was not said."""
        told: dict[str, Any] = {"seen": {name: _plain(value) for name, value in self.figures.items()}}
        told |= {"unseen": self.unseen, "enough_yuan": _plain(self.enough_yuan) if self.enough_yuan else None}
        return {name: value for name, value in told.items() if value}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Seen:
        """What ``as_json`` wrote; a decline of which nothing was said has no figures."""
        enough = facts.get("enough_yuan")
        return cls(
            {name: _read(name, text) for name, text in (facts.get("seen") or {}).items()},
            facts.get("unseen"),
            Decimal(enough) if enough else None,
        )

    def of(self, code: str) -> dict[str, Figure]:
        """The figures behind one reason."""
        return {name: self.figures[name] for name in FIGURES_BEHIND.get(code, ()) if name in self.figures}


NOTHING_SEEN = Seen()


def seen_refusal(codes: Sequence[str], seen: Seen, asked_yuan: Decimal) -> tuple[str, Reason] | None:
    """The field and why these figures cannot stand with these reasons, or None.

    Codes: `lead_seen_needed` (a reason that rests on a figure has neither figure nor a word why not),
    `lead_seen_without_code` (a figure whose reason was not chosen), `lead_seen_unknown`, `lead_enough_not_less`.
    """
    if seen.unseen is not None and seen.unseen not in WHY_UNSEEN:
        return "unseen", Reason("lead_seen_unknown")
    for code in codes:
        behind = FIGURES_BEHIND.get(code, ())
        if behind and seen.unseen is None and not seen.of(code):
            return f"seen_{behind[0]}", Reason("lead_seen_needed", {"reason_code": code})
    chosen = {name for code in codes for name in FIGURES_BEHIND.get(code, ())}
    for name, value in seen.figures.items():
        if name not in chosen:
            return f"seen_{name}", Reason("lead_seen_without_code")
        if name == "tax_grade" and value not in TAX_GRADES:
            return "seen_tax_grade", Reason("lead_seen_unknown")
    if seen.enough_yuan is not None:
        if not set(codes) & set(AMOUNT_MAY_DO):
            return "enough", Reason("lead_seen_without_code")
        if not 0 < seen.enough_yuan < asked_yuan:
            return "enough", Reason("lead_enough_not_less", {"asked_yuan": asked_yuan})
    return None


def facts_as_seen(facts: Facts, seen: Seen) -> Facts:
    """The owner's facts with what the institution saw in their place."""
    changed: dict[str, Any] = {_FACT_OF[name]: value for name, value in seen.figures.items() if name in _FACT_OF}
    if "open_months" in seen.figures:
        changed |= {"founded_on": None, "months_in_business": seen.figures["open_months"]}
    return facts.changed(**changed)


def lacking(name: str, value: Figure, required: Mapping[str, Any]) -> Figure | None:
    """How far a figure is from what the product wrote; None where it wrote nothing, or where it was enough."""
    bound, sign = _BOUND_OF.get(name, ("", 0))
    if not bound or required.get(bound) is None or isinstance(value, str):
        return None
    missing = (Decimal(str(required[bound])) - value) * sign
    if missing <= 0:
        return None
    return int(missing) if isinstance(value, int) else missing


def _plain(value: Figure) -> str | int:
    return format(value, "f") if isinstance(value, Decimal) else value


def _read(name: str, stored: Any) -> Figure:
    if name == "tax_grade":
        return str(stored)
    return int(stored) if name.endswith("_months") else Decimal(str(stored))
