"""A supervisor reads masked; who it is costs a case number, and its owner reads of it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.db import db, unit_of_work
from matchmaker.privacy.rules import masked_code, masked_name
from tests.builders import a_desk, a_supervisor, an_operator, an_owner, sign_in
from tests.businesses.builders import a_business
from tests.privacy.typing_in import post
from tests.promises.page_checks import problems_of

pytestmark = pytest.mark.article("B.1")


def test_what_is_masked_keeps_no_more_than_it_says() -> None:
    assert masked_name("桂兰砂锅馆") == "桂＊＊＊＊" and masked_name("店") == "店＊"
    assert masked_code("92330106MA2T00017X") == "92330106＊＊＊＊＊＊＊＊7X"


def test_a_supervisor_unmasks_with_a_case_number_alone_and_the_owner_reads_of_it(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner("周桂兰", phone="13800138001")
        business = a_business(owner, "桂兰砂锅馆", standing="checked")
        supervisor = a_supervisor("监管员甲")
        path, secrets = f"/masked/{business.id}", ("桂兰砂锅馆", business.uscc, "文三路", "周桂兰", "13800138001")
    client = app.test_client()
    sign_in(client, supervisor)
    for page in (client.get("/masked").text, client.get(path).text):
        assert "桂＊＊＊＊" in page and problems_of(page) == []
        assert [secret for secret in secrets if secret in page] == []
    for typed in ({"case_number": "", "reason": "核实投诉"}, {"case_number": "案子", "reason": "核实投诉"},
                  {"case_number": "甬金监案〔2026〕12号", "reason": ""}):  # fmt: skip
        answer = post(client, path, **typed)
        assert answer.status_code == 422
        assert [secret for secret in secrets if secret in answer.text] == []
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(DataAccess.id))) == 0
    page = post(client, path, case_number="甬金监案〔2026〕12号", reason="核实投诉").text
    assert [secret for secret in secrets if secret not in page] == []
    assert problems_of(page) == []
    assert "桂兰砂锅馆" not in client.get(path).text, "once, and on that page alone"
    with app.app_context():
        deed = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "supervision.unmask")).one()
        assert deed.facts["case_number"] == "甬金监案〔2026〕12号" and deed.by_id == supervisor.id
    mine = app.test_client()
    sign_in(mine, owner)
    log = mine.get("/leads/who-sees").text
    assert "监管员甲" in log and "监管按案号查看" in log


def test_nobody_else_finds_the_masked_pages(app: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business()
        people = [an_operator(), a_desk(), an_owner()]
        path = f"/masked/{business.id}"
    for person in people:
        client = app.test_client()
        sign_in(client, person)
        assert client.get("/masked").status_code == 404 == client.get(path).status_code
