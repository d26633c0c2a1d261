"""Threads of the cast: a few messages of each side on leads under way, some not read yet, one reported; all invented."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.conversations import queries, services
from matchmaker.conversations.rules import OTHER, Side
from matchmaker.conversations.words import LABELS
from matchmaker.db import db
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.states import LIVE
from matchmaker.leads.services import talking

OWNER, BANK = Side.OWNER, Side.INSTITUTION
SCRIPTS: tuple[tuple[tuple[float, Side, str, bool], ...], ...] = (
    (
        (24, BANK, "您好，我是您的客户经理。进货的合同方便的话请拍一份，放在“再给一份材料”里。", True),
        (23, OWNER, "call_after_two", True),
        (0.5, BANK, "visit_tomorrow", False),
    ),
    (
        (22, OWNER, "which_papers", True),
        (21, BANK, "papers_please", True),
        (0.4, OWNER, "租约是和老房东签的，去年换了新房东，两份都要吗？", False),
    ),
    (
        (20, OWNER, "cost_how", True),
        (19, BANK, "除了利息没有别的费用。要评估、要担保，明白纸上会一项一项写。", True),
        (0.3, BANK, "您要是急，可以先加我私人微信，我帮您快一点。", False),
    ),
    ((0.2, OWNER, "how_far", False),),
)
"""Per thread: hours before the first morning, who writes, a ready sentence or words, whether the other side has read."""
REPORTED = (2, 3)
"""The third message of the third thread is reported: it leads away from the case."""


def threads_of_the_cast(owners: Iterable[int], managers: Iterable[int], anchor_at: datetime) -> None:
    """Play the scripts on the first leads under way that somebody of the cast carries for an owner of the cast."""
    mine, staff = set(owners), set(managers)
    rows = db.session.execute(
        sa.select(Lead.id, Lead.chosen_by_id, Lead.manager_id)
        .where(Lead.state.in_([str(state) for state in LIVE]), Lead.manager_id.is_not(None))
        .where(Lead.accepted_at < anchor_at - timedelta(hours=25))
        .where(sa.or_(Lead.chosen_by_id.in_(mine), Lead.manager_id.in_(staff)))
        .order_by(Lead.id)
    ).all()
    ordered = sorted(rows, key=lambda row: (-2 * (row[1] in mine) - (row[2] in staff), row[0]))
    for number, (row, script) in enumerate(zip(ordered, SCRIPTS, strict=False)):
        lead = finding.lead_by_id(row[0])
        assert lead is not None and lead.manager is not None
        owner = db.session.get_one(Person, row[1])
        for place, (hours, side, said, is_read) in enumerate(script, start=1):
            with clock.frozen(anchor_at - timedelta(hours=hours)):
                _say(lead, owner, side, said)
            if is_read:
                with clock.frozen(anchor_at - timedelta(hours=hours) + timedelta(minutes=20)):
                    _read(lead, owner, side)
            if (number, place) == REPORTED:
                with clock.frozen(anchor_at - timedelta(minutes=5)):
                    _report(lead, owner, place)


def _say(lead: Lead, owner: Person, side: Side, said: str) -> None:
    assert lead.manager is not None
    words = LABELS["talk.template"].get(said)
    by = owner if side is OWNER else lead.manager
    text = str(words) if words is not None else said
    talking.write(lead, text, side=side, by=by, template=said if words is not None else None)


def _read(lead: Lead, owner: Person, side: Side) -> None:
    """The other side reads what this side has written."""
    thread = queries.thread_of(lead.id)
    assert thread is not None and lead.manager is not None
    services.note_read(thread, side=OTHER[side], by=lead.manager if side is OWNER else owner)


def _report(lead: Lead, owner: Person, number: int) -> None:
    thread = queries.thread_of(lead.id)
    post = queries.post_of(thread.id, number) if thread is not None else None
    assert post is not None
    services.report_post(post, reason="elsewhere", words="让我加私人微信，说能快。", by=owner)
