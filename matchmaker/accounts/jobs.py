"""What accounts do without a person: forget what is no longer needed."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import SessionSeen, SignInAttempt, TotpUse, UserSession
from matchmaker.accounts.services.codes import forget_old_codes
from matchmaker.db import db, unit_of_work

# Personal data of security: long enough to look into an incident (Cybersecurity Law art. 21: logs six months).
KEEP_TRIES = timedelta(days=180)
KEEP_CODES = timedelta(days=1)


def forget_old_traces(now: datetime) -> None:
    """Delete codes of yesterday, and tries, looks and ended sessions older than six months. Real time."""
    present = clock.real_now()
    with unit_of_work():
        forget_old_codes(present - KEEP_CODES)
    with unit_of_work():
        old = present - KEEP_TRIES
        db.session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at < old))
        db.session.execute(sa.delete(TotpUse).where(TotpUse.used_at < present - KEEP_CODES))
        gone = sa.select(UserSession.id).where(sa.or_(UserSession.ended_at < old, UserSession.expires_at < old))
        db.session.execute(sa.delete(SessionSeen).where(SessionSeen.session_id.in_(gone)))
        db.session.execute(sa.delete(UserSession).where(UserSession.id.in_(gone)))
