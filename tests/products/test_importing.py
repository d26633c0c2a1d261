"""Tables of products become drafts: what can be read of a messy table, what stays with the person, nothing invented."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import Workbook

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.accounts.services.institutions import admit_institution
from matchmaker.db import db, unit_of_work
from matchmaker.products import queries, services
from matchmaker.products.cover import services as cover_services
from matchmaker.products.models import ImportLine, Product, ProductImport, ProductVersion
from matchmaker.products.rules import importing
from matchmaker.products.rules.importing import Offers, Table
from matchmaker.products.rules.workbook import MOST_UNPACKED, SHOWN_OTHERWISE, shown_number
from matchmaker.refusal import Reason, Refused
from tests.builders import a_branch, a_desk, a_manager, an_institution, an_operator, sign_in
from tests.products.cover_builders import an_insurer

MESSY = """２０２６ 年信贷产品一览,,,,,,,
产品名称,额度（万元）,,年利率,期限,还款方式,担保方式,申请条件
,最低,最高,,,,,
灶台贷,５,５０,3.45%-5%,最长3年,先息后本,信用,开业满一年
云商贷,,最高500万,1年期LPR+85BP,6-36个月,随借随还,房产抵押,
,10,20,,,,,
合计,,550,,,,,
"""


def read(content: bytes, *kinds: str, lines: tuple[str, ...] = ()) -> Table | Reason:
    file = importing.opened(content)
    offers = Offers(kinds or ("credit",), frozenset(lines))
    return file if isinstance(file, Reason) else importing.read_table(file, offers)


def table_of(content: str | bytes, *kinds: str, lines: tuple[str, ...] = ()) -> Table:
    found = read(content.encode() if isinstance(content, str) else content, *kinds, lines=lines)
    assert isinstance(found, Table), found
    return found


def a_workbook(
    *rows: Sequence[Any], title: str = "产品", change: Callable[[Workbook], None] = lambda book: None
) -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(book: bytes, /, **parts: bytes) -> bytes:
    """The same workbook with parts replaced, by the last part of their path."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name.rsplit("/")[-1].split(".")[0], old.read(name)))
    return file.getvalue()


def codes(line: importing.Line) -> list[tuple[str, str]]:
    return [(found.column, found.code) for found in line.found if found.code != "import_taken"]


# The rule ------------------------------------------------------------------------------------------------------------


@pytest.mark.article("8.2")
@pytest.mark.parametrize(
    "content", [MESSY.encode("gb18030"), b"\xef\xbb\xbf" + MESSY.encode(), MESSY.encode(), MESSY.encode("utf-16"),
                MESSY.replace(",", "\t").encode("gbk"), MESSY.replace("\n", "\r\n").encode()],
    ids=["gb18030", "utf-8 with mark", "utf-8", "utf-16", "tabs", "windows lines"],
)  # fmt: skip
def test_a_table_with_title_merged_headings_full_width_figures_and_totals_is_read(content: bytes) -> None:
    first, second, nameless = table_of(content).lines
    assert first.typed == {
        "name": ["灶台贷"], "amount_min_wan": ["5"], "amount_max_wan": ["50"], "term_max_months": ["36"],
        "repayments": ["INT_M_BULLET"], "securities": ["CREDIT"],
    }  # fmt: skip
    assert codes(first) == [("年利率", "import_rate_base"), ("申请条件", "import_sentence")]
    assert second.typed == {
        "name": ["云商贷"], "amount_max_wan": ["500"], "spread_min_bp": ["85"], "spread_max_bp": ["85"],
        "rate_base": ["LPR1Y"], "term_min_months": ["6"], "term_max_months": ["36"], "repayments": ["REVOLVE"],
    }  # fmt: skip
    assert codes(second) == [("担保方式", "import_unread")]
    assert (first.number, second.number) == (4, 5)
    assert not nameless.usable and nameless.typed == {}


