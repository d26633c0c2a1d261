"""The order of a manager's queue: clock, fit and capacity, nothing else; never a score of a business or a chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from matchmaker.leads.rules.clocks import WARN_AT
from matchmaker.leads.rules.sharing import Carrier, why_turn
from matchmaker.leads.rules.states import Side, State, ball
from matchmaker.reference.regions import areas_now, may_lie_in, standing
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Reason

_WITHOUT_END = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """One lead as the order sees it, for one reader."""

    lead_id: int
    state: State
    mine: bool
    due_at: datetime | None
    share_used: float
    in_patch: bool
    knows_trade: bool
    papers_back: bool = False
    payout_unanswered: bool = False
    payout_disputed: bool = False
    overdue_at: datetime | None = None
    """When the day for contract or money was over without a report; its clock runs no more."""
    turn: Carrier | None = None
    """Whose turn it is while nobody carries it."""
    my_turn: bool = False

    @property
    def is_anothers_turn(self) -> bool:
        return self.turn is not None and not self.my_turn


def group(lead: Waiting, *, at_capacity: bool) -> int:
    """0 your move, soon due or late; 1 your move; 2 to be claimed though you are full; 3 theirs; 4 nothing to do."""
    side = ball(lead.state, payout_unanswered=lead.payout_unanswered)
    if lead.payout_disputed:
        return 1
    if side is not Side.INSTITUTION:
        return 3 if side is Side.OWNER and lead.state in (State.PAPERS, State.UNREACHED, State.OFFERED) else 4
    if lead.state is State.WAITING and not lead.mine and at_capacity:
        return 2
    return 0 if lead.share_used >= WARN_AT or lead.overdue_at is not None else 1


def key(lead: Waiting, *, at_capacity: bool = False) -> tuple[int, date, int, bool, datetime, int, int]:
    """What the queue is sorted by: whose move; day due; within the day what is nearly late, then one's own before a
    colleague's turn; instant due; fit of the reader (patch and trade); then the older lead.

    The day comes first: three quarters of a month may leave a week, and a turn is an offer. Neither hides what is due
    today (decision 0088).
    """
    due_at = lead.overdue_at or lead.due_at or _WITHOUT_END
    at = group(lead, at_capacity=at_capacity)
    fit = int(lead.in_patch) + int(lead.knows_trade)
    due_on = due_at.astimezone(SHANGHAI).date()
    return (max(at, 1), due_on, at, at == 1 and lead.is_anothers_turn, due_at, -fit, lead.lead_id)


def in_order(leads: Iterable[Waiting], *, at_capacity: bool = False) -> list[Waiting]:
    """The queue in the order it is worked off."""
    return sorted(leads, key=lambda lead: key(lead, at_capacity=at_capacity))


def why_here(lead: Waiting, *, at_capacity: bool = False) -> list[Reason]:
    """Why a row stands where it stands, the weightiest first; at least one reason."""
    reasons: list[Reason] = []
    side = ball(lead.state, payout_unanswered=lead.payout_unanswered)
    if lead.payout_disputed:
        reasons.append(Reason("queue_payout_disputed"))
    elif side is Side.INSTITUTION and lead.overdue_at is not None:
        reasons.append(Reason("queue_overdue", {"due_at": lead.overdue_at}))
    elif side is Side.INSTITUTION and lead.due_at is not None:
        code = "queue_soon_released" if lead.share_used >= WARN_AT else "queue_due"
        reasons.append(Reason(code, {"due_at": lead.due_at}))
    elif side is Side.OWNER and lead.due_at is not None:
        reasons.append(Reason("queue_owner_until", {"due_at": lead.due_at}))
    elif side is Side.INSTITUTION:
        reasons.append(Reason("queue_your_move"))
    else:
        reasons.append(Reason("queue_nothing_to_do"))
    if lead.papers_back:
        reasons.append(Reason("queue_papers_back"))
    if lead.state is State.WAITING:
        if lead.in_patch:
            reasons.append(Reason("queue_in_patch"))
        if lead.knows_trade:
            reasons.append(Reason("queue_knows_trade"))
        if at_capacity and not lead.mine:
            reasons.append(Reason("queue_full"))
        if lead.turn is not None:
            reasons.append(why_turn(lead.turn, mine=lead.my_turn))
    return reasons


def in_patch(region_code: str, patch_regions: Iterable[str]) -> bool:
    """Whether a county lies in a manager's patch (county, city or province codes, or prefixes), both as stored: by the
    divisions that stand now; in that of each part, where a division was divided."""
    code = standing(region_code)
    return any(may_lie_in(code, patch) for patch in areas_now(patch_regions))


def knows_trade(industry_code: str, skills: Iterable[str]) -> bool:
    """Whether an industry begins with one of the prefixes a manager knows; letters of sections do not count."""
    return any(industry_code.startswith(skill) for skill in skills if skill)
