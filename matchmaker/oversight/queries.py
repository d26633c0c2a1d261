"""Reads of oversight: lists as they were shown, by number, without who they were shown to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker.db import db
from matchmaker.matching import queries as matching
from matchmaker.products.models import Product
from matchmaker.ranking.models import InView, ModelVersion, Shown, ShownList, TurnedDown


def lists(*, need_id: int | None = None, list_id: int | None = None) -> sa.Select[Any]:
    """Every list that was made, newest first; of one need, or the one of that number."""
    query = sa.select(ShownList)
    if need_id is not None:
        query = query.where(ShownList.need_id == need_id)
    if list_id is not None:
        query = query.where(ShownList.id == list_id)
    return query.order_by(ShownList.made_at.desc(), ShownList.id.desc())


def list_by_id(list_id: int) -> ShownList | None:
    """One list."""
    return db.session.get(ShownList, list_id)


def model_names() -> dict[int, str]:
    """Model version → its name."""
    return {row.id: row.name for row in db.session.execute(sa.select(ModelVersion.id, ModelVersion.name))}


@dataclass(frozen=True)
class Record:
    """What is stored of a list, as the page for the supervisor shows it."""

    stored: ShownList
    rows: list[Shown]
    turned_down: int
    views: list[InView]
    names: Mapping[int, str]
    """Product → its name in the version that was judged."""
    versions: Mapping[int, int]
    """Product version → its number."""

    def in_view(self, place: int) -> bool:
        """Whether somebody had this place on the screen."""
        return any(view.place_from <= place <= view.place_to for view in self.views)


def record_of(stored: ShownList) -> Record:
    """The stored places, what was in view, and how many products did not fit."""
    rows = list(
        db.session.scalars(
            sa.select(Shown)
            .where(Shown.list_id == stored.id)
            .order_by(Shown.place)
            .options(joinedload(Shown.product).joinedload(Product.institution), joinedload(Shown.product_version))
        ).unique()
    )
    down = db.session.scalar(sa.select(sa.func.count()).select_from(TurnedDown).where(TurnedDown.list_id == stored.id))
    views = list(
        db.session.scalars(sa.select(InView).where(InView.list_id == stored.id).order_by(InView.at, InView.id))
    )
    versions = matching.versions_by_id(matching.versions_of_list(stored))
    return Record(
        stored,
        rows,
        down or 0,
        views,
        {version.product_id: version.name for version in versions},
        {version.id: version.number for version in versions},
    )
