"""What anybody may read of how an institution answers, counted from the steps themselves; and what it says to that."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from matchmaker.accounts.models import Institution
from matchmaker.db import db
from matchmaker.leads.models import Lead, LeadClock, LeadStep, RecordReply
from matchmaker.leads.rules.answers import SecondLooks
from matchmaker.leads.rules.clocks import ONLY_TELL
from matchmaker.leads.rules.states import State, Step
from matchmaker.products.models import PromiseRecord, TrackRecord
from matchmaker.products.queries import promises_of


@dataclass(frozen=True)
class Answers:
    """The public record of one institution, as of now."""

    institution: Institution
    track: TrackRecord | None
    looks: SecondLooks
    nobody_called: int
    late_after_yes: int
    """Leads whose contract or money came after its day, or has not come yet."""
    promises: dict[str, PromiseRecord]
    """By promise (products.rules.promises), as counted last night; empty before the first count."""
    reply: RecordReply | None


def admitted_institution(institution_id: int) -> Institution | None:
    """An institution that works on the platform, or None."""
    found = db.session.get(Institution, institution_id)
    return found if found is not None and found.status == "admitted" else None


def answers_of(institution: Institution) -> Answers:
    """Everything the public page shows; each number is a count of rows."""
    return Answers(
        institution=institution,
        track=db.session.scalars(
            sa.select(TrackRecord).where(
                TrackRecord.institution_id == institution.id, TrackRecord.product_id.is_(None)
            )
        ).first(),
        looks=second_looks_of(institution.id),
        nobody_called=_leads_with(institution.id, Step.NOBODY_CALLED),
        late_after_yes=_late_after_yes(institution.id),
        promises=promises_of([institution.id]).get(institution.id, {}),
        reply=reply_of(institution.id),
    )


def second_looks_of(institution_id: int) -> SecondLooks:
    """Second looks asked of an institution, and how each went on (at most one for a lead)."""
    mine = sa.select(Lead.id).where(Lead.institution_id == institution_id, Lead.second_looks > 0)
    asked = db.session.scalars(
        sa.select(LeadStep).where(LeadStep.lead_id.in_(mine), LeadStep.step == str(Step.ASK_SECOND_LOOK))
    ).all()
    went_on = db.session.execute(
        sa.select(LeadStep.step, sa.func.count().label("times"))
        .where(LeadStep.lead_id.in_(mine), LeadStep.from_state == str(State.SECOND_LOOK))
        .where(LeadStep.to_state != str(State.SECOND_LOOK))
        .group_by(LeadStep.step)
    )
    by_step: dict[str, int] = {row.step: row.times for row in went_on}
    waiting = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Lead)
        .where(Lead.institution_id == institution_id, Lead.state == str(State.SECOND_LOOK))
    )
    return SecondLooks(
        asked=len(asked),
        after_silence=sum(step.facts.get("because") == "silent" for step in asked),
        after_repair=sum(bool(step.facts.get("repaired")) for step in asked),
        offered=by_step.get(str(Step.OFFER), 0),
        declined=by_step.get(str(Step.DECLINE), 0),
        late=by_step.get(str(Step.RELEASE), 0),
        open_=waiting or 0,
    )


def _late_after_yes(institution_id: int) -> int:
    late = (
        sa.select(sa.func.count(sa.distinct(LeadClock.lead_id)))
        .join(Lead, Lead.id == LeadClock.lead_id)
        .where(
            Lead.institution_id == institution_id,
            LeadClock.outcome == "late",
            LeadClock.kind.in_([str(kind) for kind in ONLY_TELL]),
        )
    )
    return db.session.scalar(late) or 0


def _leads_with(institution_id: int, step: Step) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count(sa.distinct(LeadStep.lead_id)))
            .join(Lead, Lead.id == LeadStep.lead_id)
            .where(Lead.institution_id == institution_id, LeadStep.step == str(step))
        )
        or 0
    )


def reply_of(institution_id: int) -> RecordReply | None:
    """What the institution says now: its newest reply, unless it was taken down."""
    found = db.session.scalars(
        sa.select(RecordReply)
        .where(RecordReply.institution_id == institution_id)
        .order_by(RecordReply.at.desc(), RecordReply.id.desc())
    ).first()
    return found if found is not None and found.taken_down_at is None else None

