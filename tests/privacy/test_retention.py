"""Every table says what for, how long and what deletion does; what is over its time is deleted, in parts, at night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, timetable
from matchmaker.accounts.models import Invitation
from matchmaker.audit.models import DataAccess
from matchmaker.db import Base, db, unit_of_work
from matchmaker.documents.jobs import destroy_old_papers
from matchmaker.documents.models import Document, DocumentContent
from matchmaker.keeping import KINDS, PURPOSES_OF_STAYING, Kept, YearOnly
from matchmaker.leads.models import LeadStep
from matchmaker.leads.services import working
from matchmaker.needs.models import NeedVersion
from matchmaker.notifications.services import tell
from matchmaker.privacy import jobs, queries
from matchmaker.privacy.words import LABELS
from tests.builders import a_desk, an_owner
from tests.leads.builders import a_case, a_document, to_state

pytestmark = pytest.mark.article("B.1")

TELLING = (
    "phone", "email", "address", "name", "note", "remark", "filename", "evidence", "words", "uscc", "contact", "draft",
    "values", "items", "reference", "conditions", "content", "agent", "secret", "hash", "facts", "dispute", "latitude",
    "longitude", "licence_plate", "message", "text", "reason_words", "number_of_contract", "typed", "certificate",
)  # fmt: skip
"""Parts of column names behind which something about a person may stand."""


def test_every_table_declares_what_it_keeps_next_to_its_model() -> None:
    missing = [cls.__name__ for cls in queries.tables() if not isinstance(cls.__dict__.get("kept"), Kept)]
    assert missing == [], (
        "these tables do not say what of them is about people: write `kept = Kept(kind, of=…, days=…, since=…, "
        "closing=…, erase=…, why=…)` in the class (see matchmaker/keeping.py), or `kept = PUBLIC`"
    )


@pytest.mark.parametrize("cls", queries.tables(), ids=lambda cls: cls.__tablename__)
def test_a_declaration_is_whole(cls: type[Base]) -> None:
    kept, columns = cls.kept, cls.__table__.columns
    assert kept.kind in KINDS and kept.kind in LABELS["privacy.kind"] and kept.kind in LABELS["privacy.purpose"]
    assert kept.closing in ("delete", "erase", "stay") and kept.why in PURPOSES_OF_STAYING
    assert (kept.days is None) == (kept.since is None), "how long, since when: both or none"
    if kept.since is not None:
        assert kept.since in columns
    for name in (*kept.erase, *kept.harmless, *kept.hidden):
        assert name in columns, f"there is no column {name}"
    if kept.of is not None:
        assert kept.of in columns
        assert queries.belonging(cls, 1, [1]) is not None, "its chain must end at a person or a business"
    else:
        assert kept.closing == "stay", "what belongs to nobody cannot be deleted with somebody"
    if kept.closing == "erase":
        assert kept.erase, "erase what?"
    if kept.closing != "delete" and kept.of is not None and not (kept.after_its_time == "delete"):
        assert kept.why, "what stays for good says why"


@pytest.mark.parametrize("cls", queries.tables(), ids=lambda cls: cls.__tablename__)
def test_no_telling_column_outlives_its_person(cls: type[Base]) -> None:
    kept = cls.kept
    if kept.kind == "public" or kept.closing == "delete" or kept.after_its_time == "delete":
        return
    left = [
        column.name
        for column in cls.__table__.columns
        if any(part in column.name for part in TELLING)
        and column.name not in (*kept.erase, *kept.harmless, *kept.hidden)
        and not isinstance(column.type, sa.Boolean)
        and not column.foreign_keys
        and not column.name.endswith(("_at", "_on"))
    ]
    assert left == [], "erase them, or say that they are harmless"


def test_every_table_that_points_to_a_person_or_business_says_whose_it_is() -> None:
    wrong = []
    for cls in queries.tables():
        targets = {key.column.table.name for column in cls.__table__.columns for key in column.foreign_keys}
        if targets & {"person", "business"} and cls.kept.of is None and cls.kept.kind not in ("work",):
            wrong.append(cls.__tablename__)
    assert wrong == []


def test_every_job_that_a_declaration_names_is_in_the_timetable() -> None:
    named = {cls.kept.job for cls in queries.tables() if cls.kept.days is not None}
    assert named <= set(timetable.by_name())


def test_a_new_table_without_a_declaration_would_be_found() -> None:
    class Forgotten:
        __tablename__ = "forgotten"

    assert not isinstance(Forgotten.__dict__.get("kept"), Kept)


def age(table: type[Base], days: int) -> None:
    """Let the rows of a table be some days older than they are."""
    since: Any = getattr(table, table.kept.since or "")
    with unit_of_work():
        for number, at in db.session.execute(sa.select(table.id, since)).all():
            db.session.execute(
                sa.update(table.__table__)
                .where(table.__table__.c.id == number)
                .values({since.key: at - timedelta(days=days)})
            )


def test_what_is_over_its_time_goes_and_what_is_not_stays(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            case = a_case(note="隔壁王记也想借")
            lead = to_state(case, "accepted")
            working.contact(lead, channel="message", message="明天来看", note="老板人好", by=case.manager)
            tell(case.owner.id, "need_expired", key="old", outside=False)
            a_desk(case.institution)
        with unit_of_work():
            from matchmaker.leads.queries.presenting import present

            present(db.session.merge(lead), case.manager)
        assert jobs.delete_what_is_over(clock.now()) == {}, "nothing is old yet"
        count = {table: db.session.scalar(sa.select(sa.func.count(table.id))) for table in (LeadStep, NeedVersion)}
        for table in (LeadStep, NeedVersion, DataAccess):
            age(table, (table.kept.days or 0) + 1)
        done = jobs.delete_what_is_over(clock.now())
        assert {"lead_step", "need_version", "data_access"} <= set(done)
        db.session.expire_all()
        steps = db.session.scalars(sa.select(LeadStep)).all()
        assert len(steps) == count[LeadStep], "steps stay, their words go"
        assert all(step.note is None and "message" not in step.facts for step in steps)
        assert any(step.facts.get("channel") == "message" for step in steps), "what kind of step it was stays"
        assert [version.note for version in db.session.scalars(sa.select(NeedVersion))] == [""] * count[NeedVersion]
        assert db.session.scalar(sa.select(sa.func.count(DataAccess.id))) == 0
        assert jobs.delete_what_is_over(clock.now()) == {}, "a second night finds nothing"


def test_a_run_that_is_killed_between_parts_is_finished_by_the_next(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    with app.app_context():
        with unit_of_work():
            owner = an_owner()
            for number in range(5):
                tell(owner.id, "need_expired", key=f"m{number}", outside=False)
        from matchmaker.notifications.models import Message

        age(Message, 731)
        parts = []

        def dies(*args: Any) -> None:
            parts.append(args)
            if len(parts) == 2:
                raise KeyboardInterrupt
            real(*args)

        real = jobs.services.delete_rows
        monkeypatch.setattr(jobs.services, "delete_rows", dies)
        with pytest.raises(KeyboardInterrupt):
            jobs.delete_what_is_over(clock.now())
        left = sa.select(sa.func.count(Message.id))
        assert db.session.scalar(left) == 3, "the first part is done, the second undone as a whole"
        monkeypatch.setattr(jobs.services, "delete_rows", real)
        assert jobs.delete_what_is_over(clock.now()) == {"message": 3}
        assert db.session.scalar(left) == 0


def test_old_papers_lose_their_content_and_name(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        with unit_of_work():
            owner = an_owner()
            old = [a_document(owner, f"执照{number}.pdf").id for number in range(3)]
            a_document(owner, "新的.pdf")
            for number in old:
                db.session.get_one(Document, number).uploaded_at -= timedelta(days=731)
        monkeypatch.setattr("matchmaker.documents.jobs.AT_ONCE", 2)
        assert destroy_old_papers(clock.now()) == 3
        assert destroy_old_papers(clock.now()) == 0
        db.session.expire_all()
        assert {db.session.get_one(Document, number).filename for number in old} == {"deleted"}
        assert db.session.scalar(sa.select(sa.func.count(DocumentContent.id))) == 1


def test_an_invitation_nobody_took_forgets_whom_it_was_for(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            desk = a_desk()
            at = clock.real_now() - timedelta(days=200)
            db.session.add(
                Invitation(token_hash="x", role="operator", address="13800138000", name="某", invited_by_id=desk.id,
                           created_at=at, expires_at=at + timedelta(days=7))
            )  # fmt: skip
        assert jobs.delete_what_is_over(clock.now()) == {"invitation": 1}
        (row,) = db.session.scalars(sa.select(Invitation))
        assert row.address == row.name == ""


def test_the_public_page_prints_every_table(client: Any) -> None:
    page = client.get("/data-kept")
    assert page.status_code == 200
    for cls in queries.tables():
        assert f">{cls.__tablename__}</code>" in page.text, cls.__tablename__
    assert "180 天后" in page.text


def test_the_day_of_founding_is_coarsened_to_its_year() -> None:
    from datetime import date

    from matchmaker.keeping import erased

    assert erased(date(2021, 6, 3), YearOnly(), 1, clock.now()) == date(2021, 1, 1)
    assert erased(None, YearOnly(), 1, clock.now()) is None


def test_every_kind_of_data_about_people_says_what_the_closing_of_an_account_does() -> None:
    silent = [line.kind for line in queries.retention() if not line.closings and line.kind not in ("public",)]
    assert silent == []
