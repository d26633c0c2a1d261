"""The lives of a product and of its versions, and who may not be the second person."""

from enum import StrEnum

from matchmaker.refusal import Reason


class Kind(StrEnum):
    """What is offered; insurance cover has its own subject."""

    CREDIT = "credit"
    GUARANTEE = "guarantee"


class ProductState(StrEnum):
    """Where a product stands for the outside; a newer draft beside a published version does not change it."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    STOPPED = "stopped"


class VersionState(StrEnum):
    """Where one version stands; published and superseded versions never change their content."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SENT_BACK = "sent_back"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


OPEN_VERSION = (VersionState.DRAFT, VersionState.SENT_BACK, VersionState.SUBMITTED)
EDITABLE_VERSION = (VersionState.DRAFT, VersionState.SENT_BACK)
FROZEN_VERSION = (VersionState.PUBLISHED, VersionState.SUPERSEDED)

# (state, step) -> state of a version. "save" of a version sent back makes it a draft again.
VERSION_STEPS: dict[tuple[VersionState, str], VersionState] = {
    (VersionState.DRAFT, "save"): VersionState.DRAFT,
    (VersionState.SENT_BACK, "save"): VersionState.DRAFT,
    (VersionState.DRAFT, "submit"): VersionState.SUBMITTED,
    (VersionState.SUBMITTED, "take_back"): VersionState.DRAFT,
    (VersionState.SUBMITTED, "send_back"): VersionState.SENT_BACK,
    (VersionState.SUBMITTED, "publish"): VersionState.PUBLISHED,
    (VersionState.PUBLISHED, "supersede"): VersionState.SUPERSEDED,
}

# (state, step) -> state of a product that has been published at least once.
PRODUCT_STEPS: dict[tuple[ProductState, str], ProductState] = {
    (ProductState.DRAFT, "submit"): ProductState.SUBMITTED,
    (ProductState.SUBMITTED, "take_back"): ProductState.DRAFT,
    (ProductState.SUBMITTED, "send_back"): ProductState.DRAFT,
    (ProductState.SUBMITTED, "publish"): ProductState.PUBLISHED,
    (ProductState.PUBLISHED, "publish"): ProductState.PUBLISHED,
    (ProductState.SUSPENDED, "publish"): ProductState.PUBLISHED,
    (ProductState.STOPPED, "publish"): ProductState.PUBLISHED,
    (ProductState.PUBLISHED, "suspend"): ProductState.SUSPENDED,
    (ProductState.SUSPENDED, "resume"): ProductState.PUBLISHED,
    (ProductState.PUBLISHED, "stop"): ProductState.STOPPED,
    (ProductState.SUSPENDED, "stop"): ProductState.STOPPED,
}

# Which kinds of institution list what here. Insurers quote cover elsewhere; funds and departments lend nothing here.
_LENDERS = ("POLICY", "STATE", "JOINT", "CITY", "RURALC", "RURALX", "FOREIGN", "PRIVATE", "FINCO", "MICRO")
KINDS_OFFERED: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(_LENDERS, (Kind.CREDIT,)),
    "GUARANTEE": (Kind.GUARANTEE,),
}


def kinds_offered(institution_kind: str) -> tuple[Kind, ...]:
    """The kinds of product an institution of this kind may list; empty for insurers, funds and departments."""
    return KINDS_OFFERED.get(institution_kind, ())


def version_after(state: str, step: str) -> VersionState | Reason:
    """The version's state after `step`, or why that step is not open now."""
    after = VERSION_STEPS.get((VersionState(state), step))
    return after if after is not None else Reason("product_version_step_closed", {"state": state, "step": step})


def product_after(state: str, step: str) -> ProductState | Reason:
    """The product's state after `step`, or why that step is not open now."""
    after = PRODUCT_STEPS.get((ProductState(state), step))
    return after if after is not None else Reason("product_step_closed", {"state": state, "step": step})


def second_person(submitted_by_id: int | None, reviewer_id: int) -> Reason | None:
    """Why this person may not review: nobody publishes or sends back what they submitted themselves."""
    if submitted_by_id is not None and submitted_by_id == reviewer_id:
        return Reason("product_second_person", {})
    return None
