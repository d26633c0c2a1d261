"""Rules of products: reading what was typed, what keeps a version from publication, wording, differences, states."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product as pairs
from typing import Any

import pytest

from matchmaker.products.rules import fees, states
from matchmaker.products.rules.differences import Difference, differences
from matchmaker.products.rules.fees import FEE_CODES, Basis, FeeLine, Payer, Timing
from matchmaker.products.rules.states import Kind, ProductState, VersionState
from matchmaker.products.rules.terms import (
    Problem,
    RenewalKind,
    Terms,
    cautions_of,
    problems_of,
    rates_percent,
    tax_grades_from,
)
from matchmaker.products.rules.typed import FIELDS, STEP_OF, kept_of, read_terms, shown_of, typed_from
from matchmaker.reference import terms as trade
from matchmaker.reference.rules.wording import PROMISES, banned_promises, is_placeholder
from matchmaker.refusal import Reason
from tests.products.builders import fee, typed_product

TODAY = date(2026, 9, 23)
LPR = {"lpr_1y_percent": Decimal("3.00"), "lpr_5y_percent": Decimal("3.50")}


@pytest.fixture(autouse=True)
def _autumn() -> object:
    from matchmaker import clock

    with clock.frozen("2026-09-23T10:00:00+08:00"):
        yield


def problems(typed: dict[str, list[str]], kind: Kind = Kind.CREDIT, served: tuple[str, ...] = ()) -> dict[str, str]:
    """Field -> code of the first problem."""
    terms, unread = read_terms(typed, kind)
    found: dict[str, str] = {}
    for problem in unread + problems_of(terms, today=TODAY, served=served, **LPR):
        found.setdefault(problem.field, problem.reason.code)
    return found


def terms_of(typed: dict[str, list[str]], kind: Kind = Kind.CREDIT) -> Terms:
    return read_terms(typed, kind)[0]


def test_a_complete_product_has_no_problem() -> None:
    assert problems(typed_product()) == {}


@pytest.mark.article("8.1")
def test_the_rate_is_the_lpr_of_the_day_plus_basis_points() -> None:
    terms = terms_of(typed_product(spread_min_bp="-20", spread_max_bp="85"))
    assert rates_percent(terms, Decimal("3.00"), Decimal("3.50")) == (Decimal("2.80"), Decimal("3.85"))
    five = terms_of(typed_product(rate_base="LPR5Y", spread_min_bp="0", spread_max_bp="0"))
    assert rates_percent(five, Decimal("3.00"), Decimal("3.50")) == (Decimal("3.50"), Decimal("3.50"))
    fixed = terms_of(typed_product(rate_base="FIXED", fixed_rate_percent="4.2"))
    assert rates_percent(fixed, Decimal("3.00"), Decimal("3.50")) == (Decimal("4.2"), Decimal("4.2"))


@pytest.mark.article("8.1")
def test_a_new_lpr_reprices_what_floats_and_leaves_what_is_fixed() -> None:
    floating, fixed = terms_of(typed_product()), terms_of(typed_product(rate_base="FIXED", fixed_rate_percent="4.2"))
    assert rates_percent(floating, Decimal("2.90"), Decimal("3.40")) == (Decimal("3.75"), Decimal("3.75"))
    assert rates_percent(fixed, Decimal("2.90"), Decimal("3.40")) == (Decimal("4.2"), Decimal("4.2"))


@pytest.mark.article("8.2")
@pytest.mark.parametrize("code", FEE_CODES)
def test_every_single_fee_must_be_answered(code: str) -> None:
    typed = typed_product()
    for field in [field for field in typed if field.startswith(f"fee-{code}-")]:
        del typed[field]
    assert problems(typed) == {f"fee-{code}-answer": "product_fee_unanswered"}


@pytest.mark.article("8.2")
def test_the_schedule_asks_every_fee_term_but_the_interest() -> None:
    assert set(FEE_CODES) == set(trade.codes("fee")) - {"INTEREST"}


@pytest.mark.article("8.2")
@pytest.mark.parametrize(
    ("part", "value", "code"),
    [
        ("payer", "", "product_fee_payer_missing"),
        ("payee", "", "product_fee_payee_missing"),
        ("value", "", "product_fee_value_missing"),
        ("value", "0", "product_fee_value_missing"),
        ("value", "-1", "product_fee_value_missing"),
        ("value", "101", "product_number_above"),
        ("value", "一点点", "product_number_unreadable"),
        ("way", "", "product_fee_way_missing"),
        ("way", "yuan_once.monthly", "product_choice_unknown"),
        ("payee", "内部渠道", "product_words_paid_lane"),
    ],
)
def test_a_charged_fee_says_by_whom_how_much_and_when(part: str, value: str, code: str) -> None:
    typed = typed_product() | fee("APPRAISAL", value="0.2", way="percent_of_amount.upfront", payee="评估公司")
    assert problems(typed) == {}
    typed[f"fee-APPRAISAL-{part}"] = [value]
    assert problems(typed) == {f"fee-APPRAISAL-{part}": code}


@pytest.mark.parametrize("value", ["0.125", "0.125%", "300元", "1.5万"])
def test_while_a_fee_does_not_say_how_it_is_counted_its_value_is_no_second_error(value: str) -> None:
    typed = typed_product() | fee("APPRAISAL", value=value, way="", payee="评估公司")
    assert problems(typed) == {"fee-APPRAISAL-way": "product_fee_way_missing"}


@pytest.mark.article("8.2")
def test_a_fee_of_a_third_party_needs_its_name_too() -> None:
    typed = typed_product() | fee("PLATFORM", value="1", way="percent_of_amount.upfront", payee="")
    assert problems(typed) == {"fee-PLATFORM-payee": "product_fee_payee_missing"}


def test_a_subsidy_is_paid_by_the_government_alone() -> None:
    typed = typed_product() | fee("SUBSIDY", value="1", way="percent_per_year.yearly", payee="区财政局")
    assert problems(typed) == {"fee-SUBSIDY-payer": "product_fee_subsidy_payer"}
    typed["fee-SUBSIDY-payer"] = ["government"]
    assert problems(typed) == {}


def test_penalty_interest_is_counted_on_the_rate_and_never_on_the_amount() -> None:
    typed = typed_product() | fee("LATE", value="50", way="percent_of_amount.upfront", payee="本行")
    assert problems(typed) == {"fee-LATE-way": "product_choice_unknown"}


@pytest.mark.article("9.1")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"renewal_kind": ""}, {"renewal_kind": "product_renewal_missing"}),
        ({"renewal_statement": ""}, {"renewal_statement": "product_renewal_statement_missing"}),
        ({"renewal_kind": "no", "renewal_statement": ""}, {"renewal_statement": "product_renewal_reason_missing"}),
        ({"renewal_statement": "无"}, {"renewal_statement": "product_placeholder"}),
        ({"renewal_statement": "可以续的"}, {"renewal_statement": "product_text_short"}),
        ({"renewal_kind": "maybe"}, {"renewal_kind": "product_choice_unknown"}),
        ({"renewal_kind": "no", "renewal_statement": "按订单放款，一单一还，没有可续的"}, {}),
    ],
)
def test_without_a_renewal_statement_there_is_no_publication(changes: dict[str, str], expected: dict[str, str]) -> None:
    assert problems(typed_product(**changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": ""}, {"name": "product_field_missing"}),
        ({"name": "N/A"}, {"name": "product_placeholder"}),
        ({"name": "灶"}, {"name": "product_text_short"}),
        ({"name": "灶" * 10 + "台" * 11}, {"name": "product_text_long"}),
        ({"summary": "秒批小额贷款，先到先得"}, {"summary": "product_words_speed"}),
        ({"applicant_kinds": ""}, {"applicant_kinds": "product_choose_one"}),
        ({"purposes": ["PROHIBIT_RE"]}, {"purposes": "product_choice_unknown"}),
        ({"amount_min_wan": "几万"}, {"amount_min_wan": "product_number_unreadable"}),
        ({"amount_min_wan": "60"}, {"amount_max_wan": "product_sum_order"}),
        ({"amount_min_wan": "0"}, {"amount_min_wan": "product_sum_below"}),
        ({"amount_max_wan": "9" * 11}, {"amount_max_wan": "product_sum_above"}),
        ({"amount_max_wan": "5.00001"}, {"amount_max_wan": "product_sum_fine"}),
        ({"amount_max_wan": "NaN"}, {"amount_max_wan": "product_number_unreadable"}),
        ({"amount_max_wan": "Infinity"}, {"amount_max_wan": "product_number_unreadable"}),
        ({"amount_max_wan": "1e5"}, {"amount_max_wan": "product_number_unreadable"}),
        ({"term_min_months": "6.5"}, {"term_min_months": "product_number_whole"}),
        ({"term_max_months": "361"}, {"term_max_months": "product_number_above"}),
        ({"term_max_months": ""}, {"term_max_months": "product_field_missing"}),
        ({"rate_base": ""}, {"rate_base": "product_choose_one"}),
        ({"rate_base": "PRIME"}, {"rate_base": "product_choice_unknown"}),
        ({"spread_min_bp": "-300"}, {"spread_min_bp": "product_rate_not_positive"}),
        ({"spread_min_bp": "90"}, {"spread_max_bp": "product_range_order"}),
        ({"spread_max_bp": "2200"}, {"spread_max_bp": "product_rate_above_ceiling"}),
        ({"rate_base": "FIXED"}, {"fixed_rate_percent": "product_field_missing"}),
        ({"rate_base": "FIXED", "fixed_rate_percent": "25"}, {"fixed_rate_percent": "product_rate_above_ceiling"}),
        ({"rate_base": "FIXED", "fixed_rate_percent": "0"}, {"fixed_rate_percent": "product_rate_not_positive"}),
        ({"repayments": ""}, {"repayments": "product_choose_one"}),
        ({"repayments": ["SEASON", "STEP"]}, {"repayments": "product_no_priceable_repayment"}),
        ({"repayments": ["REVOLVE"]}, {"revolving": "product_revolving_flag"}),
        ({"repayments": ["REVOLVE"], "revolving": "y"}, {}),
        ({"securities": ""}, {"securities": "product_choose_one"}),
        ({"first_time_only": "y", "first_time_friendly": ""}, {"first_time_only": "product_first_time_flags"}),
        ({"regions": "乌有乡"}, {"regions": "product_region_unknown"}),
        ({"regions": "鼓楼区"}, {"regions": "product_region_ambiguous"}),
        ({"industries_allow": "炼丹"}, {"industries_allow": "product_industry_unknown"}),
        ({"industries_allow": "6210", "industries_deny": "62"}, {"industries_deny": "product_industry_both"}),
        ({"industries_allow": "62", "industries_deny": "6210"}, {}),
        ({"min_months_in_business": "0"}, {"min_months_in_business": "product_number_between"}),
        ({"min_turnover_wan": "-1"}, {"min_turnover_wan": "product_sum_below"}),
        ({"max_debt_ratio_percent": "120"}, {"max_debt_ratio_percent": "product_number_between"}),
        ({"least_tax_grade": "Z"}, {"least_tax_grade": "product_choice_unknown"}),
        ({"documents": ""}, {"documents": "product_choose_one"}),
        ({"reason__BANK_FLOW": ""}, {"reason-BANK_FLOW": "product_document_reason_missing"}),
        ({"reason__BANK_FLOW": "/"}, {"reason-BANK_FLOW": "product_placeholder"}),
        ({"promised_days": "45"}, {"promised_days": "product_number_between"}),
        ({"valid_until_on": "2026-09-01"}, {"valid_until_on": "product_valid_order"}),
        ({"valid_from_on": "2026-01-01", "valid_until_on": "2026-09-22"}, {"valid_until_on": "product_valid_over"}),
        ({"valid_until_on": "2028-01-01"}, {"valid_until_on": "product_valid_long"}),
        ({"valid_until_on": "国庆以后"}, {"valid_until_on": "product_date_unreadable"}),
        ({"valid_until_on": "2026-02-30"}, {"valid_until_on": "product_date_unreadable"}),
    ],
)
def test_each_fault_is_said_at_its_own_field(changes: dict[str, str], expected: dict[str, str]) -> None:
    assert problems(typed_product(**changes)) == expected


@pytest.mark.parametrize(
    "typed", ["30", "３０", "30 万元", "30.0000", "30万", " 30 ", "300000元", "300,000 元", "0.003亿"]
)
def test_numbers_are_read_as_people_write_them(typed: str) -> None:
    assert terms_of(typed_product(amount_max_wan=typed)).amount_max_yuan == Decimal(300_000)


@pytest.mark.parametrize(
    ("field", "typed", "read"),
    [
        ("term_max_months", "3年", 36), ("term_max_months", "36 个月", 36), ("term_max_months", "36%", None),
        ("promised_days", "5 个工作日", 5), ("promised_days", "5个月", None), ("promised_days", "5 days", 5),
        ("spread_min_bp", "50BP", 50), ("spread_min_bp", "50 个基点", 50), ("spread_min_bp", "50%", None),
        ("min_turnover_wan", "500000 元", Decimal(500_000)), ("min_turnover_wan", "50%", None),
        ("max_debt_ratio_percent", "70％", Decimal(70)), ("max_debt_ratio_percent", "70 万元", None),
    ],
)  # fmt: skip
def test_a_unit_is_read_as_what_it_says_and_never_dropped(field: str, typed: str, read: Any) -> None:
    name = field.replace("_wan", "_yuan")
    if read is None:
        assert field in problems(typed_product(**{field: typed}))
    else:
        assert getattr(terms_of(typed_product(**{field: typed})), name) == read


def test_a_draft_written_in_english_is_kept_and_shown_again_as_it_was_meant() -> None:
    """English pages take yuan, a draft keeps 万元; what cannot be read stays to the letter on both."""
    typed = {"amount_max_wan": ["300,000"], "min_turnover_wan": ["50万"], "amount_min_wan": ["about 5"], "name": ["1,000"]}
    kept = kept_of(typed, "yuan")
    assert kept == {"amount_max_wan": ["30"], "min_turnover_wan": ["50"], "amount_min_wan": ["about 5"], "name": ["1,000"]}
    assert shown_of(kept, "yuan") == typed | {"min_turnover_wan": ["500,000"]}
    chinese = {"amount_max_wan": ["300000元"]}
    assert kept_of(chinese, "wan") == shown_of(chinese, "wan") == chinese


def test_a_fee_in_yuan_is_read_with_its_unit() -> None:
    yuan = fee("PLATFORM", value="1万元", way="yuan_once.upfront", payee="本行")
    lines = {line.code: line for line in terms_of(typed_product() | yuan).fees}
    assert lines["PLATFORM"].value == Decimal(10_000)


def test_thousands_may_have_commas_and_dates_may_be_chinese() -> None:
    terms = terms_of(typed_product(amount_max_wan="1,000", valid_until_on="2026年12月31日"))
    assert (terms.amount_max_yuan, terms.valid_until_on) == (Decimal(10_000_000), date(2026, 12, 31))


@pytest.mark.article("7.3")
def test_amounts_above_ten_million_yuan_are_welcome() -> None:
    assert problems(typed_product(amount_max_wan="5000")) == {}


def test_regions_are_read_by_name_code_or_prefix_and_kept_as_prefixes() -> None:
    assert terms_of(typed_product(regions="杭州市、330206，34")).regions == ("3301", "330206", "34")
    assert terms_of(typed_product(regions="浙江 杭州")).regions == ("33",), "the wider region covers the narrower"
    assert terms_of(typed_product(regions="北京市")).regions == ("11",)


@pytest.mark.article("12.1")
def test_a_region_outside_the_served_area_is_refused() -> None:
    assert problems(typed_product(regions="杭州、宁波"), served=("3301",)) == {"regions": "product_region_not_served"}
    assert problems(typed_product(regions="西湖区 330106"), served=("3301",)) == {"regions": "product_region_ambiguous"}
    assert problems(typed_product(regions="330106"), served=("3301",)) == {}


def test_industries_are_read_by_code_name_or_section() -> None:
    assert terms_of(typed_product(industries_allow="61、餐饮业,零售")).industries_allow == ("52", "61", "62")
    assert terms_of(typed_product(industries_allow="H")).industries_allow == ("61", "62")
    assert terms_of(typed_product(industries_allow="62 6210")).industries_allow == ("62",)


def test_tax_grades_are_those_at_least_as_good() -> None:
    assert [tax_grades_from(grade) for grade in ("", "A", "M", "D")] == [
        (),
        ("A",),
        ("A", "B", "M"),
        ("A", "B", "M", "C", "D"),
    ]


def test_a_guarantee_has_no_interest_but_must_state_its_fee() -> None:
    typed = typed_product(rate_base="", spread_min_bp="", spread_max_bp="")
    assert problems(typed, Kind.GUARANTEE) == {"fee-GUAR-answer": "product_guarantee_without_price"}
    typed |= fee("GUAR", value="1", way="percent_per_year.yearly", payee="本公司")
    assert problems(typed, Kind.GUARANTEE) == {}
    assert rates_percent(terms_of(typed, Kind.GUARANTEE), **LPR) == (0, 0)


def test_what_was_typed_for_a_version_can_be_typed_again() -> None:
    typed = typed_product(
        spread_min_bp="-15", amount_min_wan="0.5", industries_allow="61、62", industries_deny="6242", regions="3301",
        first_time_only="y", repayments=["REVOLVE"], revolving="y",
    )  # fmt: skip
    typed |= fee("GUAR", value="0.50", way="percent_per_year.yearly", payee="县担保公司", optional=True)
    terms = terms_of(typed)
    assert terms_of(typed_from(terms)) == terms


def test_every_field_of_the_forms_belongs_to_one_step() -> None:
    assert len(STEP_OF) == sum(len(fields) for fields in FIELDS.values())
    assert set(typed_product()) <= set(STEP_OF)


# --- wording ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("秒批到账", "product_words_speed"),
        ("秒 批", "product_words_speed"),
        ("秒·批", "product_words_speed"),
        ("秒\u200b批", "product_words_speed"),
        ("资料齐就包过", "product_words_certain"),
        ("１００％通过", "product_words_certain"),
        ("看信用分放款", "product_words_score"),
        ("按企业信用评级定价", "product_words_score"),
        ("征信评分 600 以上", "product_words_score"),
        ("您已获预授信 30 万", "product_words_preapproved"),
        ("黑户也能办", "product_words_bureau"),
        ("零门槛", "product_words_threshold"),
        ("有内部渠道", "product_words_paid_lane"),
        ("全网最低利率", "product_words_cheapest"),
        ("日息万分之二", "product_words_rate"),
        ("须购买保险", "product_words_tie_in"),
    ],
)
def test_promises_nobody_can_keep_are_found(text: str, code: str) -> None:
    assert [reason.code for reason in banned_promises(text)] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "两个工作日内答复",
        "信用分析由客户经理完成",
        "信用分行业看流水",
        "每秒处理很多笔",
        "预批准文件",
        "包括过桥资金",
        "经过审批",
    ],
)
def test_honest_words_pass(text: str) -> None:
    assert banned_promises(text) == []


def test_every_promise_is_found_at_least_once_above() -> None:
    assert len({promise.code for promise in PROMISES}) == len(PROMISES) == 10


@pytest.mark.parametrize("text", ["无", "/", "N/A", "----", "。。。", "aaaa", "待定", "０", "none"])
def test_placeholders_are_no_answer(text: str) -> None:
    assert is_placeholder(text)


# --- cautions, differences -------------------------------------------------------------------------------------------


def test_a_reviewer_is_told_what_to_look_at_twice() -> None:
    typed = typed_product(repayments=["FLAT"], renewal_kind="no", term_max_months="84", securities=["SURETY_GOV"])
    for code, way in (
        ("MGMT", "yuan_monthly.monthly"),
        ("APPRAISAL", "yuan_once.upfront"),
        ("PLATFORM", "percent_of_amount.upfront"),
    ):
        typed |= fee(code, value="1", way=way, payee="某某公司")
    typed |= fee("GUAR", value="1.5", way="percent_per_year.yearly", payee="担保公司")
    typed |= fee("INSCOLL", value="1", way="percent_per_year.yearly", payee="保险公司", optional=True)
    codes = {reason.code.removeprefix("product_care_") for reason in cautions_of(terms_of(typed))}
    assert codes == {
        "fee_on_small",
        "fee_banks_bear",
        "third_party",
        "guarantee_fee",
        "optional_cover",
        "long_on_1y",
        "not_renewable",
        "flat",
    }
    assert cautions_of(terms_of(typed_product())) == []


def test_differences_are_read_field_by_field() -> None:
    before = terms_of(typed_product(regions="330106"))
    after = terms_of(
        typed_product(
            regions="330106、330105", spread_min_bp="75", spread_max_bp="75", reason__BANK_FLOW="看近半年进出账"
        )
        | fee("APPRAISAL", value="0.2", way="percent_of_amount.upfront", payee="评估公司", payer="bank")
    )
    found = differences(before, after)
    assert Difference("spread_min_bp", 85, 75) in found
    assert Difference("regions", added=("330105",)) in found
    assert Difference("document_reason", "看近一年进出账", "看近半年进出账", part="BANK_FLOW") in found
    appraisal = next(change for change in found if change.field == "fee")
    assert (appraisal.part, appraisal.before, appraisal.after.payer) == (
        "APPRAISAL",
        FeeLine("APPRAISAL", False),
        Payer.BANK,
    )
    assert len(found) == 5
    assert differences(before, before) == []


# --- fees, states ----------------------------------------------------------------------------------------------------


def test_what_the_borrower_certainly_pays_leaves_out_optional_and_conditional_fees() -> None:
    def line(code: str, **values: object) -> FeeLine:
        return FeeLine(code, True, Payer.BORROWER, "甲", Basis.YUAN_ONCE, Decimal(1), Timing.UPFRONT, **values)  # type: ignore[arg-type]

    lines = [
        line("NOTARY"),
        line("INSCOLL", optional=True),
        FeeLine("MGMT", False),
        FeeLine("PREPAY", True, Payer.BORROWER, "甲", Basis.YUAN_ONCE, Decimal(1), Timing.ON_EVENT),
    ]
    assert [found.code for found in fees.borne_by_borrower(lines)] == ["NOTARY"]


@pytest.mark.parametrize(
    ("state", "step"), list(pairs(VersionState, ["save", "submit", "take_back", "send_back", "publish", "supersede"]))
)
def test_every_pair_of_version_state_and_step_has_one_answer(state: VersionState, step: str) -> None:
    answer = states.version_after(state, step)
    if (state, step) in states.VERSION_STEPS:
        assert isinstance(answer, VersionState)
    else:
        assert answer == Reason("product_version_step_closed", {"state": state, "step": step})


@pytest.mark.parametrize(
    ("state", "step"),
    list(pairs(ProductState, ["submit", "take_back", "send_back", "publish", "suspend", "resume", "stop"])),
)
def test_every_pair_of_product_state_and_step_has_one_answer(state: ProductState, step: str) -> None:
    answer = states.product_after(state, step)
    assert isinstance(answer, ProductState if (state, step) in states.PRODUCT_STEPS else Reason)


def test_a_frozen_version_knows_no_way_back_to_a_draft() -> None:
    for state in states.FROZEN_VERSION:
        after = {
            states.VERSION_STEPS.get((state, step)) for step in ("save", "submit", "take_back", "send_back", "publish")
        }
        assert after == {None}


def test_nobody_reviews_their_own_submission() -> None:
    assert states.second_person(7, 7) == Reason("product_second_person", {})
    assert states.second_person(7, 8) is None


@pytest.mark.article("11.1")
def test_which_kind_of_institution_lists_what() -> None:
    kinds = {term.code: states.kinds_offered(term.code) for term in trade.of("institution")}
    assert {code for code, offered in kinds.items() if offered == (Kind.GUARANTEE,)} == {"GUARANTEE"}
    assert {code for code, offered in kinds.items() if not offered} >= {"INS_P", "INS_L", "INS_R", "INS_X"}
    assert states.kinds_offered("DEPARTMENT") == states.kinds_offered("FUND") == ()


def test_not_renewable_terms_say_so() -> None:
    assert not Terms(Kind.CREDIT, renewal_kind=RenewalKind.NO).renewable
    assert Terms(Kind.CREDIT, renewal_kind=RenewalKind.AFTER_REPAYING).renewable
    assert Problem("a", Reason("b")) == Problem("a", Reason("b"))
