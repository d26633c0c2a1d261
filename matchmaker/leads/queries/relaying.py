"""Which telephone numbers are lent for which leads."""

from __future__ import annotations

import sqlalchemy as sa

from matchmaker.db import db
from matchmaker.leads.models import Consent, Lead, RelayNumber
from matchmaker.leads.rules.states import LIVE


def number_of(lead: Lead) -> RelayNumber | None:
    """The number that is lent to who carries the lead."""
    return db.session.scalar(
        sa.select(RelayNumber).where(
            RelayNumber.lead_id == lead.id,
            RelayNumber.manager_id == lead.manager_id,
            RelayNumber.released_at.is_(None),
        )
    )


def count_numbers(lead_id: int) -> int:
    """How many numbers were lent for a lead so far."""
    return db.session.scalar(sa.select(sa.func.count()).where(RelayNumber.lead_id == lead_id)) or 0


def ids_without_number() -> list[int]:
    """Live leads that somebody carries under a consent that was not ended, and for whom no number is lent to them."""
    lent = sa.select(RelayNumber.id).where(
        RelayNumber.lead_id == Lead.id, RelayNumber.manager_id == Lead.manager_id, RelayNumber.released_at.is_(None)
    )
    return list(
        db.session.scalars(
            sa.select(Lead.id)
            .join(Consent, Consent.id == Lead.consent_id)
            .where(
                Lead.state.in_([str(state) for state in LIVE]),
                Lead.manager_id.is_not(None),
                Consent.ended_at.is_(None),
                Consent.withdrawing_at.is_(None),
                ~lent.exists(),
            )
            .order_by(Lead.id)
        )
    )


def ids_lent() -> list[int]:
    """The numbers that are lent now, the oldest first."""
    return list(
        db.session.scalars(sa.select(RelayNumber.id).where(RelayNumber.released_at.is_(None)).order_by(RelayNumber.id))
    )
