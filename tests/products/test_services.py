"""What a desk does with products, on both engines: drafts, the second person, versions, announcements."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, happened
from matchmaker.audit.models import AuditRow
from matchmaker.db import db, unit_of_work
from matchmaker.notifications.models import Message
from matchmaker.products import jobs, listing, queries, services
from matchmaker.products.announcements import ProductPublished, ProductStopped, ProductSuspended
from matchmaker.products.models import Product, ProductFee, ProductVersion
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.fees import FEE_CODES
from matchmaker.refusal import Refused
from tests.builders import a_branch, a_desk, an_institution
from tests.products.builders import (
    a_draft,
    a_product,
    a_submitted_version,
    fee,
    fill,
    two_desks,
    typed_product,
)

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def _autumn() -> Any:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Announcements of products, in order."""
    told: list[object] = []
    for kind in (ProductPublished, ProductSuspended, ProductStopped):
        monkeypatch.setitem(happened._listeners, kind, [told.append])
    return told


@pytest.fixture
def deed(any_app: Any) -> Any:
    """A write transaction of its own each time it is called."""
    with any_app.app_context():
        yield unit_of_work


def refusal(work: Any, **values: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        work(**values)
    return caught.value


@pytest.mark.article("8.2")
def test_a_draft_keeps_what_was_typed_right_or_wrong(deed: Any) -> None:
    with deed():
        desk, _ = two_desks()
        version = a_draft(desk)
        wrong = services.save_step(
            version, "money", {"amount_min_wan": ["几万"], "amount_max_wan": ["50"]}, seen=version.row_version, by=desk
        )
        assert {problem.field for problem in wrong} >= {"amount_min_wan", "rate_base", "repayments"}
    with deed():
        again = db.session.get_one(ProductVersion, version.id)
        assert again.typed["amount_min_wan"] == ["几万"]
        assert (again.amount_min_yuan, again.amount_max_yuan) == (None, Decimal(500_000))
        assert again.state == "draft"


def test_control_characters_and_endless_texts_do_no_harm(deed: Any) -> None:
    with deed():
        desk, _ = two_desks()
        version = a_draft(desk)
        services.save_step(
            version,
            "basics",
            {"name": ["灶\x00台贷\u200b"], "summary": ["长" * 9_000, "短" * 30_000]},
            seen=version.row_version,
            by=desk,
        )
        assert version.name == "灶台贷"
        assert [len(text) for text in version.typed["summary"]] == [9_000, 20_000], "what is too long is its writer's to shorten"


def test_a_colleague_who_saved_first_wins(deed: Any) -> None:
    with deed():
        one, other = two_desks()
        version = a_draft(one)
        seen = version.row_version
        services.save_step(version, "basics", {"name": ["灶火贷"]}, seen=seen, by=other)
        no = refusal(services.save_step, version=version, step="basics", typed={"name": ["炉子贷"]}, seen=seen, by=one)
        assert (no.code, no.status) == ("product_changed_meanwhile", 409)
        assert version.name == "灶火贷"


@pytest.mark.article("8.2")
def test_without_a_full_fee_schedule_nothing_is_submitted(deed: Any) -> None:
    with deed():
        desk, _ = two_desks()
        typed = typed_product()
        del typed["fee-GUAR-answer"]
        version = a_draft(desk, typed)
        no = refusal(services.submit_version, version=version, seen=version.row_version, by=desk)
        assert (no.code, no.facts["count"]) == ("product_not_complete", 1)
        assert version.state == "draft"


@pytest.mark.article("9.1")
def test_without_a_renewal_statement_nothing_is_submitted(deed: Any) -> None:
    with deed():
        desk, _ = two_desks()
        version = a_draft(desk, typed_product(renewal_statement=""))
        assert (
            refusal(services.submit_version, version=version, seen=version.row_version, by=desk).code
            == "product_not_complete"
        )


@pytest.mark.article("8.2")
def test_the_tables_themselves_refuse_a_published_version_without_a_renewal_statement(deed: Any) -> None:
    with pytest.raises(sa.exc.IntegrityError), deed():
        product = a_product()
        version = product.versions[0]
        db.session.execute(
            sa.update(ProductVersion).where(ProductVersion.id == version.id).values(renewal_statement="")
        )


def test_the_tables_themselves_refuse_a_version_reviewed_by_its_submitter(deed: Any) -> None:
    with pytest.raises(sa.exc.IntegrityError), deed():
        version = a_product().versions[0]
        db.session.execute(
            sa.update(ProductVersion)
            .where(ProductVersion.id == version.id)
            .values(reviewed_by_id=version.submitted_by_id)
        )


def test_one_submits_and_another_publishes(deed: Any, heard: list[object]) -> None:
    with deed():
        writer, reviewer = two_desks()
        version = a_submitted_version(writer)
        product = version.product
        assert product.state == "submitted"
        assert (
            refusal(services.publish_version, version=version, seen=version.row_version, by=writer).code
            == "product_second_person"
        )
        assert (
            refusal(
                listing.send_back, version=version, note="不合适的地方", seen=version.row_version, by=writer
            ).status
            == 403
        )
        assert heard == []
        services.publish_version(version, seen=version.row_version, by=reviewer)
        assert heard == [ProductPublished(product.id, version.id)]
        assert (product.state, version.state, product.current_version) == ("published", "published", version)
        assert (version.submitted_by_id, version.reviewed_by_id) == (writer.id, reviewer.id)
        deeds = list(
            db.session.scalars(sa.select(AuditRow.what).where(AuditRow.what.like("product.%")).order_by(AuditRow.id))
        )
        assert deeds == ["product.start", *["product.save"] * 5, "product.submit", "product.publish"]
    with deed():
        told = {message.kind: message.person_id for message in db.session.scalars(sa.select(Message))}
        assert told == {"product_to_review": reviewer.id, "product_published": writer.id}


def test_a_version_sent_back_says_why_and_can_be_written_on(deed: Any) -> None:
    with deed():
        writer, reviewer = two_desks()
        version = a_submitted_version(writer)
        assert (
            refusal(listing.send_back, version=version, note="", seen=version.row_version, by=reviewer).field
            == "note"
        )
        assert (
            refusal(listing.send_back, version=version, note="无", seen=version.row_version, by=reviewer).code
            == "product_placeholder"
        )
        listing.send_back(version, note="评估费谁出要写清楚", seen=version.row_version, by=reviewer)
        assert (version.state, version.product.state, version.review_note) == (
            "sent_back",
            "draft",
            "评估费谁出要写清楚",
        )
        services.save_step(
            version,
            "basics",
            {"name": ["灶火贷"], "summary": ["给街边餐饮小店备货周转"]},
            seen=version.row_version,
            by=writer,
        )
        assert version.state == "draft"
        assert version.review_note, "the note stays until it is submitted again"


def test_the_submitter_takes_back_and_nobody_else(deed: Any) -> None:
    with deed():
        writer, reviewer = two_desks()
        version = a_submitted_version(writer)
        assert refusal(listing.take_back, version=version, by=reviewer).code == "product_take_back_other"
        listing.take_back(version, by=writer)
        assert (version.state, version.product.state) == ("draft", "draft")


def test_what_waits_for_review_cannot_be_written_on(deed: Any) -> None:
    with deed():
        writer, _ = two_desks()
        version = a_submitted_version(writer)
        no = refusal(services.save_step, version=version, step="basics", typed={}, seen=version.row_version, by=writer)
        assert no.code == "product_version_step_closed"


@pytest.mark.article("8.1")
def test_a_new_version_leaves_the_published_one_in_force_until_it_is_published(deed: Any) -> None:
    with deed():
        product = a_product()
        writer, reviewer = two_desks(product.institution)
        first = product.current_version
        second = services.start_version(product, by=writer)
        assert second.number == 2
        assert differences(first.terms, second.terms) == []
        assert (
            refusal(services.submit_version, version=second, seen=second.row_version, by=writer).code
            == "product_nothing_changed"
        )
        assert refusal(services.start_version, product=product, by=writer).code == "product_version_open"
        fill(second, typed_product(spread_min_bp="75", spread_max_bp="75"), by=writer)
        assert queries.published_versions(clock.today()) == [first]
        services.submit_version(second, seen=second.row_version, by=writer)
        assert (product.state, queries.published_versions(clock.today())) == ("published", [first])
        services.publish_version(second, seen=second.row_version, by=reviewer)
        assert queries.published_versions(clock.today()) == [second]
        assert (first.state, first.spread_max_bp, second.spread_max_bp) == ("superseded", 85, 75)
        assert first.superseded_at == clock.now()
        assert [d.field for d in differences(first.terms, second.terms)] == ["spread_min_bp", "spread_max_bp"]


@pytest.mark.parametrize(
    "column", ["name", "amount_max_yuan", "renewal_statement", "typed", "securities", "submitted_by_id"]
)
def test_a_published_version_never_changes(app: Any, column: str) -> None:
    values: dict[str, Any] = {
        "amount_max_yuan": Decimal(1),
        "typed": {},
        "securities": ["MORT_RES"],
        "submitted_by_id": None,
    }
    with app.app_context():
        with unit_of_work():
            version = a_product().versions[0]
        with pytest.raises(RuntimeError, match="never changes"), unit_of_work():
            setattr(db.session.get_one(ProductVersion, version.id), column, values.get(column, "另一个"))


def test_a_published_fee_schedule_never_changes(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            version = a_product().versions[0]
        with pytest.raises(RuntimeError, match="never changes"), unit_of_work():
            db.session.get_one(ProductFee, version.fees[0].id).note = "另收"
        with pytest.raises(RuntimeError, match="never changes"), unit_of_work():
            db.session.delete(db.session.get_one(ProductFee, version.fees[0].id))


@pytest.mark.article("8.2")
def test_the_schedule_is_stored_line_by_line_with_the_explicit_nones(deed: Any) -> None:
    with deed():
        typed = typed_product() | fee("GUAR", value="0.5", way="percent_per_year.yearly", payee="县担保公司")
        version = a_draft(None, typed)
        assert len(version.fees) == len(FEE_CODES)
        charged = {row.code: (row.payer, row.payee, row.basis, row.value, row.timing) for row in version.charged_fees}
        assert charged == {
            "GUAR": ("borrower", "县担保公司", "percent_per_year", Decimal("0.5"), "yearly"),
            "LATE": ("borrower", "本行", "percent_over_rate", Decimal("50"), "on_event"),
        }


@pytest.mark.article("8.2")
def test_the_example_counts_every_certain_fee(deed: Any) -> None:
    with deed():
        plain = queries.example_cost(a_draft().terms, clock.today())
        typed = typed_product() | fee("GUAR", value="1", way="percent_per_year.yearly", payee="县担保公司")
        with_fee = queries.example_cost(a_draft(None, typed).terms, clock.today())
        assert isinstance(plain, queries.Example)
        assert isinstance(with_fee, queries.Example)
        assert round(plain.quote.all_in_simple_percent, 2) == Decimal("3.85")
        assert with_fee.quote.all_in_simple_percent > Decimal("5.6")
        assert with_fee.quote.third_party_fees_yuan == Decimal("5000.00")
        assert (
            queries.example_cost(a_draft(None, typed_product(rate_base="")).terms, clock.today()).code
            == "product_example_not_yet"
        )  # type: ignore[union-attr]


def test_suspended_and_stopped_products_leave_the_lists(deed: Any, heard: list[object]) -> None:
    with deed():
        product = a_product()
        one, other = two_desks(product.institution)
        heard.clear()
        services.suspend_product(product, note="额度用完了", seen=product.row_version, by=one)
        assert queries.published_versions(clock.today()) == []
        assert (
            refusal(services.resume_product, product=product, seen=product.row_version, by=one).code
            == "product_second_person_resumes"
        )
        services.resume_product(product, seen=product.row_version, by=other)
        assert queries.published_versions(clock.today()) == [product.current_version]
        services.stop_product(product, note="总行不做了", seen=product.row_version, by=one)
        assert queries.published_versions(clock.today()) == []
        assert (
            refusal(services.resume_product, product=product, seen=product.row_version, by=other).code
            == "product_step_closed"
        )
        version_id = product.current_version_id
        assert heard == [
            ProductSuspended(product.id),
            ProductPublished(product.id, version_id),
            ProductStopped(product.id),
        ]


def test_a_stopped_product_comes_back_only_with_a_new_version_of_two_persons(deed: Any) -> None:
    with deed():
        product = a_product()
        writer, reviewer = two_desks(product.institution)
        services.stop_product(product, note="总行不做了", seen=product.row_version, by=writer)
        version = fill(services.start_version(product, by=writer), typed_product(amount_max_wan="80"), by=writer)
        services.submit_version(version, seen=version.row_version, by=writer)
        assert product.state == "stopped"
        services.publish_version(version, seen=version.row_version, by=reviewer)
        assert product.state == "published"


def test_a_reason_is_asked_before_suspending(deed: Any) -> None:
    with deed():
        product = a_product()
        desk, _ = two_desks(product.institution)
        no = refusal(services.suspend_product, product=product, note="/", seen=product.row_version, by=desk)
        assert (no.code, no.field) == ("product_placeholder", "note")


def test_a_draft_is_thrown_away_with_its_product_or_alone(deed: Any) -> None:
    with deed():
        writer, _ = two_desks()
        version = a_draft(writer)
        product_id = version.product_id
        assert services.drop_draft(version, by=writer) is True
        assert db.session.get(Product, product_id) is None
        product = a_product()
        desk, _ = two_desks(product.institution)
        assert services.drop_draft(services.start_version(product, by=desk), by=desk) is False
        assert [v.number for v in queries.product(product.id).versions] == [1]  # type: ignore[union-attr]


@pytest.mark.article("11.1")
def test_an_insurer_lists_no_loans_and_a_bank_no_guarantees(deed: Any) -> None:
    with deed():
        insurer, bank = an_institution(kind="INS_P"), an_institution(kind="CITY")
        for institution, kind in ((insurer, "credit"), (insurer, "guarantee"), (bank, "guarantee"), (bank, "cover")):
            no = refusal(
                services.start_product, institution_id=institution.id, kind=kind, name="某某贷", by=a_desk(institution)
            )
            assert no.code == "product_kind_not_offered"


def test_a_guarantee_company_lists_a_guarantee(deed: Any) -> None:
    with deed():
        company = an_institution(kind="GUARANTEE")
        a_branch(company)
        product = a_product(company, kind="guarantee", securities=["SURETY_PERS"])
        assert (product.current_version.rate_base, product.current_version.fixed_rate_percent) == ("FIXED", 0)


def test_a_branch_of_another_institution_is_refused(deed: Any) -> None:
    with deed():
        foreign = a_branch()
        desk, _ = two_desks()
        (institution_id,) = desk.desk_institution_ids
        no = refusal(
            services.start_product,
            institution_id=institution_id,
            kind="credit",
            name="某某贷",
            branch_id=foreign.id,
            by=desk,
        )
        assert no.code == "product_branch_foreign"


@pytest.mark.article("12.1")
def test_a_product_may_not_claim_regions_that_its_branches_do_not_serve(deed: Any) -> None:
    with deed():
        institution = an_institution()
        a_branch(institution, service_regions=["330106", "330105"])
        desk, _ = two_desks(institution)
        version = a_draft(desk, typed_product(regions="宁波市"))
        assert [problem.reason.code for problem in queries.problems_in(version, clock.today())] == [
            "product_region_not_served"
        ]
        a_branch(institution, service_regions=[])
        assert queries.problems_in(version, clock.today()) == []


def test_a_suspended_institution_publishes_nothing_and_shows_nothing(deed: Any) -> None:
    with deed():
        product = a_product()
        writer, _ = two_desks(product.institution)
        version = fill(services.start_version(product, by=writer), typed_product(amount_max_wan="80"), by=writer)
        product.institution.status = "suspended"
        assert (
            refusal(services.submit_version, version=version, seen=version.row_version, by=writer).code
            == "product_institution_not_admitted"
        )
        db.session.flush()
        assert queries.published_versions(clock.today()) == []


def test_validity_begins_and_ends(deed: Any) -> None:
    with deed():
        version = a_product(valid_from_on="2026-10-01", valid_until_on="2026-12-15").current_version
        days = {
            date(2026, 9, 30): [],
            date(2026, 10, 1): [version],
            date(2026, 12, 15): [version],
            date(2026, 12, 16): [],
        }
        assert {day: queries.published_versions(day) for day in days} == days


def test_two_reviewers_publish_once(deed: Any, heard: list[object]) -> None:
    with deed():
        writer, reviewer = two_desks()
        (institution,) = queries.desks_of(writer.desk_institution_ids)
        third = a_desk(institution)
        version = a_submitted_version(writer)
        seen = version.row_version
        services.publish_version(version, seen=seen, by=reviewer)
        assert (
            refusal(services.publish_version, version=version, seen=seen, by=third).code == "product_changed_meanwhile"
        )
        assert (
            refusal(services.publish_version, version=version, seen=version.row_version, by=third).code
            == "product_version_step_closed"
        )
        assert len(heard) == 1


def test_commission_is_no_part_of_the_terms(deed: Any) -> None:
    with deed():
        product = a_product()
        before = product.current_version.terms
        product.commission_percent = Decimal("3")
        db.session.flush()
        assert product.current_version.terms == before


def test_the_desk_list_is_filtered_searched_and_counted(deed: Any) -> None:
    with deed():
        institution = an_institution()
        a_branch(institution)
        writer, _ = two_desks(institution)
        ids, today = {institution.id}, clock.today()
        soon = (today + timedelta(days=20)).isoformat()
        published = a_product(institution, name="小店周转金", valid_until_on=soon)
        draft = a_draft(writer).product
        waiting = a_submitted_version(writer, typed_product(name="百分之一百%贷")).product
        stopped = a_product(institution, name="旧货贷")
        services.stop_product(stopped, note="总行不做了", seen=stopped.row_version, by=writer)
        a_product()  # of another institution

        def ids_of(**filters: Any) -> set[int]:
            return {p.id for p in db.session.scalars(queries.products_of(ids, today=today, **filters)).unique()}

        assert ids_of() == {published.id, draft.id, waiting.id, stopped.id}
        assert ids_of(show="to_write") == {draft.id}
        assert ids_of(show="to_review") == {waiting.id}
        assert ids_of(show="ending") == {published.id}
        assert ids_of(show="stopped") == {stopped.id}
        assert ids_of(q="周转") == {published.id}
        assert ids_of(q="%") == {waiting.id}, "a percent sign is a letter like any other"
        assert queries.product_counts(ids, today=today) == {
            "all": 4,
            "to_write": 1,
            "to_review": 1,
            "published": 1,
            "suspended": 0,
            "stopped": 1,
            "due": 0,
            "ending": 1,
        }


def test_the_desk_is_told_two_weeks_before_a_listing_ends(deed: Any) -> None:
    with deed():
        last_on = clock.today() + timedelta(days=14)
        product = a_product(valid_until_on=last_on.isoformat())
        a_product()
    assert jobs.remind_of_ending_products(clock.now()) == 1
    assert jobs.remind_of_ending_products(clock.now()) == 1
    with deed():
        told = list(db.session.scalars(sa.select(Message).where(Message.kind == "product_ending")))
        assert len(told) == 2, "both desks, once each"
        assert told[0].facts["until_on"] == last_on.isoformat()
        assert product.state == "published"
