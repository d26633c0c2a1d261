"""cover from tables and the sheets of a workbook."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('import_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cover_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_import_line_cover_id'), ['cover_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_import_line_cover_id_cover'), 'cover', ['cover_id'], ['id'])
        batch_op.create_check_constraint(
            batch_op.f('ck_import_line_one_draft'), 'product_id IS NULL OR cover_id IS NULL'
        )

    with op.batch_alter_table('product_import', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sheet', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('other_sheets', sa.JSON(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('product_import', schema=None) as batch_op:
        batch_op.drop_column('other_sheets')
        batch_op.drop_column('sheet')

    with op.batch_alter_table('import_line', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_import_line_one_draft'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_import_line_cover_id_cover'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_import_line_cover_id'))
        batch_op.drop_column('cover_id')
