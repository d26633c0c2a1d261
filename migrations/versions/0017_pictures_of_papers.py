"""Which papers have a small picture: PDFs that came before their first page was drawn have none."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.add_column(sa.Column('pictured', sa.Boolean(), server_default=sa.true(), nullable=False))
    document = sa.table("document", sa.column("pictured", sa.Boolean), sa.column("media_type", sa.Text))
    op.execute(document.update().where(document.c.media_type == "application/pdf").values(pictured=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.drop_column('pictured')
