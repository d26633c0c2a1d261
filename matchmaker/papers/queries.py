"""Reads of folders: the papers of a business, one paper, those that end soon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.rules import PROVEN
from matchmaker.db import db
from matchmaker.documents.models import Document
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.rules import REMIND_DAYS


def _there() -> sa.Select[FolderPaper]:
    return (
        sa.select(FolderPaper)
        .join(Document, Document.id == FolderPaper.document_id)
        .where(FolderPaper.removed_at.is_(None), Document.deleted_at.is_(None))
        .options(joinedload(FolderPaper.document))
    )


def folder_of(business: Business, reader: Person, *, fresh: bool = False) -> list[FolderPaper]:
    """The papers of a business that a person may use, the newest first; `fresh`: as the database has them now.

    Who has not proven to act for it sees what they put in themselves; nobody sees what a refused claimant put in.
    """
    refused = sa.select(BusinessMember.person_id).where(
        BusinessMember.business_id == business.id, BusinessMember.standing == "rejected"
    )
    query = _there().where(FolderPaper.business_id == business.id, FolderPaper.added_by_id.not_in(refused))
    standing = next((member.standing for member in business.members if member.person_id == reader.id), None)
    if standing is not None and standing not in PROVEN:
        query = query.where(FolderPaper.added_by_id == reader.id)
    query = query.order_by(FolderPaper.added_at.desc(), FolderPaper.id.desc())
    return list(db.session.scalars(query.execution_options(populate_existing=fresh)))


def paper_by_id(paper_id: int, *, lock: bool = False) -> FolderPaper | None:
    """A paper that lies in its folder. `lock`: whoever gives it or takes it out at the same time waits."""
    if lock:
        db.session.execute(sa.select(FolderPaper.id).where(FolderPaper.id == paper_id).with_for_update())
    return db.session.scalar(
        _there()
        .where(FolderPaper.id == paper_id)
        .options(joinedload(FolderPaper.business).selectinload(Business.members))
        .execution_options(populate_existing=lock)
    )


def papers_to_give(business: Business, paper_ids: Iterable[int], reader: Person) -> list[FolderPaper]:
    """Those of these papers that lie in the folder for this person, locked until the transaction ends, by number."""
    wanted = sorted(set(paper_ids))
    if not wanted:
        return []
    db.session.execute(
        sa.select(FolderPaper.id).where(FolderPaper.id.in_(wanted)).order_by(FolderPaper.id).with_for_update()
    )
    found = folder_of(business, reader, fresh=True)
    return sorted((paper for paper in found if paper.id in wanted), key=lambda paper: paper.id)


def lock_folder(business_id: int) -> None:
    """Wait for whoever puts something into this folder."""
    db.session.execute(sa.select(Business.id).where(Business.id == business_id).with_for_update(key_share=True))


def same_in_folder(business_id: int, sha256: str) -> FolderPaper | None:
    """The paper of this folder made of the same file, its content there or not."""
    return db.session.scalar(
        sa.select(FolderPaper)
        .where(
            FolderPaper.business_id == business_id, FolderPaper.sha256 == sha256, FolderPaper.removed_at.is_(None)
        )
        .options(joinedload(FolderPaper.document))
    )


def ids_ending(today: date) -> list[int]:
    """Papers whose last day is near and for which the last reminder was not given, by number."""
    return list(
        db.session.scalars(
            sa.select(FolderPaper.id)
            .where(
                FolderPaper.removed_at.is_(None),
                FolderPaper.expires_on >= today,
                FolderPaper.expires_on <= today + timedelta(days=REMIND_DAYS[0]),
                sa.or_(FolderPaper.reminded_days.is_(None), FolderPaper.reminded_days > REMIND_DAYS[-1]),
            )
            .order_by(FolderPaper.id)
        )
    )


def people_to_tell(business_id: int) -> list[int]:
    """Who acts for a business, whether proven or not yet."""
    return list(
        db.session.scalars(
            sa.select(BusinessMember.person_id)
            .where(BusinessMember.business_id == business_id, BusinessMember.standing != "rejected")
            .order_by(BusinessMember.id)
        )
    )


def counted(businesses: Iterable[Business], reader: Person) -> dict[int, int]:
    """Business id -> how many papers this person finds in its folder."""
    return {business.id: len(folder_of(business, reader)) for business in businesses}
