"""Cover on an insurer's desk: what may be listed, what keeps it back, two persons, versions, and no prices."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.eligibility.bounds import Outcome
from matchmaker.eligibility.facts import Facts
from matchmaker.notifications.models import Message
from matchmaker.products.cover import jobs, queries, services
from matchmaker.products.cover.models import Cover, CoverVersion
from matchmaker.products.cover.rules import (
    PRICE_FIELDS,
    Terms,
    differences,
    fingerprint,
    indicative,
    lines_offered,
    neutral_order,
    problems_of,
    read_terms,
    typed_from,
    verdicts,
)
from matchmaker.reference import insurance_lines
from matchmaker.refusal import Refused
from tests.builders import a_desk, an_institution, sign_in
from tests.products.cover_builders import a_cover, a_cover_draft, an_insurer, fill, two_desks, typed_cover


def read(**changes: Any) -> Terms:
    terms, unread = read_terms(typed_cover(**changes), "PROP_SHOP")
    assert unread == []
    return terms


def problems(licensed: bool = False, **changes: Any) -> set[str]:
    terms, unread = read_terms(typed_cover(**changes), "PROP_SHOP")
    return {p.field for p in unread + problems_of(terms, today=clock.today(), licensed=licensed)}


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.article("15.1")
def test_together_insurers_list_every_line_of_the_notice() -> None:
    every = {line.code for line in insurance_lines.every()}
    assert len(every) == 75
    assert set(lines_offered("INS_P")) | set(lines_offered("INS_L")) | set(lines_offered("INS_X")) == every
    assert {line.group_code for line in insurance_lines.every() if line.code in lines_offered("INS_L")} == {"KP", "EMP"}


@pytest.mark.article("14.2")
def test_an_export_credit_insurer_lists_credit_lines_only() -> None:
    assert "CR_EXP_ST" in lines_offered("INS_X") and "PROP_SHOP" not in lines_offered("INS_X")


@pytest.mark.parametrize("kind", ["STATE", "GUARANTEE", "INS_R", "FUND", "DEPARTMENT"])
def test_whoever_is_no_insurer_lists_no_cover(kind: str) -> None:
    assert lines_offered(kind) == ()


def test_a_complete_cover_has_no_problem() -> None:
    assert problems() == set()


@pytest.mark.article("15.2")
@pytest.mark.parametrize("field", ["name", "summary", "covers", "exclusions", "deductible", "applicant_kinds",
                                   "sum_min_wan", "sum_max_wan", "periods", "plans", "documents", "answer_days",
                                   "acknowledge_days", "decide_days", "pay_days", "filing", "filing_number", "filed_on",
                                   "valid_from_on", "valid_until_on"])
def test_nothing_of_a_cover_may_be_left_out(field: str) -> None:
    assert field in problems(**{field: ""})


@pytest.mark.article("15.4")
@pytest.mark.parametrize(("field", "value"), [("decide_days", "31"), ("pay_days", "11"), ("acknowledge_days", "6"),
                                              ("answer_days", "6"), ("small_claim_yuan", "60000"),
                                              ("small_claim_days", "25")])
def test_claim_limits_stay_within_the_law(field: str, value: str) -> None:
    assert field in problems(**{field: value})


def test_a_small_claim_needs_its_sum_and_its_days() -> None:
    assert problems(small_claim_days="") == {"small_claim_days"}
    assert problems(small_claim_yuan="", small_claim_days="") == set()


@pytest.mark.parametrize("text", ["全市最好的店铺险", "什么都赔，必赔", "每天3元，低至 9 元", "不买不放款"])
def test_a_text_may_not_rank_promise_price_or_tie(text: str) -> None:
    assert "summary" in problems(summary=text)


def test_a_filing_number_is_no_placeholder_and_no_future_day() -> None:
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert problems(filing_number="没有!", filed_on=tomorrow) == {"filing_number", "filed_on"}


def test_what_was_typed_comes_back_from_the_terms() -> None:
    terms = read(industries_allow="62", min_months_in_business="6", min_turnover_wan="20")
    again, unread = read_terms(typed_from(terms), "PROP_SHOP")
    assert unread == [] and again == terms


def test_the_fingerprint_changes_with_a_word_of_the_text() -> None:
    terms = read()
    assert fingerprint(terms) == fingerprint(read()) != fingerprint(read(exclusions="地震\n战争\n核辐射"))


@pytest.mark.article("15.2")
def test_for_whom_is_said_by_the_rules_of_eligibility() -> None:
    terms = read(industries_allow="62", min_months_in_business="24")
    facts = Facts(kind="sole_proprietor", industry_code="5231", founded_on=clock.today() - timedelta(days=100))
    outcomes = {each.rule: each.outcome for each in verdicts(terms, facts, clock.today())}
    assert outcomes["industry"] is Outcome.FAIL and outcomes["months_in_business"] is Outcome.FAIL
    assert outcomes["applicant"] is Outcome.PASS and "purpose" not in outcomes


def test_every_insurer_stands_first_equally_often() -> None:
    """A turn a day: over any number of days that is a multiple of the insurers, each leads as often as the others."""
    ids, start = [31, 4, 18], date(2026, 11, 24)
    first = Counter(neutral_order(ids, "PROP_SHOP", start + timedelta(days=day))[0] for day in range(30))
    assert first == {31: 10, 4: 10, 18: 10}
    assert neutral_order(ids, "PROP_SHOP", start) == neutral_order(reversed(ids), "PROP_SHOP", start)
    assert neutral_order([], "PROP_SHOP", start) == []


def test_another_line_begins_at_another_place() -> None:
    ids, today = list(range(1, 8)), date(2026, 11, 24)
    assert len({neutral_order(ids, line.code, today)[0] for line in insurance_lines.every()}) > 3


def test_an_indicative_premium_is_a_rate_of_the_base_and_never_below_the_least() -> None:
    terms = read(rate_min="1.2", rate_max="2", least_premium_yuan="300")
    found = indicative(terms, Decimal(500_000))
    assert found is not None and (found.least_yuan, found.most_yuan) == (Decimal("600.00"), Decimal("1000.00"))
    small = indicative(terms, Decimal(100_000))
    assert small is not None and small.least_yuan == Decimal(300)
    assert indicative(read(), Decimal(500_000)) is None


def test_half_a_rate_is_no_rate() -> None:
    assert problems(licensed=True, rate_min="1.2") == {"rate_max"}
    assert problems(licensed=True, rate_min="3", rate_max="2") == {"rate_max"}


# --- services --------------------------------------------------------------------------------------------------------


@pytest.mark.article("15.2")
def test_two_persons_approve_a_text_and_the_fingerprint_is_kept(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        writer, reviewer = two_desks()
        version = a_cover_draft(writer)
        services.submit_version(version, seen=version.row_version, licensed=False, by=writer)
        with pytest.raises(Refused) as no:
            services.publish_version(version, seen=version.row_version, licensed=False, by=writer)
        assert no.value.code == "product_second_person"
        services.publish_version(version, seen=version.row_version, licensed=False, by=reviewer)
        assert version.cover.state == "published" and version.text_fingerprint == fingerprint(version.terms)
        assert version.submitted_by_id == writer.id and version.reviewed_by_id == reviewer.id


def test_a_published_text_never_changes(app: Any) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="never changes"), unit_of_work():
        a_cover().versions[0].exclusions = "什么都赔"
        db.session.flush()


def test_the_next_version_supersedes_and_the_old_one_stays_readable(app: Any) -> None:
    with app.app_context(), unit_of_work():
        cover = a_cover()
        writer, reviewer = two_desks(cover.institution)
        version = services.start_version(cover, licensed=False, by=writer)
        fill(version, typed_cover(pay_days="5"), by=writer)
        with pytest.raises(Refused, match="product_version_open"):
            services.start_version(cover, licensed=False, by=writer)
        services.submit_version(version, seen=version.row_version, licensed=False, by=writer)
        services.publish_version(version, seen=version.row_version, licensed=False, by=reviewer)
        assert [v.state for v in cover.versions] == ["superseded", "published"]
        assert [d.field for d in differences(cover.versions[0].terms, version.terms, licensed=False)] == ["pay_days"]
        old = queries.shown_version(cover.id, 1)
        assert old is not None and old.pay_days == 7


def test_an_unchanged_version_is_not_handed_in(app: Any) -> None:
    with app.app_context(), unit_of_work():
        cover = a_cover()
        writer, _ = two_desks(cover.institution)
        version = services.start_version(cover, licensed=False, by=writer)
        with pytest.raises(Refused, match="product_nothing_changed"):
            services.submit_version(version, seen=version.row_version, licensed=False, by=writer)


def test_a_draft_with_gaps_is_not_handed_in(app: Any) -> None:
    with app.app_context(), unit_of_work():
        writer, _ = two_desks()
        version = a_cover_draft(writer, typed_cover(exclusions=""))
        with pytest.raises(Refused, match="product_not_complete"):
            services.submit_version(version, seen=version.row_version, licensed=False, by=writer)


def test_who_saved_later_without_seeing_the_other_loses(app: Any) -> None:
    with app.app_context(), unit_of_work():
        writer, colleague = two_desks()
        version = a_cover_draft(writer)
        seen = version.row_version
        services.save_step(version, "sums", {"sum_min_wan": ["8"]}, seen=seen, licensed=False, by=colleague)
        with pytest.raises(Refused, match="product_changed_meanwhile"):
            services.save_step(version, "sums", {"sum_min_wan": ["9"]}, seen=seen, licensed=False, by=writer)


def test_without_the_licence_no_price_is_taken_whatever_a_browser_sends(app: Any) -> None:
    with app.app_context(), unit_of_work():
        version = a_cover_draft(typed=typed_cover(rate_min="1.2", rate_max="2", least_premium_yuan="300"))
        assert version.rate_min is None and version.least_premium_yuan is None
        assert not set(PRICE_FIELDS) & set(version.typed)


def test_a_life_insurer_lists_no_shop_package(app: Any) -> None:
    with app.app_context(), unit_of_work():
        insurer = an_insurer(kind="INS_L")
        with pytest.raises(Refused, match="cover_line_not_offered"):
            services.start_cover(institution_id=insurer.id, line="PROP_SHOP", name="小店平安", by=a_desk(insurer))


def test_suspended_cover_leaves_the_zone_and_another_person_brings_it_back(app: Any) -> None:
    with app.app_context(), unit_of_work():
        cover = a_cover()
        one, other = two_desks(cover.institution)
        assert [v.cover_id for v in queries.listed_on_line("PROP_SHOP", clock.today())] == [cover.id]
        services.suspend_cover(cover, note="条款要修订，先停", seen=cover.row_version, by=one)
        assert queries.listed_on_line("PROP_SHOP", clock.today()) == []
        with pytest.raises(Refused, match="product_second_person_resumes"):
            services.resume_cover(cover, seen=cover.row_version, by=one)
        services.resume_cover(cover, seen=cover.row_version, by=other)
        assert queries.insurers_by_line(clock.today()) == {"PROP_SHOP": 1}


def test_what_has_ended_or_belongs_to_a_suspended_insurer_is_not_listed(app: Any) -> None:
    with app.app_context(), unit_of_work():
        cover = a_cover()
        later = clock.today() + timedelta(days=181)
        assert queries.listed_on_line("PROP_SHOP", later) == []
        cover.institution.status = "suspended"
        db.session.flush()
        assert queries.listed(cover.id, clock.today()) is None


def test_the_desk_is_told_two_weeks_before_a_cover_ends(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            a_cover(valid_until_on=(clock.today() + timedelta(days=14)).isoformat())
        assert jobs.remind_of_ending_cover(clock.now()) == 1
        jobs.remind_of_ending_cover(clock.now())
        with unit_of_work():
            assert db.session.query(Message).filter_by(kind="cover_ending").count() == 2


# --- pages -----------------------------------------------------------------------------------------------------------


def _form(client: Any, path: str) -> dict[str, str]:
    import re

    page = client.get(path).text
    return dict(re.findall(r'name="(csrf_token|form_key|row_version)"[^>]*value="([^"]*)"', page))


@pytest.mark.article("15.1", "15.2")
def test_a_desk_writes_four_steps_and_a_colleague_lists_it(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        writer, reviewer = two_desks()
        typed = typed_cover()
    sign_in(client, writer)
    first = client.post("/desk/cover/new", data=_form(client, "/desk/cover/new") | {"line": "PROP_SHOP", "name": "小店平安"})
    assert first.status_code == 303
    with app.app_context():
        cover_id = db.session.query(Cover).one().id
    from matchmaker.products.cover.rules import FIELDS, STEPS

    for step in STEPS:
        path = f"/desk/cover/{cover_id}/draft/{step}"
        data = _form(client, path) | {f: typed[f] for f in FIELDS[step] if f in typed} | {"go": "next"}
        assert client.post(path, data=data).status_code == 303
    check = client.get(f"/desk/cover/{cover_id}/draft/check")
    assert "露天堆放的货" in check.text and "处没写好" not in check.text
    path = f"/desk/cover/{cover_id}/draft/check"
    assert client.post(path, data=_form(client, path)).status_code == 303
    own = client.get(f"/desk/cover/{cover_id}/review")
    assert "要由另一位同事核" in own.text
    sign_in(client, reviewer)
    path = f"/desk/cover/{cover_id}/review"
    done = client.post(f"{path}/publish", data=_form(client, path), follow_redirects=True)
    assert "核定了，上架了" in done.text
    with app.app_context():
        assert db.session.query(CoverVersion).one().state == "published"


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        writer, _ = two_desks()
        version = a_cover_draft(writer)
        cover_id = version.cover_id
    sign_in(client, writer)
    path = f"/desk/cover/{cover_id}/draft/promises"
    page = client.post(path, data=_form(client, path) | {"decide_days": "四十来天", "go": "next"}, follow_redirects=True)
    assert "“四十来天”读不出数" in page.text and 'value="四十来天"' in page.text


def test_a_colleagues_save_is_shown_beside_mine(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        writer, colleague = two_desks()
        version = a_cover_draft(writer)
        cover_id = version.cover_id
    sign_in(client, writer)
    path = f"/desk/cover/{cover_id}/draft/sums"
    mine = _form(client, path) | {"sum_min_wan": "9", "sum_max_wan": "200", "periods": "year", "plans": "once"}
    with app.app_context(), unit_of_work():
        version = db.session.query(CoverVersion).one()
        services.save_step(version, "sums", {"sum_min_wan": ["8"]}, seen=version.row_version, licensed=False,
                           by=db.session.merge(colleague))
    answer = client.post(path, data=mine)
    assert answer.status_code == 409 and "同事先改了这一版" in answer.text and 'value="9"' in answer.text


def test_another_insurers_cover_does_not_exist_for_a_desk(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        cover = a_cover()
        stranger = two_desks()[0]
        cover_id = cover.id
    sign_in(client, stranger)
    for path in (f"/desk/cover/{cover_id}", f"/desk/cover/{cover_id}/versions/1", f"/desk/cover/{cover_id}/suspend"):
        assert client.get(path).status_code == 404


def test_a_banks_desk_cannot_begin_a_cover(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        desk = a_desk(an_institution())
    sign_in(client, desk)
    assert client.get("/desk/cover/new").status_code == 404
    assert client.get("/desk/cover").status_code == 404


@pytest.mark.parametrize("licence", [False, True])
def test_the_step_with_sums_asks_for_rates_only_with_the_licence(app: Any, client: Any, licence: bool) -> None:
    import dataclasses

    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], insurance_licence=licence)
    with app.app_context(), unit_of_work():
        writer, _ = two_desks()
        cover_id = a_cover_draft(writer).cover_id
    sign_in(client, writer)
    page = client.get(f"/desk/cover/{cover_id}/draft/sums").text
    assert ('name="rate_min"' in page) is licence
    assert ("没有保险中介牌照" in page) is not licence


@pytest.mark.article("15.1")
@pytest.mark.parametrize(("line", "unit", "other"), [("PROP_SHOP", "‰", "元一个单位"), ("LOG_CARRIER", "元一个单位", "‰")])
def test_a_rate_is_reviewed_in_the_unit_in_which_owners_read_it(
    app: Any, client: Any, line: str, unit: str, other: str
) -> None:
    """Two persons approve the words: what they read and what owners read is one."""
    import dataclasses

    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], insurance_licence=True)
    with app.app_context(), unit_of_work():
        cover = a_cover(line=line, licensed=True)
        writer, reviewer = two_desks(cover.institution)
        version = services.start_version(cover, licensed=True, by=writer)
        typed = typed_cover(rate_min="1.5", rate_max="3", least_premium_yuan="100")
        prices = {name: typed[name] for name in ("rate_min", "rate_max", "least_premium_yuan")}
        services.save_step(version, "sums", {**typed, **prices}, seen=version.row_version, licensed=True, by=writer)
        services.submit_version(version, seen=version.row_version, licensed=True, by=writer)
        path = f"/desk/cover/{cover.id}"
    sign_in(client, reviewer)
    pages = [client.get(f"{path}/{end}").text for end in ("review", "versions/2", "differences/1/2")]
    assert all(unit in page and other not in page for page in pages)
    assert "没有，改成" in pages[2]
    with app.app_context(), unit_of_work():
        version = queries.version_of(version.cover_id, 2)
        assert version is not None
        services.publish_version(version, seen=version.row_version, licensed=True, by=reviewer)
    for page in (client.get(f"/cover/{version.cover_id}").text, client.get(f"/cover/lines/{line}").text):
        assert unit in page and other not in page


def test_suspending_asks_for_a_reason_first(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        cover = a_cover()
        desk = two_desks(cover.institution)[0]
        cover_id = cover.id
    sign_in(client, desk)
    path = f"/desk/cover/{cover_id}/suspend"
    empty = client.post(path, data=_form(client, path) | {"note": ""})
    assert empty.status_code == 422 and "还没填" in empty.text
    done = client.post(path, data=_form(client, path) | {"note": "条款要修订，先停"}, follow_redirects=True)
    assert "暂停了，保险专区里不再列" in done.text