@pytest.mark.article("8.2")
@pytest.mark.parametrize(
    ("bare", "common", "alone", "wanted"),
    [
        ("最高500万", "", None, (None, Decimal(500))),
        ("5-50万元", "", None, (Decimal(5), Decimal(50))),
        ("3000元至2万元", "", None, (Decimal("0.3"), Decimal(2))),
        ("10万以上", "", None, (Decimal(10), None)),
        ("不超过1亿元", "", None, (None, Decimal(10_000))),
        ("1,000", "万元", 1, (None, Decimal(1000))),
        ("300万", "", None, "import_one_number"),
        ("最高500", "", None, "import_no_unit"),
        ("50-5万", "", None, "import_unread"),
        ("视情况而定", "万元", None, "import_unread"),
        ("约300万", "", 1, "import_unread"),
    ],
)
def test_an_amount_is_taken_only_when_it_says_which_end_it_is_and_in_which_unit(
    bare: str, common: str, alone: int | None, wanted: object
) -> None:
    assert importing.spans(bare, importing._MONEY_UNIT, importing._WAN, common, alone=alone) == wanted


@pytest.mark.parametrize(
    ("rate", "typed"),
    [
        ("LPR+50至85BP", {"spread_min_bp": ["50"], "spread_max_bp": ["85"]}),
        ("5年期以上LPR减20个基点", {"spread_min_bp": ["-20"], "spread_max_bp": ["-20"], "rate_base": ["LPR5Y"]}),
        ("固定年利率4.35%", {"rate_base": ["FIXED"], "fixed_rate_percent": ["4.35"]}),
        ("4.35%", {}),
        ("3.45%-5%", {}),
        ("普惠优惠利率", {}),
    ],
)
def test_a_rate_that_does_not_say_its_base_invents_none(rate: str, typed: dict[str, list[str]]) -> None:
    (line,) = table_of(f"产品名称,利率\n甲贷,{rate}\n").lines
    assert {field: values for field, values in line.typed.items() if field != "name"} == typed
    assert bool(codes(line)) is ("rate_base" not in typed)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"  \n", "import_empty"),
        (b"PK\x03\x04 workbook", "import_not_workbook"),
        (b"\xd0\xcf\x11\xe0 97", "import_old_workbook"),
        (a_workbook(["姓名", "电话"]), "import_no_headings"),
        (a_workbook(), "import_no_headings"),
        (a_workbook(["产品名称", "利率"], *[["甲贷", "4%"]] * (importing.MOST_ROWS + 1)), "import_too_many"),
        (repacked(a_workbook(["产品名称", "利率"]), sheet1=b"<a/>" + b" " * MOST_UNPACKED), "import_unpacks_too_large"),
        (repacked(a_workbook(["产品名称"]), workbook=b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "import_not_workbook"),
        (repacked(a_workbook(["产品名称"]), sheet1=b"<sheet"), "import_not_workbook"),
        (b"a\0b", "import_not_text"),
        (b"\xff\xff\xff", "import_not_text"),
        (b"x" * (importing.MOST_BYTES + 1), "import_too_large"),
        ("姓名,电话\n甲,1\n".encode(), "import_no_headings"),
        ("产品名称,利率\n\n合计,\n".encode(), "import_no_lines"),
        (("产品名称,利率\n" + "甲贷,4%\n" * (importing.MOST_ROWS + 1)).encode(), "import_too_many"),
    ],
    ids=["empty", "no zip", "xls", "sheet of others", "empty sheet", "long sheet", "bomb", "entities", "broken sheet",
         "nul", "bytes", "large", "headings", "lines", "many"],
)  # fmt: skip
def test_what_is_no_such_table_says_why(content: bytes, code: str, caplog: pytest.LogCaptureFixture) -> None:
    found = read(content)
    assert isinstance(found, Reason) and found.code == code
    assert ("a workbook could not be read" in caplog.messages) is (code == "import_not_workbook"), "and the log what for"


