"""The log of calls: every call of an institution to a business, tried or answered, over all its leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from matchmaker.db import db
from matchmaker.leads.models import Lead, LeadStep
from matchmaker.leads.rules.consents import CALLS_IN_A_WEEK, CALLS_WITHIN, calls_left
from matchmaker.leads.rules.states import Step


@dataclass(frozen=True)
class Call:
    """One call as it is logged: when, about which lead, whether it was answered, and what was not as agreed."""

    at: datetime
    lead_id: int
    answered: bool
    outside_hours: bool
    over_limit: bool
    while_blocked: bool = False


@dataclass(frozen=True)
class CallLog:
    """The calls of the last seven days, the newest first, and what is left of the budget."""

    calls: list[Call]
    most: int
    left: int
    again_at: datetime | None


def calls_to(lead: Lead, now: datetime) -> list[datetime]:
    """When this institution called this business within the budget's span, since the owner last chose hours."""
    chose, calls = _steps(lead, now)
    return [call.at for call in calls if chose is None or call.at > chose]


def call_log(lead: Lead, now: datetime) -> CallLog:
    """What the manager has left and the owner reads."""
    chose, calls = _steps(lead, now)
    left, again_at = calls_left([call.at for call in calls if chose is None or call.at > chose], now)
    return CallLog(calls=calls[::-1], most=CALLS_IN_A_WEEK, left=left, again_at=again_at)


def _steps(lead: Lead, now: datetime) -> tuple[datetime | None, list[Call]]:
    rows = db.session.execute(
        sa.select(LeadStep.step, LeadStep.at, LeadStep.lead_id, LeadStep.facts)
        .join(Lead, Lead.id == LeadStep.lead_id)
        .where(Lead.business_id == lead.business_id, Lead.institution_id == lead.institution_id)
        .where(LeadStep.step.in_([str(Step.TRY_CONTACT), str(Step.CONTACT), str(Step.CHOOSE_HOURS)]))
        .where(LeadStep.at > now - CALLS_WITHIN, LeadStep.at <= now)
        .order_by(LeadStep.at, LeadStep.id)
    )
    chose: datetime | None = None
    calls: list[Call] = []
    for step, at, lead_id, facts in rows:
        if step == Step.CHOOSE_HOURS:
            chose = at
        elif facts.get("channel") == "call":
            calls.append(
                Call(
                    at=at,
                    lead_id=lead_id,
                    answered=step == Step.CONTACT,
                    outside_hours=bool(facts.get("outside_hours")),
                    over_limit=bool(facts.get("over_limit")),
                    while_blocked=bool(facts.get("while_blocked")),
                )
            )
    return chose, calls
