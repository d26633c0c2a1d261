"""What requests do upon news of earlier subjects: a colleague gone, an insurer suspended, an account closed."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts.announcements import AccountClosing, AssignmentEnded, InstitutionSuspended
from matchmaker.accounts.models import Person
from matchmaker.db import db
from matchmaker.happened import on
from matchmaker.insurance.queries import requests
from matchmaker.insurance.services import ending, working


@on(AssignmentEnded)
def put_back_requests_of_who_left(event: AssignmentEnded) -> None:
    """Whoever leaves the insurer loses no customer's request: a colleague takes it over."""
    person = db.session.get(Person, event.person_id)
    if person is not None and event.institution_id in person.desk_institution_ids:
        return
    for number in requests.ids_of_institution(event.institution_id, handler_id=event.person_id):
        request = requests.request_by_id(number, lock=True)
        if request is not None:
            working.hand_back(request)


@on(InstitutionSuspended)
def end_requests_of_suspended_insurer(event: InstitutionSuspended) -> None:
    """A suspended insurer reads nobody's data any more."""
    for number in requests.ids_of_institution(event.institution_id):
        request = requests.request_by_id(number, lock=True)
        if request is not None:
            ending.expire(request, because="suspended")


@on(AccountClosing)
def end_requests_of_closed_account(event: AccountClosing) -> None:
    """Nothing of a closed account goes on: every consent of its businesses ends."""
    person = db.session.get_one(Person, event.person_id)
    for number in requests.ids_of_businesses(event.business_ids):
        request = requests.request_by_id(number, lock=True)
        if request is not None:
            ending.finish_withdrawal(request, at=clock.now(), by=person)
