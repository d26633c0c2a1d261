"""Who a shop belongs to, and whose data they are: a second claim is decided; an account closes and its figures stay."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business
from matchmaker.db import Base, db
from matchmaker.privacy import jobs, queries
from matchmaker.privacy.rules import CLOSING_GRACE
from matchmaker.products.models import Product
from tests.builders import PASSWORD, an_owner
from tests.journeys import stage as the_stage
from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor
from tests.privacy.test_closing import everything_written, figures


@pytest.mark.article("B.1")
def test_a_second_claim_to_a_code_is_heard_and_the_loser_told(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    with stage.app.app_context():
        code = db.session.scalars(sa.select(Business.uscc).where(Business.id == stage.ids["business"])).one()
        holder_phone = db.session.get_one(Person, stage.ids["owner"]).phone or ""
    claimant_id = stage.make(an_owner, "王二麻", phone=(claimant_phone := "13900139002"))
    claimant, holder = visit(claimant_id), visit("owner")
    operator = visit("operator", size=DESK)

    # somebody registers a code that is taken: a case with its clock, and nothing of who holds it
    claimant.go("/businesses/new")
    claimant.fill("统一社会信用代码", code)
    claimant.press("接着填")
    claimant.page.locator(".errors").wait_for()
    claimant.page.locator("main").get_by_role("link", name=re.compile("可我也代表这家店")).click()
    claimant.arrive("/businesses/claim")
    assert claimant.page.locator("main [name=uscc]").input_value() == code, "typed once"
    claimant.choose(capacity="owner")
    claimant.page.locator("main [name=words]").fill("店转给我了，转让协议在手上")
    claimant.press("提出来")
    claimant.arrive(r"/claims/\d+")
    assert "最晚听到 10 月 8 日" in claimant.words, "five working days, and the eight of the holidays"
    for secret in ("桂兰", holder_phone, "柳桥街"):
        assert secret not in claimant.words
    seen(claimant, "zh-60-claimed")

    # who holds it hears of it and answers
    case = claimant.path
    holder.go("/messages")
    assert "有人说也代表" in holder.words
    holder.go(case)
    assert "王二麻" not in holder.words and "转让协议" not in holder.words
    holder.page.locator("main [name=words]").fill("没有转过，执照上还是我")
    holder.press("说给平台听")
    holder.page.get_by_text("10 月 8 日").first.wait_for()
    seen(holder, "zh-61-holder-answers")

    # an operator decides with a reason, which both read
    operator.go("/checks/cases")
    operator.follow(re.compile("去看.*桂兰砂锅馆"))
    operator.arrive(r"/checks/cases/\d+")
    assert "转让协议在手上" in operator.words and "没有转过" in operator.words
    seen(operator, "zh-62-case-to-decide")
    operator.choose(outcome="holder")
    operator.page.locator("main [name=reason]").fill("登记机关的记录里没有变更")
    operator.press("就这样定")
    operator.arrive("/checks/cases")
    assert "桂兰砂锅馆" not in operator.words
    claimant.go("/messages")
    assert "定了" in claimant.words, "the loser is told, not left to find out"
    claimant.go(case)
    assert "登记机关的记录里没有变更" in claimant.words
    seen(claimant, "zh-63-claim-lost")
    claimant.go(f"/businesses/{stage.ids['business']}")
    assert "桂兰" not in claimant.words
    told = {letter["to"] for letter in stage.letters() if "登记机关的记录里没有变更" in letter["text"]}
    assert told == {stage.phone_of("owner"), claimant_phone}, "both, outside of the site too"


@pytest.mark.article("B.1")
def test_an_account_is_closed_and_its_data_are_gone_while_figures_stay(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    stage.make(the_stage.paid_out, stage.ids)
    with stage.app.app_context():
        shop = db.session.get_one(Business, stage.ids["business"])
        secrets = ("桂兰", db.session.get_one(Person, stage.ids["owner"]).phone or "", shop.uscc)
        known = [cls.__tablename__ for cls in queries.tables() if count_of(cls, stage.ids)]
        before, written = figures(), everything_written()
        assert all(secret in written for secret in secrets), "the test must be able to fail"
    boards = ["/oversight/needs", "/oversight/leads?show=all", "/oversight/declines",
              f"/institutions/{stage.make(institution_of, stage.ids)}/answers"]  # fmt: skip
    said_before = numbers_on(visit("supervisor", size=DESK), boards)

    owner = visit("owner")
    owner.go("/my-data")
    seen(owner, "zh-65-my-data")
    with owner.page.expect_download() as coming:
        owner.follow("下载")
    assert coming.value.suggested_filename.endswith(".zip")
    owner.follow("看看会怎样")
    owner.arrive("/my-data/close")
    seen(owner, "zh-66-what-closing-does")
    owner.press("关掉账号")
    owner.page.get_by_role("button", name="不关了").wait_for()
    assert "9 月 30 日" in owner.words
    seen(owner, "zh-67-closing-asked")

    after = the_stage_now() + CLOSING_GRACE
    with clock.frozen(after, everywhere=True):
        with stage.app.app_context():
            assert jobs.close_accounts(after) == 1
            db.session.expire_all()
            assert figures() == before
            left = everything_written().splitlines()
            assert [line for line in left if any(secret in line for secret in secrets)] == []
            kept = {cls.__tablename__ for cls in queries.tables() if count_of(cls, stage.ids)}
            deleted = {cls.__tablename__ for cls in queries.tables() if cls.kept.closing == "delete"}
            assert deleted & set(known) and not deleted & kept, "what the table of retention says is deleted is gone"
        owner.go("/my-data")
        assert owner.path == "/sign-in"
        owner.fill("手机号或邮箱", secrets[1])
        owner.fill("密码", PASSWORD)
        owner.press("登录")
        owner.page.locator(".errors").wait_for()
        assert owner.path == "/sign-in", "the old number opens nothing"
        seen(owner, "zh-68-nobody-there")
        assert numbers_on(visit("supervisor", size=DESK), boards) == said_before


def the_stage_now() -> datetime:
    """The instant of the stage."""
    return datetime.fromisoformat(the_stage.NOW)


def count_of(cls: type[Base], ids: dict[str, int]) -> int:
    """How many rows of a table are about the owner or the shop."""
    mine = queries.belonging(cls, ids["owner"], [ids["business"]])
    return 0 if mine is None else db.session.scalar(sa.select(sa.func.count(cls.id)).where(mine)) or 0


def institution_of(ids: dict[str, int]) -> int:
    """The institution that paid."""
    return db.session.get_one(Product, ids["hearth"]).institution_id


def numbers_on(reader: Visitor, paths: list[str]) -> dict[str, list[str]]:
    """Page -> every number on it, in order; a page without any would prove nothing."""
    found = {}
    for path in paths:
        reader.go(path)
        found[path] = re.findall(r"\d[\d,.]*", reader.words)
    assert sum(len(numbers) for numbers in found.values()) > 30, found
    return found
