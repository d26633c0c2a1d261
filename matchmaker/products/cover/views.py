"""Pages of an insurer's desk: list, write, check, approve, suspend and stop its cover."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.listing import listed
from matchmaker.products import desk_pages
from matchmaker.products.cover import listings, queries, services
from matchmaker.products.cover.forms import STEP_FORMS, StartForm
from matchmaker.products.cover.models import Cover, CoverVersion
from matchmaker.products.cover.rules import (
    FIELDS,
    NAME_LONGEST,
    PRICE_FIELDS,
    STEPS,
    differences,
    lines_offered,
    split,
)
from matchmaker.products.forms import StepDeedForm, StepForm
from matchmaker.products.queries import desks_of, names_of
from matchmaker.products.rules.states import EDITABLE_VERSION
from matchmaker.products.rules.terms import Problem, text_problems
from matchmaker.reference import insurance_lines
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, once, paginate, requires, sentence

bp = Blueprint("cover", __name__)
def licensed() -> bool:
    """Whether the operator's licence for insurance intermediation is on file (setting, off by default)."""
    return bool(current_app.config["SETTINGS"].insurance_licence)


# --- the desk's list -------------------------------------------------------------------------------------------------


@bp.get("/desk/cover")
@requires("cover.list")
@listed(listings.MINE)
def mine() -> ResponseReturnValue:
    """The cover of the insurer one works for: filtered, searched, by pages."""
    show, q = request.args.get("show", "all"), request.args.get("q", "")
    show = show if show in queries.DESK_FILTERS else "all"
    ids, today = actor().institution_ids, clock.today()
    return render_template(
        "cover/mine.html",
        page=paginate(queries.covers_of(ids, show=show, q=q, today=today), per_page=20),
        show=show,
        q=q,
        args={"show": show if show != "all" else None, "q": q or None},
        counts=queries.cover_counts(ids, today=today),
        filters=queries.DESK_FILTERS,
        may_start=listing_desk() is not None,
    )


def listing_desk() -> Institution | None:
    """The insurer for which the signed-in person may list cover; None for whoever is no insurer."""
    person = actor()
    desks = desks_of(person.desk_institution_ids) if person is not None else []
    return next((institution for institution in desks if lines_offered(institution.kind)), None)


@bp.get("/desk/cover/new")
@requires("cover.start")
def start_page() -> ResponseReturnValue:
    """Asks for the line and the name of a new cover."""
    institution = listing_desk() or abort(404)
    form = StartForm().offer(lines_offered(institution.kind))
    return render_template("cover/start.html", form=form, institution=institution)


@bp.post("/desk/cover/new")
@requires("cover.start")
@once
def start() -> ResponseReturnValue:
    """Begins a cover and goes to its first step."""
    institution = listing_desk() or abort(404)
    form = StartForm().offer(lines_offered(institution.kind))
    problems = text_problems("name", form.name.data or "", shortest=2, longest=NAME_LONGEST)
    if form.submitted() and not problems:
        try:
            cover = services.start_cover(
                institution_id=institution.id, line=form.line.data or "", name=form.name.data or "", by=actor()
            )
            return back_to("cover.edit", cover_id=cover.id, step="basics")
        except Refused as no:
            form.refuse(no)
    form.name.errors = [*form.name.errors, *(sentence(problem.reason) for problem in problems[:1])]
    return render_template("cover/start.html", form=form, institution=institution), 422


# --- one cover at the desk -------------------------------------------------------------------------------------------


def load_cover(cover_id: int) -> Cover | None:
    """The cover of the address."""
    return queries.cover(cover_id)


def load_open_version(cover_id: int) -> CoverVersion | None:
    """The version that is being written or reviewed."""
    return queries.open_version(cover_id)


def load_editable_version(cover_id: int) -> CoverVersion | None:
    """The version that may be written on now."""
    version = queries.open_version(cover_id)
    return version if version is not None and version.state in EDITABLE_VERSION else None


@bp.get("/desk/cover/<int:cover_id>")
@requires("cover.see", load=load_cover)
def look_after(cover: Cover) -> ResponseReturnValue:
    """Where a cover stands, its versions, and what can be done with it."""
    return render_template(
        "cover/look_after.html",
        cover=cover,
        open_version=cover.open_version,
        names=names_of(desk_pages.who_wrote(cover)),
        form=StepDeedForm(),
        ends_in=desk_pages.days_left(cover),
    )


