"""What leads do upon news of earlier subjects: a need withdrawn, a colleague gone, an institution suspended."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts.announcements import AssignmentEnded, InstitutionSuspended
from matchmaker.accounts.models import Person
from matchmaker.conversations.services import open_thread
from matchmaker.db import db
from matchmaker.happened import on
from matchmaker.leads.announcements import LeadDeclined, LeadEnded, LeadSent, NeedIsFunded, PaidOut
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.agreements import AgreementOver
from matchmaker.leads.rules.reserves import Over
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import agreeing, answering, counting, ending, giving, reserving, stepping, working
from matchmaker.needs.announcements import NeedExpired, NeedWithdrawn
from matchmaker.needs.models import Need
from matchmaker.papers.announcements import PaperTakenOut
from matchmaker.products.announcements import CapacitySaid
from matchmaker.products.rules.freshness import STALE_CODE
from matchmaker.products.services import doubt_product
from matchmaker.reference.announcements import DaysEntered


@on(NeedWithdrawn)
def end_leads_of_withdrawn_need(event: NeedWithdrawn) -> None:
    """Whoever withdraws a need does not want its leads either: each consent ends, each institution is told."""
    for lead_id in finding.ids_of_live_leads(need_id=event.need_id):
        lead = finding.lead_by_id(lead_id, lock=True)
        if lead is not None and lead.is_live:
            answering.give_up(lead, code="E05", by=db.session.get(Person, event.by_id))
    reserving.close_reserves(event.need_id, Over.NEED_ENDED)
    agreeing.end_agreement(event.need_id, AgreementOver.NEED_ENDED)


@on(NeedExpired)
def close_what_waits_for_expired_need(event: NeedExpired) -> None:
    """A need expires only while nobody works on it: there is nobody after whom a reserve could have its turn."""
    reserving.close_reserves(event.need_id, Over.NEED_ENDED)
    agreeing.end_agreement(event.need_id, AgreementOver.NEED_ENDED)


@on(PaidOut)
def close_what_waits_for_funded_need(event: PaidOut) -> None:
    """When enough money has come, no reserve gets its turn any more."""
    lead = finding.lead_by_id(event.lead_id)
    if lead is not None and not db.session.get_one(Need, lead.need_id).is_live:
        reserving.close_reserves(lead.need_id, Over.NEED_ENDED)
        agreeing.end_agreement(lead.need_id, AgreementOver.NEED_ENDED)


@on(NeedIsFunded)
def close_what_waits_for_enough(event: NeedIsFunded) -> None:
    """The owner has enough: no reserve gets its turn any more."""
    reserving.close_reserves(event.need_id, Over.NEED_ENDED)
    agreeing.end_agreement(event.need_id, AgreementOver.NEED_ENDED)


@on(LeadSent)
def close_reserve_that_was_sent(event: LeadSent) -> None:
    """Whoever is sent the need by itself does not wait for a turn beside it."""
    reserving.close_reserves(event.need_id, Over.CHOSEN, institution_id=event.institution_id)


@on(LeadSent)
def open_its_thread(event: LeadSent) -> None:
    """A lead is sent with a place to write to each other."""
    lead = finding.lead_by_id(event.lead_id)
    if lead is not None:
        open_thread(lead.id, business_id=lead.business_id, institution_id=lead.institution_id)


@on(LeadDeclined)
def doubt_the_listing(event: LeadDeclined) -> None:
    """Whoever declines because the product is stopped says that its listing is out of date (8.2)."""
    lead = finding.lead_by_id(event.lead_id)
    if lead is not None and STALE_CODE in event.codes:
        doubt_product(lead.product_version.product_id, at=clock.now())


@on(PaperTakenOut)
def let_go_of_paper(event: PaperTakenOut) -> None:
    """What left the folder is destroyed unless an institution still works with it."""
    giving.let_go_of(event.document_id)


@on(LeadEnded)
def let_go_of_papers_of_ended_lead(event: LeadEnded) -> None:
    """What its owner had taken out of the folder while the lead lived goes when it ends."""
    lead = finding.lead_by_id(event.lead_id)
    if lead is not None:
        giving.let_go_of_papers(lead)


@on(CapacitySaid)
def count_what_came(event: CapacitySaid) -> None:
    """What was sent this week counts from the moment on at which a desk says how much a week it takes."""
    counting.recount_intake(event.product_id)


@on(AssignmentEnded)
def put_back_leads_of_who_left(event: AssignmentEnded) -> None:
    """A manager who leaves loses no customer's lead: it goes back to the branch with everything in it (12.2)."""
    person = db.session.get(Person, event.person_id)
    if person is not None and event.institution_id in person.institution_ids:
        return  # still works there in another role
    for lead_id in finding.ids_of_live_leads(institution_id=event.institution_id, manager_id=event.person_id):
        lead = finding.lead_by_id(lead_id, lock=True)
        if lead is not None:
            working.let_go(lead, by=None)


@on(InstitutionSuspended)
def end_leads_of_suspended_institution(event: InstitutionSuspended) -> None:
    """A suspended institution reads nobody's data any more; contracts that are agreed go on without it."""
    for lead_id in finding.ids_of_live_leads(institution_id=event.institution_id):
        lead = finding.lead_by_id(lead_id, lock=True)
        if lead is not None and lead.is_live and lead.state not in (State.TAKEN, State.SIGNED):
            ending.expire(lead, because="suspended")


@on(DaysEntered)
def count_clocks_anew(event: DaysEntered) -> None:
    """The days off of a year became known: every clock that still runs and ends in it ends by them."""
    for clock_id in finding.ids_of_clocks_ending_in(event.year):
        row = finding.open_clock_by_id(clock_id)
        if row is not None:
            stepping.count_anew(row)
