"""Posting, changing, withdrawing and copying needs, and drafts, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from matchmaker import clock, happened
from matchmaker.audit.models import AuditRow
from matchmaker.db import db, unit_of_work
from matchmaker.needs import jobs, services
from matchmaker.needs.announcements import NeedChanged, NeedPosted, NeedWithdrawn
from matchmaker.needs.models import Need, NeedDraft
from matchmaker.needs.rules import Wanted
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import an_owner
from tests.needs.builders import a_draft, a_need, a_shop, in_days

WANTED = Wanted(Decimal(300_000), 12, "PURCHASE", (), None)


@pytest.fixture
def heard(monkeypatch):
    """Announcements made, instead of passing them on: later subjects have tests of their own."""
    news: list[object] = []
    monkeypatch.setattr(services, "announce", news.append)
    monkeypatch.setattr(happened, "announce", news.append)
    return news


def test_posting_keeps_a_version_and_tells(any_app, heard):
    with any_app.app_context(), unit_of_work():
        owner = an_owner()
        shop = a_shop(owner)
        draft = a_draft(owner)
        need = services.post_need(shop, WANTED, days=60, by=owner, draft=draft)
        assert need.current.wanted == WANTED
        assert need.expires_on == in_days(60)
        assert heard[-1] == NeedPosted(need.id, 1, owner.id)
        assert shop.collateral_said and shop.collateral == [], "what was said with the need is not asked again"
        db.session.flush()
        assert db.session.scalar(sa.select(sa.func.count(NeedDraft.id))) == 0
        audited = sa.select(AuditRow.what).where(AuditRow.object_id == need.id, AuditRow.object_kind == "need")
        assert db.session.scalars(audited).all() == ["need.post"]


def test_what_was_asked_before_stays_when_it_is_changed(any_app, heard):
    with any_app.app_context(), unit_of_work():
        need = a_need()
        owner = need.posted_by_id
        person = an_owner()
        services.change_need(need, replace(WANTED, amount_yuan=Decimal(500_000)), seen_number=1, days=60, by=person)
        assert [version.amount_yuan for version in need.versions] == [300_000, 500_000]
        assert need.current.made_by_id == person.id and need.versions[0].made_by_id == owner
        assert heard == [NeedChanged(need.id, 2, person.id)]
        services.change_need(need, need.current.wanted, seen_number=2, days=60, by=person)
        assert need.current_number == 2, "the same again is no new version"
        with pytest.raises(Refused) as no:
            services.change_need(need, WANTED, seen_number=1, days=60, by=person)
        assert no.value.code == "need_changed_meanwhile"


def test_withdrawn_is_over_and_may_be_copied(any_app, heard):
    with any_app.app_context(), unit_of_work():
        need = a_need(wanted_by_on=in_days(-1))
        owner = an_owner()
        services.withdraw_need(need, by=owner)
        assert heard == [NeedWithdrawn(need.id, owner.id)] and need.withdrawn_at is not None
        for refused in (
            lambda: services.withdraw_need(need, by=owner),
            lambda: services.change_need(need, WANTED, seen_number=1, days=60, by=owner),
            lambda: services.work_has_begun(need),
        ):
            with pytest.raises(Refused, match="need_is_withdrawn"):
                refused()
        draft = services.copy_need(need, key="copy", by=owner)
        assert draft.values["amount"] == "30" and draft.values["wanted_by"] == "", "a day that is past is left out"


def test_wrong_wishes_and_too_many_needs_are_refused(any_app, heard):
    with any_app.app_context(), unit_of_work():
        owner = an_owner()
        shop = a_shop(owner)
        with pytest.raises(Refused, match="need_day_is_past"):
            services.post_need(shop, replace(WANTED, wanted_by_on=in_days(-1)), days=60, by=owner)
        with pytest.raises(Refused, match="need_purpose_not_allowed"):
            services.post_need(shop, replace(WANTED, purpose="PROHIBIT_SEC"), days=60, by=owner)
        for _ in range(10):
            a_need(shop)
        with pytest.raises(Refused, match="need_too_many_at_once"):
            services.post_need(shop, WANTED, days=60, by=owner)


def test_the_database_itself_refuses_a_prohibited_purpose(any_app):
    with any_app.app_context(), pytest.raises(sa.exc.IntegrityError), unit_of_work():
        a_need(purpose="PROHIBIT_RE")


def test_what_leads_report_moves_the_state(any_app):
    with any_app.app_context(), unit_of_work():
        need = a_need()
        services.work_has_begun(need)
        services.work_has_begun(need)
        assert need.state == "in_progress"
        services.work_has_ended(need)
        assert need.state == "open"
        services.work_has_begun(need)
        services.money_has_come(need)
        services.work_has_ended(need)
        assert need.state == "funded"


def test_open_needs_expire_and_their_owner_is_told_once(any_app):
    with any_app.app_context():
        with unit_of_work():
            over = a_need(expires_on=in_days(-1))
            worked_on = a_need(expires_on=in_days(-1), state="in_progress")
            last_day = a_need(expires_on=in_days(0))
            ids = over.id, worked_on.id, last_day.id
        assert jobs.expire_needs(clock.now()) == 1
        assert jobs.expire_needs(clock.now()) == 0
        states = [db.session.get(Need, need_id).state for need_id in ids]
        assert states == ["expired", "in_progress", "open"]
        assert db.session.scalar(sa.select(sa.func.count(Message.id)).where(Message.kind == "need_expired")) == 1


def test_drafts_nobody_touches_are_deleted_after_ninety_days(any_app):
    with any_app.app_context():
        with unit_of_work():
            owner = an_owner()
            a_draft(owner, updated_at=clock.now() - timedelta(days=91))
            kept = a_draft(owner, updated_at=clock.now() - timedelta(days=89)).id
        assert jobs.delete_old_drafts(clock.now()) == 1
        assert list(db.session.scalars(sa.select(NeedDraft.id))) == [kept]


def test_an_older_copy_of_a_draft_is_refused_unless_it_says_the_same(any_app):
    with any_app.app_context(), unit_of_work():
        owner = an_owner()
        draft = services.save_draft(None, key="k", values={"amount": "1"}, version=0, page="desk", by=owner)
        services.save_draft(draft, key="k", values={"amount": "2"}, version=1, page="phone", by=owner)
        assert draft.version == 2
        with pytest.raises(Refused, match="draft_is_newer_elsewhere"):
            services.save_draft(draft, key="k", values={"amount": "3"}, version=1, page="desk", by=owner)
        services.save_draft(draft, key="k", values={"amount": "2"}, version=1, page="desk", by=owner)
        services.save_draft(draft, key="k", values={"amount": "4"}, version=1, page="phone", by=owner)
        assert draft.values["amount"] == "4"
