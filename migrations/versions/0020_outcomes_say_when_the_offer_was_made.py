"""outcomes say when the offer was made."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True))
    # What was offered before is known from the offers themselves.
    op.execute(
        "UPDATE outcome SET offered_at = (SELECT min(offer.made_at) FROM offer WHERE offer.lead_id = outcome.lead_id)"
    )


def downgrade() -> None:
    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.drop_column("offered_at")
