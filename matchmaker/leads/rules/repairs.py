"""How a reason is repaired: its steps, whether a paper proves it; the words stand in words.py (lead.repair_…).

Source: the fifteen repairable kinds of 宿州 (research/china.md 3.10), each as problem, place and measure; usual working
days stand with the codes (`reasons.ReasonCode.days`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matchmaker.leads.rules.reasons import CODES, Way
from matchmaker.refusal import Reason

MOST_PROOFS = 5
"""Papers that prove one repair."""


@dataclass(frozen=True)
class Recipe:
    """The repair of one code: how many steps it has, and whether it is proven by a paper."""

    code: str
    steps: int
    needs_proof: bool

    @property
    def step_keys(self) -> list[str]:
        """The keys of its steps among the words."""
        return [f"{self.code}.{number}" for number in range(1, self.steps + 1)]


RECIPES: dict[str, Recipe] = {
    code: Recipe(code, 3, needs_proof=code != "X02") for code, reason in CODES.items() if reason.way is Way.REPAIR
}
"""Every code that can be repaired. To be reached is proven by being reached."""


def unproven(codes: Iterable[str], proofs: int) -> Reason | None:
    """Why who says that these reasons are repaired has to lay a paper beside it, or None.

    Code: `lead_repair_needs_proof`. Where one of them is proven without a paper, none is asked for.
    """
    without = any(not RECIPES[code].needs_proof for code in codes if code in RECIPES)
    return None if proofs or without else Reason("lead_repair_needs_proof")


def repair_refusal(code: str, declined: Iterable[str], proofs: int) -> Reason | None:
    """Why a repair cannot be marked as done, or None. `proofs`: papers laid beside it, this one included.

    Codes: `lead_repair_unknown` (no reason of this decline, or none that can be repaired), `lead_repair_needs_proof`,
    `lead_repair_too_many_proofs`.
    """
    recipe = RECIPES.get(code)
    if recipe is None or code not in set(declined):
        return Reason("lead_repair_unknown", {"reason_code": code})
    if recipe.needs_proof and not proofs:
        return Reason("lead_repair_needs_proof")
    if proofs > MOST_PROOFS:
        return Reason("lead_repair_too_many_proofs", {"most": MOST_PROOFS})
    return None
