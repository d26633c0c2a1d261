"""An owner repairs what a decline named: done with its paper, the same institution looks again, or the need is matched anew."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Lead, LeadPaper, Repair
from matchmaker.leads.queries import presenting
from matchmaker.leads.rules import repairs
from matchmaker.leads.rules.reasons import CODES, Way
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import offering, repairing, working
from matchmaker.leads.words import LABELS
from matchmaker.refusal import Refused
from tests.businesses.builders import a_pdf
from tests.leads.builders import a_case, a_document, offered, to_state
from tests.leads.test_pages import a_site, form_key, text, token
from tests.promises.page_checks import problems_of

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    with app.app_context():
        yield app


def refusal(deed: Any) -> str:
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value.reason.code


@pytest.mark.article("B.4")
def test_every_repairable_code_has_steps_a_place_papers_and_usual_days() -> None:
    repairable = {code for code, reason in CODES.items() if reason.way is Way.REPAIR}
    assert set(repairs.RECIPES) == repairable
    for code, recipe in repairs.RECIPES.items():
        assert all(key in LABELS["lead.repair_step"] for key in recipe.step_keys), code
        assert code in LABELS["lead.repair_place"] and code in LABELS["lead.repair_papers"]
        assert (CODES[code].days or 0) > 0 and CODES[code].who


def test_a_repair_is_of_a_reason_that_was_given_and_is_proven() -> None:
    code = lambda *args: no.code if (no := repairs.repair_refusal(*args)) else None  # noqa: E731
    assert code("T01", ["T01", "B02"], 1) is None
    assert code("T01", ["T01"], 0) == "lead_repair_needs_proof"
    assert code("T02", ["T01"], 1) == "lead_repair_unknown"
    assert code("B02", ["B02"], 1) == "lead_repair_unknown", "it cannot be repaired"
    assert code("X02", ["X02"], 0) is None, "to be reached is proven by being reached"
    assert code("T01", ["T01"], 6) == "lead_repair_too_many_proofs"


@pytest.mark.article("B.4", "B.1")
def test_the_same_institution_looks_again_within_five_days_and_sees_the_proof_by_the_new_consent(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        lead = to_state(case, State.DECLINED)
        assert refusal(lambda: repairing.look_again(lead, by=case.owner)) == "lead_nothing_repaired"
        repairing.mark_done(lead, code="T01", proof=a_document(case.owner, "无欠税证明.pdf"), by=case.owner)
        repairing.mark_done(lead, code="T01", proof=a_document(case.owner, "完税证明.pdf"), by=case.owner)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(LeadPaper)) == 0, "nobody sees it yet"
        colleague = db.session.get_one(Person, case.colleague.id)
        assert presenting.present(lead, colleague).is_sealed
        repairing.look_again(lead, by=case.owner)
        assert lead.state == State.SECOND_LOOK and lead.consent is not None
        assert "documents" in lead.consent.fields and lead.consent.purpose == "second_look"
        look = next(row for row in lead.clocks if row.kind == "second_look")
        assert look.days == 5
        shown = presenting.present(lead, colleague)
        assert [paper.document.filename for paper in shown.papers] == ["无欠税证明.pdf", "完税证明.pdf"]
        working.hand_over(lead, to=case.colleague, by=case.colleague)
        offering.make_offer(lead, offered=offered(case), by=case.colleague)
        assert lead.state == State.OFFERED
        assert refusal(lambda: repairing.mark_done(lead, code="T01", proof=None, by=case.owner)) == "lead_step_not_now"


def test_a_repair_may_take_longer_than_thirty_days(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        case.need.expires_on = clock.today() + timedelta(days=200)
        lead = to_state(case, State.DECLINED)
        with clock.frozen("2026-11-10T10:00:00+08:00"):
            repairing.mark_done(lead, code="T01", proof=a_document(case.owner), by=case.owner)
            repairing.look_again(lead, by=case.owner)
            assert lead.state == State.SECOND_LOOK


def test_the_page_leads_from_the_steps_to_the_second_look(app: Any) -> None:
    site = a_site(app, State.DECLINED)
    client, lead = site.client(site.case.owner), site.lead()
    url = f"/leads/{lead.id}"
    page = text(client.get(url))
    assert problems_of(page) == [] and "登录电子税务局" in page and "无欠税证明" in page
    assert f"{url}/repairs/T01" in page and f"{url}/repairs/B02" not in page, "what cannot be repaired has no steps"
    assert "second-look/repaired" not in page
    nothing = client.post(f"{url}/repairs/T01", data={"csrf_token": token(page)})
    assert nothing.status_code == 422 and "请放上证明" in text(nothing) and problems_of(text(nothing)) == []
    data = {"csrf_token": token(page), "proof": (io.BytesIO(a_pdf()), "无欠税证明.pdf")}
    assert client.post(f"{url}/repairs/T01", data=data, content_type="multipart/form-data").status_code == 303
    for language in ("en", "zh"):
        client.set_cookie("lang", language)
        page = text(client.get(url))
        words = re.sub("<[^>]+>", "", page)
        assert problems_of(page) == [] and "无欠税证明.pdf" in words and "second-look/repaired" in page
    again = {"csrf_token": token(page), "form_key": form_key(page) or "k"}
    assert client.post(f"{url}/second-look/repaired", data=again).status_code == 303
    with app.app_context():
        assert db.session.get_one(Lead, lead.id).state == State.SECOND_LOOK
        assert db.session.scalars(sa.select(Repair.code)).all() == ["T01"]


def test_nobody_else_marks_a_repair(app: Any) -> None:
    site = a_site(app, State.DECLINED)
    for person in (site.case.manager, site.case.desk):
        client = site.client(person)
        page = text(client.get("/leads/queue"))
        answer = client.post(f"/leads/{site.lead().id}/repairs/T01", data={"csrf_token": token(page)})
        assert answer.status_code in (403, 404)
