"""Pages of products through HTTP: the desk's five steps, the second person, what is refused, what anybody may read."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.db import db, unit_of_work
from matchmaker.products import services
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.typed import FIELDS, STEPS
from tests.builders import a_branch, a_desk, a_manager, an_institution, an_owner, sign_in
from tests.products.builders import (
    a_draft,
    a_product,
    a_submitted_version,
    fee,
    two_desks,
    typed_product,
)


@pytest.fixture(autouse=True)
def _autumn() -> Iterator[None]:
    with clock.frozen("2026-09-23T10:00:00+08:00", everywhere=True):
        yield


@pytest.fixture
def site(app: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def made(site: Any) -> Any:
    """Builds rows in a transaction: made(lambda: ...) answers what the function answers."""

    def build(work: Any) -> Any:
        with site.app_context(), unit_of_work():
            return work()

    return build


def client_of(site: Any, person: Any) -> Any:
    client = site.test_client()
    sign_in(client, person)
    return client


def post(client: Any, path: str, **values: Any) -> Any:
    return client.post(path, data={"form_key": uuid.uuid4().hex, **values})


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return found.group(1)


def of_step(typed: dict[str, list[str]], step: str) -> dict[str, list[str]]:
    return {field: typed[field] for field in FIELDS[step] if field in typed}


def page_of(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.text)


@pytest.mark.article("8.1")
@pytest.mark.article("8.2")
@pytest.mark.article("9.1")
def test_a_desk_lists_a_product_in_five_steps_and_a_colleague_publishes_it(site: Any, made: Any) -> None:
    writer, reviewer = made(two_desks)
    client, other = client_of(site, writer), client_of(site, reviewer)
    assert "还没有产品" in page_of(client, "/desk/products")
    answer = post(client, "/desk/products/new", kind="credit", name="灶台贷", branch_id="")
    assert answer.status_code == 303
    at = answer.location
    assert at.endswith("/draft/basics")
    typed = typed_product() | fee(
        "APPRAISAL", value="0.2", way="percent_of_amount.upfront", payee="评估公司", payer="bank"
    )
    for step in STEPS:
        page = page_of(client, at)
        assert f'aria-current="step">{STEPS.index(step) + 1}' in page
        assert "处要改" not in page.split("</nav>")[0].split("page-head")[-1] or step != "basics"
        answer = post(client, at, row_version=hidden(page, "row_version"), go="next", **of_step(typed, step))
        assert answer.status_code == 303
        at = answer.location
    assert at.endswith("/draft/check")
    page = page_of(client, at)
    assert "没写好" not in page
    assert "3.85%" in page
    assert "9月20日" in page.replace("\u00a0", "").replace(" ", "")
    assert post(client, at, row_version=hidden(page, "row_version")).status_code == 303
    product_id = int(at.split("/")[3])
    review = page_of(other, f"/desk/products/{product_id}/review")
    assert "评估公司" in review
    assert page_of(site.test_client(), f"/products/{product_id}", 404)
    assert (
        post(
            other, f"/desk/products/{product_id}/review/publish", row_version=hidden(review, "row_version")
        ).status_code
        == 303
    )
    shown = page_of(site.test_client(), f"/products/{product_id}")
    for words in ("灶台贷", "可无还本续贷", "到期前一个月申请", "营业执照", "核对是谁在经营", "评估公司", "不收的"):
        assert words in shown
    assert "灶台贷" in page_of(site.test_client(), "/products")


def test_the_submitter_cannot_publish_through_any_page(site: Any, made: Any) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_submitted_version(writer))
    client = client_of(site, writer)
    page = page_of(client, f"/desk/products/{version.product_id}/review")
    assert "要由另一位同事核" in page
    assert "/review/publish" not in page
    answer = post(client, f"/desk/products/{version.product_id}/review/publish", row_version=version.row_version)
    assert answer.status_code == 403
    assert "送审的人不能自己核" in answer.text
    with site.app_context():
        assert db.session.get_one(Product, version.product_id).state == "submitted"


def test_bad_input_is_kept_and_said_at_its_field(site: Any, made: Any) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_draft(writer))
    client = client_of(site, writer)
    at = f"/desk/products/{version.product_id}/draft/money"
    typed = of_step(typed_product(amount_min_wan="几万", spread_max_bp="9999"), "money")
    answer = post(client, at, row_version=hidden(page_of(client, at), "row_version"), go="next", **typed)
    assert answer.location.endswith("/draft/money"), "it stays where something is wrong"
    page = page_of(client, at)
    assert 'value="几万"' in page
    assert "“几万”读不出数" in page
    assert 'href="#amount_min_wan"' in page
    assert "存好了" in page
    check = page_of(client, f"/desk/products/{version.product_id}/draft/check")
    assert "还有 2 处没写好" in check
    assert "送另一位同事审核上架" not in check
    answer = post(client, f"/desk/products/{version.product_id}/draft/check", row_version=hidden(page, "row_version"))
    assert answer.status_code == 422


@pytest.mark.article("B.3")
def test_english_desks_type_and_read_plain_yuan_and_the_draft_stays_in_wan(site: Any, made: Any) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_draft(writer))
    client = client_of(site, writer)
    client.set_cookie("lang", "en")
    at = f"/desk/products/{version.product_id}/draft/money"
    page = page_of(client, at)
    assert hidden(page, "amount_unit") == "yuan" and "¥10,000</span>" not in page
    typed = of_step(typed_product(amount_min_wan="50,000", amount_max_wan="8 mio"), "money")
    post(client, at, row_version=hidden(page, "row_version"), amount_unit="yuan", go="next", **typed)
    page = page_of(client, at)
    assert 'value="50,000"' in page and 'value="8 mio"' in page and 'id="amount_max_wan-e"' in page
    with site.app_context():
        assert db.session.get_one(ProductVersion, version.id).typed["amount_min_wan"] == ["5"]
    client.set_cookie("lang", "zh")
    assert 'value="5"' in page_of(client, at)
    post(client, at, row_version=hidden(page, "row_version"), amount_unit="yuan", go="next",
         **of_step(typed_product(amount_min_wan="900000", amount_max_wan="500,000"), "money"))  # fmt: skip
    page = page_of(client, at)
    assert "50\u00a0万元 比 90\u00a0万元 小" in page, "a page opened in one language and sent in the other is read as shown"


def test_a_banned_promise_is_caught_on_saving_with_what_to_write_instead(site: Any, made: Any) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_draft(writer))
    client = client_of(site, writer)
    at = f"/desk/products/{version.product_id}/draft/basics"
    typed = of_step(typed_product(summary="资料齐全秒批，当天放款"), "basics")
    post(client, at, row_version=hidden(page_of(client, at), "row_version"), go="stay", **typed)
    page = page_of(client, at)
    assert "不能写“秒批”" in page
    assert "2 个工作日内答复" in page
    assert "资料齐全秒批" in page, "what was typed is still there"


def test_a_colleague_who_saved_first_gives_409_with_both_texts(site: Any, made: Any) -> None:
    one, other = made(two_desks)
    version = made(lambda: a_draft(one))
    mine, theirs = client_of(site, one), client_of(site, other)
    at = f"/desk/products/{version.product_id}/draft/basics"
    seen = hidden(page_of(mine, at), "row_version")
    post(theirs, at, row_version=seen, go="stay", **of_step(typed_product(name="灶火贷"), "basics"))
    answer = post(mine, at, row_version=seen, go="stay", **of_step(typed_product(name="炉子贷"), "basics"))
    assert answer.status_code == 409
    assert "炉子贷" in answer.text
    assert "灶火贷" in answer.text
    again = post(
        mine,
        at,
        row_version=hidden(answer.text, "row_version"),
        go="stay",
        **of_step(typed_product(name="炉子贷"), "basics"),
    )
    assert again.status_code == 303
    with site.app_context():
        assert db.session.get_one(ProductVersion, version.id).name == "炉子贷"


def test_the_same_form_posted_twice_is_saved_once(site: Any, made: Any) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_draft(writer))
    client = client_of(site, writer)
    at = f"/desk/products/{version.product_id}/draft/basics"
    page = page_of(client, at)
    data = {
        "form_key": hidden(page, "form_key"),
        "row_version": hidden(page, "row_version"),
        "go": "stay",
        **of_step(typed_product(), "basics"),
    }
    first, second = client.post(at, data=data), client.post(at, data=data)
    assert (first.status_code, second.status_code, first.location) == (303, 303, second.location)


@pytest.mark.article("8.2")
def test_what_was_not_said_about_fees_can_be_said_as_none_in_one_go(site: Any, made: Any) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_draft(writer))
    client = client_of(site, writer)
    at = f"/desk/products/{version.product_id}/draft/fees"
    one = fee("GUAR", value="1", way="percent_per_year.yearly", payee="县担保公司")
    page = page_of(client, at)
    post(client, at, row_version=hidden(page, "row_version"), go="stay", **one)
    assert "这一项收不收，要说清" in page_of(client, at)
    post(client, at, row_version=hidden(page_of(client, at), "row_version"), go="rest_none", **one)
    page = page_of(client, at)
    assert "这一项收不收" not in page
    with site.app_context():
        rows = {row.code: row.charged for row in db.session.get_one(ProductVersion, version.id).fees}
        assert len(rows) == 17
        assert [code for code, charged in rows.items() if charged] == ["GUAR"]


def test_the_cost_of_an_example_is_computed_from_what_stands_in_the_form_and_nothing_is_kept(
    site: Any, made: Any
) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_draft(writer))
    client = client_of(site, writer)
    at = f"/desk/products/{version.product_id}/draft/money"
    typed = of_step(typed_product(spread_min_bp="200", spread_max_bp="200"), "money")
    answer = client.post(
        at + "/cost", data={"row_version": version.row_version, "sample_wan": "30", "sample_months": "12", **typed}
    )
    assert answer.status_code == 200
    assert "5.00" in answer.text
    assert 'value="200"' in answer.text, "what was typed stays in the form"
    part = client.post(at + "/cost", data=typed, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "综合年化成本" in part.text
    with site.app_context():
        assert db.session.get_one(ProductVersion, version.id).spread_max_bp == 85


def test_another_institutions_product_does_not_exist(site: Any, made: Any) -> None:
    stranger = made(a_desk)
    version = made(lambda: a_submitted_version())
    client, product_id = client_of(site, stranger), version.product_id
    for path in (
        "",
        "/review",
        "/draft/basics",
        "/draft/check",
        "/draft/drop",
        "/suspend",
        "/stop",
        "/versions/1",
        "/differences/1/1",
    ):
        page_of(client, f"/desk/products/{product_id}{path}", 404)
    for path in (
        "/versions",
        "/review/publish",
        "/review/send-back",
        "/draft/basics",
        "/draft/check",
        "/draft/take-back",
        "/draft/drop",
        "/suspend",
        "/stop",
        "/resume",
        "/draft/basics/cost",
    ):
        assert post(client, f"/desk/products/{product_id}{path}").status_code == 404, path
    assert "灶台贷" not in page_of(client, "/desk/products")


def test_signed_out_people_and_owners_see_no_desk_pages(site: Any, made: Any) -> None:
    version = made(lambda: a_draft())
    owner = made(an_owner)
    assert site.test_client().get("/desk/products").status_code == 302
    client = client_of(site, owner)
    for path in ("/desk/products", "/desk/products/new", f"/desk/products/{version.product_id}"):
        page_of(client, path, 404)


def test_a_manager_reads_own_products_and_changes_none(site: Any, made: Any) -> None:
    product = made(a_product)
    manager = made(lambda: a_manager(a_branch(db.session.get_one(Institution, product.institution_id))))
    client = client_of(site, manager)
    assert "灶台贷" in page_of(client, "/desk/products")
    assert "暂停" not in page_of(client, f"/desk/products/{product.id}")
    assert client.get(f"/desk/products/{product.id}/suspend").status_code == 403
    assert post(client, f"/desk/products/{product.id}/versions").status_code == 403


@pytest.mark.article("11.1")
def test_an_insurers_desk_sees_no_credit_forms(site: Any, made: Any) -> None:
    desk = made(lambda: a_desk(an_institution(kind="INS_P")))
    client = client_of(site, desk)
    page_of(client, "/desk/products/new", 404)
    page = page_of(client, "/desk/products")
    assert "列一个新产品" not in page
    assert post(client, "/desk/products/new", kind="credit", name="灶台贷").status_code == 404


def test_suspending_asks_first_and_wants_a_reason(site: Any, made: Any) -> None:
    product = made(a_product)
    one, other = made(lambda: two_desks(db.session.get_one(Institution, product.institution_id)))
    client, colleague = client_of(site, one), client_of(site, other)
    page = page_of(client, f"/desk/products/{product.id}/suspend")
    assert "按下去以后" in page
    version = hidden(page, "row_version")
    assert post(client, f"/desk/products/{product.id}/suspend", row_version=version, note="").status_code == 422
    assert (
        post(client, f"/desk/products/{product.id}/suspend", row_version=version, note="本月额度用完了").status_code
        == 303
    )
    assert "灶台贷" not in page_of(site.test_client(), "/products")
    assert "现在不办新的" in page_of(site.test_client(), f"/products/{product.id}")
    mine = page_of(client, f"/desk/products/{product.id}")
    assert "要由另一位同事恢复" in mine
    assert "本月额度用完了" in mine
    theirs = page_of(colleague, f"/desk/products/{product.id}")
    assert (
        post(colleague, f"/desk/products/{product.id}/resume", row_version=hidden(theirs, "row_version")).status_code
        == 303
    )
    assert "灶台贷" in page_of(site.test_client(), "/products")


def test_an_old_version_stays_readable_and_a_draft_is_nobody_elses(site: Any, made: Any) -> None:
    product = made(a_product)
    writer, reviewer = made(lambda: two_desks(db.session.get_one(Institution, product.institution_id)))

    def next_version() -> None:
        version = services.start_version(db.session.get_one(Product, product.id), by=writer)
        services.save_step(
            version, "basics", of_step(typed_product(name="灶火贷"), "basics"), seen=version.row_version, by=writer
        )

    made(next_version)
    page_of(site.test_client(), f"/products/{product.id}/versions/2", 404)

    def publish() -> None:
        version = db.session.get_one(Product, product.id).open_version
        assert version is not None
        services.submit_version(version, seen=version.row_version, by=writer)
        services.publish_version(version, seen=version.row_version, by=reviewer)

    made(publish)
    old = page_of(site.test_client(), f"/products/{product.id}/versions/1")
    assert "灶台贷" in old
    assert "现在办的是新的一版" in old
    changes = page_of(client_of(site, writer), f"/desk/products/{product.id}/differences/1/2")
    assert "灶台贷" in changes
    assert "灶火贷" in changes


def test_sending_back_needs_words_and_tells_the_writer(site: Any, made: Any) -> None:
    writer, reviewer = made(two_desks)
    version = made(lambda: a_submitted_version(writer))
    client = client_of(site, reviewer)
    at = f"/desk/products/{version.product_id}/review/send-back"
    assert post(client, at, row_version=version.row_version, note="").status_code == 422
    assert post(client, at, row_version=version.row_version, note="评估费谁出，写清楚").status_code == 303
    assert "评估费谁出，写清楚" in page_of(client_of(site, writer), f"/desk/products/{version.product_id}/draft/basics")


def test_a_draft_is_thrown_away_only_after_asking(site: Any, made: Any) -> None:
    writer, _ = made(two_desks)
    version = made(lambda: a_draft(writer))
    client = client_of(site, writer)
    assert "找不回来" in page_of(client, f"/desk/products/{version.product_id}/draft/drop")
    assert post(client, f"/desk/products/{version.product_id}/draft/drop").location.endswith("/desk/products")
    page_of(client, f"/desk/products/{version.product_id}", 404)


def test_the_list_is_searched_and_paged(site: Any, made: Any) -> None:
    institution = made(lambda: an_institution())

    def many() -> Any:
        a_branch(db.session.get_one(Institution, institution.id))
        one, _ = two_desks(db.session.get_one(Institution, institution.id))
        for number in range(23):
            a_draft(one, typed_product(name=f"周转贷{number:02d}"))
        return one

    client = client_of(site, made(many))
    page = page_of(client, "/desk/products")
    assert "第 1 页，共 2 页" in page
    assert "周转贷22" in page
    assert "周转贷01" in page_of(client, "/desk/products?page=2")
    assert "周转贷07" in page_of(client, "/desk/products?q=贷07")
    assert "这里没有产品" in page_of(client, "/desk/products?show=stopped")
    page_of(client, "/desk/products?show=nonsense&kind=x&page=9999999999")


def test_every_desk_page_stands_in_english_too(site: Any, made: Any) -> None:
    product = made(a_product)
    version = made(lambda: a_draft(a_desk(db.session.get_one(Institution, product.institution_id))))
    writer = made(lambda: a_desk(db.session.get_one(Institution, product.institution_id)))
    client = client_of(site, writer)
    client.set_cookie("lang", "en")
    for path in (
        "",
        "/new",
        f"/{product.id}",
        f"/{product.id}/suspend",
        f"/{version.product_id}/draft/check",
        *(f"/{version.product_id}/draft/{step}" for step in STEPS),
    ):
        page_of(client, f"/desk/products{path}")
