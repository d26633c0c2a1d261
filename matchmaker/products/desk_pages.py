"""What the pages of a desk do with a listing, the same for products and cover; the views name them and say who may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _

from matchmaker import clock
from matchmaker.formatting import unit_of_page
from matchmaker.products import listing
from matchmaker.products.forms import NoteForm, StepDeedForm
from matchmaker.products.models import Listed, ListedVersion
from matchmaker.products.rules.states import ProductState
from matchmaker.products.rules.typed import kept_of, shown_of
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, said, seen_version

DEEDS = ("suspend", "stop")


@dataclass(frozen=True)
class Shelf:
    """One kind of listing as its desk's pages see it."""

    pages: str
    """Its blueprint, which is also its folder of templates."""
    steps: tuple[str, ...]
    to_read: Callable[[Any], dict[str, Any]]
    """What the pages on which a version is read once more are given."""
    deeds: Mapping[str, Callable[..., Any]]
    """Its services: save, submit, publish, drop, suspend, stop, resume."""
    words: Mapping[str, LazyString]
    """What is said when one of them is done."""

    def page_of(self, row: Listed | ListedVersion) -> ResponseReturnValue:
        """Back to the page of this listing."""
        return self.lead(f"{self.pages}.look_after", row)

    def lead(self, endpoint: str, row: Listed | ListedVersion, **args: Any) -> ResponseReturnValue:
        """Back to a page of this listing."""
        of = row if isinstance(row, Listed) else row.listing
        return back_to(endpoint, **{f"{of.word}_id": of.id}, **args)

    def show(self, page: str, row: Listed | ListedVersion, **given: Any) -> str:
        """A page of this listing."""
        of = row if isinstance(row, Listed) else row.listing
        return render_template(f"{self.pages}/{page}.html", **({of.word: of} | given))


def only(word: str, known: tuple[str, ...]) -> None:
    """No page for any other word in the address."""
    if word not in known:
        abort(404)


def seen(form: StepDeedForm) -> int:
    """The row version that the reader had before them; -1 where the form says none."""
    return seen_version(form.row_version.data)


def days_left(of: Listed) -> int | None:
    """Days until a published listing ends; None where it is not published or has no end."""
    version = of.current_version
    if version is None or version.valid_until_on is None or of.state != ProductState.PUBLISHED:
        return None
    return int((version.valid_until_on - clock.today()).days)


def who_wrote(of: Listed) -> set[int | None]:
    """Everybody whose name stands on the page of a listing."""
    people = {of.standing_by_id}
    for version in of.versions:
        people |= {version.created_by_id, version.submitted_by_id, version.reviewed_by_id}
    return people


# --- writing ---------------------------------------------------------------------------------------------------------


def save(
    shelf: Shelf,
    version: ListedVersion,
    step: str,
    typed: dict[str, list[str]],
    lost: Callable[[], ResponseReturnValue],
) -> ResponseReturnValue:
    """Keep a step as typed; go on when it is right and one wants to. `lost` answers when a colleague saved first."""
    number = seen_version(request.form.get("row_version"))
    try:
        wrong = shelf.deeds["save"](version, step, typed, seen=number, by=actor())
    except Refused as no:
        if no.code != "product_changed_meanwhile":
            raise
        return lost()
    if wrong or request.form.get("go") != "next":
        left = ngettext("存好了。这一步还有 %(num)s 处要改。", "存好了。这一步还有 %(num)s 处要改。", len(wrong))
        said(left if wrong else _("存好了。"))
        return shelf.lead(f"{shelf.pages}.edit", version, step=step)
    following = shelf.steps.index(step) + 1
    if following == len(shelf.steps):
        return shelf.lead(f"{shelf.pages}.check", version)
    return shelf.lead(f"{shelf.pages}.edit", version, step=shelf.steps[following])


def posted(fields: Iterable[str]) -> dict[str, list[str]]:
    """What the posted page holds of these fields, sums as a draft keeps them whatever unit the page was in."""
    typed = {field: values for field in fields if (values := request.form.getlist(field))}
    return kept_of(typed, request.form.get("amount_unit") or unit_of_page())


