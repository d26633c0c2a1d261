"""One paper is taken back from an institution, the consent stands."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('lead_paper', schema=None) as batch_op:
        batch_op.add_column(sa.Column('taken_back_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('taken_back_by_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_lead_paper_taken_back_by_id_person'), 'person', ['taken_back_by_id'], ['id']
        )
        batch_op.create_check_constraint(
            batch_op.f('ck_lead_paper_taken_back_by_somebody'), '(taken_back_at IS NULL) = (taken_back_by_id IS NULL)'
        )


def downgrade() -> None:
    with op.batch_alter_table('lead_paper', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_lead_paper_taken_back_by_somebody'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_lead_paper_taken_back_by_id_person'), type_='foreignkey')
        batch_op.drop_column('taken_back_by_id')
        batch_op.drop_column('taken_back_at')
