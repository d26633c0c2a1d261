"""The desk of an insurer: its queue by clocks, one request, take up, quote, decline."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.insurance import listings
from matchmaker.insurance.forms import DeclineForm, QuoteForm
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.queries import requests
from matchmaker.insurance.rules.questions import questions_of
from matchmaker.insurance.rules.quoting import payments
from matchmaker.insurance.rules.reasons import decline_refusal
from matchmaker.insurance.services import working
from matchmaker.insurance.views import bp
from matchmaker.insurance.views.owner import clock_of, load_request
from matchmaker.listing import listed
from matchmaker.matching import telling
from matchmaker.products.cover.rules import split
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, once, paginate, requires, said, sentence, typed_words


@bp.get("/desk/cover-requests")
@requires("quote.queue")
@listed(listings.QUEUE)
def queue() -> ResponseReturnValue:
    """What was asked of the insurer: by the end of its clock, with nothing that a consent opens."""
    show = request.args.get("show", "open")
    show = show if show in requests.DESK_FILTERS else "open"
    words = typed_words()
    page = paginate(requests.queue_of(actor(), show, words), per_page=20)
    return render_template(
        "insurance/queue.html",
        page=page,
        rows=[(found, requests.card(found), clock_of(found)) for found in page.items],
        show=show,
        words=words,
        counts={name: requests.count(requests.queue_of(actor(), name)) for name in requests.DESK_FILTERS},
        industry_name=telling.industry_name,
        region_name=telling.region_name,
    )


def case_page(
    found: CoverRequest,
    status: int = 200,
    quote_form: QuoteForm | None = None,
    decline_form: DeclineForm | None = None,
) -> ResponseReturnValue:
    """One request as the insurer reads it; the form that was not in order is shown as it was typed."""
    shown = requests.present(found, actor())
    version = found.cover_version
    posted = quote_form if quote_form and quote_form.errors else decline_form
    return (
        render_template(
            "insurance/case.html",
            found=found,
            shown=shown,
            version=version,
            questions=questions_of(version.cover.line),
            clock_=clock_of(found),
            missing=[
                paper["code"]
                for paper in version.documents
                if paper["code"] not in {given.kind for given in found.papers if given.is_there}
            ],
            is_mine=found.handler_id == actor().id,
            steps=requests.steps_of(found),
            quote=found.quote,
            payments=payments(found.quote.premium_yuan, found.quote.plan) if found.quote else (),
            quote_form=quote_form or QuoteForm.for_request(version, shown.answers, formdata=None),
            decline_form=decline_form or DeclineForm(formdata=None),
            form=posted,
            posted="quote" if quote_form else "decline" if decline_form else "",
            split=split,
            industry_name=telling.industry_name,
            region_name=telling.region_name,
        ),
        status,
    )


@bp.post("/cover/requests/<int:request_id>/accept")
@requires("quote.accept", load=load_request)
@once
def accept(found: CoverRequest) -> ResponseReturnValue:
    """Takes a request up; who comes second is told so."""
    working.accept(found, by=actor())
    said(_("接了，由您来报价。"))
    return back_to("insurance.show", request_id=found.id)


@bp.post("/cover/requests/<int:request_id>/take-over")
@requires("quote.accept", load=load_request)
@once
def take_over(found: CoverRequest) -> ResponseReturnValue:
    """Takes over what a colleague carried."""
    working.take_over(found, by=actor())
    said(_("换您来办了。"))
    return back_to("insurance.show", request_id=found.id)


@bp.post("/cover/requests/<int:request_id>/quote")
@requires("quote.give", load=load_request)
@once
def give_quote(found: CoverRequest) -> ResponseReturnValue:
    """Quotes to this owner alone."""
    form = QuoteForm.for_request(found.cover_version, {})
    if form.submitted() and form.quoted is not None:
        try:
            working.give_quote(found, form.quoted, by=actor())
        except Refused as no:
            if no.status != 422:
                raise
            form.refuse(no)
        else:
            said(_("报价给店主了。"))
            return back_to("insurance.show", request_id=found.id)
    return case_page(found, 422, quote_form=form)


@bp.post("/cover/requests/<int:request_id>/decline")
@requires("quote.decline", load=load_request)
@once
def decline(found: CoverRequest) -> ResponseReturnValue:
    """Does not quote, with codes and a sentence for the owner."""
    form = DeclineForm()
    no_ = decline_refusal(form.codes.data or [], form.text)
    if form.submitted() and no_ is None:
        working.decline(found, codes=form.codes.data or [], reason=form.text, by=actor())
        said(_("告诉店主了：这次不报，为什么，接下来可以怎么办。"))
        return back_to("insurance.show", request_id=found.id)
    if no_ is not None:
        form[no_[0]].errors = [*form[no_[0]].errors, sentence(no_[1])]
    return case_page(found, 422, decline_form=form)

