"""How an institution answers: a page that anybody may read, and its right of reply."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker.accounts.models import Institution
from matchmaker.leads.forms.talking import ReplyForm
from matchmaker.leads.queries import answers
from matchmaker.leads.rules.answers import SMALLEST_RATE
from matchmaker.leads.services import replying
from matchmaker.leads.views import bp
from matchmaker.permissions import may
from matchmaker.products.rules.promises import STRENGTH
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, public, requires, said


@bp.get("/institutions/<int:institution_id>/answers")
@public
def institution_answers(institution_id: int) -> ResponseReturnValue:
    """Whether it answers in time and keeps what it promises, how second looks ended, what it says to that."""
    found = answers.admitted_institution(institution_id)
    if found is None:
        raise NotFound
    return _page(found, ReplyForm(formdata=None))


def _page(institution: Institution, form: ReplyForm, status: int = 200) -> ResponseReturnValue:
    return (
        render_template(
            "leads/answers.html",
            institution=institution,
            found=answers.answers_of(institution),
            smallest=SMALLEST_RATE,
            strength=STRENGTH,
            may_reply=may(actor(), "record.reply", institution),
            form=form,
        ),
        status,
    )


@bp.post("/institutions/<int:institution_id>/answers/reply")
@requires("record.reply", load=answers.admitted_institution)
def reply(institution: Institution) -> ResponseReturnValue:
    """Publish what the institution says."""
    form = ReplyForm()
    if form.submitted():
        try:
            replying.reply(institution, text=form.text, by=actor())
        except Refused as no:
            if no.status != 422:
                raise
            form.refuse(no)
        else:
            said(_("登出去了，谁都看得到。"))
            return back_to("leads.institution_answers", institution_id=institution.id)
    return _page(institution, form, 422)


@bp.post("/institutions/<int:institution_id>/answers/take-down")
@requires("record.reply", load=answers.admitted_institution)
def take_down_reply(institution: Institution) -> ResponseReturnValue:
    """Take it down."""
    replying.take_down(institution, by=actor())
    said(_("撤下了。"))
    return back_to("leads.institution_answers", institution_id=institution.id)
