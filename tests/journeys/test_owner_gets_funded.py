"""An owner with a phone and nothing else gets from eight questions to confirmed money; everybody else does their part."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.businesses.builders import a_code, a_picture
from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor

PHONE_NUMBER = "13800001234"
SHOP = "柳桥街桂兰砂锅馆"


@pytest.mark.article("B.1", "B.3", "6.1", "8.2", "8.3", "16.2")
def test_an_owner_gets_funded(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    owner, operator, manager = visit(), visit(size=DESK), visit("manager", size=DESK)
    checks_first(owner, seen)
    registers(stage, owner, seen)
    says_the_need(owner, seen)
    writes_the_shop_down(owner, seen)
    posts_the_need(owner, seen)
    is_asked_for_papers(owner, seen)
    checks_the_papers(stage, operator, visit("operator2", size=DESK), seen)
    chooses_and_consents(owner, seen)
    lead = re.search(r"/leads/(\d+)", owner.path)[1]  # type: ignore[index]
    claims_contacts_and_asks(manager, lead, seen)
    sends_the_paper(owner, lead, seen)
    offers(manager, lead, seen)
    reads_the_cost_sheet_and_accepts(owner, lead, seen)
    reports_contract_and_money(manager, lead, seen)
    confirms(owner, lead, seen)


def checks_first(owner: Visitor, seen: Callable[..., None]) -> None:
    owner.go("/")
    seen(owner, "01-home")
    owner.follow("开始看看")
    owner.arrive("/check")
    owner.choose(kind="sole_proprietor", age="12_to_36", trade="food", turnover="30_to_100", term="12", securities="none")
    owner.fill("4. 店在哪个区县？", "杭州西湖")
    owner.fill("6. 想用多少钱？", "30")
    seen(owner, "02-check")
    owner.press("看结果")
    owner.arrive("/check/result")
    assert re.search(r"有 \d+ 个贷款产品可能适合您", owner.heading)
    seen(owner, "03-check-result")


def registers(stage: LiveSite, owner: Visitor, seen: Callable[..., None]) -> None:
    owner.follow("带着答案说需求")
    owner.arrive("/register")
    seen(owner, "04-register")
    owner.fill("手机号或邮箱", PHONE_NUMBER)
    owner.press("发验证码")
    owner.arrive("/register/finish")
    seen(owner, "05-register-code")
    owner.fill("6 位验证码", stage.code_for(PHONE_NUMBER))
    owner.fill("您怎么称呼", "周桂兰")
    owner.fill("设一个密码", "砂锅 十二个 红灯笼")
    owner.press("登记")
    owner.arrive("/needs/new")


def says_the_need(owner: Visitor, seen: Callable[..., None]) -> None:
    assert owner.page.locator("#amount").input_value() == "30"
    assert owner.page.locator("input[name=term][value='12']").is_checked()
    assert "个体" in owner.words, "what was answered before is not asked again"
    owner.choose(purpose="PURCHASE")
    seen(owner, "06-need")
    owner.press("看一遍，再发")
    owner.arrive("/review")
    seen(owner, "07-review-without-shop")


def writes_the_shop_down(owner: Visitor, seen: Callable[..., None]) -> None:
    owner.fill("统一社会信用代码", a_code(number=77))
    owner.press("登记我的店")
    owner.arrive("/businesses/new")
    owner.fill("执照上的名称", SHOP)
    owner.page.get_by_role("textbox", name="做什么生意").press_sequentially("砂锅")
    owner.page.locator("input[name=industry_code]").first.check()
    if owner.page.locator("input[name=region_code]:checked").count() == 0:
        owner.page.get_by_role("textbox", name="在哪个区县").press_sequentially("西湖")
        owner.page.locator("input[name=region_code][value='330106']").check()
    owner.fill("地址", "柳桥街 18 号")
    owner.fill("哪天成立的", "2024-12-20")
    owner.fill("员工多少人", "6")
    owner.fill("一年营业收入", "92")
    seen(owner, "08-shop-form")
    owner.press("记下来")
    owner.arrive(r"/businesses/\d+")
    assert SHOP in owner.heading
    seen(owner, "09-shop")


def posts_the_need(owner: Visitor, seen: Callable[..., None]) -> None:
    owner.follow("看一遍，发出去")
    owner.arrive("/review")
    assert SHOP in owner.words
    seen(owner, "10-review")
    owner.press("发出去，看匹配")
    owner.arrive("/matches")
    assert re.search(r"\d+ 个产品适合您", owner.heading)
    assert "综合年化成本" in owner.words and "不看佣金" in owner.words
    seen(owner, "11-matches")


def is_asked_for_papers(owner: Visitor, seen: Callable[..., None]) -> None:
    owner.follow(re.compile("选这家.*灶台贷"))
    owner.arrive(r"/send/\d+")
    assert "还不能送给青檀农商银行" in owner.heading
    seen(owner, "12-not-yet")
    owner.follow("去补营业执照")
    owner.arrive("/papers")
    seen(owner, "13-papers")
    owner.page.locator("input[type=file]").first.set_input_files(
        {"name": "执照.jpg", "mimeType": "image/jpeg", "buffer": a_picture("lightyellow", size=(640, 420))}
    )
    owner.press("拍照补上")
    owner.page.get_by_text("材料已送").wait_for()
    seen(owner, "14-papers-sent")


def checks_the_papers(stage: LiveSite, operator: Visitor, colleague: Visitor, seen: Callable[..., None]) -> None:
    operator.sign_in(stage.phone_of("operator"))
    seen(operator, "15-operator")
    operator.go("/checks/papers")
    seen(operator, "16-papers-waiting")
    operator.follow(re.compile("核对.*" + SHOP))
    operator.arrive(r"/checks/papers/\d+")
    picture = operator.page.locator("main img")
    picture.wait_for()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0"), "the paper is shown"
    seen(operator, "17-papers-check")
    operator.press("材料对，核实")
    operator.arrive("/checks/papers")
    assert "您看过了，等另一位同事" in operator.words
    colleague.go("/checks/papers")
    colleague.follow(re.compile("核对.*" + SHOP))
    colleague.press("材料对，核实")
    colleague.arrive("/checks/papers")
    assert SHOP not in colleague.words, "when two have checked, no operator sees anything of it"


def chooses_and_consents(owner: Visitor, seen: Callable[..., None]) -> None:
    owner.go("/needs")
    seen(owner, "18-needs")
    owner.follow(re.compile("看匹配"))
    owner.arrive("/matches")
    owner.follow(re.compile("选这家.*灶台贷"))
    owner.arrive(r"/send/\d+")
    assert "只为这一笔" in owner.heading
    owner.choose(fields_more=["figures"], hours=["morning"])
    owner.press("看看它会看到什么")
    owner.arrive("/preview")
    assert "营业收入 92 万元" in owner.words_of("#seen")
    seen(owner, "19-consent")
    owner.press("同意，只给青檀农商银行")
    owner.arrive(r"/leads/\d+")
    seen(owner, "20-sent")


def open_step(manager: Visitor, lead: str, step: str) -> str:
    """Open the form of one step beside the queue; answers where it stands."""
    if f"lead={lead}" not in manager.page.url:
        manager.go(f"/leads/queue?lead={lead}")
    place = f"#case details#{step}"
    if manager.page.locator(place).get_attribute("open") is None:
        manager.page.locator(f"{place} > summary").click()
    return place


def claims_contacts_and_asks(manager: Visitor, lead: str, seen: Callable[..., None]) -> None:
    manager.go("/leads/queue")
    manager.follow(SHOP)
    manager.page.locator("#case article").wait_for()
    assert PHONE_NUMBER not in manager.words, "the number is for whoever claims the lead"
    seen(manager, "21-queue-before-claim")
    manager.press("认领", within="#case")
    manager.page.get_by_role("link", name=PHONE_NUMBER).wait_for()
    place = open_step(manager, lead, "contact")
    manager.choose(place, reached="yes", channel="call")
    manager.press("记下", within=place)
    manager.page.locator("#case .tag", has_text="已联系").wait_for()
    place = open_step(manager, lead, "ask_papers")
    manager.press("要材料", within=place)
    manager.page.locator(".errors").wait_for()
    seen(manager, "22-queue-error")
    place = open_step(manager, lead, "ask_papers")
    manager.page.locator("input[name=what_1]").fill("店铺租约")
    manager.page.locator("input[name=why_1]").fill("证明有固定的店")
    manager.press("要材料", within=place)
    manager.page.locator("#case .tag", has_text="资料补正").wait_for()
    seen(manager, "23-queue-papers-asked")


def sends_the_paper(owner: Visitor, lead: str, seen: Callable[..., None]) -> None:
    owner.go(f"/leads/{lead}")
    assert "店铺租约" in owner.words and "在等，钟停了" in owner.words
    seen(owner, "24-papers-asked")
    owner.page.locator("main #item-1-file").set_input_files(
        {"name": "租约.jpg", "mimeType": "image/jpeg", "buffer": a_picture("azure", size=(400, 600))}
    )
    owner.press("放上")
    owner.page.get_by_text("放好了：租约.jpg").wait_for()
    owner.press("都补齐了，送过去")
    owner.page.get_by_role("button", name="都补齐了，送过去").wait_for(state="detached")


def offers(manager: Visitor, lead: str, seen: Callable[..., None]) -> None:
    manager.go(f"/leads/queue?lead={lead}")
    assert "租约.jpg" in manager.words
    place = open_step(manager, lead, "offer")
    manager.page.locator(f"{place} input[name=spread_bp]").fill("900")
    manager.press("送出报价", within=place)
    manager.page.locator(".errors").wait_for()
    assert manager.page.locator(f"{place} input[name=spread_bp]").input_value() == "900", "nothing typed is lost"
    manager.page.locator(f"{place} input[name=spread_bp]").fill("85")
    manager.page.locator(f"{place} textarea[name=conditions]").fill("放款前办好店铺财产的自有证明，不需要买保险。")
    manager.press("先算算成本", within=place)
    manager.page.get_by_text("照这样，客户看到的是").wait_for()
    seen(manager, "25-offer-preview")
    manager.press("送出报价", within=place)
    manager.page.locator("#case .tag", has_text="已报价").wait_for()


def reads_the_cost_sheet_and_accepts(owner: Visitor, lead: str, seen: Callable[..., None]) -> None:
    owner.go("/leads")
    seen(owner, "26-progress")
    owner.follow("看报价")
    owner.arrive(f"/leads/{lead}/offers/1")
    words = owner.words
    for expected in ("综合年化成本", "3.85%", "300,000", "每月还款", "签字前要知道的"):
        assert expected in words, expected
    seen(owner, "27-cost-sheet")
    with owner.page.expect_download() as coming:
        owner.follow("PDF")
    assert coming.value.suggested_filename.endswith(".pdf")
    assert coming.value.path().read_bytes().startswith(b"%PDF-")
    owner.press("接受这个报价")
    owner.arrive(rf"/leads/{lead}")
    seen(owner, "28-accepted")


def reports_contract_and_money(manager: Visitor, lead: str, seen: Callable[..., None]) -> None:
    manager.go(f"/leads/queue?lead={lead}")
    place = open_step(manager, lead, "contract")
    manager.fill("合同编号", "青檀字 2026-118", within=place)
    manager.press("报告已签约", within=place)
    manager.page.locator("#case .tag", has_text="已签约").wait_for()
    place = open_step(manager, lead, "payout")
    assert manager.page.locator(f"{place} input[name=amount]").input_value() == "30"
    manager.fill("流水号", "QT20260923001", within=place)
    manager.press("报告已放款", within=place)
    manager.page.locator("#case .tag", has_text="已放款").wait_for()
    seen(manager, "29-paid-out-staff")


def confirms(owner: Visitor, lead: str, seen: Callable[..., None]) -> None:
    owner.go("/")
    seen(owner, "30-start-owner")
    owner.go(f"/leads/{lead}")
    words = owner.words
    assert "青檀字 2026-118" in words and "放款 30 万元" in words and "QT20260923001" in words
    seen(owner, "31-paid-out")
    owner.press("收到了，数对")
    owner.page.get_by_role("button", name="收到了，数对").wait_for(state="detached")
    assert "已确认" in owner.words or "您确认" in owner.words
    seen(owner, "32-confirmed")
    owner.go("/loans/")
    assert "30" in owner.words
    seen(owner, "33-loans")
    owner.go("/leads/who-sees")
    assert "沈秋禾" in owner.words
    seen(owner, "34-who-looked")
    owner.go("/messages")
    seen(owner, "35-messages")