@pytest.mark.article("8.2")
def test_a_workbook_is_read_as_it_is_shown() -> None:
    def shape(book: Workbook) -> None:
        sheet = book["产品"]
        for merged in ("A2:A3", "B2:C2", "G4:G5"):
            sheet.merge_cells(merged)
        sheet["D4"].number_format, sheet["B5"].number_format, sheet["E5"].number_format = "0.00%", '0!.0,"万"', '0"个月"'
        book.create_sheet("说明", 0)["A1"] = "请看下一张"
        book.create_sheet("旧版", 1).append(["产品名称", "利率"])
        book["旧版"].sheet_state = "hidden"

    table = table_of(
        a_workbook(
            ["2026 年一览"],
            ["产品名称", "额度（万元）", None, "年利率", "最长期限", "从哪天起", "机构"],
            [None, "最低", "最高"],
            ["甲贷", 5, 50, 0.0435, "=B4*2", date(2026, 10, 1), "青檀"],
            ["乙贷", 5_000_000, None, "1年期LPR+85BP", 36, datetime(2026, 10, 2), None],
            change=shape,
        )
    )
    assert (table.sheet, table.other_sheets) == ("产品", ("说明", "旧版"))
    first, second = table.lines
    assert first.typed == {
        "name": ["甲贷"], "amount_min_wan": ["5"], "amount_max_wan": ["50"], "valid_from_on": ["2026-10-01"],
    }  # fmt: skip
    assert codes(first) == [("最长期限", "import_no_result"), ("年利率", "import_rate_base")]
    assert first.found[-2].facts["text"] == "4.35%"
    assert codes(second) == [("额度（万元） 最低", "import_shown_otherwise")]
    assert (second.typed["term_max_months"], second.typed["valid_from_on"]) == (["36"], ["2026-10-02"])
    assert (first.number, second.number, second.institution) == (4, 5, "青檀")


@pytest.mark.parametrize(
    ("number_format", "shown"),
    [("General", "50000"), ("#,##0.00", "50000"), ('_ "¥"* #,##0.00_ ', "50000"), ("0%", "5000000%"),
     ('#,##0"万元"', "50000万元"), ("#,##0,", SHOWN_OTHERWISE), ('0!.0,"万"', SHOWN_OTHERWISE)],
)  # fmt: skip
def test_a_number_is_taken_as_its_format_shows_it_or_not_at_all(number_format: str, shown: str) -> None:
    assert shown_number(50_000, number_format) == shown


def test_cover_is_not_listed_among_loans_and_no_cell_passes_for_a_word_of_ours() -> None:
    loan, cover = table_of("kind,product_name,conditions\nloan,甲贷,label:no:such\ninsurance,乙险,\n").lines
    assert loan.usable and "label:" not in str(loan.found[-1].facts)
    assert codes(cover) == [("kind", "import_cover_elsewhere")]
    assert codes(table_of("险种,产品名称\n财产一切险,乙险\n").lines[0]) == [("险种", "import_cover_elsewhere")]


COVERS = """产品名称,险种,谁能投保,保额（万元）,保险期间,缴费方式,免赔,保费,类型
小店平安,财产一切险,个体工商户,5-200,1年,一次付清、按月,每次 500 元,500元/年,保险
团意,EMP_PA,企业员工,,,,,,保险
养老,KP_PENSION,企业,,,,,,保险
什么险,没有这种险,企业,,,,,,保险
灶台贷,,企业,,,,,,贷款
"""


@pytest.mark.article("15.1", "8.2")
def test_lines_of_insurance_are_read_for_an_insurer_without_a_price_or_a_guess() -> None:
    shop, group, pension, unknown, loan = table_of(COVERS, "cover", lines=("PROP_AR", "EMP_PA")).lines
    assert (shop.cover_line, shop.typed) == ("PROP_AR", {
        "name": ["小店平安"], "deductible": ["每次 500 元"], "applicant_kinds": ["sole_proprietor"],
        "sum_min_wan": ["5"], "sum_max_wan": ["200"], "periods": ["year"], "plans": ["once", "monthly"],
    })  # fmt: skip
    assert codes(shop) == [("保费", "import_price")]
    assert codes(group) == [("谁能投保", "import_sentence")]  # who is insured is not who takes it out
    assert [codes(line)[0][1] for line in (pension, unknown, loan)] == [
        "import_line_elsewhere", "import_no_line", "import_kind_elsewhere",
    ]  # fmt: skip
    assert not any(line.usable or line.typed for line in (pension, unknown, loan))


@pytest.mark.parametrize("unit", ["万元/人", "万元年毛利润（含工资、租金）"])
def test_a_sum_that_is_not_of_the_whole_policy_is_left_to_the_person(unit: str) -> None:
    text = f"product_name,insurance_line,amount_max,amount_unit,tenor_max_months\n团意,EMP_PA,100,{unit},12\n"
    (line,) = table_of(text, "cover", lines=("EMP_PA",)).lines
    assert line.typed == {"name": ["团意"]}
    assert codes(line) == [("amount_max", "import_sum_of_each"), ("tenor_max_months", "import_period")]


