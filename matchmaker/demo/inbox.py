"""The inboxes of the cast: what they would have been told in the last two weeks, in the words and keys of `leads`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from matchmaker.demo.ledger import LeadBook, Row
from matchmaker.leads.rules.clocks import LIMITS, ONLY_TELL, Clock
from matchmaker.leads.rules.states import Side

if TYPE_CHECKING:
    from matchmaker.demo.story import Story

KEPT = timedelta(days=14)


def messages_of(story: Story, owners: Iterable[int], managers: Iterable[int]) -> list[Row]:
    """The messages to these people about their leads, oldest first; those of days before yesterday are read."""
    mine, staff = set(owners), set(managers)
    found = []
    for leads in story.books.of_need.values():
        for lead in leads:
            if lead.row["chosen_by_id"] in mine:
                found += [_message(story, lead, lead.row["chosen_by_id"], *told) for told in _to_owner(story, lead)]
            if lead.row["manager_id"] in staff:
                found += [_message(story, lead, lead.row["manager_id"], *told) for told in _to_staff(lead)]
    since, read_before = story.anchor_at - KEPT, story.anchor_at - timedelta(days=2)
    kept = sorted((row for row in found if row["created_at"] >= since), key=lambda row: (row["created_at"], row["key"]))
    return [
        row | {"read_at": row["created_at"] + timedelta(hours=1) if row["created_at"] < read_before else None}
        for row in kept
    ]


def _message(
    story: Story, lead: LeadBook, person_id: int, step: Row, kind: str, about: str, facts: dict[str, Any]
) -> Row:
    return {
        "person_id": person_id,
        "address": None,
        "language": "zh",
        "kind": kind,
        "facts": facts,
        "link": f"/leads/{lead.id}",
        "channel": "site",
        "key": f"lead:{lead.id}:{about}:{person_id}",
        "state": "sent",
        "sent_at": step["at"],
        "created_at": step["at"],
    }


Told = tuple[Row, str, str, dict[str, Any]]


def _to_owner(story: Story, lead: LeadBook) -> Iterator[Told]:
    names = {"institution": story.market.of[lead.institution_id].short_name, "product": lead.terms.name}
    for step in lead.steps:
        facts = step["facts"]
        match step["step"]:
            case "send":
                fields = [f"label:lead.field:{field}" for field in facts["fields"]]
                yield step, "lead_told_sent", "sent", names | {"fields": fields, "ends_at": facts["ends_at"]}
            case "accept":
                yield step, "lead_told_accepted", "accepted", names | {"due_at": _due(lead, Clock.CONTACT)}
            case "ask_papers":
                due_at = (lead.request or {})["due_at"]
                yield step, "lead_told_papers", "papers", names | {"count": facts["count"], "due_at": due_at}
            case "offer":
                offer = next(row for row in lead.offers if row["made_at"] == step["at"])
                cost = offer["cost_sheet"]["quote"]["all_in_simple_percent"]
                yield (
                    step,
                    "lead_told_offer",
                    f"offer:{offer['number']}",
                    names
                    | {
                        "amount_yuan": offer["amount_yuan"],
                        "cost_percent": cost,
                        "valid_until_on": offer["valid_until_on"],
                    },
                )
            case "tried_enough":
                due_at = _due(lead, Clock.CALL_BACK)
                yield step, "lead_told_unreached", "unreached", names | {"count": facts["tries"], "due_at": due_at}
            case "decline":
                reasons = [f"label:lead.code:{code}" for code in facts["codes"]]
                yield step, "lead_told_declined", "declined:0", names | {"reasons": reasons}
            case "release":
                yield step, "lead_told_released", "released", names | {"due_at": facts["due_at"]}
            case "overdue":
                yield step, f"lead_told_{facts['clock']}_overdue", f"overdue:{facts['clock']}", names | {"due_at": facts["due_at"]}
            case "report_contract":
                yield step, "lead_told_contract", "contract", names
            case "report_payout":
                payout = next(row for row in lead.payouts if row["reported_at"] == step["at"])
                number = lead.books.payouts.index(payout) + 1
                yield (
                    step,
                    "lead_told_payout",
                    f"payout:{number}",
                    names
                    | {
                        "amount_yuan": payout["amount_yuan"],
                        "paid_on": payout["paid_on"],
                        "due_at": payout["due_at"],
                    },
                )


def _to_staff(lead: LeadBook) -> Iterator[Told]:
    number = {"number": f"{lead.id:06d}"}
    for step in lead.steps:
        facts = step["facts"]
        if step["step"] == "send_papers":
            yield step, "lead_staff_papers_sent", "papers:sent", number | {"due_at": _due(lead, Clock.DECISION)}
        elif step["step"] == "warn" and LIMITS[Clock(facts["clock"])].side is Side.INSTITUTION:
            words = {"clock": f"label:lead.clock:{facts['clock']}", "due_at": facts["due_at"]}
            kind = "lead_staff_contract_soon" if facts["clock"] in ONLY_TELL else "lead_staff_soon"
            yield step, kind, f"soon:{facts['clock']}", number | words
        elif step["step"] == "accept_offer":
            yield step, "lead_staff_accepted_offer", f"offer:{facts['number']}:accepted", number
        elif step["step"] == "confirm_payout":
            yield step, "lead_staff_payout_confirmed", "payout:confirmed", number


def _due(lead: LeadBook, kind: Clock) -> Any:
    return next(row["due_at"] for row in lead.clocks if row["kind"] == kind)