@bp.post("/desk/cover/<int:cover_id>/versions")
@requires("cover.edit", load=load_cover)
@once
def start_version(cover: Cover) -> ResponseReturnValue:
    """Begins the next version."""
    services.start_version(cover, licensed=licensed(), by=actor())
    return back_to("cover.edit", cover_id=cover.id, step="basics")


@bp.get("/desk/cover/<int:cover_id>/versions/<int:number>")
@requires("cover.see", load=queries.version_of)
def read_version(version: CoverVersion) -> ResponseReturnValue:
    """A version as owners would see it, drafts included."""
    return render_template(
        "cover/read.html", version=version, cover=version.cover, licensed=licensed(), names=_names(version), split=split
    )


def _names(version: CoverVersion) -> dict[int, str]:
    return names_of({version.submitted_by_id, version.reviewed_by_id})


@bp.get("/desk/cover/<int:cover_id>/differences/<int:number>/<int:other>")
@requires("cover.see", load=queries.version_of)
def compare_versions(version: CoverVersion, other: int) -> ResponseReturnValue:
    """What changed from one version to another."""
    second = queries.version_of(version.cover_id, other) or abort(404)
    return render_template(
        "cover/differences.html",
        cover=version.cover,
        before=version,
        after=second,
        changes=differences(version.terms, second.terms, licensed=licensed()),
    )


# --- writing ---------------------------------------------------------------------------------------------------------


@bp.get("/desk/cover/<int:cover_id>/draft/<step>")
@requires("cover.edit", load=load_editable_version)
def edit(version: CoverVersion, step: str) -> ResponseReturnValue:
    """One step of the form, filled as it was typed, wrong or right."""
    desk_pages.only(step, STEPS)
    problems = queries.problems_in(version, clock.today(), licensed=licensed())
    shown = queries.problems_by_step(problems)[step] if step in version.steps_saved else []
    return _edit_page(version, step, STEP_FORMS[step](version.typed, version.row_version).mark(shown), problems)


@bp.post("/desk/cover/<int:cover_id>/draft/<step>")
@requires("cover.edit", load=load_editable_version)
@once
def save(version: CoverVersion, step: str) -> ResponseReturnValue:
    """Keeps the step as typed; goes on when it is right and one wants to, else shows what is wrong."""
    desk_pages.only(step, STEPS)
    typed = desk_pages.posted(FIELDS[step])
    return desk_pages.save(SHELF, version, step, typed, lambda: _lost_race(version, step, typed))


def _lost_race(version: CoverVersion, step: str, typed: dict[str, list[str]]) -> ResponseReturnValue:
    """A colleague saved first: both texts are shown, mine in the form; saving again is then a choice."""
    theirs = desk_pages.mine_and_theirs(version, _shown_fields(step), typed)
    return _edit_page(version, step, STEP_FORMS[step](typed, version.row_version), [], theirs=theirs), 409


def _shown_fields(step: str) -> tuple[str, ...]:
    return tuple(field for field in FIELDS[step] if licensed() or field not in PRICE_FIELDS)


def _edit_page(
    version: CoverVersion, step: str, form: StepForm, problems: list[Problem], *, theirs: dict[str, Any] | None = None
) -> str:
    current = version.cover.current_version
    return render_template(
        f"cover/edit_{step}.html",
        version=version,
        cover=version.cover,
        step=step,
        steps=STEPS,
        form=form,
        by_step=queries.problems_by_step(problems),
        theirs=theirs,
        licensed=licensed(),
        line=insurance_lines.get(version.cover.line),
        changes=differences(current.terms, version.terms, licensed=licensed()) if current is not None else None,
    )


@bp.get("/desk/cover/<int:cover_id>/draft/check")
@requires("cover.edit", load=load_editable_version)
def check(version: CoverVersion) -> ResponseReturnValue:
    """The whole draft to be read once more: what is missing with links, what changed."""
    form = StepDeedForm(row_version=version.row_version)
    return render_template("cover/check.html", form=form, **_to_read(version))


