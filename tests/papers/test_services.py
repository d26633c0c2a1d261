"""Putting in, replacing, taking out, reminders; two at once on both engines."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm.exc import StaleDataError

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.documents.models import Document
from matchmaker.documents.queries import content_of
from matchmaker.documents.rules import check_file
from matchmaker.documents.services import destroy
from matchmaker.notifications.models import Message
from matchmaker.papers import jobs, queries, rules, services
from matchmaker.papers.models import FolderPaper
from matchmaker.refusal import Refused
from tests.builders import an_owner
from tests.businesses.builders import a_business, a_picture
from tests.papers.builders import a_paper


def test_the_same_file_lies_in_a_folder_once_and_in_another_again(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        shop, other = a_business(owner), a_business(owner)
        first = a_paper(shop, owner)
        with pytest.raises(Refused) as refused:
            a_paper(shop, owner, "LEASE")
        assert (refused.value.code, refused.value.facts["paper"]) == ("paper_here_already", "label:paper.kind:LICENCE")
        a_paper(other, owner)
        destroy(first.document, by=None)  # two years are over: it may come again
        a_paper(shop, owner)
        assert len(queries.folder_of(shop, owner)) == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "SELFIE"}, "paper_kind_unknown"),
        ({"note": "长" * 61}, "paper_note_long"),
        ({"expires_on": "yesterday"}, "paper_over_already"),
    ],
)
def test_what_cannot_be_put_in_is_refused_at_its_field(app: Any, values: dict[str, Any], code: str) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        if values.get("expires_on"):
            values = {"expires_on": clock.today() - timedelta(days=1)}
        with pytest.raises(Refused) as refused:
            services.put_in(
                a_business(owner), check_file("a.jpg", a_picture()), **{"kind": "LICENCE", **values}, by=owner
            )
        assert (refused.value.code, refused.value.field) == (code, next(iter(values)))


def test_a_folder_has_an_end(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_PAPERS", 1)
    with app.app_context(), unit_of_work():
        owner = an_owner()
        shop = a_business(owner)
        a_paper(shop, owner)
        with pytest.raises(Refused) as refused:
            a_paper(shop, owner, colour="red")
        assert refused.value.code == "papers_full"


def test_taking_out_destroys_the_content_and_a_newer_one_takes_the_place(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        shop = a_business(owner)
        paper = a_paper(shop, owner, "LEASE")
        newer = services.replace(paper, check_file("b.jpg", a_picture("red")), by=owner)
        assert [one.id for one in queries.folder_of(shop, owner)] == [newer.id]
        assert newer.kind == "LEASE"
        assert content_of(paper.document) is None
        services.take_out(newer, by=owner)
        services.take_out(newer, by=owner)
        assert queries.folder_of(shop, owner) == []
        assert content_of(newer.document) is None


def test_an_older_copy_does_not_overwrite_and_a_new_day_is_reminded_of_anew(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        paper = a_paper(a_business(owner), owner)
        paper.reminded_days = 7
        day = clock.today() + timedelta(days=100)
        services.describe(paper, kind="LEASE", note="柳桥街", expires_on=day, row_version=paper.row_version, by=owner)
        assert (paper.kind, paper.note, paper.expires_on, paper.reminded_days) == ("LEASE", "柳桥街", day, None)
        with pytest.raises(StaleDataError):
            services.describe(paper, kind="OTHER", note="", expires_on=None, row_version=1, by=owner)


def test_who_is_not_proven_sees_their_own_and_a_refused_claimants_papers_are_nobodys(app: Any) -> None:
    from matchmaker.businesses.models import BusinessMember

    with app.app_context(), unit_of_work():
        owner, second, refused = an_owner(), an_owner(), an_owner()
        shop = a_business(owner, standing="checked")
        for person, standing in ((second, "declared"), (refused, "rejected")):
            shop.members.append(
                BusinessMember(
                    person=person, capacity="agent", standing=standing, standing_at=clock.now(),
                    remark_code="other" if standing == "rejected" else None,
                    checked_by_id=owner.id if standing == "rejected" else None,
                )
            )  # fmt: skip
        db.session.flush()
        mine, seconds = a_paper(shop, owner), a_paper(shop, second, colour="red")
        a_paper(shop, refused, colour="blue")
        assert {one.id for one in queries.folder_of(shop, owner)} == {mine.id, seconds.id}
        assert [one.id for one in queries.folder_of(shop, second)] == [seconds.id]


def test_reminders_reach_the_owner_once_each(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            owner = an_owner()
            shop = a_business(owner)
            paper = a_paper(shop, owner, expires_on=clock.today() + timedelta(days=40))
            a_paper(shop, owner, "LEASE", colour="red")
            gone = a_paper(shop, owner, "ORDERS", colour="blue", expires_on=clock.today() + timedelta(days=20))
            services.take_out(gone, by=owner)
        told = []
        for days in (9, 10, 11, 33, 34, 40, 41):
            with clock.frozen(clock.now() + timedelta(days=days)):
                told.append(jobs.remind_of_ending_papers(clock.now()))
        assert told == [0, 1, 0, 1, 0, 0, 0]
        keys = db.session.query(Message.key).order_by(Message.id).all()
        assert [key.split(":")[3] for (key,) in keys] == ["30", "7"]
        assert db.session.get_one(FolderPaper, paper.id).reminded_days == rules.REMIND_DAYS[-1]


def test_two_uploads_of_the_same_file_at_once_leave_one(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        owner = an_owner()
        shop = a_business(owner)
        owner_id, shop_id = owner.id, shop.id
    gate, answers = threading.Barrier(2), []

    def upload() -> None:
        from matchmaker.accounts.models import Person
        from matchmaker.businesses.models import Business

        with any_app.app_context():
            gate.wait()
            try:
                with unit_of_work():
                    a_paper(db.session.get_one(Business, shop_id), db.session.get_one(Person, owner_id))
                answers.append("kept")
            except Refused as no:
                answers.append(no.code)

    for _ in range(3):
        answers.clear()
        threads = [threading.Thread(target=upload) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == ["kept", "paper_here_already"]
        with any_app.app_context():
            with unit_of_work():
                (paper,) = db.session.query(FolderPaper).filter(FolderPaper.removed_at.is_(None)).all()
                services.take_out(paper, by=db.session.get_one(type(paper.added_by), owner_id))
            assert db.session.query(Document).filter(Document.deleted_at.is_(None)).count() == 0
            db.session.rollback()
