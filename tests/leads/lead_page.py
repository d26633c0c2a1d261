"""docs/leads.md, written from the rules: states, steps, clocks, codes, fields. Usage: python -m tests.leads.lead_page"""

from __future__ import annotations

from pathlib import Path

from matchmaker.leads.rules.clocks import (
    LIMITS,
    PAUSED_BY_PAPERS,
    PAYOUT_ANSWER_DAYS,
    SECOND_LOOK_AFTER_REPAIR_DAYS,
)
from matchmaker.leads.rules.consents import ENDS_CONSENT, OPTIONAL, REQUIRED
from matchmaker.leads.rules.covering import ENOUGH_SHARE
from matchmaker.leads.rules.reasons import CODES
from matchmaker.leads.rules.reserves import LEAST_DAYS_LEFT, MOST_RESERVES
from matchmaker.leads.rules.states import (
    BALL,
    LIVE,
    MOST_LIVE_LEADS,
    NEEDS_CODE,
    PERMISSION_OF_STEP,
    SIDE_OF_STEP,
    TRANSITIONS,
    State,
    Step,
)
from matchmaker.leads.words import LABELS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "leads.md"


def _zh(group: str, code: object) -> str:
    words = LABELS[group][str(code)]
    return str(words._args[0]) if hasattr(words, "_args") else str(words)


def state_name(state: State) -> str:
    return _zh("lead.state", state)


def lead_page() -> str:
    """The whole page; the same rules write the same page."""
    lines = [
        "# The life of a lead",
        "",
        "Written from `matchmaker/leads/rules/` by `python -m tests.leads.lead_page`; a test fails when it is out of date.",
        "A lead is a match that an owner chose for one institution. What is not in the table cannot happen.",
        "",
        f"At most {MOST_LIVE_LEADS} leads of a need are live at once. No institution receives anything without the owner's",
        f"choice and a receipt: a late lead is taken back. It goes on by itself only to a reserve (at most {MOST_RESERVES}, named",
        f"beforehand with a receipt that begins with its turn and has {LEAST_DAYS_LEFT} days left), in the same transaction.",
        "",
        "Before a contract, one step takes a lead back and sends the need elsewhere, with the same fields. Offers of one need",
        "may be accepted together within what it asks for; a part of the money leaves it open for the rest, and from",
        f"{int(ENOUGH_SHARE * 100)} % it counts as funded by itself. What was sent stays the version that was sent.",
        "",
        "## States",
        "",
        "| state | name | whose turn | live | steps that lead on |",
        "| --- | --- | --- | --- | --- |",
    ]
    for state in State:
        ways = [
            f"`{step}` → {after}" if after is not state else f"`{step}`"
            for step in Step
            if (after := TRANSITIONS.get((state, step))) is not None
        ]
        lines.append(
            f"| `{state}` | {_zh('lead.state', state)} | {BALL[state]} | {'yes' if state in LIVE else ''} | {', '.join(ways)} |"
        )
    lines += ["", "## Steps", "", "| step | name | who | permission | code |", "| --- | --- | --- | --- | --- |"]
    for step in Step:
        permission = PERMISSION_OF_STEP[step]
        lines.append(
            f"| `{step}` | {_zh('lead.step', step)} | {SIDE_OF_STEP[step]} | {f'`{permission}`' if permission else 'a job'} | "
            f"{'needed' if step in NEEDS_CODE else ''} |"
        )
    lines += [
        "",
        "## Clocks",
        "",
        "A working day is 9:00 to 17:30 in Shanghai. The day of the event is not counted; a clock ends at 17:30 of the",
        "n-th working or calendar day after it, and where that day is off, of the next working day. Shares of working",
        "clocks are counted in working hours, of calendar clocks in plain time. Warned at 75 %, taken back at 100 %,",
        "also when the job is late: after its end the institution's steps are refused. The clocks of contract and money",
        "take nothing back, since a contract stands between the two: both sides are told, and it is counted.",
        f"While papers are waited for, {' and '.join(str(kind) for kind in PAUSED_BY_PAPERS)} stand still, once; the time",
        "that was left is left afterwards, rounded up to the close of a working day.",
        "",
        "| clock | days | kind | who | starts with | ends with | releases |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for clock, limit in LIMITS.items():
        ends = ", ".join(f"`{step}`" for step in limit.ends_with)
        days = limit.days if limit.days is not None else "until the offer's last day"
        lines.append(
            f"| {clock} | {days} | {limit.kind} | {limit.side} | `{limit.starts_with}` | {ends} | {'yes' if limit.releases else ''} |"
        )
    lines += [
        "",
        f"A second look after a repair has {SECOND_LOOK_AFTER_REPAIR_DAYS} working days. A reported pay-out that nobody confirmed or",
        f"disputed for {PAYOUT_ANSWER_DAYS} working days counts as undisputed, and is marked so.",
        "",
        "## Consents",
        "",
        f"Without these nothing is sent: {', '.join(f'`{field}`' for field in REQUIRED)}.",
        f"Off until ticked: {', '.join(f'`{field}`' for field in OPTIONAL)}.",
        "The number is read by the one person who carries the lead, and only where hours for calls were ticked.",
        "A consent ends by itself on: " + ", ".join(f"{state} ({state_name(state)})" for state in ENDS_CONSENT) + ".",
        "",
        "## Reasons",
        "",
        "| code | owner reads | way | who repairs | working days |",
        "| --- | --- | --- | --- | --- |",
    ]
    for code, reason in CODES.items():
        lines.append(f"| {code} | {_zh('lead.code', code)} | {reason.way} | {reason.who or ''} | {reason.days or ''} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(lead_page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
