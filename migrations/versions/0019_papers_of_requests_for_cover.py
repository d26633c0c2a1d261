"""Papers of requests for cover, and which ones a quote asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KINDS = (
    "LICENCE", "OWNER_ID", "GUARANTOR_ID", "QUALIFICATION", "MEMBER_LIST", "STAFF_LIST",
    "CREDIT_REPORT_CONSENT", "BANK_FLOW", "POS_FLOW", "STATEMENTS", "SALES_RECORD", "RECEIVABLE_PROOF",
    "TAX_RETURNS", "INVOICES", "CUSTOMS", "EXPORT_RECORD", "LEASE", "PROPERTY_TITLE", "APPRAISAL_REPORT",
    "FIRE_CERT", "PURPOSE_CONTRACT", "ORDERS", "CONTRACT", "EQUIPMENT_QUOTE", "STOCK_LIST", "ASSET_LIST",
    "IP_TITLE", "TITLE_CERTIFICATE", "VEHICLE_LICENCE", "INSURANCE_POLICY", "LAST_POLICY", "LOSS_RECORD",
    "HEALTH_STATEMENT", "OTHER",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        'cover_paper',
        sa.Column('request_id', sa.Integer(), nullable=False),
        sa.Column('document_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('sha256', sa.Text(), nullable=False),
        sa.Column('given_by_id', sa.Integer(), nullable=False),
        sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('taken_back_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('taken_back_by_id', sa.Integer(), nullable=True),
        sa.Column('id', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            f"kind IN ({', '.join(repr(kind) for kind in KINDS)})", name=op.f('ck_cover_paper_kind_known')
        ),
        sa.CheckConstraint(
            '(taken_back_at IS NULL) = (taken_back_by_id IS NULL)',
            name=op.f('ck_cover_paper_taken_back_by_somebody'),
        ),
        sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_cover_paper_document_id_document')),
        sa.ForeignKeyConstraint(['given_by_id'], ['person.id'], name=op.f('fk_cover_paper_given_by_id_person')),
        sa.ForeignKeyConstraint(
            ['request_id'], ['cover_request.id'], name=op.f('fk_cover_paper_request_id_cover_request')
        ),
        sa.ForeignKeyConstraint(
            ['taken_back_by_id'], ['person.id'], name=op.f('fk_cover_paper_taken_back_by_id_person')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cover_paper')),
        sa.UniqueConstraint('document_id', name=op.f('uq_cover_paper_document_id')),
        sa.UniqueConstraint('request_id', 'sha256', name=op.f('uq_cover_paper_request_id_sha256')),
    )
    with op.batch_alter_table('cover_quote', schema=None) as batch_op:
        batch_op.add_column(sa.Column('papers_wanted', sa.JSON(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('cover_quote', schema=None) as batch_op:
        batch_op.drop_column('papers_wanted')
    op.drop_table('cover_paper')
