"""What the managers of a branch can still carry: kept as one row a branch, so that the match can read it."""

from __future__ import annotations

import sqlalchemy as sa

from matchmaker.accounts.models import Assignment, Branch, BranchLoad, Institution, ManagerProfile, Workload
from matchmaker.db import db
from matchmaker.queue import insert_for


def hold_institution(institution_id: int) -> None:
    """Keep others from counting or sending to this institution until the transaction ends (SQLite holds all)."""
    db.session.execute(
        sa.select(Institution.id).where(Institution.id == institution_id).with_for_update(key_share=True)
    )


def recount_slots(branch_id: int) -> BranchLoad | None:
    """Count what the managers of a branch can carry beside what they carry; answers the locked row.

    The institution is held first, whoever counts, so that two who count never wait for each other.
    """
    session = db.session
    session.flush()
    institution_id = session.scalar(sa.select(Branch.institution_id).where(Branch.id == branch_id))
    if institution_id is None:
        return None
    hold_institution(institution_id)
    session.execute(
        insert_for(session, BranchLoad)
        .values(
            branch_id=branch_id, institution_id=institution_id, managers=0, open_slots=0, free_managers=0, waiting=0
        )
        .on_conflict_do_nothing()
    )
    row = session.scalars(
        sa.select(BranchLoad)
        .where(BranchLoad.branch_id == branch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    works_there = (
        sa.select(Assignment.id)
        .where(
            Assignment.person_id == ManagerProfile.person_id, Assignment.role == "manager",
            Assignment.institution_id == institution_id, Assignment.until_at.is_(None),
        )
        .exists()
    )  # fmt: skip
    slots = [
        max(0, profile.capacity_leads - (live or 0))
        for profile, live in session.execute(
            sa.select(ManagerProfile, Workload.live_leads)
            .outerjoin(Workload, Workload.person_id == ManagerProfile.person_id)
            .where(ManagerProfile.branch_id == branch_id, works_there)
        )
    ]
    row.managers, row.open_slots, row.free_managers = len(slots), sum(slots), sum(one > 0 for one in slots)
    session.flush()
    return row
