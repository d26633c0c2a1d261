"""Pages of oversight: lists derived again, late waits, declines that help nobody, permissions, work by itself, tasks.

The reader sees no name of a business.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker import clock
from matchmaker.db import says
from matchmaker.leads.rules.clocks import OF_INSTITUTIONS
from matchmaker.listing import listed
from matchmaker.matching import services as matching
from matchmaker.needs.rules import NeedState
from matchmaker.notifications.models import Message
from matchmaker.notifications.rules import topic_of
from matchmaker.oversight import listings, queries, services, standing, upkeep
from matchmaker.oversight.permission_words import WHAT, WHO
from matchmaker.oversight.words import LABELS
from matchmaker.permissions import PERMISSIONS, may
from matchmaker.queue import Job
from matchmaker.ranking import drift, exposure
from matchmaker.ranking import queries as ranking
from matchmaker.ranking.evaluation import SEGMENT_LEAST
from matchmaker.ranking.models import ModelVersion, ShownList
from matchmaker.ranking.services import set_aside, use_again
from matchmaker.reference.models import RegionChange
from matchmaker.reference.queries import region_change_by_id
from matchmaker.reference.regions import full_name
from matchmaker.refusal import Reason, Refused
from matchmaker.searching import codes_saying
from matchmaker.web import (
    BaseForm,
    actor,
    back_to,
    label,
    once,
    paginate,
    paginate_items,
    requires,
    said,
    typed_words,
    whole,
)

bp = Blueprint("oversight", __name__)

DIFFERENCES_SHOWN = 50
VALUE_SHOWN = 160
"""Characters of a stored value on the page."""


@bp.get("/oversight/lists")
@requires("list.replay")
@listed(listings.LISTS)
def lists() -> ResponseReturnValue:
    """Every list that was shown; found by its number or by the number of its need."""
    need, number = whole(request.args.get("need", "")), whole(request.args.get("list", ""))
    return render_template(
        "oversight/lists.html",
        page=paginate(queries.lists(need_id=need, list_id=number), per_page=25),
        models=queries.model_names(),
        need=need,
        number=number,
    )


def load_list(list_id: int) -> ShownList | None:
    return queries.list_by_id(list_id)


@bp.get("/oversight/lists/<int:list_id>")
@requires("list.replay", load=load_list)
def show_list(stored: ShownList) -> ResponseReturnValue:
    """What is stored of a list; with ``again=1`` it is derived again and compared to the bit."""
    refused, found = None, None
    if "again" in request.args:
        try:
            found = matching.differences(stored)
        except Refused as no:
            refused = no
    return render_template(
        "oversight/list.html",
        stored=stored,
        record=queries.record_of(stored),
        model=queries.model_names().get(stored.model_version_id or 0),
        again="again" in request.args,
        differences=found[:DIFFERENCES_SHOWN] if found is not None else None,
        count=len(found or ()),
        refused=refused,
        value=value,
        name_of=name_of,
    )


def name_of(name: str) -> str:
    """What a value is called; one that has no word is called by its own name."""
    return str(LABELS["oversight.value"].get(name, name))


def value(stored: Any) -> str:
    """A stored value as text, cut where it is long."""
    text = json.dumps(stored, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]} …"


# Waits and refusals -------------------------------------------------------------------------------------------------


@bp.get("/oversight/late")
@requires("oversight.see")
@listed(listings.LATE)
def late() -> ResponseReturnValue:
    """Every wait that an institution let run out, by institution and kind."""
    institution_id = whole(request.args.get("institution", ""))
    kind = request.args.get("kind", "")
    kind = kind if kind in OF_INSTITUTIONS else ""
    still = request.args.get("still") == "1"
    words = typed_words()
    return render_template(
        "oversight/late.html",
        page=paginate(
            queries.late_waits(institution_id=institution_id, kind=kind, still=still, words=words), per_page=50
        ),
        words=words,
        institutions=queries.institutions(),
        institution_id=institution_id,
        kind=kind,
        kinds=OF_INSTITUTIONS,
        still=still,
    )


@bp.get("/oversight/declines")
@requires("oversight.see")
@listed(listings.DECLINES)
def declines() -> ResponseReturnValue:
    """Declines that say neither what can be repaired nor for what to wait."""
    institution_id = whole(request.args.get("institution", ""))
    words = typed_words()
    codes = codes_saying("lead.code", words)
    found = queries.declines_without_use(institution_id=institution_id, words=words, codes=codes)
    return render_template(
        "oversight/declines.html",
        page=paginate_items(found, per_page=50),
        words=words,
        institutions=queries.institutions(),
        institution_id=institution_id,
        codes=sorted(queries.NO_WAY_ON),
    )


@bp.get("/oversight/needs")
@requires("oversight.see")
@listed(listings.NEEDS)
def needs() -> ResponseReturnValue:
    """Every need that was posted, without whose it is."""
    state = request.args.get("state", "")
    state = state if state in {each.value for each in NeedState} else ""
    words = typed_words()
    purposes = codes_saying("need.purpose", words)
    return render_template(
        "oversight/needs.html",
        page=paginate(queries.needs(state=state, words=words, purposes=purposes), per_page=50),
        state=state,
        words=words,
        states=[each.value for each in NeedState],
    )


@bp.get("/oversight/leads")
@requires("oversight.see")
@listed(listings.LEADS)
def leads() -> ResponseReturnValue:
    """Every lead that was sent, by institution and by what became of it, without whose it is."""
    show = request.args.get("show", "live")
    show = show if show in queries.LEAD_SHOWS else "live"
    words = typed_words()
    institution_id = whole(request.args.get("institution", ""))
    return render_template(
        "oversight/leads.html",
        page=paginate(queries.leads(show=show, institution_id=institution_id, words=words), per_page=50),
        show=show,
        words=words,
        shows=queries.LEAD_SHOWS,
        institutions=queries.institutions(),
        institution_id=institution_id,
    )


@bp.get("/oversight/permissions")
@requires("oversight.see")
@listed(listings.PERMISSIONS)
def permissions() -> ResponseReturnValue:
    """The table of permissions as it is enforced: what is not listed is nobody's."""
    words = typed_words()
    lines = [
        PermissionLine(
            name,
            str(WHAT.get(name, line.about)),
            [[str(WHO.get(holds.__name__, holds.__name__)) for holds in clause] for clause in line.alternatives],
        )
        for name, line in PERMISSIONS.items()
    ]
    found = [line for line in lines if line.holds(words)]
    return render_template("oversight/permissions.html", page=paginate_items(found, per_page=50), words=words)