# Drafts --------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _autumn() -> Iterator[None]:
    with clock.frozen("2026-09-23T10:00:00+08:00", everywhere=True):
        yield


@pytest.fixture
def deed(any_app: Any) -> Any:
    """A write transaction of its own each time it is called."""
    with any_app.app_context():
        yield unit_of_work


@pytest.mark.article("8.2")
def test_lines_become_drafts_with_their_gaps_and_the_same_file_makes_nothing_twice(deed: Any) -> None:
    content = MESSY.encode("gb18030")
    with deed():
        bank = an_institution()
        a_branch(bank)
        desk = a_desk(bank)
        source = services.import_products(institution=bank, filename="产品.csv", file=importing.opened(content), by=desk)
        again = services.import_products(institution=bank, filename="别名.csv", file=importing.opened(content), by=desk)
        assert again is source
    with deed():
        source = db.session.scalars(sa.select(ProductImport)).one()
        assert [line.product is not None for line in source.lines] == [True, True, False]
        assert queries.count_drafts(source) == 2
        hearth = source.lines[0].product
        assert hearth is not None and (hearth.state, hearth.name) == ("draft", "灶台贷")
        (version,) = hearth.versions
        assert (version.amount_max_yuan, version.rate_base, version.fees) == (Decimal(500_000), None, [])
        missing = {one.field for step in queries.gaps_of(hearth, clock.today()).values() for one in step}
        assert {"rate_base", "renewal_kind", "promised_days", "valid_until_on"} <= missing
        assert "amount_max_wan" not in missing
        with pytest.raises(Refused, match="product_not_complete"):
            services.submit_version(version, seen=version.row_version, by=desk)
        services.drop_draft(version, by=desk)
    with deed():
        assert db.session.scalars(sa.select(ImportLine).where(ImportLine.number == 4)).one().product_id is None


@pytest.mark.article("8.2")
def test_the_shelf_of_samples_is_no_institution_that_anything_can_be_published_or_admitted_for(deed: Any) -> None:
    with deed():
        operator = an_operator()
        shelf = services.sample_desk()
        assert services.sample_desk() is shelf and "不是真机构" in shelf.name
        source = services.import_products(institution=shelf, filename="a.csv", file=importing.opened(MESSY.encode()), by=operator)
        draft = source.lines[0].product
        assert draft is not None
        version = draft.versions[0]
        with pytest.raises(Refused, match="product_institution_not_admitted"):
            services.submit_version(version, seen=version.row_version, by=operator)
        with pytest.raises(Refused, match="institution_is_sample"):
            admit_institution(shelf, licence_seen="original", by=operator, caller=None)  # type: ignore[arg-type]
        number = shelf.id
    with pytest.raises(sa.exc.IntegrityError), deed():
        db.session.execute(
            sa.update(Institution)
            .where(Institution.id == number)
            .values(status="admitted", licence_checked_by_id=operator.id, licence_checked_at=clock.now())
        )


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(app: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def client_of(site: Any, person: Any) -> Any:
    client = site.test_client()
    sign_in(client, person)
    return client


def upload(client: Any, content: bytes, name: str = "产品.csv") -> Any:
    return client.post(
        "/desk/products/imports", data={"form_key": uuid.uuid4().hex, "file": (io.BytesIO(content), name)}
    )


def test_a_line_of_another_institution_says_under_whose_name_its_draft_stands(site: Any) -> None:
    with site.app_context(), unit_of_work():
        desk = a_desk(an_institution("青檀农商银行"))
    client = client_of(site, desk)
    for others, said in (("江渚银行", 1), ("青檀农商银行", 0)):
        page = client.get(upload(client, f"产品名称,额度,机构\n甲贷,5-50万元,{others}\n".encode()).location).text
        assert page.count("不是您的机构") == said


@pytest.mark.article("8.2")
def test_a_desk_reads_line_by_line_what_became_of_its_table_and_nobody_else_does(site: Any) -> None:
    with site.app_context(), unit_of_work():
        bank, rival = an_institution("青檀农商银行"), an_institution("望山银行")
        branch = a_branch(bank)
        a_branch(rival)
        desk, other, manager = a_desk(bank), a_desk(rival), a_manager(branch)
        operator = an_operator()
    client = client_of(site, desk)
    assert "还没有读过" in client.get("/desk/products/imports").text
    answer = upload(client, MESSY.encode("gb18030"))
    assert answer.status_code == 303
    page = client.get(answer.location).text
    for words in ("第 4 行", "灶台贷", "没说是固定利率", "没有看懂“房产抵押”", "还缺的", "没有产品名", "按月付息"):
        assert words in page, words
    assert "产品.csv" in client.get("/desk/products/imports").text
    for stranger in (other, operator):
        assert client_of(site, stranger).get(answer.location).status_code == 404
    assert client_of(site, manager).get(answer.location).status_code == 403
    assert client_of(site, manager).get("/desk/products/imports").status_code == 404


def test_a_wrong_file_says_so_at_the_field_in_both_languages_and_makes_nothing(site: Any) -> None:
    with site.app_context(), unit_of_work():
        bank = an_institution()
        a_branch(bank)
        desk = a_desk(bank)
    client = client_of(site, desk)
    for content, name, words in ((b"\xd0\xcf\x11\xe0", "a.xls", "旧版 Excel"), (b"", "", "先选一个文件")):
        answer = upload(client, content, name)
        assert answer.status_code == 422 and words in answer.text
    with site.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Product)) == 0


