"""The right of reply: an institution says something to its own published figures, and may take that down again."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.leads.models import RecordReply
from matchmaker.leads.queries.answers import reply_of
from matchmaker.leads.rules.answers import LONGEST_REPLY
from matchmaker.leads.services.stepping import Actor
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.refusal import Refused


def reply(institution: Institution, *, text: str, by: Actor) -> RecordReply:
    """Publish what the institution says; an earlier reply is replaced and kept. Codes: `lead_note_needed`,
    `lead_reply_too_long`, those of banned promises (`product_words_…`)."""
    words = text.strip()
    if not words:
        raise Refused("lead_note_needed", "reply_text", 422)
    if len(words) > LONGEST_REPLY:
        raise Refused("lead_reply_too_long", "reply_text", 422, most=LONGEST_REPLY)
    refuse_promises(reply_text=words)
    row = RecordReply(institution_id=institution.id, text=words, by_id=by.id, at=clock.now())
    db.session.add(row)
    db.session.flush()
    record("record.reply", row, by=by, institution_id=institution.id)
    return row


def take_down(institution: Institution, *, by: Actor) -> None:
    """Take the reply down. Raises Refused("lead_no_reply") when none stands."""
    row = reply_of(institution.id)
    if row is None:
        raise Refused("lead_no_reply")
    row.taken_down_at, row.taken_down_by_id = clock.now(), by.id
    record("record.take_down", row, by=by, institution_id=institution.id)
