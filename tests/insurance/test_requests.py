"""Asking one insurer: once, with a receipt; taken up, quoted, answered; late, withdrawn, ended; and who sees what."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from matchmaker import clock, formatting
from matchmaker.accounts.announcements import AccountClosing, AssignmentEnded, InstitutionSuspended
from matchmaker.accounts.models import Person
from matchmaker.audit.models import DataAccess
from matchmaker.db import db, unit_of_work
from matchmaker.happened import announce
from matchmaker.insurance import jobs
from matchmaker.insurance.forms import QuoteForm
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.queries import requests
from matchmaker.insurance.rules.questions import QUESTIONS
from matchmaker.insurance.services import asking, working
from matchmaker.insurance.views.showing import answer_words
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import a_desk, an_owner, sign_in
from tests.insurance.builders import PREMIUM, a_cover_case, a_request, answers, quoted, to_state, typed
from tests.leads.builders import check_papers
from tests.needs.builders import a_shop
from tests.privacy.typing_in import post
from tests.products.cover_builders import a_cover, an_insurer


def messages(person: Person) -> set[str]:
    return set(db.session.scalars(sa.select(Message.kind).where(Message.person_id == person.id)))


@pytest.mark.article("15.3", "B.1")
def test_asking_gives_one_insurer_a_receipt_and_a_clock(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        case = a_request()
        request = case.request
        assert request is not None and request.state == "waiting"
        assert set(request.consent.fields) == set(requests.CONSENT_FIELDS)
        assert request.consent.hours == ["morning"] and request.consent.ends_at > clock.now() + timedelta(days=59)
        assert request.due_at is not None and request.cover_version_id == case.cover.current_version_id
        assert messages(case.owner) >= {"cover_told_sent"}
        assert "cover_staff_new" in messages(case.desk) and "cover_staff_new" in messages(case.colleague)


def test_who_may_not_ask_is_told_why(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_cover_case()
        version = case.cover.current_version
        assert version is not None
        stranger, unchecked = an_owner("别人"), a_shop(case.owner)
        assert asking.why_not_asked(version, case.business, case.owner) is None

        def code(business: Any, person: Any) -> str:
            no = asking.why_not_asked(version, business, person)
            return no.code if no else ""

        assert code(case.business, stranger) == "lead_member_not_checked"
        assert code(unchecked, case.owner) == "lead_member_not_checked"
        a_request(case)
        assert code(case.business, case.owner) == "cover_asked_already"
        with pytest.raises(Refused, match="cover_asked_already"):
            a_request(case)
        with clock.frozen(clock.now() + timedelta(days=300)):
            assert code(case.business, case.owner) == "cover_not_listed"


def test_three_on_a_line_are_enough(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_request()
        for number in range(2):
            case.cover = a_cover(an_insurer(f"云岫财险{number}"))
            a_request(case)
        case.cover = a_cover(an_insurer("第四家"))
        with pytest.raises(Refused, match="cover_three_live"):
            a_request(case)


def test_however_many_are_sent_at_once_one_goes_out(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            case = a_cover_case()
            ids = (case.cover.id, case.business.id, case.owner.id)
        barrier, won = threading.Barrier(3), []

        def race() -> None:
            with any_app.app_context():
                barrier.wait()
                try:
                    with unit_of_work():
                        from matchmaker.businesses.queries import business_by_id
                        from matchmaker.insurance.queries.zone import shown

                        found, business = shown(ids[0], None, clock.today()), business_by_id(ids[1])
                        assert found is not None and business is not None
                        asking.ask(found[0], business, answers=answers(), hours=[], days=30,
                                   by=db.session.get_one(Person, ids[2]))
                    won.append(1)
                except (Refused, sa.exc.IntegrityError):
                    pass

        threads = [threading.Thread(target=race) for _ in range(3)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        db.session.rollback()
        assert len(won) == 1 and db.session.scalar(sa.select(sa.func.count(CoverRequest.id))) == 1


@pytest.mark.article("15.3")
def test_taken_up_quoted_and_accepted(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        case = to_state("taken")
        request = case.request
        assert request is not None and request.state == "taken" and request.handler_id == case.desk.id
        quote = request.quote
        assert quote is not None and quote.premium_yuan == PREMIUM and quote.answer == "accepted"
        assert request.due_at is None and request.ended_at is None
        assert requests.is_open(request.consent, clock.now()), "the insurer must reach the owner for the contract"
        assert {"cover_told_accepted", "cover_told_quote"} <= messages(case.owner)
        assert "cover_staff_taken" in messages(case.desk) and "cover_staff_taken" not in messages(case.colleague)
        facts = db.session.scalars(sa.select(Message.facts)).all()
        assert "6173" not in str(facts), "no premium leaves in a message"
        assert [step.step for step in requests.steps_of(request)] == ["ask", "accept", "quote", "accept_quote"]


def test_only_who_carries_it_quotes_and_a_colleague_may_take_over(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = to_state("accepted")
        request = case.request
        assert request is not None
        with pytest.raises(Refused, match="cover_not_yours"):
            working.give_quote(request, quoted(), by=case.colleague)
        with pytest.raises(Refused, match="cover_request_not_now"):
            working.accept(request, by=case.colleague)
        due_at = request.due_at
        working.take_over(request, by=case.colleague)
        assert request.handler_id == case.colleague.id and request.due_at == due_at, "the clock runs on"
        with pytest.raises(Refused, match="cover_yours_already"):
            working.take_over(request, by=case.colleague)
        with pytest.raises(Refused, match="cover_premium_unlikely"):
            working.give_quote(request, quoted(premium_yuan=Decimal(0)), by=case.colleague)
        working.give_quote(request, quoted(), by=case.colleague)


@pytest.mark.parametrize(("state", "because"), [("declined", "declined"), ("refused", "given_up")])
def test_a_no_of_either_side_ends_the_consent(app: Any, state: str, because: str) -> None:
    with app.app_context(), unit_of_work():
        case = to_state(state)
        request = case.request
        assert request is not None and request.state == state and request.consent.ended_because == because
        assert requests.present(request, case.desk).is_sealed
        with pytest.raises(Refused, match="cover_request_has_ended"):
            asking.accept_quote(request, by=case.owner)


@pytest.mark.article("15.3", "B.4")
@pytest.mark.parametrize("state", ["waiting", "accepted"])
def test_a_late_insurer_loses_the_request(any_app: Any, state: str) -> None:
    with any_app.app_context():
        with unit_of_work():
            case = to_state(state)
            request = case.request
            assert request is not None and request.due_at is not None
            due_at, number = request.due_at, request.id
        assert jobs.release_overdue_requests(due_at - timedelta(seconds=1)) == 0
        with clock.frozen(due_at):
            with unit_of_work(), pytest.raises(Refused, match="cover_request_late"):
                late = requests.request_by_id(number, lock=True)
                assert late is not None
                (working.accept if state == "waiting" else lambda r, by: working.give_quote(r, quoted(), by=by))(
                    late, by=case.desk
                )
            assert jobs.release_overdue_requests(due_at) == 1
            assert jobs.release_overdue_requests(due_at) == 0, "once"
        found = requests.request_by_id(number)
        assert found is not None and found.state == "released" and found.consent.ended_because == "released"
        assert "cover_told_released" in messages(case.owner) and "cover_staff_released" in messages(case.desk)


def test_three_quarters_are_warned_about_once(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            case = to_state("waiting")
            request = case.request
            assert request is not None and request.due_at is not None
            soon = request.due_at - timedelta(minutes=20)
        assert jobs.warn_requests(clock.now()) == 0
        assert jobs.warn_requests(soon) == 1 and jobs.warn_requests(soon) == 0
        assert "cover_staff_soon" in messages(case.desk)


def test_a_quote_that_nobody_answered_lapses(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            case = to_state("quoted")
            request = case.request
            assert request is not None and request.due_at is not None
            due_at, number = request.due_at, request.id
        with clock.frozen(due_at + timedelta(days=1)):
            with unit_of_work(), pytest.raises(Refused, match="cover_quote_over"):
                found = requests.request_by_id(number, lock=True)
                assert found is not None
                asking.accept_quote(found, by=case.owner)
            assert jobs.release_overdue_requests(clock.now()) == 1
        found = requests.request_by_id(number)
        assert found is not None and found.state == "expired" and "cover_told_expired" in messages(case.owner)


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", ["waiting", "accepted", "quoted", "taken"])
def test_a_withdrawal_seals_at_once_and_can_be_undone_for_minutes(app: Any, state: str) -> None:
    with app.app_context():
        with unit_of_work():
            case = to_state(state)
            request = case.request
            assert request is not None
            asking.withdraw(request, by=case.owner)
            assert requests.present(request, case.desk).is_sealed
            if state == "waiting":
                with pytest.raises(Refused, match="lead_consent_ended"):
                    working.accept(request, by=case.desk)
            asking.undo_withdrawal(request, by=case.owner)
            assert not requests.present(request, case.desk).is_sealed
            asking.withdraw(request, by=case.owner)
            number = request.id
        assert jobs.finish_withdrawals_of_cover(clock.now()) == 0
        later = clock.now() + timedelta(minutes=6)
        with clock.frozen(later):
            assert jobs.finish_withdrawals_of_cover(later) == 1
            with unit_of_work(), pytest.raises(Refused, match="cover_undo_over"):
                found = requests.request_by_id(number, lock=True)
                assert found is not None
                asking.undo_withdrawal(found, by=case.owner)
        found = requests.request_by_id(number)
        assert found is not None and found.state == "withdrawn" and found.consent.ended_because == "withdrawn"


def test_news_ends_or_hands_back_what_is_under_way(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = to_state("accepted")
        request = case.request
        assert request is not None
        for assignment in case.desk.live_assignments:
            assignment.until_at = clock.now()
        db.session.flush()
        announce(AssignmentEnded(case.desk.id, case.insurer.id))
        assert request.handler_id is None and request.state == "accepted"
        assert "cover_staff_left" in messages(case.colleague)
        announce(InstitutionSuspended(case.insurer.id))
        assert request.state == "expired" and request.consent.ended_at is not None
        other = to_state("taken", a_cover_case(of="云岫财险"))
        assert other.request is not None
        announce(AccountClosing(other.owner.id, (other.business.id,)))
        assert other.request.state == "withdrawn" and other.request.consent.ended_because == "withdrawn"


# --- who sees what ---------------------------------------------------------------------------------------------------


@pytest.mark.article("B.1")
def test_only_the_carrier_reads_the_telephone_and_every_look_is_written_down(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = to_state("accepted")
        assert case.request is not None
        phone, number, business_id = str(case.owner.phone), case.request.id, case.business.id
        stranger = a_desk(an_insurer("云岫财险"))
    path = f"/cover/requests/{number}"
    sign_in(client, case.desk)
    page = client.get(path).text.replace("\xa0", " ")
    assert phone in page and "桂兰砂锅馆" in page and "柳桥街 18 号" in page and "50 万元" in page
    assert "桂兰砂锅馆" not in client.get("/desk/cover-requests").text, "a list opens nothing"
    sign_in(client, case.colleague)
    page = client.get(path).text
    assert phone not in page and "****" in page and "桂兰砂锅馆" in page
    sign_in(client, stranger)
    assert client.get(path).status_code == 404
    assert "000" not in client.get("/desk/cover-requests?show=over").text.split("<main")[1].split("</main")[0]
    with app.app_context():
        looks = db.session.scalars(sa.select(DataAccess).where(DataAccess.business_id == business_id)).all()
        assert {look.purpose for look in looks} == {"cover_case"} and len(looks) == 2
        assert "contact_phone" in looks[0].fields and "contact_phone" not in looks[1].fields
    sign_in(client, case.owner)
    page = client.get("/leads/who-sees").text
    assert "看您问的保险价" in page and "为这份保险答的" in page


@pytest.mark.article("B.1")
def test_nothing_of_a_sealed_request_is_on_any_page_of_the_insurer(app: Any, client: Any) -> None:
    for state, of in (("declined", "平岚财险"), ("refused", "云岫财险")):
        with app.app_context(), unit_of_work():
            case = to_state(state, a_cover_case(of=of))
            assert case.request is not None
            number, secrets = case.request.id, (str(case.owner.phone), case.business.uscc, "柳桥街", "桂兰")
        for person in (case.desk, case.colleague):
            sign_in(client, person)
            for path in (f"/cover/requests/{number}", "/desk/cover-requests", "/desk/cover-requests?show=over"):
                page = client.get(path).text
                assert not [secret for secret in secrets if secret in page], (state, path)


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.article("15.3", "B.2")
def test_an_owner_asks_by_the_page_and_types_nothing_twice(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_cover_case()
        other = a_cover(an_insurer("云岫财险"), line="EL_STD", name="云岫雇主险")
        path, second = f"/cover/{case.cover.id}/ask/{case.business.id}", f"/cover/{other.id}/ask/{case.business.id}"
        cover_id, version_id = case.cover.id, case.cover.current_version_id
    sign_in(client, case.owner)
    assert client.get(f"/cover/{cover_id}/ask").location.endswith(path)
    page = client.get(path).text
    assert "这个险种要问的" in page and "只给平岚财险看，只为报这个价" in page and "信用代码" in page
    wrong = post(client, path, **typed(sum="", area="八十", start_on="2020-01-01", tenure=""))
    assert wrong.status_code == 422 and "有 4 处要改" in wrong.text and "八十" in wrong.text, "nothing typed is lost"
    done = post(client, path, **typed())
    assert done.status_code == 303
    shown = client.get(done.location).text.replace("\xa0", " ")
    assert "等着接单" in shown and "授权回执" in shown and "50 万元" in shown
    again = client.get(path).text
    assert "这个产品您已经问过" in again
    page = client.get(second).text
    assert 'value="6"' in page and "照您店里的资料填好了" in page, "people of the last full year"
    assert "照您上次问价时答的填好了" in page, "losses were answered for the shop package"
    with app.app_context():
        made = db.session.scalars(sa.select(CoverRequest)).one()
        assert made.cover_version_id == version_id and made.answers["sum"] == "500000.00"


@pytest.mark.article("15.3")
def test_the_desk_takes_up_and_quotes_by_the_page_and_the_owner_answers(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_request()
        assert case.request is not None
        path, number = f"/cover/requests/{case.request.id}", f"{case.request.id:06d}"
    sign_in(client, case.desk)
    assert number in client.get("/desk/cover-requests").text and "1 位店主问价，还没人接" in client.get("/").text
    assert post(client, path + "/accept", path).status_code == 303
    page = client.get(path).text
    assert "写报价" in page and "地震" in page, "the approved exclusions are there"
    wrong = post(client, path + "/quote", path, premium="一千", quote_plan="quarterly", quote_sum="50",
                 quote_period="year", starts_on=typed()["start_on"], deductible="每次 500 元", exclusions="地震和海啸，自己弄坏的",
                 conditions="", valid_until_on=(clock.today() + timedelta(days=14)).isoformat())  # fmt: skip
    assert wrong.status_code == 422 and "一千" in wrong.text and "有 1 处要改" in wrong.text
    wrong = post(client, path + "/quote", path, premium="6173.29", quote_plan="", quote_sum="50", quote_period="",
                 starts_on="2020-01-01", deductible="", exclusions="", valid_until_on=clock.today().isoformat())  # fmt: skip
    assert wrong.status_code == 422 and "有 6 处要改" in wrong.text, "all that cannot be, not the first alone"
    late = post(client, path + "/quote", path, premium="6173.29", quote_plan="quarterly", quote_sum="50",
                quote_period="year", starts_on="2020-01-01", deductible="每次 500 元", exclusions="长" * 3_000,
                conditions="", valid_until_on="2020-01-01")  # fmt: skip
    assert late.status_code == 422 and "长" * 3_000 in late.text
    assert all(f'<a href="#{field}">' in late.text for field in ("starts_on", "valid_until_on", "exclusions"))
    done = post(client, path + "/quote", path, premium="6173.29", quote_plan="quarterly", quote_sum="50",
                quote_period="year", starts_on=typed()["start_on"], deductible="每次 500 元", exclusions="地震和海啸，自己弄坏的",
                conditions="", valid_until_on=(clock.today() + timedelta(days=14)).isoformat())  # fmt: skip
    assert done.status_code == 303
    sign_in(client, case.owner)
    assert "平岚财险给您报了保险的价" in client.get("/").text
    page = client.get(path).text
    assert "6,173.29" in page and "4 次，头一次" in page and "1,543.32" in page and "只给您一个人" in page
    assert "6,173" not in client.get("/cover/requests").text
    refused = post(client, path + "/refuse-quote", path, code="")
    assert refused.status_code == 422
    assert post(client, path + "/accept-quote", path).status_code == 303
    page = client.get(path).text
    assert "要了" in page and "您要了" not in page and "平台不签、不收" in page


@pytest.mark.article("15.3")
@pytest.mark.parametrize(("plans", "hinted"), [(("once", "quarterly"), False), (("quarterly", "per_shipment"), True)])
def test_the_hint_of_a_premium_by_the_piece_stands_only_where_one_pays_so(
    app: Any, plans: tuple[str, ...], hinted: bool
) -> None:
    with app.test_request_context(), unit_of_work():
        case = to_state("accepted", a_cover_case(plans=list(plans)))
        assert case.request is not None
        form = QuoteForm.for_request(case.request.cover_version, case.request.answers)
        assert ("按票、按天付的" in str(form.premium.description)) is hinted


@pytest.mark.article("15.3")
def test_both_dates_of_a_quote_are_written_alike(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = to_state("quoted")
        assert case.request is not None and case.request.quote is not None
        path, dates = f"/cover/requests/{case.request.id}", (case.request.quote.starts_on, case.request.quote.valid_until_on)
    sign_in(client, case.owner)
    page = client.get(path).text
    for on in dates:
        assert formatting.day(on) in page
        assert on.isoformat() not in page


@pytest.mark.parametrize(("value", "zh", "en"), [("1", "1 次", "1 time"), ("2", "2 次", "2 times"), ("0", "0 次", "0 times")])
def test_an_answer_is_counted_in_the_readers_language(app: Any, value: str, zh: str, en: str) -> None:
    with app.test_request_context():
        for language, expected in (("zh", zh), ("en", en)):
            with force_locale(language):
                assert answer_words(QUESTIONS["losses"], value) == expected
        with force_locale("en"):
            assert answer_words(QUESTIONS["rights"], "3") == "3 rights"


@pytest.mark.article("15.3")
def test_a_sum_counts_what_it_counted_on_the_page_it_was_typed_on(app: Any, client: Any) -> None:
    """Opened in Chinese, sent after English was chosen in another window: 50 stays 500,000 yuan."""
    with app.app_context(), unit_of_work():
        case = to_state("accepted")
        assert case.request is not None
        number, version = case.request.id, case.cover.current_version_id
    sign_in(client, case.desk)
    page = client.get(f"/cover/requests/{number}").text
    assert 'name="amount_unit" type="hidden" value="wan"' in page
    client.set_cookie("lang", "en")
    done = post(client, f"/cover/requests/{number}/quote", f"/cover/requests/{number}", amount_unit="wan",
                premium="6173.29", quote_plan="quarterly", quote_sum="50", quote_period="year",
                starts_on=typed()["start_on"], deductible="每次 500 元", exclusions="地震和海啸，自己弄坏的",
                conditions="", valid_until_on=(clock.today() + timedelta(days=14)).isoformat())  # fmt: skip
    assert done.status_code == 303 and version
    with app.app_context():
        quote = db.session.get_one(CoverRequest, number).quote
        assert quote is not None and quote.sum_insured_yuan == 500_000


@pytest.mark.article("15.3")
def test_a_refusal_says_why_and_shows_the_way_on(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = to_state("accepted")
        a_cover(an_insurer("云岫财险"), name="云岫店铺险")
        assert case.request is not None
        path, again = f"/cover/requests/{case.request.id}", f"/cover/{case.cover.id}/ask/{case.business.id}"
    sign_in(client, case.desk)
    wrong = post(client, path + "/decline", path, codes=["K05"], reason="无")
    assert wrong.status_code == 422 and "至少 4 个字" in wrong.text
    assert post(client, path + "/decline", path, codes=["K05"], reason="店里没有灭火器，配上就能保").status_code == 303
    sign_in(client, case.owner)
    page = client.get(path).text
    assert "店里没有灭火器" in page and "场所还差条件" in page and "再问它一次" in page
    assert "云岫店铺险" in page and again in page
    assert 'value="80"' in client.get(again).text, "asked again, the answers are there"


def test_strangers_and_other_roles_find_nothing(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = to_state("quoted")
        assert case.request is not None
        path, ask = f"/cover/requests/{case.request.id}", f"/cover/{case.cover.id}/ask/{case.business.id}"
        stranger = an_owner("别人")
        check_papers(a_shop(stranger), stranger)
    sign_in(client, stranger)
    assert client.get(path).status_code == client.get(ask).status_code == 404
    assert client.get("/desk/cover-requests").status_code == 404
    for deed in ("accept-quote", "withdraw", "accept", "quote", "decline"):
        answer = post(client, f"{path}/{deed}", "/cover")
        assert answer.status_code in (400, 404), deed
    sign_in(client, case.desk)
    assert post(client, path + "/accept-quote", path).status_code == 403, "an insurer does not accept its own quote"


def test_the_owner_takes_the_consent_back_by_one_tap(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = to_state("quoted")
        assert case.request is not None
        path = f"/cover/requests/{case.request.id}"
    sign_in(client, case.owner)
    assert post(client, path + "/withdraw", path).status_code == 303
    page = client.get(path).text
    assert "撤销收回" in page and "要这一份" not in page
    assert post(client, path + "/undo", path).status_code == 303
    assert "要这一份" in client.get(path).text


def test_several_businesses_are_asked_which(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_cover_case()
        a_shop(case.owner, name="桂兰二店")
        nobody = an_owner("没店的")
        path = f"/cover/{case.cover.id}/ask"
    sign_in(client, case.owner)
    page = client.get(path).text
    assert "给哪家店问" in page and "桂兰二店" in page
    sign_in(client, nobody)
    assert "还没有登记店" in client.get(path).text