@dataclass(frozen=True)
class PermissionLine:
    """One line of the table in words: each of ``who`` is enough, and holds when all of its parts do."""

    name: str
    what: str
    who: list[list[str]]

    def holds(self, words: str) -> bool:
        """Whether every word stands in the line."""
        return says(" ".join([self.name, self.what, *(part for clause in self.who for part in clause)]), words)


# Work that runs by itself, tasks ------------------------------------------------------------------------------------


@bp.get("/upkeep")
@requires("upkeep.see")
def tasks() -> ResponseReturnValue:
    """What is missing or stale now."""
    return render_template("oversight/tasks.html", tasks=upkeep.tasks(), at=clock.now())


def load_region_change(change_id: int) -> RegionChange | None:
    return region_change_by_id(change_id)


@bp.get("/upkeep/divisions/<int:change_id>")
@requires("reference.enter", load=load_region_change)
def touched(change: RegionChange) -> ResponseReturnValue:
    """How many businesses, needs, products and branches a change of a division bears on, before it is agreed on."""
    codes = queries.divisions_changed(change)
    counts = queries.touched_in(codes, clock.today())
    return render_template("oversight/touched.html", change=change, codes=codes, counts=counts, full_name=full_name)


@bp.get("/upkeep/jobs", endpoint="jobs")
@requires("upkeep.see")
@listed(listings.JOBS)
def job_board() -> ResponseReturnValue:
    """The work that runs by itself: how far it is, what failed, when it is tried again."""
    state, name = request.args.get("state", ""), request.args.get("name", "")
    state = state if state in LABELS["job.state"] else ""
    name = name if name in LABELS["job.name"] else ""
    words = typed_words()
    names = codes_saying("job.name", words)
    return render_template(
        "oversight/jobs.html",
        page=paginate(queries.jobs(state=state, name=name, words=words, names=names), per_page=50),
        words=words,
        state=state,
        name=name,
        states=LABELS["job.state"],
        names=LABELS["job.name"],
        kind_of=listings.kind_of,
        trouble_of=listings.trouble_of,
        form=BaseForm(formdata=None) if may(actor(), "upkeep.retry") else None,
    )


def load_job(job_id: int) -> Job | None:
    return queries.job_by_id(job_id)


