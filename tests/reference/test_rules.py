"""The rules of the reference subject against cases that a banker can read."""

from __future__ import annotations

import csv
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from matchmaker import create_app
from matchmaker.reference import industries, rules
from matchmaker.reference.rules.working_time import SHANGHAI, nth_working_day
from matchmaker.refusal import Refused
from matchmaker.settings import Settings, load

CASES = Path(__file__).parent / "cases"


def rows(name: str) -> list[dict[str, str]]:
    with (CASES / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def local(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


# size class ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", rows("size_cases"), ids=lambda case: case["case_id"])
def test_size_class_is_what_the_standard_says(case: dict[str, str]) -> None:
    verdict = rules.size_class(
        case["gbt_code"],
        int(case["employees"]) if case["employees"] else None,
        Decimal(case["revenue_wan"]) if case["revenue_wan"] else None,
        Decimal(case["assets_wan"]) if case["assets_wan"] else None,
    )
    assert (verdict.expected_size, verdict.group_code) == (case["expected_size"], case["group_code"])
    assert (verdict.fallback_size is None) == (case["expected_size"] in rules.SIZES)
    assert verdict.size in rules.SIZES


def test_every_class_answers_at_every_order_of_magnitude() -> None:
    for industry in industries.classes():
        for figure in (0, 1, 100, 10_000, 1_000_000):
            verdict = rules.size_class(industry.code, figure, Decimal(figure), Decimal(figure))
            assert verdict.expected_size in (*rules.SIZES, "out_of_scope")
            assert bool(industry.size_group) == (verdict.expected_size != "out_of_scope")


def test_the_size_never_falls_when_a_figure_grows() -> None:
    for code in ("0111", "1411", "4710", "5123", "5212", "5431", "6513", "7010", "7020", "7231", "8040"):
        last = 0
        for figure in (0, 5, 10, 20, 50, 100, 300, 1000, 5000, 20_000, 80_000, 200_000):
            size = rules.size_class(code, figure, Decimal(figure), Decimal(figure)).size
            assert rules.SIZES.index(size) >= last
            last = rules.SIZES.index(size)


def test_the_working_names_the_bound_that_was_missed() -> None:
    verdict = rules.size_class("6210", 120, Decimal("1800"), None)
    codes = [reason.code for reason in verdict.working]
    assert codes == ["size_group", "size_employees_medium", "size_revenue_small", "size_is_small"]
    assert verdict.working[2].facts == {
        "value_yuan": Decimal(18_000_000),
        "bound_yuan": Decimal(1_000_000),
        "next_yuan": Decimal(20_000_000),
    }


def test_a_missing_figure_is_not_taken_for_zero() -> None:
    verdict = rules.size_class("3311", None, Decimal(5000), None)
    assert verdict.expected_size == "unclassified"
    assert verdict.fallback_size == "medium"
    assert "size_employees_missing" in [reason.code for reason in verdict.working]


def test_what_the_standard_does_not_cover_has_a_declared_fallback() -> None:
    school = rules.size_class("8391", 60, Decimal(900))
    assert (school.expected_size, school.group_code, school.fallback_size) == ("out_of_scope", "", "small")
    nothing = rules.size_class("8391")
    assert nothing.fallback_size == "micro"
    assert nothing.working[-1].code == "size_fallback_nothing_known"


def test_a_parent_code_counts_when_all_its_classes_are_measured_alike() -> None:
    assert rules.size_class("62", 10, Decimal(100)).group_code == "CAT"
    assert rules.size_class("I6210", 10, Decimal(100)).group_code == "CAT" if industries.get("I6210") else True
    with pytest.raises(Refused) as refused:
        rules.size_class("59", 10, Decimal(100))
    assert (refused.value.code, refused.value.field) == ("industry_too_wide", "gbt_code")


@pytest.mark.parametrize(
    ("code", "figures", "expected", "field"),
    [
        ("9999", (1, Decimal(1), None), "industry_unknown", "gbt_code"),
        ("", (1, Decimal(1), None), "industry_unknown", "gbt_code"),
        ("6210", (-1, Decimal(1), None), "below_zero", "employees"),
        ("6210", (1, Decimal(-1), None), "below_zero", "revenue_wan"),
        ("6210", (1, Decimal(1), Decimal("-0.01")), "below_zero", "assets_wan"),
    ],
)
def test_wrong_input_is_refused_with_its_field(code, figures, expected, field) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as refused:
        rules.size_class(code, *figures)
    assert (refused.value.code, refused.value.field, refused.value.status) == (expected, field, 422)


# credit code -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", rows("uscc_samples"), ids=lambda case: case["uscc"])
def test_published_codes_are_read_and_wrong_ones_refused(case: dict[str, str]) -> None:
    if case["expected"] == "valid" and case["uscc"] != "0" * 18:
        found = rules.read_credit_code(case["uscc"])
        assert (found.code, found.kind, found.region_code) == (case["uscc"], "enterprise", case["region_code"])
        return
    with pytest.raises(Refused) as refused:
        rules.read_credit_code(case["uscc"])
    assert refused.value.field == "uscc"
    expected = {
        "wrong_check_digit": {"uscc_check_digit"},
        "transposed_digits": {"uscc_check_digit"},
        "too_short": {"uscc_length"},
        "too_long": {"uscc_length"},
        "old_registration_number": {"uscc_old_number"},
        "organisation_code_only": {"uscc_organisation"},
        "forbidden_letter": {"uscc_letters", "uscc_misread"},
        "letter_in_region_code": {"uscc_letters", "uscc_misread"},
    }.get(case["reason_invalid"].split("：")[0], {"uscc_nonsense"})
    assert refused.value.code in expected


def with_check_digit(first: str) -> str:
    from stdnum.cn import uscc

    return first + uscc.calc_check_digit(first)


@pytest.mark.parametrize(("prefix", "kind"), [("91", "enterprise"), ("92", "sole_proprietor"), ("93", "cooperative")])
def test_the_kind_follows_from_the_prefix(prefix: str, kind: str) -> None:
    assert rules.read_credit_code(with_check_digit(prefix + "330106MA2B0K8P7")).kind == kind


@pytest.mark.parametrize("prefix", ["11", "12", "51", "52", "A1", "Y1"])
def test_an_office_or_an_association_is_no_business(prefix: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.read_credit_code(with_check_digit(prefix + "330106MA2B0K8P7"))
    assert refused.value.code == "uscc_not_a_business"


@pytest.mark.parametrize(
    "nonsense", ["0" * 18, "1" * 18, "9" * 18, "91330106" + "0" * 9, "91990106MA2B0K8P7", "00330106MA2B0K8P7"]
)
def test_nonsense_with_a_right_check_digit_is_refused(nonsense: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.read_credit_code(nonsense if len(nonsense) == 18 else with_check_digit(nonsense))
    assert refused.value.code == "uscc_nonsense"


def test_a_code_may_be_typed_with_spaces_full_width_and_small_letters() -> None:
    assert rules.read_credit_code(" ９１44 0300-1923 17458f ").code == "91440300192317458F"


def test_a_letter_often_misread_is_pointed_out() -> None:
    with pytest.raises(Refused) as refused:
        rules.read_credit_code("9144O3OO192317458F")
    assert refused.value.code == "uscc_misread"
    assert refused.value.facts == {"suggestion": "91440300192317458F"}


def test_a_check_character_of_zero_is_accepted() -> None:
    """A well-known library refuses these: about one code in 31."""
    from stdnum.cn import uscc

    code = next(first + "0" for n in range(500) if uscc.calc_check_digit(first := f"91330106MA2B{n:05d}") == "0")
    assert rules.read_credit_code(code).code == code


# working time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "n", "kind", "end"),
    [
        ("2026-09-21T10:00", 1, "working", "2026-09-22 17:30"),  # Monday morning
        ("2026-09-21T20:00", 1, "working", "2026-09-22 17:30"),  # Monday evening: the same
        ("2026-09-21T00:00", 1, "working", "2026-09-22 17:30"),
        ("2026-08-22T11:00", 1, "working", "2026-08-24 17:30"),  # Saturday
        ("2026-08-21T11:00", 1, "working", "2026-08-24 17:30"),  # Friday
        ("2026-09-19T11:00", 1, "working", "2026-09-20 17:30"),  # a Sunday worked for the National Day
        ("2026-09-30T16:00", 1, "working", "2026-10-08 17:30"),  # over the seven days
        ("2026-09-30T16:00", 2, "working", "2026-10-09 17:30"),
        ("2026-09-30T16:00", 3, "working", "2026-10-10 17:30"),  # a Saturday worked
        ("2026-09-21T10:00", 10, "working", "2026-10-12 17:30"),  # Mid-Autumn and the week off, a Saturday worked
        ("2026-09-21T10:00", 7, "calendar", "2026-09-28 17:30"),
        ("2026-08-24T10:00", 5, "calendar", "2026-08-31 17:30"),  # a Saturday moves to Monday
        ("2026-09-03T10:00", 30, "calendar", "2026-10-08 17:30"),  # 3 October moves behind the holiday
        ("2026-09-21T10:00", 30, "calendar", "2026-10-21 17:30"),
        ("2026-12-30T10:00", 1, "working", "2026-12-31 17:30"),
    ],
)
def test_a_clock_ends_at_half_past_five_of_its_last_day(event: str, n: int, kind: str, end: str) -> None:
    assert local(rules.end_of_clock(at(event), n, kind)) == end  # type: ignore[arg-type]


def test_the_event_is_taken_in_shanghai_whatever_its_zone() -> None:
    utc = datetime.fromisoformat("2026-09-21T17:00:00+00:00")  # Tuesday 01:00 in Shanghai
    assert local(rules.end_of_clock(utc, 1, "working")) == "2026-09-23 17:30"
    with pytest.raises(ValueError, match="time zone"):
        rules.end_of_clock(datetime(2026, 9, 21, 10), 1, "working")


def test_after_the_last_published_year_weekends_decide_provisionally() -> None:
    assert rules.LAST_KNOWN_YEAR >= 2026
    later = rules.LAST_KNOWN_YEAR + 1
    new_year = date(later, 1, 1)
    assert rules.is_working_day(new_year) == (new_year.weekday() < 5)
    assert rules.is_provisional(new_year)
    assert not rules.is_provisional(date(2026, 12, 31))
    end = rules.end_of_clock(at(f"{later - 1}-12-31T10:00"), 1, "working")
    assert rules.end_is_provisional(end)


@pytest.mark.parametrize("case", rows("workdays_per_month"), ids=lambda case: f"{case['year']}-{case['month']}")
def test_working_days_of_a_month(case: dict[str, str]) -> None:
    first = date(int(case["year"]), int(case["month"]), 1)
    last = first + timedelta(days=int(case["calendar_days"]) - 1)
    assert rules.working_days_between(first - timedelta(days=1), last) == int(case["working_days"])


def test_the_holiday_that_is_skipped_has_a_name() -> None:
    skipped = rules.days_off_between(date(2026, 9, 30), date(2026, 10, 8))
    assert skipped[0] == date(2026, 10, 1)
    assert rules.festival_on(skipped[0]) == "国庆节"
    assert rules.festival_on(date(2026, 9, 21)) is None


def test_shares_of_a_working_clock_are_counted_in_working_hours() -> None:
    start, due = at("2026-08-24T10:00"), at("2026-08-25T17:30")  # 7.5 h and 8.5 h
    for now, used in (
        ("2026-08-24T09:00", 0.0),
        ("2026-08-24T10:00", 0.0),
        ("2026-08-24T14:00", 0.25),
        ("2026-08-24T17:30", 7.5 / 16),
        ("2026-08-25T03:00", 7.5 / 16),  # the night does not count
        ("2026-08-25T13:30", 0.75),
        ("2026-08-25T17:30", 1.0),
        ("2026-08-25T23:00", 1.0),
        ("2026-08-26T17:30", 24.5 / 16),
    ):
        assert rules.share_used(start, due, at(now), "working") == used, now


def test_shares_of_a_calendar_clock_are_plain_time() -> None:
    start, due = at("2026-08-24T00:00"), at("2026-08-28T00:00")
    assert rules.share_used(start, due, at("2026-08-27T00:00"), "calendar") == 0.75
    assert rules.share_used(start, due, at("2026-08-20T00:00"), "calendar") == 0.0
    assert rules.share_used(start, due, at("2026-08-29T00:00"), "calendar") == 1.25


def test_a_clock_without_length_is_used_up_at_its_end() -> None:
    moment = at("2026-08-22T10:00")
    assert rules.share_used(moment, moment, moment, "working") == 1.0
    assert rules.share_used(moment, moment, moment - timedelta(minutes=1), "working") == 0.0


@pytest.mark.parametrize("kind", ["working", "calendar"])
def test_the_moment_of_a_share_is_where_that_share_is_used(kind: str) -> None:
    for start in ("2026-08-24T10:00", "2026-08-22T11:00", "2026-09-30T16:00", "2026-09-24T20:00"):
        for n in (1, 3, 7, 30):
            begin = at(start)
            due = rules.end_of_clock(begin, n, kind)  # type: ignore[arg-type]
            moment = rules.moment_of_share(begin, due, 0.75, kind)  # type: ignore[arg-type]
            assert rules.share_used(begin, due, moment, kind) == pytest.approx(0.75)  # type: ignore[arg-type]
            assert begin < moment < due


def test_another_working_day_can_be_set(tmp_path: Path) -> None:
    try:
        create_app(Settings(database_url=f"sqlite:///{tmp_path}/x.db", secret_key="x" * 40, office_opens=time(8),
                            office_closes=time(16)))
        start, end = at("2026-09-21T10:00"), rules.end_of_clock(at("2026-09-21T10:00"), 1, "working")
        assert local(end) == "2026-09-22 16:00"
        assert rules.share_used(start, end, at("2026-09-22T09:00"), "working") == pytest.approx(0.5)
    finally:
        rules.keep_hours(rules.OfficeHours())


def test_a_working_day_without_a_length_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for opens, closes in (("17:30", "9:00"), ("noon", "17:30")):
        monkeypatch.setenv("MATCHMAKER_OFFICE_OPENS", opens)
        monkeypatch.setenv("MATCHMAKER_OFFICE_CLOSES", closes)
        with pytest.raises(SystemExit, match="MATCHMAKER_OFFICE_"):
            load(instance_folder=str(tmp_path))


def test_zero_days_lead_to_the_next_working_day() -> None:
    assert nth_working_day(date(2026, 9, 26), 0) == date(2026, 9, 28)


# priority sectors ------------------------------------------------------------------------------------------


def test_a_sector_named_for_a_parent_covers_all_below() -> None:
    assert [sector.code for sector in rules.priority_sectors("6210")] == ["CATER"]
    assert {sector.code for sector in rules.priority_sectors("3911")} >= {"MFG", "HTM"}
    assert "RETAIL" in {sector.code for sector in rules.priority_sectors("5213")}


def test_each_sector_is_answered_once_with_its_surest_match() -> None:
    for industry in industries.classes():
        codes = [sector.code for sector in rules.priority_sectors(industry.code)]
        assert len(codes) == len(set(codes))
    assert rules.priority_sectors("nothing") == ()
