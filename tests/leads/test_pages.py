"""Pages of leads through HTTP, as plain forms without scripts: every state × reader is well-formed, in both languages."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses.models import Business
from matchmaker.businesses.services import ask_for_check, refute_title, verify_title
from matchmaker.db import db, unit_of_work
from matchmaker.documents.rules import check_file
from matchmaker.leads.models import Lead, LeadClock, LeadPaper, LeadStep, Payout
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.clocks import LIMITS, Clock
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, working
from matchmaker.matching.services import make_list
from matchmaker.needs.models import Need
from matchmaker.products.models import Product
from tests.builders import a_desk, a_manager, an_institution, an_operator, an_owner, sign_in
from tests.businesses.builders import a_pdf, a_title
from tests.leads.builders import EVERYTHING, Case, a_bank, a_case, match, to_state
from tests.promises.page_checks import problems_of
from tests.promises.test_lists import read

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@dataclass
class Site:
    """The application with one case and a client for each of its people."""

    app: Any
    case: Case

    def client(self, person: Any) -> Any:
        client = self.app.test_client()
        sign_in(client, person)
        return client

    def lead(self) -> Lead:
        with self.app.app_context():
            return db.session.scalars(sa.select(Lead).order_by(Lead.id.desc())).first()


def a_site(app: Any, state: State | str | None = None, **sending: Any) -> Site:
    with app.app_context(), unit_of_work():
        case = a_case()
        if state is not None:
            to_state(case, state, **sending)
    return Site(app, case)


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page[:500]
    return found[1]


def form_key(page: str) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    return found[1] if found else ""


def post(client: Any, page_url: str, url: str, **values: Any) -> Any:
    """Open the page, then post a form of it as a browser without scripts does."""
    page = client.get(page_url).get_data(as_text=True)
    data = {"csrf_token": token(page), "form_key": form_key(page) or "k1", **values}
    return client.post(url, data=data)


def text(answer: Any) -> str:
    return answer.get_data(as_text=True)


@pytest.mark.article("B.3")
@pytest.mark.parametrize("state", list(State))
def test_every_page_of_a_lead_is_whole_for_every_reader_in_both_languages(app: Any, state: State) -> None:
    site = a_site(app, state, **({} if state is State.DRAFT else {"fields": EVERYTHING}))
    lead = site.lead()
    case = site.case
    addresses = [
        f"/leads/{lead.id}",
        "/leads/",
        "/leads/who-sees",
        f"/leads/queue?show=done&lead={lead.id}",
        f"/leads/queue?lead={lead.id}",
    ]
    if state in (State.OFFERED, State.TAKEN, State.SIGNED, State.PAID_OUT):
        addresses.append(f"/leads/{lead.id}/offers/1")
    if state is State.DECLINED:
        addresses.append(f"/leads/{lead.id}/second-look")
    readers = (
        (case.owner, "zh"),
        (case.owner, "en"),
        (case.manager, "zh"),
        (case.manager, "en"),
        (case.colleague, "zh"),
        (case.desk, "zh"),
    )
    for person, language in readers:
        client = site.client(person)
        client.set_cookie("lang", language)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code in (200, 403, 404), (address, person.name)
            if answer.status_code == 200:
                assert problems_of(text(answer)) == [], (address, person.name, state)


def test_the_consent_page_says_what_is_seen_and_ticks_nothing(app: Any) -> None:
    site = a_site(app)
    client = site.client(site.case.owner)
    url = f"/needs/{site.case.need.id}/send/{site.case.product.id}"
    page = text(client.get(url))
    assert problems_of(page) == []
    assert "桂兰砂锅馆" in page and "柳桥街 18 号" in page
    optional = re.findall(r'<input[^>]*name="fields_more"[^>]*>', page)
    assert len(optional) == 6 and not any("checked" in box for box in optional)
    assert not any("checked" in box for box in re.findall(r'<input[^>]*name="hours"[^>]*>', page))


@pytest.mark.article("B.1")
def test_the_preview_shows_exactly_what_was_ticked_and_sends_nothing(app: Any) -> None:
    site = a_site(app)
    client = site.client(site.case.owner)
    url = f"/needs/{site.case.need.id}/send/{site.case.product.id}"
    page = text(client.get(url))
    assert site.case.owner.phone not in page and "B 级" not in page
    answer = post(client, url, f"{url}/preview", fields_more=["tax", "figures"], hours=["morning"], until="longest")
    page = text(answer)
    assert answer.status_code == 200 and problems_of(page) == []
    assert site.case.owner.phone in page and "B 级" in page and "6 人" in page
    assert site.lead() is None


@pytest.mark.article("B.1")
def test_sending_by_the_plain_form_happens_once(app: Any) -> None:
    site = a_site(app)
    client = site.client(site.case.owner)
    url = f"/needs/{site.case.need.id}/send/{site.case.product.id}"
    page = text(client.get(url))
    data = {
        "csrf_token": token(page),
        "form_key": form_key(page),
        "fields_more": ["tax"],
        "hours": ["morning"],
        "until": "longest",
    }
    first = client.post(url, data=data)
    again = client.post(url, data=data)
    assert first.status_code == again.status_code == 303 and first.location == again.location
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Lead)) == 1
    lead = site.lead()
    assert first.location == f"/leads/{lead.id}"
    assert "tax" in lead.consent.fields if (lead := _with_consent(app, lead.id)) else False


def _with_consent(app: Any, lead_id: int) -> Lead:
    with app.app_context():
        lead = db.session.get_one(Lead, lead_id)
        assert lead.consent is not None
        return lead


def test_an_unchecked_owner_is_refused_with_the_way_there(app: Any) -> None:
    site = a_site(app)
    with app.app_context(), unit_of_work():
        business = db.session.get_one(Business, site.case.business.id)
        business.members[0].standing = "declared"
    client = site.client(site.case.owner)
    url = f"/needs/{site.case.need.id}/send/{site.case.product.id}"
    page = text(client.get(url))
    assert f"/businesses/{site.case.business.id}/papers" in page and "还没有核过" in page
    answer = client.post(url, data={"csrf_token": token(page), "form_key": "x", "until": "longest"})
    assert answer.status_code == 409 and problems_of(text(answer)) == []
    assert site.lead() is None


def test_a_fourth_institution_is_refused_with_the_three_named(app: Any) -> None:
    site = a_site(app, State.WAITING)
    with app.app_context(), unit_of_work():
        banks = [a_bank(number)[3] for number in range(2, 5)]
        need = db.session.get_one(Need, site.case.need.id)
        match(need, *banks)
        site.case.need = need
        from tests.leads.builders import send

        for bank in banks[:2]:
            send(site.case, bank, by=db.session.get_one(Person, site.case.owner.id))
    client = site.client(site.case.owner)
    answer = client.get(f"/needs/{site.case.need.id}/send/{banks[2].id}")
    page = text(answer)
    assert "已经有 3 家在办" in page and page.count("去看，或收回") == 3 and problems_of(page) == []


def test_a_choice_is_kept_and_dropped(app: Any) -> None:
    site = a_site(app)
    client = site.client(site.case.owner)
    url = f"/needs/{site.case.need.id}/send/{site.case.product.id}"
    assert post(client, url, f"{url}/keep", fields_more=["tax"], until="longest").status_code == 303
    page = text(client.get("/leads/"))
    assert "草稿" in page and problems_of(page) == []
    assert "checked" in re.findall(r'<input[^>]*value="tax"[^>]*>', text(client.get(url)))[0]
    lead = site.lead()
    assert site.client(site.case.manager).get(f"/leads/{lead.id}").status_code == 404
    assert post(client, "/leads/", f"/leads/{lead.id}/drop").status_code == 303
    assert site.lead().state == "given_up"


# --- the owner answers


def test_the_owner_withdraws_and_the_institution_sees_a_sealed_card(app: Any) -> None:
    site = a_site(app, State.CONTACTED)
    lead = site.lead()
    assert "桂兰砂锅馆" in text(site.client(site.case.manager).get(f"/leads/queue?lead={lead.id}"))
    client = site.client(site.case.owner)
    assert post(client, f"/leads/{lead.id}", f"/leads/{lead.id}/withdraw").status_code == 303
    page = text(site.client(site.case.manager).get(f"/leads/{lead.id}"))
    assert "资料已经封上" in page and "客户收回了授权" in page
    for secret in ("桂兰砂锅馆", site.case.business.uscc, site.case.owner.phone, "周桂兰", "柳桥街"):
        assert secret not in page


def test_papers_are_added_one_by_one_and_sent_together(app: Any) -> None:
    from io import BytesIO

    site = a_site(app, State.PAPERS)
    lead = site.lead()
    client = site.client(site.case.owner)
    page = text(client.get(f"/leads/{lead.id}"))
    assert "店铺租约" in page and "都补齐了" not in page
    image = _png()
    wrong = {"csrf_token": token(page), "item_number": "1", "file": (BytesIO(b"hello"), "a.txt")}
    answer = client.post(f"/leads/{lead.id}/papers", data=wrong, content_type="multipart/form-data")
    assert answer.status_code == 422 and problems_of(text(answer)) == []
    right = {"csrf_token": token(page), "item_number": "1", "file": (BytesIO(image), "租约.png")}
    answer = client.post(f"/leads/{lead.id}/papers", data=right, content_type="multipart/form-data")
    assert answer.status_code == 303
    with app.app_context():
        (paper_id,) = db.session.scalars(sa.text("select id from lead_paper")).all()
    staff = site.client(site.case.manager)
    assert staff.get(f"/leads/{lead.id}/papers/{paper_id}").status_code == 404, "added, not sent"
    assert client.get(f"/leads/{lead.id}/papers/{paper_id}").status_code == 200
    assert post(client, f"/leads/{lead.id}", f"/leads/{lead.id}/papers/send").status_code == 303
    assert site.lead().state == "review"
    assert staff.get(f"/leads/{lead.id}/papers/{paper_id}").data == check_file("租约.png", image).content
    with app.app_context():
        purposes = set(
            db.session.scalars(sa.select(DataAccess.purpose).where(DataAccess.person_id == site.case.manager.id))
        )
    assert "paper" in purposes
    post(client, f"/leads/{lead.id}", f"/leads/{lead.id}/withdraw")
    assert staff.get(f"/leads/{lead.id}/papers/{paper_id}").status_code == 404


def _png() -> bytes:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (40, 30), "white").save(file, "PNG")
    return file.getvalue()


def test_the_owner_reads_a_refusal_and_what_to_do(app: Any) -> None:
    site = a_site(app, State.DECLINED)
    with app.app_context(), unit_of_work():
        need = db.session.get_one(Need, site.case.need.id)
        other = a_bank(5)[3]
        match(need, db.session.get_one(Product, site.case.product.id), other)
    lead = site.lead()
    client = site.client(site.case.owner)
    page = text(client.get(f"/leads/{lead.id}"))
    assert "有一笔税晚缴或没缴" in page and "能修好：税务局" in page and "3 个工作日" in page.replace("\u00a0", " ")
    assert "近 12 个月流水不够" in page and "T01" in page
    assert "内部：流水差 8 万" not in page, "the bank's note is no advice"
    assert f"/needs/{need.id}/send/{other.id}" in page, "the next best product"
    answer = post(client, f"/leads/{lead.id}", f"/leads/{lead.id}/correct", words="税早就缴清了")
    assert answer.status_code == 303
    assert "税早就缴清了" in text(client.get(f"/leads/{lead.id}"))
    answer = post(client, f"/leads/{lead.id}", f"/leads/{lead.id}/correct", words=" ")
    assert answer.status_code == 422 and problems_of(text(answer)) == []


def test_a_second_look_by_the_plain_form(app: Any) -> None:
    site = a_site(app, State.DECLINED)
    lead = site.lead()
    client = site.client(site.case.owner)
    url = f"/leads/{lead.id}/second-look"
    said: dict[str, Any] = {"repaired": "yes", "until": "longest", "hours": ["morning"], "look_note": "税缴清了"}
    answer = post(client, url, url, **said)
    assert answer.status_code == 422 and "放上证明" in text(answer) and "税缴清了" in text(answer), "5 days want proof"
    assert site.lead().state == State.DECLINED
    answer = post(client, url, url, **said, proof=(io.BytesIO(a_pdf()), "完税证明.pdf"))
    assert answer.status_code == 303
    with app.app_context():
        assert db.session.scalars(sa.select(LeadPaper.lead_id)).all() == [lead.id], "it has the proof"
    assert site.lead().state == "second_look"
    page = text(site.client(site.case.colleague).get("/leads/queue"))
    assert "再看一遍中" in page
    taken = post(site.client(site.case.colleague), "/leads/queue", f"/leads/{lead.id}/take", back="queue")
    assert taken.status_code == 303 and site.lead().manager_id == site.case.colleague.id


def test_an_offer_is_read_accepted_and_paid_by_plain_forms(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = app.config["SETTINGS"]
    assert (before.contract_days, before.payout_days) == (LIMITS[Clock.SIGN].days, LIMITS[Clock.PAY].days)
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(before, contract_days=2, payout_days=3))
    site = a_site(app, State.REVIEW)
    lead = site.lead()
    manager = site.client(site.case.manager)
    owner = site.client(site.case.owner)
    queue = f"/leads/queue?lead={lead.id}"
    offer = {
        "back": "queue", "amount_unit": "wan", "amount": "30", "term_months": "12", "repayment": "EQ_INST",
        "spread_bp": "85", "fee_LATE": "50", "valid_until_on": "2026-10-14", "conditions": "按月还",
    }  # fmt: skip
    preview = post(manager, queue, f"/leads/{lead.id}/offer/preview", **offer)
    assert preview.status_code == 200 and "3.85" in text(preview) and site.lead().state == "review"
    wrong = post(manager, queue, f"/leads/{lead.id}/offer", **{**offer, "spread_bp": "200", "amount": "三十"})
    assert wrong.status_code == 422 and problems_of(text(wrong)) == [] and 'value="三十"' in text(wrong)
    assert (
        post(
            manager,
            queue,
            f"/leads/{lead.id}/offer",
            **offer,
        ).status_code
        == 303
    )
    sheet = text(owner.get(f"/leads/{lead.id}/offers/1"))
    assert "3.85" in sheet and "接受这个报价" in sheet and "25,524" in sheet and "按月还" in sheet
    assert post(owner, f"/leads/{lead.id}/offers/1", f"/leads/{lead.id}/offers/1/accept").status_code == 303
    contract = {"back": "queue", "contract_number": "HT-9", "signed_on": "2026-09-23"}
    assert post(manager, queue, f"/leads/{lead.id}/contract", **contract).status_code == 303
    payout = {"back": "queue", "amount_unit": "wan", "amount": "30", "paid_on": "2026-09-23", "reference": "LS-9"}
    assert post(manager, queue, f"/leads/{lead.id}/payout", **payout).status_code == 303
    page = text(owner.get(f"/leads/{lead.id}"))
    assert "收到了，数对" in page
    assert post(owner, f"/leads/{lead.id}", f"/leads/{lead.id}/payout/confirm").status_code == 303
    with app.app_context():
        assert db.session.scalars(sa.select(Payout.standing)).all() == ["confirmed"]
        days = {row.kind: row.days for row in db.session.scalars(sa.select(LeadClock))}
        assert (days["sign"], days["pay"]) == (2, 3), "settings shorten the days for contract and money"
    assert "30" in text(owner.get("/loans/"))


def test_a_disputed_pay_out_comes_back_to_the_queue(app: Any) -> None:
    site = a_site(app, State.PAID_OUT)
    lead = site.lead()
    owner = site.client(site.case.owner)
    answer = post(owner, f"/leads/{lead.id}", f"/leads/{lead.id}/payout/dispute", words="")
    assert answer.status_code == 422 and problems_of(text(answer)) == []
    assert post(owner, f"/leads/{lead.id}", f"/leads/{lead.id}/payout/dispute", words="没有到账").status_code == 303
    page = text(site.client(site.case.manager).get(f"/leads/queue?lead={lead.id}"))
    assert "客户对放款有异议" in page and "重新报告放款" in page and "没有到账" in page and "桂兰砂锅馆" not in page


# --- the institution works


def test_a_manager_works_the_queue_without_leaving_it(app: Any) -> None:
    site = a_site(app, State.WAITING)
    lead = site.lead()
    client = site.client(site.case.manager)
    page = text(client.get("/leads/queue"))
    assert "桂兰砂锅馆" in page and "没人认领" in page and "在您的片区" in page and "您手上 0 件，能接 30 件" in page
    claimed = post(client, "/leads/queue", f"/leads/{lead.id}/accept", back="queue")
    assert claimed.status_code == 303 and claimed.location == f"/leads/queue?lead={lead.id}"
    page = text(client.get(claimed.location))
    assert site.case.owner.phone in page and "认领了" in page
    unsaid = post(client, claimed.location, f"/leads/{lead.id}/contact", back="queue", channel="call")
    assert unsaid.status_code == 422 and "选一个，联系上了，还是没有" in text(unsaid), "a slip is no contact"
    bad = post(client, claimed.location, f"/leads/{lead.id}/contact", back="queue", reached="yes", channel="message")
    assert bad.status_code == 422 and "先做什么" in text(bad) and problems_of(text(bad)) == []
    good = post(
        client, claimed.location, f"/leads/{lead.id}/contact", back="queue", reached="yes", channel="call",
        visit_agreed="y", visit_on="2026-09-24", visit_time="14:00", contact_note="接了",
    )  # fmt: skip
    assert good.status_code == 303
    page = text(client.get(good.location))
    assert "9 月 24 日 14:00" in page.replace("\u00a0", " ") and "接了" in page
    papers = post(client, good.location, f"/leads/{lead.id}/ask-papers", back="queue", what_1="租约", why_1="看店")
    assert papers.status_code == 303
    assert "钟停着" in text(client.get(papers.location))
    owner_page = text(site.client(site.case.owner).get(f"/leads/{lead.id}"))
    assert "租约" in owner_page and "接了" not in owner_page, "the manager's note stays inside"


def test_a_decline_needs_a_code_and_shows_the_error_at_its_field(app: Any) -> None:
    site = a_site(app, State.ACCEPTED)
    lead = site.lead()
    client = site.client(site.case.manager)
    url = f"/leads/{lead.id}"
    assert "停办了”，这个产品马上不给新客户看" in text(client.get(url)), "whoever says stopped knows what it does"
    answer = post(client, url, f"{url}/decline", decline_note="不合适")
    assert answer.status_code == 422 and "要选一个原因" in text(answer) and "不合适" in text(answer)
    assert problems_of(text(answer)) == []
    assert post(client, url, f"{url}/decline", codes=["B02"], seen_turnover_yuan="92").status_code == 303
    assert site.lead().state == "declined"


@pytest.mark.article("B.4")
def test_a_second_look_is_advised_once_and_only_while_it_can_be_asked_for(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        make_list(case.need, by=case.owner)
        to_state(case, State.ACCEPTED)
        working.decline(case.lead, codes=["X01"], seen=Seen(), by=case.manager)
    site = Site(app, case)
    advice, address = "拿得出证明，就请另一个人再看一遍", f"/leads/{site.lead().id}"
    page = text(site.client(case.owner).get(address))
    assert page.count("产品写明的") > page.count("照您填的，这一条您够") == 1, "two written figures, said once"
    assert page.count(advice) == 1
    with clock.frozen(clock.now() + timedelta(days=31)):
        late = text(site.client(case.owner).get(address))
        assert "照您填的，这一条您够" in late and advice not in late, "its thirty days are over"


@pytest.mark.article("8.2", "B.4")
def test_a_refusal_stands_beside_what_the_product_wrote_and_what_the_owner_had(app: Any) -> None:
    """The institution says "turnover too low"; the owner reads both figures, and that by them it was enough."""
    with app.app_context(), unit_of_work():
        case = a_case()
        make_list(case.need, by=case.owner)
        to_state(case, State.ACCEPTED)
        seen = Seen({"turnover_yuan": Decimal(210_000)}, unseen="not_one_figure", enough_yuan=Decimal(100_000))
        working.decline(case.lead, codes=["B02", "T02", "M01"], seen=seen, by=case.manager)
    site = Site(app, case)
    client = site.client(case.owner)
    page = text(client.get(f"/leads/{site.lead().id}")).replace("\u00a0", " ")
    assert "一年营业额，产品写明的" in page and "至少 30 万元" in page and "92 万元" in page
    assert "纳税信用，产品写明的" in page and "M 级以上" in page
    assert page.count("照您填的，这一条您够") == 2, "both were met; missing papers rest on no written figure"
    assert "它看到的：近 12 个月流水" in page and "21 万元" in page and "差</dt><dd>9 万元" in page
    assert "几样合在一起看的" in page, "of the tax grade no figure was named"
    assert "10 万元以内，它能办" in page and "还差别的" in page, "by what it saw the turnover is short at any amount"
    client.set_cookie("lang", "en")
    english = text(client.get(f"/leads/{site.lead().id}"))
    assert "at least ¥300,000" in english and "By what you entered you meet this" in english


@pytest.mark.article("8.2", "B.4")
def test_a_figure_is_asked_for_where_a_reason_rests_on_one(app: Any) -> None:
    site = a_site(app, State.ACCEPTED)
    client, url = site.client(site.case.manager), f"/leads/{site.lead().id}"
    silent = post(client, url, f"{url}/decline", codes=["B03"], enough="10", seen_security_yuan="很多")
    assert silent.status_code == 422 and "请写成数字" in text(silent) and "很多" in text(silent)
    silent = post(client, url, f"{url}/decline", codes=["B03"], enough="10")
    assert silent.status_code == 422 and "客户要知道您看到了多少" in text(silent)
    assert problems_of(text(silent)) == []
    other = post(client, url, f"{url}/decline", codes=["M01"], seen_debts_yuan="40")
    assert other.status_code == 422 and "就把它的原因也勾上" in text(other)
    more = post(client, url, f"{url}/decline", codes=["B03"], seen_debts_yuan="40", enough="9999")
    assert more.status_code == 422 and "要比客户要的" in text(more)
    assert post(client, url, f"{url}/decline", codes=["B03"], seen_debts_yuan="40", enough="10").status_code == 303


@pytest.mark.article("B.3")
def test_what_is_wrong_with_a_refused_offer_stands_at_its_field_on_the_sheet(app: Any) -> None:
    site = a_site(app, State.OFFERED)
    client, url = site.client(site.case.owner), f"/leads/{site.lead().id}/offers/1"
    answer = post(client, url, f"{url}/refuse", refuse_code="nope", refuse_note="再想想")
    assert answer.status_code == 422 and "再想想" in text(answer) and 'class="field bad"' in text(answer)
    assert problems_of(text(answer)) == []


@pytest.mark.article("B.3")
def test_what_is_wrong_with_a_paper_or_a_check_stands_at_its_field(app: Any) -> None:
    site = a_site(app, State.PAPERS)
    client, url = site.client(site.case.owner), f"/leads/{site.lead().id}"
    answer = post(client, url, f"{url}/papers", item_number="1")
    assert answer.status_code == 422 and 'aria-describedby="item-1-e"' in text(answer)
    assert problems_of(text(answer)) == []
    answer = post(site.client(site.case.manager), url, f"{url}/checks")
    assert answer.status_code == 422 and text(answer).count('class="field bad"') == 1


@pytest.mark.article("B.4", "3.6")
def test_a_smaller_amount_that_does_is_worked_out_and_copied_with_one_tap(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        to_state(case, State.ACCEPTED)
        seen = Seen({"debts_yuan": Decimal(400_000)}, enough_yuan=Decimal(100_000))
        working.decline(case.lead, codes=["B03"], seen=seen, by=case.manager)
    site = Site(app, case)
    client, url = site.client(case.owner), f"/leads/{site.lead().id}"
    page = text(client.get(url)).replace("\u00a0", " ")
    assert "金额降到 10 万元就够" in page
    copied = post(client, url, f"/needs/{case.need.id}/copy", amount_yuan="100000.00", term_months="")
    assert copied.status_code == 303
    assert 'value="10"' in text(client.get(copied.location))


@pytest.mark.article("16.4")
def test_an_owner_may_give_a_month_instead_of_the_longest(app: Any) -> None:
    site = a_site(app)
    case = site.case
    client = site.client(case.owner)
    url = f"/needs/{case.need.id}/send/{case.product.id}"
    assert "先给一个月" in text(client.get(url))
    assert post(client, url, url, until="month", hours=["morning"]).status_code == 303
    with app.app_context():
        consent = db.session.scalars(sa.select(Lead)).one().consent
        assert consent is not None and 29 <= (consent.ends_at - consent.given_at).days <= 30


@pytest.mark.article("12.2")
def test_a_desk_assigns_and_a_manager_hands_over(app: Any) -> None:
    site = a_site(app, State.WAITING)
    lead = site.lead()
    desk = site.client(site.case.desk)
    page = text(desk.get(f"/leads/queue?lead={lead.id}"))
    assert "派给同事" in page and "陆远，手上 0 件，能接 30 件" in page
    answer = post(desk, "/leads/queue", f"/leads/{lead.id}/hand-over", back="queue", to=str(site.case.colleague.id))
    assert answer.status_code == 303 and site.lead().manager_id == site.case.colleague.id
    assert site.client(site.case.manager).get(f"/leads/{lead.id}").status_code == 404, "a colleague carries it"
    refused = post(site.client(site.case.manager), "/leads/", f"/leads/{lead.id}/accept")
    assert refused.status_code == 409
    assert post(site.client(site.case.colleague), "/leads/queue", f"/leads/{lead.id}/accept").status_code == 303
    wrong = post(desk, "/leads/queue", f"/leads/{lead.id}/hand-over", back="queue", to="999999")
    assert wrong.status_code == 422 and problems_of(text(wrong)) == []


def test_a_late_claim_is_told_and_changes_nothing(app: Any) -> None:
    site = a_site(app, State.WAITING)
    lead = site.lead()
    with clock.frozen("2026-09-24T17:30:00+08:00"):
        client = site.client(site.case.manager)
        page = text(client.get("/leads/queue"))
        answer = client.post(f"/leads/{lead.id}/accept", data={"csrf_token": token(page), "back": "queue"})
    assert answer.status_code == 409 and "期限" in text(answer) and problems_of(text(answer)) == []
    assert site.lead().state == "waiting"


@pytest.mark.article("B.3")
@pytest.mark.parametrize(("back", "heading"), [("queue", "先做什么"), ("", "返回清单")])
def test_a_step_after_the_clock_ran_out_is_told_where_it_was_typed(app: Any, back: str, heading: str) -> None:
    site = a_site(app, State.ACCEPTED)
    lead = site.lead()
    with clock.frozen("2026-09-24T18:00:00+08:00"):
        client = site.client(site.case.manager)
        answer = post(
            client, f"/leads/queue?lead={lead.id}", f"/leads/{lead.id}/contact", back=back, reached="yes",
            channel="message", message="明天上午方便吗", contact_note="改成留言",
        )  # fmt: skip
    page = text(answer)
    assert answer.status_code == 409 and problems_of(page) == []
    assert heading in page and "没有做：期限" in page and "没有做：" in page.split("</title>")[0]
    assert re.search(r'<details class="fold" id="contact" open', page), "the form stands open"
    assert "明天上午方便吗" in page and "改成留言" in page
    assert site.lead().state == "accepted"


def test_what_was_typed_for_a_case_that_has_moved_on_is_written_out(app: Any) -> None:
    site = a_site(app, State.ACCEPTED)
    lead = site.lead()
    client = site.client(site.case.manager)
    page = text(client.get(f"/leads/queue?lead={lead.id}"))
    with app.app_context(), unit_of_work():
        answering.withdraw(finding.lead_by_id(lead.id, lock=True), by=db.session.get(Person, site.case.owner.id))
    answer = client.post(f"/leads/{lead.id}/contact", data={
        "csrf_token": token(page), "form_key": form_key(page), "back": "queue", "reached": "yes",
        "channel": "message", "message": "明天上午方便吗",
    })  # fmt: skip
    page = text(answer)
    assert answer.status_code == 409 and problems_of(page) == []
    assert "先做什么" in page and "已经结束了" in page and "可以抄下来" in page and "明天上午方便吗" in page
    assert "桂兰砂锅馆" not in page, "the case is sealed again"


def test_a_claim_that_a_colleague_made_first_is_told_in_the_queue(app: Any) -> None:
    site = a_site(app, State.WAITING)
    lead = site.lead()
    client = site.client(site.case.colleague)
    page = text(client.get("/leads/queue"))
    assert post(site.client(site.case.manager), "/leads/queue", f"/leads/{lead.id}/accept").status_code == 303
    answer = client.post(f"/leads/{lead.id}/accept", data={"csrf_token": token(page), "back": "queue"})
    page = text(answer)
    assert answer.status_code == 409 and problems_of(page) == []
    assert "先做什么" in page and "没有认领：同事刚刚认领了" in page and "桂兰砂锅馆" not in page
    assert site.lead().manager_id == site.case.manager.id


def test_a_title_says_whether_it_was_looked_up(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        business, operator = case.business, an_operator("平台核对")
        for code, decide in (("SRDI_PROV", "verify"), ("HNTE", "refute"), ("TECH_SME", "")):
            title = a_title(business, code)
            if decide:
                ask_for_check(title, by=business.members[0].person)
            if decide == "verify":
                verify_title(title, row_version=title.row_version, by=operator)
            if decide == "refute":
                refute_title(title, remark_code="not_listed", row_version=title.row_version, by=operator)
        to_state(case, State.ACCEPTED, fields=EVERYTHING)
    site = Site(app, case)
    page = text(site.client(site.case.manager).get(f"/leads/{site.lead().id}"))
    assert problems_of(page) == []
    told = re.search(r"资质和称号</dt>.*?</dd>", page, re.S)
    assert told is not None
    assert re.findall(r'<span class="tag[^"]*">([^<]+)</span>', told[0]) == ["核实了", "没核实上", "没有人核实过"]


# --- who may see what


@pytest.mark.article("B.1")
def test_strangers_of_every_role_see_no_lead(app: Any) -> None:
    site = a_site(app, State.OFFERED)
    lead = site.lead()
    with app.app_context(), unit_of_work():
        other = an_institution("别家银行")
        strangers = [
            an_owner("别人"),
            a_manager(None, "别家经理"),
            a_desk(other, "别家柜台"),
            an_operator("平台值班二"),
        ]
    for person in strangers:
        client = site.client(person)
        for url in (f"/leads/{lead.id}", f"/leads/{lead.id}/offers/1", f"/leads/{lead.id}/offers/1/cost-sheet.pdf"):
            assert client.get(url).status_code == 404, (person.name, url)
        page = client.get("/leads/queue")
        if page.status_code == 200:
            assert "桂兰砂锅馆" not in text(page)
        for deed in ("accept", "withdraw", "decline", "payout/confirm", "offers/1/accept"):
            page = text(client.get("/leads/"))
            answer = client.post(f"/leads/{lead.id}/{deed}", data={"csrf_token": token(page)})
            assert answer.status_code == 404, (person.name, deed)
    assert site.client(site.case.owner).get("/leads/queue").status_code == 404


@pytest.mark.article("B.1")
def test_every_look_is_in_the_owners_log_with_what_was_shown(app: Any) -> None:
    site = a_site(app, State.ACCEPTED)
    lead = site.lead()
    manager = site.client(site.case.manager)
    manager.get("/leads/queue")
    with app.app_context():
        (row,) = db.session.scalars(sa.select(DataAccess)).all()
        assert (row.person_id, row.institution_id, row.lead_id, row.purpose) == (
            site.case.manager.id, site.case.institution.id, lead.id, "queue",
        )  # fmt: skip
        assert row.fields == ["name", "need"], "a row opens no more than it shows"
    manager.get(f"/leads/{lead.id}")
    page = text(site.client(site.case.owner).get("/leads/who-sees"))
    assert page.count("沈秋禾") >= 2 and "电话" in page and "最近 7 天看了 2 次" in page.replace("\u00a0", " ")
    _, rows, _ = read(site.client(site.case.owner).get("/leads/who-sees?as=csv"))
    assert "沈秋禾" in str(rows) and len(rows) == 2


def test_the_owner_looking_is_no_observation(app: Any) -> None:
    site = a_site(app, State.ACCEPTED)
    site.client(site.case.owner).get(f"/leads/{site.lead().id}")
    with app.app_context():
        assert db.session.scalars(sa.select(DataAccess)).all() == []


def test_the_trace_names_who_and_when(app: Any) -> None:
    site = a_site(app, State.DECLINED)
    page = text(site.client(site.case.owner).get(f"/leads/{site.lead().id}"))
    assert "沈秋禾" in page and "机构受理" in page
    with app.app_context():
        assert all(step.at is not None for step in db.session.scalars(sa.select(LeadStep)))


@pytest.mark.article("B.1")
def test_a_strangers_consent_page_does_not_exist(app: Any) -> None:
    site = a_site(app)
    with app.app_context(), unit_of_work():
        stranger = an_owner("别人")
    url = f"/needs/{site.case.need.id}/send/{site.case.product.id}"
    for person in (stranger, site.case.manager, site.case.desk):
        client = site.client(person)
        assert client.get(url).status_code == 404
        page = text(client.get("/leads/"))
        assert client.post(url, data={"csrf_token": token(page), "form_key": "x"}).status_code == 404


@pytest.mark.article("B.1")
def test_a_banned_promise_is_said_at_its_field_and_stays_to_be_mended(app: Any) -> None:
    site = a_site(app, State.CONTACTED)
    client = site.client(site.case.manager)
    lead = site.lead()
    page = client.get(f"/leads/{lead.id}/case").get_data(as_text=True)
    values = {"csrf_token": token(page), "back": "case", "form_key": "k1"}
    answer = client.post(f"/leads/{lead.id}/ask-papers", data=values | {"what_1": "租约", "why_1": "交了就包过", "papers_note": "请快"})
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "包过" in shown and 'id="why_1-e"' in shown
    several = values | {"what_1": "租约，秒批", "why_1": "交了就包过，秒批", "papers_note": "先给您预授信"}
    shown = client.post(f"/leads/{lead.id}/ask-papers", data=several).get_data(as_text=True)
    assert all(f'id="{field}-e"' in shown for field in ("what_1", "why_1", "papers_note")), "all fields at once"
    assert shown.count("不能写“秒批”") >= 2 and "不能写“包过”" in shown, "and everything that is wrong with one field"
    answer = client.post(
        f"/leads/{lead.id}/contact", data=values | {"reached": "yes", "channel": "message", "message": "先给您预授信"}
    )
    assert answer.status_code == 422 and 'id="message-e"' in answer.get_data(as_text=True)
    with app.app_context():
        assert db.session.get(Lead, lead.id).paper_requests == []


@pytest.mark.article("B.4")
def test_a_lead_that_was_late_says_what_is_next_also_when_nothing_is_left_to_try(app: Any) -> None:
    site = a_site(app, State.RELEASED)
    page = text(site.client(site.case.owner).get(f"/leads/{site.lead().id}"))
    assert "名单上没有还没试过的了" in page and f"/needs/{site.case.need.id}/matches" in page
    assert "写留言" not in page and "的留言" in page, "with its consent ended there is nobody to write to"
    assert problems_of(page) == []
