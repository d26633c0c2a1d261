"""Clocks of contract and money."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CLOCKS = ("accept", "contact", "call_back", "visit", "decision", "papers", "owner", "second_look")
STEPS = (
    "save", "send", "send_papers", "accept_offer", "refuse_offer", "confirm_payout", "dispute_payout", "withdraw",
    "give_up", "ask_second_look", "correct_reason", "nobody_called", "choose_hours", "accept", "hand_over",
    "try_contact", "tried_enough", "contact", "agree_visit", "visit", "ask_papers", "start_review", "record_checks",
    "offer", "decline", "report_contract", "report_payout", "warn", "lapse_papers", "lapse_hours",
)  # fmt: skip
LAST_STEPS = ("release", "expire", "settle_payout")


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(name), type_="check")
        batch_op.create_check_constraint(op.f(name), f"{column} IN ({', '.join(map(repr, values))})")


def upgrade() -> None:
    _allow("lead_clock", "kind", "ck_lead_clock_kind_known", (*CLOCKS, "sign", "pay"))
    _allow("lead_step", "step", "ck_lead_step_step_known", (*STEPS, "overdue", *LAST_STEPS))


def downgrade() -> None:
    op.execute("DELETE FROM lead_step WHERE step = 'overdue'")
    op.execute("DELETE FROM lead_step WHERE step = 'warn' AND from_state IN ('taken', 'signed')")
    op.execute("DELETE FROM lead_clock WHERE kind IN ('sign', 'pay')")
    _allow("lead_step", "step", "ck_lead_step_step_known", (*STEPS, *LAST_STEPS))
    _allow("lead_clock", "kind", "ck_lead_clock_kind_known", CLOCKS)
