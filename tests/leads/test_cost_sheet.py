"""贷款明白纸: the page and the PDF say the stored figures, in both languages, with simplified Chinese glyphs."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.leads import printing
from matchmaker.leads.models import Lead
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import offering
from tests.builders import sign_in
from tests.leads.builders import Case, a_bank, a_case, match, offered, to_state
from tests.products.builders import fee
from tests.promises.page_checks import problems_of

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    printing._kept.clear()
    with clock.frozen(NOW):
        yield


def a_guaranteed_offer(app: Any) -> tuple[Case, int]:
    """30 万元 for 12 months at LPR plus 45, with a guarantee fee of half a percent up front (page 13)."""
    with app.app_context(), unit_of_work():
        case = a_case()
        guarantee = {
            key.replace("-", "__"): value
            for key, value in fee(
                "GUAR", value="0.5", way="percent_of_amount.upfront", payee="青檀市融资担保公司"
            ).items()
        }
        case.institution, case.branch, case.manager, case.product = a_bank(
            9, name="三合担保贷", spread_min_bp="45", spread_max_bp="45", **guarantee
        )
        match(case.need, case.product)
        lead = to_state(case, State.REVIEW)
        offering.make_offer(lead, offered=offered(case, spread_bp=45), conditions="按月还", by=case.manager)
        return case, lead.id


def client_of(app: Any, person: Any) -> Any:
    client = app.test_client()
    sign_in(client, person)
    return client


@pytest.mark.article("8.3")
def test_the_page_says_the_figures_of_the_drawn_sheet(app: Any) -> None:
    """The figures of look/pages/13-costsheet.html, to the fen."""
    case, number = a_guaranteed_offer(app)
    page = client_of(app, case.owner).get(f"/leads/{number}/offers/1").get_data(as_text=True).replace("\u00a0", " ")
    assert problems_of(page) == []
    flat = re.sub(r"<[^>]+>", "", page)
    for figure in ("4.38%", "25,469.65", "25,469.61 元", "307,135.76", "298,500.00", "5,635.76 元", "1,500.00 元",
                   "7,135.76 元", "24,607.15", "275,392.85"):  # fmt: skip
        assert figure in flat, figure
    assert "青檀市融资担保公司" in flat and "逐项都没有" in flat and "按月还" in flat
    assert "利息，79.0%" in flat and "费用，21.0%" in flat


@pytest.mark.article("8.3")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_guarantee_puts_no_money_in_hand_and_asks_for_no_instalments(app: Any, language: str) -> None:
    case, number = a_guaranteed_offer(app)
    words_of_loans = {"zh": ("到手", "每期还", "每月还款"), "en": ("You receive", "Each payment", "Total to pay")}
    loans = words_of_loans[language]
    said = {"zh": "这是担保，不是钱", "en": "This is a guarantee, not money"}[language]
    client = client_of(app, case.owner)
    client.set_cookie("lang", language)
    for address in (f"/leads/{number}", f"/leads/{number}/offers/1"):
        page = client.get(address).text
        assert said not in page and loans[0] in page, "a loan, as it was"
    with app.app_context(), unit_of_work():
        db.session.get_one(Lead, number).product_version.product.kind = "guarantee"
    for address in (f"/leads/{number}", f"/leads/{number}/offers/1"):
        page = client.get(address).text
        assert said in page and problems_of(page) == [], address
        assert not [words for words in loans if words in page.split("<aside", 1)[0]], address
    printing._kept.clear()
    paper = letters(client.get(f"/leads/{number}/offers/1/cost-sheet.pdf").data)
    assert language == "en" or ("担" in paper and "手" not in paper), "到手 is not printed"


@pytest.mark.article("8.2")
def test_the_sheet_names_every_item_even_those_that_cost_nothing(app: Any) -> None:
    _, number = a_guaranteed_offer(app)
    with app.app_context():
        offer = db.session.get_one(Lead, number).offer
        assert offer is not None
        sheet = printing.read(offer.cost_sheet)
    named = {line.code for line in sheet.lines} | set(sheet.not_charged)
    assert named >= {"INTEREST", "GUAR", "APPRAISAL", "REGIST", "NOTARY", "AUDIT", "INSCOLL"}
    assert sum((line.annual_percent for line in sheet.lines if line.counted and line.annual_percent), Decimal(0)) == (
        sheet.all_in_simple_percent
    )
    assert sheet.cost_yuan == Decimal("7135.76")


def streams(pdf: bytes) -> bytes:
    """All streams of a PDF, unpacked."""
    parts = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            parts.append(found[1])
    return b"\n".join(parts)


def letters(pdf: bytes) -> str:
    """The letters that the fonts of a PDF can be read back as (ToUnicode), which is what a reader copies out."""
    found = []
    for line in re.finditer(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4,8})>", streams(pdf)):
        found.append(bytes.fromhex(line[2].decode()).decode("utf-16-be", "ignore"))
    for line in re.finditer(rb"<[0-9A-Fa-f]{4}> <[0-9A-Fa-f]{4}> \[?<([0-9A-Fa-f]{4,8})>", streams(pdf)):
        found.append(bytes.fromhex(line[1].decode()).decode("utf-16-be", "ignore"))
    return "".join(found)


@pytest.mark.article("8.3")
@pytest.mark.parametrize(("language", "words"), [("zh", "综合年化成本明白纸每月还款合计"), ("en", "CostSheet")])
def test_the_pdf_is_readable_and_has_simplified_glyphs(app: Any, language: str, words: str) -> None:
    case, number = a_guaranteed_offer(app)
    client = client_of(app, case.owner)
    client.set_cookie("lang", language)
    answer = client.get(f"/leads/{number}/offers/1/cost-sheet.pdf")
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="MB-2026-0923-')
    content = answer.data
    assert content.startswith(b"%PDF-") and len(content) < 200_000
    assert b"NotoSansSC" in content and b"NotoSansCJKJP" not in content, (
        "Japanese glyphs would come from the collection"
    )
    readable = letters(content)
    if language == "zh":
        assert set(words) <= set(readable), sorted(set(words) - set(readable))
    assert set("桂兰砂锅馆青檀") <= set(readable), "names stay Chinese in both languages"
    assert set("0123456789,.%") <= set(readable)


def test_the_pdf_is_made_once_and_kept(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case, number = a_guaranteed_offer(app)
    made = []
    real = printing._print
    monkeypatch.setattr(printing, "_print", lambda *args: made.append(1) or real(*args))
    client = client_of(app, case.owner)
    first = client.get(f"/leads/{number}/offers/1/cost-sheet.pdf").data
    assert client.get(f"/leads/{number}/offers/1/cost-sheet.pdf").data == first
    assert len(made) == 1
    client.set_cookie("lang", "en")
    client.get(f"/leads/{number}/offers/1/cost-sheet.pdf")
    assert len(made) == 2


def test_the_institutions_sheet_names_the_customer_only_while_it_may(app: Any) -> None:
    case, number = a_guaranteed_offer(app)
    client = client_of(app, case.manager)
    assert "桂兰砂锅馆" in client.get(f"/leads/{number}/offers/1").get_data(as_text=True)
    with app.app_context(), unit_of_work():
        lead = db.session.get_one(Lead, number)
        from matchmaker.leads.services import answering

        answering.withdraw(lead, by=lead.consent.given_by)
    page = client.get(f"/leads/{number}/offers/1")
    assert page.status_code == 200 and "桂兰砂锅馆" not in page.get_data(as_text=True)
    assert not set("桂砂锅") <= set(letters(client.get(f"/leads/{number}/offers/1/cost-sheet.pdf").data))


def test_fees_of_an_offer_may_be_lowered_and_the_sheet_follows(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        guarantee = {
            key.replace("-", "__"): value
            for key, value in fee("GUAR", value="0.5", way="percent_of_amount.upfront", payee="担保公司").items()
        }
        case.institution, case.branch, case.manager, case.product = a_bank(9, **guarantee)
        match(case.need, case.product)
        lead = to_state(case, State.REVIEW)
        offer = offering.make_offer(
            lead, offered=offered(case, fee_values={"GUAR": Decimal(0), "LATE": Decimal(30)}), by=case.manager
        )
        assert [line["code"] for line in offer.fees] == ["LATE"]
        assert offer.cost_sheet["quote"]["third_party_fees_yuan"] == "0.00"
