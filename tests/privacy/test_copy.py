"""A copy of one's own data: whole by the table of retention, without the words of others, and it says what it leaves out."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.businesses import claims, mandates
from matchmaker.businesses.models import IdentityCase
from matchmaker.db import Base, db, unit_of_work
from matchmaker.keeping import NO_COPY
from matchmaker.leads.services import working
from matchmaker.privacy import queries, services
from matchmaker.privacy.words import LABELS
from tests.builders import an_operator, an_owner, sign_in
from tests.businesses.builders import a_business
from tests.leads.builders import a_case, to_state

pytestmark = pytest.mark.article("B.1")


def copy_of(app: Any, person: Any) -> tuple[dict[str, Any], str]:
    """What the machine-readable file holds, and every word of both files."""
    client = app.test_client()
    sign_in(client, person)
    archive = zipfile.ZipFile(io.BytesIO(client.get("/my-data/download").data))
    words = [archive.read(name).decode() for name in ("my-data.json", "my-data.html")]
    return json.loads(words[0]), "\n".join(words)


@pytest.mark.parametrize("cls", queries.tables(), ids=lambda cls: cls.__tablename__)
def test_every_table_about_people_is_in_the_copy_or_named_as_not(cls: type[Base]) -> None:
    kept = cls.kept
    if kept.kind not in ("public", "machinery", "work"):
        assert kept.of or kept.also or kept.no_copy, (
            "let the copy find its rows (`of`, `also`), or say why nobody gets one (`no_copy`)"
        )
    assert kept.no_copy in NO_COPY and not (kept.no_copy and kept.of)
    for name in (*kept.withheld, *kept.also, *([kept.unless] if kept.unless else [])):
        assert name in cls.__table__.columns, name
    for share in kept.also.values():
        assert {*share.withheld, *share.erase} <= set(cls.__table__.columns.keys())


def test_what_is_left_out_has_words_and_stands_in_both_files(app: Any) -> None:
    found = queries.left_out()
    assert {one.why for one in found} == set(LABELS["privacy.no_copy"])
    assert {("person", ("password_hash", "totp_secret")), ("lead_step", ("note",)), ("one_time_code", ())} <= {
        (one.table, one.columns) for one in found
    }
    with app.app_context(), unit_of_work():
        owner = an_owner()
    held, words = copy_of(app, owner)
    assert len(held["left_out"]) == len(found)
    assert "没有放进来的，为什么" in words and "机构自己的备注和核查" in words


def test_an_institutions_own_notes_are_not_handed_out_and_what_was_written_for_both_is(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "contacted")
        working.visit(
            lead, visited_at=clock.now(), place="shop", premises="seen", note="内部：存货像是借来的", by=case.manager
        )
        working.record_checks(
            lead, phase="before", results={"identity": ("doubt", "内部：房东说要收回")}, by=case.manager
        )
        working.ask_papers(lead, items=[{"what": "店铺租约", "why": "证明"}], note="这周给就行", by=case.manager)
    held, words = copy_of(app, case.owner)
    assert "内部：" not in words, "due diligence stays with who did it"
    assert "这周给就行" in words
    (check,) = held["tables"]["lead_check"]
    assert "evidence" not in check and check["item"] == "identity", "that it was looked into is no secret"


def test_either_side_of_a_claim_copies_its_own_words_alone(app: Any) -> None:
    with app.app_context(), unit_of_work():
        holder, claimant = an_owner("周桂兰"), an_owner("王二麻")
        business = a_business(holder, "桂兰砂锅馆", standing="checked")
        case = claims.claim_code(uscc=business.uscc, capacity="owner", words="我接手了，电话变了", by=claimant)
        claims.answer_claim(case, words="执照一直是我的", by=holder)
    theirs, mine = copy_of(app, claimant), copy_of(app, holder)
    assert "我接手了" in theirs[1] and "执照一直是我的" not in theirs[1]
    assert "执照一直是我的" in mine[1] and "我接手了" not in mine[1]
    assert "claimant_id" not in mine[0]["tables"]["identity_case"][0]


def test_who_claimed_and_goes_takes_their_words_along_and_leaves_the_holders(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            holder, claimant = an_owner("周桂兰"), an_owner("王二麻")
            business = a_business(holder, standing="checked")
            case = claims.claim_code(uscc=business.uscc, capacity="owner", words="我接手了，电话变了", by=claimant)
            claims.answer_claim(case, words="执照一直是我的", by=holder)
            claims.decide_case(
                case, outcome="holder", reason="没有变更", row_version=case.row_version, by=an_operator()
            )
        with unit_of_work():
            services.close_account(db.session.get_one(Person, claimant.id))
        db.session.expire_all()
        found = db.session.get_one(IdentityCase, case.id)
        assert (found.claimant_words, found.holder_words) == ("", "执照一直是我的")


def test_a_helper_copies_what_they_may_do_and_ones_own_deeds(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner, helper = an_owner("周桂兰"), an_owner("账房")
        business = a_business(owner, "桂兰砂锅馆", standing="checked")
        mandate = mandates.invite_helper(
            business, address=helper.phone or "", scope="look", limit_yuan=None, until_on=clock.today(), language="zh", by=owner
        )
        mandates.accept_mandate(mandate, by=helper)
    held, words = copy_of(app, helper)
    assert [row["scope"] for row in held["tables"]["mandate"]] == ["look"]
    assert held["tables"]["audit_row"] and {row["by_id"] for row in held["tables"]["audit_row"]} == {helper.id}
    assert "seal" not in held["tables"]["audit_row"][0] and business.uscc not in words
