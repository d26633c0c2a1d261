"""Writing in a thread, noting how far it was read; reporting a message; blocking an institution and taking that back.

Who may is asked of the lead by the pages; who is told is told by `leads`, which knows the people of both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm.exc import StaleDataError

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.queries import desk_of, operators
from matchmaker.accounts.rules import BROKER_STEPS
from matchmaker.audit.services import Actor, record
from matchmaker.conversations import queries
from matchmaker.conversations.models import Block, Post, PostPaper, PostReport, Thread, ThreadSeen
from matchmaker.conversations.rules import (
    LONGEST_REASON,
    MOST_ATTACHED,
    Side,
    post_refusal,
    report_refusal,
    text_refusal,
    tidy_post,
)
from matchmaker.db import db, observe
from matchmaker.documents.models import Document
from matchmaker.notifications.services import tell
from matchmaker.reference.rules.wording import is_placeholder, refuse_promises
from matchmaker.refusal import Refused


def open_thread(lead_id: int, *, business_id: int, institution_id: int) -> Thread:
    """The thread of a lead, opened when there is none yet. Call with the lead locked."""
    found = queries.thread_of(lead_id)
    if found is None:
        found = Thread(
            lead_id=lead_id, business_id=business_id, institution_id=institution_id, opened_at=clock.now()
        )
        db.session.add(found)
        db.session.flush()
    return found


def say(
    thread: Thread,
    text: str,
    *,
    side: Side,
    by: Actor,
    is_open: bool,
    template: str | None = None,
    papers: Sequence[Document] = (),
    field: str = "post_text",
) -> Post:
    """Write a message; the institution's makes no banned promise. Call with the lead of the thread locked.

    Raises Refused at `field` with a code of `rules.post_refusal`, `rules.text_refusal`, `talk_too_many_papers` or of
    banned promises.
    """
    now = clock.now()
    text = tidy_post(text)
    no = post_refusal(
        side,
        is_open=is_open,
        is_blocked=queries.is_blocked(thread.business_id, thread.institution_id),
        lately=queries.count_since(thread.id, side, now - timedelta(hours=1)),
    ) or text_refusal(text)
    if no is not None:
        raise Refused(no.code, field, 422, **no.facts)
    if len(papers) > MOST_ATTACHED:
        raise Refused("talk_too_many_papers", "papers", 422, most=MOST_ATTACHED)
    if side is Side.INSTITUTION:
        refuse_promises(**{field: text})
    post = Post(
        thread_id=thread.id, number=queries.last_number(thread.id) + 1, side=str(side), by_id=by.id, at=now, text=text,
        template=template,
    )  # fmt: skip
    post.papers = [PostPaper(document=document) for document in papers]
    db.session.add(post)
    db.session.flush()
    record("talk.write", post, by=by, lead_id=thread.lead_id, side=str(side), papers=len(papers))
    return post


def note_read(thread: Thread, *, side: Side, by: Actor) -> None:
    """Observe that somebody who answers for this side has the whole thread before them."""
    if queries.count_unread(thread.id, side):
        observe(
            ThreadSeen(
                thread_id=thread.id, side=str(side), person_id=by.id, up_to=queries.last_number(thread.id),
                at=clock.now(),
            )
        )  # fmt: skip


def block(business_id: int, institution_id: int, *, by: Actor) -> Block:
    """Let no message, call or invitation of this institution through any more. A second time nothing changes."""
    found = queries.block_of(business_id, institution_id)
    if found is None:
        found = Block(business_id=business_id, institution_id=institution_id, by_id=by.id, at=clock.now())
        db.session.add(found)
        db.session.flush()
        record("talk.block", found, by=by, institution_id=institution_id)
    return found


def unblock(business_id: int, institution_id: int, *, by: Actor) -> None:
    """Take the block back. A second time nothing changes."""
    found = queries.block_of(business_id, institution_id)
    if found is not None:
        found.ended_at, found.ended_by_id = clock.now(), by.id
        db.session.flush()
        record("talk.unblock", found, by=by, institution_id=institution_id)


def report_post(post: Post, *, reason: str, words: str, by: Person) -> PostReport:
    """Report a message of an institution, once. Operators are told, and its desk, which never learns who it was.

    Raises Refused at its field: codes of `rules.report_refusal`, `text_too_long`; `talk_reported_already`,
    `talk_report_own`.
    """
    words = words.strip()
    no = report_refusal(reason, "" if is_placeholder(words) else words)
    if no is not None:
        raise Refused(no.code, "reason" if no.code == "talk_report_reason" else "words", 422)
    if len(words) > LONGEST_REASON:
        raise Refused("text_too_long", "words", 422, longest=LONGEST_REASON, n=len(words))
    if post.side != Side.INSTITUTION:
        raise Refused("talk_report_own")
    if queries.report_by(post.id, by.id) is not None:
        raise Refused("talk_reported_already")
    now = clock.now()
    report = PostReport(
        post=post, institution_id=post.thread.institution_id, reason=reason, words=words, reporter_id=by.id,
        reported_at=now, state_at=now,
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()
    record("talk.report", report, by=by, institution_id=report.institution_id)
    for person in [*operators(), *desk_of(report.institution_id)]:
        tell(
            person.id,
            "talk_post_reported",
            key=f"talk_report:{report.id}:{person.id}",
            link=f"/reported-messages/{report.id}",
            outside=False,
            reason=f"label:talk.report_reason:{reason}",
        )
    return report


def look_at_report(report: PostReport, *, by: Actor) -> None:
    """An operator has taken the report up. Raises Refused `broker_step_not_possible`."""
    _step(report, "look", by=by)


def settle_report(report: PostReport, *, outcome: str, row_version: int, by: Actor) -> None:
    """An operator, who had the copy `row_version`, says what became of it; the reporter is told.

    Raises Refused `broker_step_not_possible`, and `talk_outcome_missing` at the field.
    """
    if not outcome.strip() or is_placeholder(outcome):
        raise Refused("talk_outcome_missing", field="outcome", status=422)
    if report.row_version != row_version:
        raise StaleDataError(f"copy {row_version} was changed meanwhile to {report.row_version}")
    report.outcome = outcome.strip()
    _step(report, "settle", by=by)
    tell(
        report.reporter_id,
        "talk_report_settled",
        key=f"talk_report:{report.id}:settled",
        link=f"/leads/{report.post.thread.lead_id}/talk",
        institution=report.institution.short_name,
        outcome=report.outcome,
    )


def _step(report: PostReport, step: str, *, by: Actor) -> None:
    after = BROKER_STEPS.get((report.state, step))
    if after is None:
        raise Refused("broker_step_not_possible")
    report.operator_id = by.id
    report.state, report.state_at = after, clock.now()
    db.session.flush()
    record(f"talk.report_{step}", report, by=by)