@pytest.mark.article("15.1")
def test_an_insurers_desk_reads_a_workbook_in_and_drops_a_draft_again(site: Any) -> None:
    with site.app_context(), unit_of_work():
        desk = a_desk(an_insurer())
    client = client_of(site, desk)
    assert "/desk/products/imports" in client.get("/desk/cover").text
    assert "险种（代码或正式名称）" in client.get("/desk/products/imports").text
    rows = [line.split(",") for line in COVERS.splitlines()]
    answer = upload(client, a_workbook(*rows), "保险.xlsx")
    page = client.get(answer.location).text
    for words in ("读的工作表", "小店平安", "保额，最多", "一次付清", "是价格，不从表里读", "不保什么", "不在这里列"):
        assert words in page, words
    with site.app_context(), unit_of_work():
        lines = db.session.scalars(sa.select(ImportLine).order_by(ImportLine.number)).all()
        assert [line.cover is not None for line in lines] == [True, True, False, False, False]
        shop = lines[0].cover
        assert shop is not None and (shop.line, shop.state) == ("PROP_AR", "draft")
        (version,) = shop.versions
        assert (version.sum_max_yuan, version.periods, version.rate_min) == (Decimal(2_000_000), ["year"], None)
        assert f"/desk/cover/{shop.id}/draft/basics" in page
        cover_services.drop_draft(version, by=desk)
        assert lines[0].cover_id is None


@pytest.mark.article("8.2")
def test_the_operators_terminal_reads_samples_in_as_drafts_that_no_page_shows(site: Any, tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    path.write_bytes(MESSY.encode("gb18030"))
    covers = tmp_path / "covers.csv"
    covers.write_text(COVERS, encoding="utf-8")
    runner = site.test_cli_runner()
    answer = runner.invoke(args=["import-products", str(path)])
    assert answer.exit_code == 1 and "Nobody operates" in answer.output
    with site.app_context(), unit_of_work():
        operator = an_operator()
    answer = runner.invoke(args=["import-products", str(path)])
    assert answer.exit_code == 0, answer.output
    assert "2 drafts, none published" in answer.output and "没有看懂" in answer.output
    with site.app_context():
        (source,) = db.session.scalars(sa.select(ProductImport)).all()
        address = f"/desk/products/imports/{source.id}"
        assert db.session.scalar(sa.select(sa.func.count()).select_from(ProductVersion)) == 2
        db.session.rollback()
    assert "灶台贷" not in site.test_client().get("/products").text
    assert "这是样例，不是真机构的产品" in client_of(site, operator).get(address).text
    answer = runner.invoke(args=["import-products", str(covers)])
    assert "5 lines, 4 drafts, none published" in answer.output  # loans and cover; what names no line is none
    path.write_text("姓名\n", encoding="utf-8")
    answer = runner.invoke(args=["import-products", str(path)])
    assert answer.exit_code == 1 and "表头" in answer.output
