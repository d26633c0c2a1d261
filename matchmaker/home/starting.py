"""The next steps of a person, gathered from all subjects; the start page shows them in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from matchmaker import clock
from matchmaker.accounts.queries import count_broker_reports, count_live, count_of_status, institutions_by_id
from matchmaker.approaches.queries import cards_for, hands_on_needs
from matchmaker.businesses.queries import claims_against, claims_by
from matchmaker.conversations.queries import count_reports
from matchmaker.home import queries
from matchmaker.home.rules import OWNER_TURN, NextStep, in_order, step
from matchmaker.leads.queries.queueing import queue_of
from matchmaker.leads.queries.reading import Line, overdue_of
from matchmaker.leads.queries.talking import count_unread_talks
from matchmaker.leads.rules.states import State
from matchmaker.needs.rules import read_typed
from matchmaker.notifications.queries import count_in_state, count_unread
from matchmaker.products.cover.queries import cover_counts
from matchmaker.products.queries import product_counts
from matchmaker.ranking.rules import NEARLY_EQUAL, OBJECTED_WEIGHTS, SLOT_POINTS, SWAPPED_SHARE, WEIGHTS, slot_price
from matchmaker.reference.queries import count_region_changes_waiting

PRESSING = timedelta(hours=8)
"""From here on a wait is shown as pressing: less than a working day is left (own threshold)."""


def _presses(due_at: datetime | None, turn: str) -> str:
    """The turn, made louder when little time is left or none."""
    if turn != "you" or due_at is None:
        return turn
    left = due_at - clock.now()
    return "late" if left <= timedelta(0) else "soon" if left <= PRESSING else turn


def steps_of_owner(person: Any, start: queries.OwnersStart) -> list[NextStep]:
    """An owner: what an institution waits for, what is not sent, what is not proven, what is not said."""
    steps: list[NextStep] = []
    for progress in start.leads:
        for line in progress.lines_for_owner:
            steps.append(_step_of_lead(line))
        for line in progress.lines_of_institutions:
            steps.append(_step_of_institution(line))
    busy = {progress.need.id for progress in start.leads if progress.lines_for_owner or progress.lines_of_institutions}
    for need in start.needs:
        if need.id not in busy:
            steps.append(
                step("you", "need_open", "see_matches", "matching.show_list", {"need_id": need.id},
                     amount_yuan=need.current.amount_yuan, expires_on=need.expires_on)
            )  # fmt: skip
    for need_id, number in hands_on_needs([need.id for need in start.needs]).items():
        steps.append(step("you", "hands", "look", "approaches.of_need", {"need_id": need_id}, number=number))
    for draft in start.drafts:
        wanted, _ = read_typed(draft.values, today=clock.today())
        if wanted is None:
            steps.append(step("you", "draft_open", "fill_in", "needs.post", {"draft": draft.id},
                              saved_at=draft.updated_at))  # fmt: skip
        else:
            steps.append(step("you", "draft_ready", "look_and_post", "needs.review", {"draft_id": draft.id},
                              amount_yuan=wanted.amount_yuan, saved_at=draft.updated_at))  # fmt: skip
    if person.closing_at is not None:
        steps.append(step("soon", "closing", "keep_account", "privacy.close", closing_at=person.closing_at))
    steps += _cover_of_owner(person)
    steps += [
        step(_presses(case.due_at, "you"), "claim_against", "answer_claim", "businesses.case", {"case_id": case.id},
             business=case.business.name, due_at=case.due_at)
        for case in claims_against(person.id)
    ]  # fmt: skip
    steps += [
        step("them", "claim_of_yours", "look", "businesses.case", {"case_id": case.id}, due_at=case.due_at)
        for case in claims_by(person.id)
        if case.is_open
    ]
    if not start.memberships and not start.helps:
        steps.append(step("you", "no_business", "register", "businesses.begin"))
    for member in start.unproven:
        code = "papers_sent_back" if member.standing == "rejected" else "papers_missing"
        steps.append(step("you", code, "add_papers", "businesses.papers", {"business_id": member.business_id},
                          business=member.business.name))  # fmt: skip
    for member in start.memberships:
        if member.standing == "papers_sent":
            steps.append(step("them", "papers_waiting", "look", "businesses.show", {"business_id": member.business_id},
                              business=member.business.name))  # fmt: skip
    return in_order(steps + _talks(person) + _unread(person))


def _step_of_lead(line: Line) -> NextStep:
    """What the owner has to do about a lead whose turn is theirs."""
    lead, due = line.lead, line.turn.due_at
    turn, code, verb = OWNER_TURN[lead.state]
    facts: dict[str, Any] = {"institution": lead.institution.short_name}
    if code == "lead_papers" and due is not None:
        facts["due_at"] = due
    elif code == "lead_papers":
        code = "lead_papers_open"
    if lead.state == State.DRAFT:
        args = {"need_id": lead.need_id, "product_id": lead.product_version.product_id}
        return step(turn, code, verb, "leads.new_consent", args, **facts)
    return step(_presses(due, turn), code, verb, "leads.show", {"lead_id": lead.id}, **facts)


def _step_of_institution(line: Line) -> NextStep:
    """What an institution does about a lead; contract or money past its day stands first, with what can be done."""
    lead = line.lead
    facts: dict[str, Any] = {"institution": lead.institution.short_name}
    if (over := overdue_of(lead)) is not None:
        turn, code = "late", "lead_signs_late" if lead.state == State.TAKEN else "lead_pays_late"
        facts["due_at"] = over
    elif (due := line.turn.due_at) is not None:
        turn, code = "them", "lead_with_them_until"
        facts["due_at"] = due
    else:
        turn, code = "them", "lead_with_them"
    return step(turn, code, "look", "leads.show", {"lead_id": lead.id}, **facts)


def _cover_of_owner(person: Any) -> list[NextStep]:
    """Quotes of cover that wait for an answer, and requests that an insurer works on."""
    steps = []
    for request in queries.cover_requests_of_owner(person.id):
        facts = {"institution": request.institution.short_name, "due_at": request.due_at}
        args = {"request_id": request.id}
        if request.state == "quoted":
            steps.append(step(_presses(request.due_at, "you"), "cover_quoted", "look", "insurance.show", args, **facts))
        else:
            steps.append(step("them", "cover_with_them", "look", "insurance.show", args, **facts))
    return steps


def _unread(person: Any) -> list[NextStep]:
    unread = count_unread(person.id)
    return [step("", "unread", "read", "notifications.inbox", {"unread": 1}, number=unread)] if unread else []


def _talks(person: Any) -> list[NextStep]:
    """Threads in which the other side wrote something that nobody has read."""
    number = count_unread_talks(person)
    return [step("you", "talks", "read", "leads.talks", {"unread": 1}, number=number)] if number else []


def steps_of_manager(person: Any) -> list[NextStep]:
    """A manager: what nobody has claimed, what runs out today, whose turn it is; each number is a tab of the queue."""
    counts = queue_of(person).counts
    steps = [
        step(turn, code, verb, "leads.queue", {"show": show}, number=counts[show])
        for show, turn, code, verb in (
            ("today", "soon", "leads_soon", "open_queue"),
            ("free", "you", "leads_unclaimed", "claim"),
            ("yours", "you", "leads_yours", "open_queue"),
            ("owner", "them", "leads_with_owners", "open_queue"),
        )
        if counts[show]
    ]
    return in_order(steps + _talks(person) + _unread(person))


def steps_of_desk(person: Any) -> list[NextStep]:
    """A desk of any institution: leads nobody claimed, products to check, to finish, or about to end."""
    ours = person.desk_institution_ids
    leads = queue_of(person).counts
    steps: list[NextStep] = []
    if unclaimed := leads["free"]:
        steps.append(step("you", "desk_unclaimed", "open_queue", "leads.queue", {"show": "free"}, number=unclaimed))
    if late := leads["late"]:
        steps.append(step("", "desk_late", "look", "leads.queue", {"show": "late"}, number=late))
    counts = product_counts(ours, today=clock.today())
    for show, turn, code, verb in (
        ("to_review", "you", "products_to_review", "review"),
        ("due", "soon", "products_due", "look"),
        ("ending", "soon", "products_ending", "look"),
        ("to_write", "you", "products_drafts", "fill_in"),
        ("suspended", "soon", "products_suspended", "look"),
    ):
        if number := counts.get(show, 0):
            steps.append(step(turn, code, verb, "products.mine", {"show": show}, number=number))
    if cards := sum(1 for one in cards_for(person.desk_institution_ids) if one.hand is None):
        steps.append(step("you", "cards", "look", "approaches.cards", number=cards))
    if not counts.get("all"):
        steps.append(step("you", "products_none", "start_product", "products.start_page"))
    return in_order(steps + _second_person(person) + _talks(person) + _unread(person))


def _second_person(person: Any) -> list[NextStep]:
    """What one writes another publishes: a desk of one person has to invite a colleague first."""
    alone = [number for number in sorted(person.desk_institution_ids) if count_live("desk", number) == 1]
    return [
        step("you", "second_person", "invite_colleague", "accounts.invite", {"institution_id": one.id},
             institution=one.short_name)
        for one in institutions_by_id(alone).values()
    ]  # fmt: skip


def steps_of_insurer(person: Any) -> list[NextStep]:
    """A desk of an insurer: requests nobody took up or that one carries; cover to check, to finish, about to end."""
    counts = cover_counts(person.desk_institution_ids, today=clock.today())
    waiting, mine = queries.cover_requests_of_desk(person)
    steps = [
        step(_presses(min(due), "you"), code, "open_queue", "insurance.queue", {"show": show}, number=len(due))
        for show, code, due in (("waiting", "cover_unclaimed", waiting), ("mine", "cover_to_quote", mine))
        if due
    ] + [
        step(turn, code, verb, "cover.mine", {"show": show}, number=counts[show])
        for show, turn, code, verb in (
            ("to_review", "you", "cover_to_review", "review"),
            ("ending", "soon", "cover_ending", "look"),
            ("to_write", "you", "cover_drafts", "fill_in"),
            ("suspended", "soon", "cover_suspended", "look"),
        )
        if counts[show]
    ]
    if not counts["all"]:
        steps.append(step("you", "cover_none", "start_product", "cover.start_page"))
    return in_order(steps + _second_person(person) + _unread(person))


def steps_of_operator(person: Any) -> list[NextStep]:
    """The operator: papers, cases, institutions and reports that wait, messages that did not leave, failed work."""
    steps: list[NextStep] = []
    if papers := queries.count_papers_open_to(person.id):
        steps.append(step("you", "operator_papers", "check_papers", "businesses.papers_to_check", number=papers))
    if titles := queries.count_titles_waiting():
        steps.append(step("you", "operator_titles", "check_titles", "businesses.titles_to_check", number=titles))
    if cases := queries.count_open_cases():
        steps.append(step("you", "operator_cases", "look", "businesses.cases", number=cases))
    if applied := count_of_status("applied"):
        steps.append(step("you", "operator_institutions", "check_licences", "accounts.institutions",
                          {"status": "applied"}, number=applied))  # fmt: skip
    if reported := count_reports("new"):
        steps.append(step("you", "operator_reports", "look", "conversations.reports",
                          {"state": "new"}, number=reported))  # fmt: skip
    if brokers := count_broker_reports("new"):
        steps.append(step("you", "operator_brokers", "look", "accounts.broker_reports",
                          {"state": "new"}, number=brokers))  # fmt: skip
    if changes := count_region_changes_waiting(but_of=person.id):
        steps.append(step("you", "operator_regions", "review", "reference.region_changes",
                          {"state": "waiting"}, number=changes))  # fmt: skip
    if failed := count_in_state("failed"):
        steps.append(step("late", "operator_messages", "look", "oversight.messages",
                          {"state": "failed"}, number=failed))  # fmt: skip
    if stopped := queries.count_failed_jobs():
        steps.append(step("late", "operator_jobs", "look", "oversight.jobs", {"state": "failed"}, number=stopped))
    return in_order(steps + _unread(person))


def steps_of_supervisor(person: Any) -> list[NextStep]:
    """The supervisor: nothing waits for them here; what may be looked at is counted on the page."""
    return _unread(person)


def steps_of_channel(person: Any) -> list[NextStep]:
    """A channel: it opens the way for shops it knows; nothing of theirs is shown to it."""
    return [
        step("", "channel_types", "type_for", "needs.new_assisted"),
        step("", "channel_check", "check", "home.check"),
        step("", "channel_products", "look", "products.browse"),
        *_unread(person),
    ]


@dataclass(frozen=True)
class Figure:
    """A counted number with the address of its rows."""

    name: str
    value: int
    endpoint: str
    args: Mapping[str, Any] = field(default_factory=dict)


def public_figures() -> list[Figure]:
    """What a visitor may know today: how much there is to choose from."""
    return [
        Figure("products", queries.count_products(clock.today()), "products.browse"),
        Figure("institutions", queries.count_institutions(), "accounts.directory"),
    ]


def figures_of_operator() -> list[Figure]:
    return [
        Figure("papers", queries.count_papers_waiting(), "businesses.papers_to_check"),
        Figure("applied", count_of_status("applied"), "accounts.institutions", {"status": "applied"}),
        Figure("institutions", queries.count_institutions(), "accounts.institutions", {"status": "admitted"}),
        Figure("messages", count_in_state("waiting"), "oversight.messages", {"state": "waiting"}),
    ]


def figures_of_supervisor() -> list[Figure]:
    return [
        Figure("needs", queries.count_needs(), "oversight.needs"),
        Figure("leads", queries.count_live(), "oversight.leads", {"show": "live"}),
        Figure("late", queries.count_late(), "oversight.late"),
        Figure("paid_out", queries.count_paid_out(), "oversight.leads", {"show": "paid_out"}),
    ]


def weights_in_use() -> Mapping[str, tuple[float, float]]:
    """What is weighed → its points of a hundred, and those for an owner who objected to the learned order: the
    ranker's own, so that the page cannot say another thing."""
    return {name: (weight, OBJECTED_WEIGHTS[name]) for name, weight in WEIGHTS.items()}


@dataclass(frozen=True)
class Exchange:
    """How neighbours of a list are exchanged: at most so many points apart, one pair in so many."""

    points: float
    pairs: int


def exchange_in_use() -> Exchange:
    """The ranker's own figures."""
    return Exchange(NEARLY_EQUAL, round(1 / SWAPPED_SHARE))


@dataclass(frozen=True)
class SlotPrice:
    """What an institution's free places cost: the last one, and the tenth from the last, in points."""

    last: float
    tenth: float


def slot_price_in_use() -> SlotPrice:
    """The ranker's own figures."""
    return SlotPrice(SLOT_POINTS, round(slot_price(10), 1))