def mine_and_theirs(
    version: ListedVersion, fields: tuple[str, ...], typed: Mapping[str, list[str]]
) -> dict[str, tuple[list[str], list[str]]]:
    """Where my text and the one that a colleague saved first differ, as the page shows it: field -> (mine, theirs)."""
    mine, theirs = shown_of(typed, unit_of_page()), shown_of(version.typed, unit_of_page())
    return {
        field: (mine.get(field, []), theirs.get(field, []))
        for field in fields
        if typed.get(field, []) != list(version.typed.get(field, []))
    }


def submit(shelf: Shelf, version: ListedVersion) -> ResponseReturnValue:
    """Hand the draft to a second person, or say on the page why not."""
    form = StepDeedForm()
    try:
        shelf.deeds["submit"](version, seen=seen(form), by=actor())
    except Refused as no:
        form.refuse(no)
        return shelf.show("check", version, form=form, **shelf.to_read(version)), no.status
    said(shelf.words["submit"])
    return shelf.page_of(version)


def take_back(shelf: Shelf, version: ListedVersion) -> ResponseReturnValue:
    """Take one's own submission back to go on writing."""
    listing.take_back(version, by=actor())
    said(_("收回来了，可以接着改。"))
    return shelf.lead(f"{shelf.pages}.edit", version, step=shelf.steps[0])


def drop(shelf: Shelf, version: ListedVersion) -> ResponseReturnValue:
    """Throw a draft away."""
    page = shelf.page_of(version)
    gone = shelf.deeds["drop"](version, by=actor())
    said(_("草稿丢掉了。"))
    return back_to(f"{shelf.pages}.mine") if gone else page


# --- the second person -----------------------------------------------------------------------------------------------


def review(shelf: Shelf, version: ListedVersion) -> ResponseReturnValue:
    """What a second person reads before deciding; to the listing where nothing waits for that."""
    if version.state != "submitted":
        return shelf.page_of(version)
    return _review_page(shelf, version, NoteForm(row_version=version.row_version))


def _review_page(shelf: Shelf, version: ListedVersion, form: NoteForm) -> str:
    own = version.submitted_by_id == actor().id
    return shelf.show("review", version, form=form, own=own, **shelf.to_read(version))


def publish(shelf: Shelf, version: ListedVersion) -> ResponseReturnValue:
    """Put the submitted version in force."""
    form = NoteForm()
    try:
        shelf.deeds["publish"](version, seen=seen(form), by=actor())
    except Refused as no:
        form.refuse(no)
        return _review_page(shelf, version, form), no.status
    said(shelf.words["publish"])
    return shelf.page_of(version)


def send_back(shelf: Shelf, version: ListedVersion) -> ResponseReturnValue:
    """Send the submitted version back with a note."""
    form = NoteForm()
    try:
        listing.send_back(version, note=form.note.data or "", seen=seen(form), by=actor())
    except Refused as no:
        form.refuse(no)
        return _review_page(shelf, version, form), no.status
    said(_("退回去了，同事会收到您写的话。"))
    return shelf.page_of(version)


# --- suspending, resuming, stopping ----------------------------------------------------------------------------------


def ask_stand(shelf: Shelf, of: Listed, deed: str) -> ResponseReturnValue:
    """Ask before a listing is suspended or stopped."""
    only(deed, DEEDS)
    return shelf.show("ask_stand", of, deed=deed, form=NoteForm(row_version=of.row_version))


def stand(shelf: Shelf, of: Listed, deed: str) -> ResponseReturnValue:
    """Suspend or stop a listing."""
    only(deed, DEEDS)
    form = NoteForm()
    try:
        shelf.deeds[deed](of, note=form.note.data or "", seen=seen(form), by=actor())
    except Refused as no:
        form.refuse(no)
        return shelf.show("ask_stand", of, deed=deed, form=form), no.status
    said(shelf.words[deed])
    return shelf.page_of(of)


def resume(shelf: Shelf, of: Listed) -> ResponseReturnValue:
    """List a suspended one again."""
    shelf.deeds["resume"](of, seen=seen(StepDeedForm()), by=actor())
    said(shelf.words["resume"])
    return shelf.page_of(of)