@bp.post("/upkeep/jobs/<int:job_id>/retry")
@requires("upkeep.retry", load=load_job)
@once
def retry_job(job: Job) -> ResponseReturnValue:
    """Try once more what failed."""
    services.retry(job, by=actor())
    said(_("放回去排着了，过一会儿再看。"))
    return back_to("oversight.jobs")


# How good the order is ----------------------------------------------------------------------------------------------


@bp.get("/upkeep/order", endpoint="quality")
@requires("ranking.see")
def show_quality() -> ResponseReturnValue:
    """What was said and what came, models, who is seen how much, where owners went against the order."""
    counted_on, by_size, by_institution = standing.seen()
    return render_template(
        "oversight/quality.html",
        quality=standing.quality(clock.now()),
        versions=ranking.versions()[:VERSIONS_SHOWN],
        counted_on=counted_on,
        by_size=by_size,
        by_institution=by_institution,
        band=exposure.BAND,
        least=exposure.LEAST_LISTS,
        moving=standing.moving(),
        least_sent=drift.LEAST_CASES,
        drift_from=drift.DRIFTED,
        drift_far=drift.DRIFTED_FAR,
        shown_at_first=DRIFT_SHOWN,
    )


VERSIONS_SHOWN = 20


def load_version(model_version_id: int) -> ModelVersion | None:
    return ranking.version(model_version_id)


@bp.get("/upkeep/order/models/<int:model_version_id>")
@requires("ranking.see", load=load_version)
def show_model(version: ModelVersion) -> ResponseReturnValue:
    """The card of one model: what it learned from, how well it tells apart, where it is off, how to take it back."""
    drifted = sorted(version.card.get("drift", {}).items(), key=lambda pair: -pair[1])
    stays_out = version.card.get("stays_out")
    return render_template(
        "oversight/model.html",
        version=version,
        card=version.card,
        drifted=drifted[:DRIFT_SHOWN],
        drift_from=drift.DRIFTED,
        stays_out=Reason(stays_out["code"], stays_out.get("facts") or {}) if stays_out else None,
        segment_name=segment_name,
        least=SEGMENT_LEAST,
        may_switch=may(actor(), "ranking.switch"),
    )


DRIFT_SHOWN = 12


def segment_name(of: str, value: str) -> str:
    """A part of the market in words; kinds of institutions are named by the page."""
    words = {"amount_band": "ranking.amount_band", "first_loan": "ranking.first_loan", "business_kind": "business.kind"}
    return str(label(words[of], value)) if value else _("还没填")


@bp.get("/upkeep/order/models/<int:model_version_id>/switch")
@requires("ranking.switch", load=load_version)
def ask_switch(version: ModelVersion) -> ResponseReturnValue:
    """Asks before another model orders owners' lists, or none."""
    return render_template("oversight/ask_switch.html", version=version, form=BaseForm(formdata=None))


@bp.post("/upkeep/order/models/<int:model_version_id>/switch")
@requires("ranking.switch", load=load_version)
@once
def switch(version: ModelVersion) -> ResponseReturnValue:
    """One step back: the version in use is set aside, or a retired one is used again."""
    if version.state == "active":
        set_aside(version, by=actor())
        said(_("停用了，名单先按规则的得分排。"))
    else:
        use_again(version, by=actor())
        said(_("换回来了，新的名单用它排。"))
    return back_to("oversight.quality")


@bp.get("/upkeep/messages", endpoint="messages")
@requires("upkeep.see")
@listed(listings.MESSAGES)
def message_board() -> ResponseReturnValue:
    """Messages that wait or did not leave: kind and channel, never to whom or what."""
    state = request.args.get("state", "failed")
    state = state if state in MESSAGE_SHOWS else "failed"
    return render_template(
        "oversight/messages.html",
        page=paginate(queries.messages(state=state), per_page=50),
        topic_of=topic_of,
        state=state,
        states=MESSAGE_SHOWS,
        form=BaseForm(formdata=None) if may(actor(), "upkeep.retry") else None,
    )


MESSAGE_SHOWS = ("failed", "waiting", "sending")


def load_message(message_id: int) -> Message | None:
    return queries.message_by_id(message_id)


@bp.post("/upkeep/messages/<int:message_id>/again")
@requires("upkeep.retry", load=load_message)
@once
def send_again(message: Message) -> ResponseReturnValue:
    """Try once more to send what did not leave."""
    services.send_again(message, by=actor())
    said(_("放回去等着发了。"))
    return back_to("oversight.messages")