def _to_read(version: CoverVersion) -> dict[str, Any]:
    current = version.cover.current_version
    problems = queries.problems_in(version, clock.today(), licensed=licensed())
    return {
        "version": version,
        "cover": version.cover,
        "problems": problems,
        "by_step": queries.problems_by_step(problems),
        "steps": STEPS,
        "changes": differences(current.terms, version.terms, licensed=licensed()) if current is not None else None,
        "licensed": licensed(),
        "names": _names(version),
        "split": split,
    }


@bp.post("/desk/cover/<int:cover_id>/draft/check")
@requires("cover.submit", load=load_editable_version)
@once
def submit(version: CoverVersion) -> ResponseReturnValue:
    """Hands the draft to a second person."""
    return desk_pages.submit(SHELF, version)


@bp.post("/desk/cover/<int:cover_id>/draft/take-back")
@requires("cover.submit", load=load_open_version)
@once
def take_back(version: CoverVersion) -> ResponseReturnValue:
    """Takes one's own submission back to go on writing."""
    return desk_pages.take_back(SHELF, version)


@bp.get("/desk/cover/<int:cover_id>/draft/drop")
@requires("cover.edit", load=load_editable_version)
def ask_drop(version: CoverVersion) -> ResponseReturnValue:
    """Asks before a draft is thrown away."""
    return SHELF.show("ask_drop", version, version=version, form=StepDeedForm())


@bp.post("/desk/cover/<int:cover_id>/draft/drop")
@requires("cover.edit", load=load_editable_version)
@once
def drop(version: CoverVersion) -> ResponseReturnValue:
    """Throws a draft away."""
    return desk_pages.drop(SHELF, version)


# --- the second person -----------------------------------------------------------------------------------------------


@bp.get("/desk/cover/<int:cover_id>/review")
@requires("cover.publish", load=load_open_version)
def review(version: CoverVersion) -> ResponseReturnValue:
    """What a second person reads before approving the text or sending it back."""
    return desk_pages.review(SHELF, version)


@bp.post("/desk/cover/<int:cover_id>/review/publish")
@requires("cover.publish", load=load_open_version)
@once
def publish(version: CoverVersion) -> ResponseReturnValue:
    """Approves the submitted text and lists it."""
    return desk_pages.publish(SHELF, version)


@bp.post("/desk/cover/<int:cover_id>/review/send-back")
@requires("cover.publish", load=load_open_version)
@once
def send_back(version: CoverVersion) -> ResponseReturnValue:
    """Sends the submitted version back with a note."""
    return desk_pages.send_back(SHELF, version)


# --- suspending, resuming, stopping ----------------------------------------------------------------------------------


@bp.get("/desk/cover/<int:cover_id>/<deed>")
@requires("cover.suspend", load=load_cover)
def ask_stand(cover: Cover, deed: str) -> ResponseReturnValue:
    """Asks before a cover is suspended or stopped."""
    return desk_pages.ask_stand(SHELF, cover, deed)


@bp.post("/desk/cover/<int:cover_id>/<deed>")
@requires("cover.suspend", load=load_cover)
@once
def stand(cover: Cover, deed: str) -> ResponseReturnValue:
    """Suspends or stops a cover."""
    return desk_pages.stand(SHELF, cover, deed)


@bp.post("/desk/cover/<int:cover_id>/resume")
@requires("cover.publish", load=load_cover)
@once
def resume(cover: Cover) -> ResponseReturnValue:
    """Lists a suspended cover again."""
    return desk_pages.resume(SHELF, cover)


SHELF = desk_pages.Shelf(
    pages="cover",
    steps=STEPS,
    to_read=_to_read,
    deeds={
        "save": lambda version, step, typed, **who: services.save_step(
            version, step, typed, licensed=licensed(), **who
        ),
        "submit": lambda version, **who: services.submit_version(version, licensed=licensed(), **who),
        "publish": lambda version, **who: services.publish_version(version, licensed=licensed(), **who),
        "drop": services.drop_draft,
        "suspend": services.suspend_cover,
        "stop": services.stop_cover,
        "resume": services.resume_cover,
    },
    words={
        "submit": _l("送审了。另一位同事核过条款才上架。"),
        "publish": _l("核定了，上架了。从现在起店主在保险专区看得到这一版。"),
        "suspend": _l("暂停了，保险专区里不再列。"),
        "stop": _l("停办了，保险专区里不再列。"),
        "resume": _l("恢复了，店主又能看到了。"),
    },
)
