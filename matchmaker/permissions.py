"""Who may do what, on one page: permission -> alternatives of named predicates, pure and duck-typed.

A permission holds when every predicate of one of its alternatives is true for the actor (a signed-in person)
and the object (what the page is about, or None). What is not listed here is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Predicate = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Permission:
    """One line of the table. ``about`` says in English what it lets a person do."""

    about: str
    alternatives: tuple[tuple[Predicate, ...], ...]


def may(actor: Any, permission: str, obj: Any = None) -> bool:
    """Whether ``actor`` holds ``permission`` on ``obj``. Raises KeyError for a permission that is not in the table."""
    if actor is None:
        return False
    return any(all(holds(actor, obj) for holds in clause) for clause in PERMISSIONS[permission].alternatives)


# Predicates. Each is a sentence about the actor, or about the actor and the object.


def anyone_signed_in(actor: Any, obj: Any) -> bool:
    return True


def is_operator(actor: Any, obj: Any) -> bool:
    return bool(actor.is_operator)


def is_supervisor(actor: Any, obj: Any) -> bool:
    return bool(actor.is_supervisor)


def is_that_person(actor: Any, obj: Any) -> bool:
    """The object is the actor, or belongs to the actor alone (``person_id``)."""
    return bool(getattr(obj, "person_id", getattr(obj, "id", None)) == actor.id)


def works_at_a_desk(actor: Any, obj: Any) -> bool:
    return bool(actor.desk_institution_ids)


def is_manager(actor: Any, obj: Any) -> bool:
    return bool(actor.manager_institution_ids)


def on_desk_of_its_institution(actor: Any, obj: Any) -> bool:
    """The object is an institution, or belongs to one (``institution_id``), at whose desk the actor works."""
    return _institution_of(obj) in actor.desk_institution_ids


def works_for_its_institution(actor: Any, obj: Any) -> bool:
    """As desk or manager."""
    return _institution_of(obj) in actor.institution_ids


def _institution_of(obj: Any) -> Any:
    return getattr(obj, "institution_id", getattr(obj, "id", None))


PERMISSIONS: dict[str, Permission] = {}


def table(**lines: Permission) -> None:
    """Add a subject's lines: ``table(lead_accept=…)`` names the permission ``lead.accept``."""
    for name, line in lines.items():
        PERMISSIONS[name.replace("_", ".", 1)] = line


def allow(about: str, *alternatives: Predicate | tuple[Predicate, ...]) -> Permission:
    """A line of the table; an alternative is one predicate or a tuple that must all hold."""
    return Permission(about, tuple(clause if isinstance(clause, tuple) else (clause,) for clause in alternatives))


# --- accounts, institutions ------------------------------------------------------------------------------------


def works_anywhere(actor: Any, obj: Any) -> bool:
    """At the desk or as a manager of some institution."""
    return bool(actor.institution_ids)


table(
    account_own=allow("see and change one's own name, addresses, password, second factor", anyone_signed_in),
    session_end=allow("end a sign-in of one's own", is_that_person),
    institutions_list=allow("see all institutions, those that wait included", is_operator, is_supervisor),
    institution_own=allow("go to the page of one's own institution", works_anywhere),
    institution_see=allow(
        "see an institution's licence, branches and state", works_for_its_institution, is_operator, is_supervisor
    ),
    institution_admit=allow("admit an institution after checking its licence", is_operator),
    institution_suspend=allow("suspend an institution or turn it down", is_operator),
    institution_describe=allow("change an own institution's description", on_desk_of_its_institution),
    branch_open=allow("add a branch to an own institution", on_desk_of_its_institution),
    branch_see=allow("see a branch of an own institution", works_for_its_institution),
    branch_change=allow("change a branch of an own institution", on_desk_of_its_institution),
    staff_see=allow("see who works for an institution", works_for_its_institution, is_operator),
    staff_invite=allow("invite colleagues to an own institution", on_desk_of_its_institution, is_operator),
    staff_change=allow("set a manager's patch, skills and capacity", on_desk_of_its_institution),
    staff_reset_factor=allow("take a lost second factor off a colleague", on_desk_of_its_institution, is_operator),
    staff_end=allow("let a colleague go", on_desk_of_its_institution, is_operator),
    invitation_withdraw=allow("make an invitation worthless", on_desk_of_its_institution, is_operator),
    badge_own=allow("show one's own badge", is_manager),
    badge_renew=allow("make one's own badge anew", (is_manager, is_that_person)),
    broker_list=allow("see reports of brokers; a desk those about its institution", is_operator, works_at_a_desk),
    broker_see=allow(
        "read a report of a broker; a desk never learns who reported", is_operator, on_desk_of_its_institution
    ),
    broker_settle=allow("take a report of a broker up and settle it", is_operator),
    people_list=allow("see operators, supervisors and channels", is_operator),
    people_invite=allow("invite operators, supervisors and channels", is_operator),
)


# --- audit, notifications --------------------------------------------------------------------------------------

table(
    message_list=allow("read one's own messages", anyone_signed_in),
    message_open=allow("open one message of one's own", is_that_person),
    audit_list=allow("read the sealed trail of deeds, without names", is_supervisor),
)


# --- reference data, upkeep --------------------------------------------------------------------------------------

table(
    reference_enter=allow(
        "enter an LPR, the days off of a year or a change of divisions, with its source; answer a colleague's change",
        is_operator,
    ),
    upkeep_see=allow("see what is missing or stale and the work that runs by itself", is_operator, is_supervisor),
    upkeep_retry=allow("let work that failed be tried again", is_operator),
    ranking_see=allow("see how good the order is, its models, who is seen how much", is_operator, is_supervisor),
    ranking_switch=allow("put an earlier model back in use, or set the one in use aside", is_operator),
    oversight_see=allow("see late leads, declines and this table of permissions, without names", is_supervisor),
)


# --- documents -------------------------------------------------------------------------------------------------


def sent_it(actor: Any, document: Any) -> bool:
    """The paper was uploaded by the actor."""
    return bool(document.uploaded_by_id == actor.id)


table(document_read=allow("open a paper that one has sent oneself", sent_it))


# --- businesses ------------------------------------------------------------------------------------------------


def has_owner_role(actor: Any, obj: Any) -> bool:
    """Has registered as somebody who acts for businesses."""
    return bool(actor.has_role("owner"))


def claims_it(actor: Any, obj: Any) -> bool:
    """Says to act for the business that the object is or belongs to; a refused claim may still be mended."""
    member = getattr(obj, "member", obj)
    business = getattr(member, "business", member)
    return actor.id in getattr(business, "every_claimant_id", ())


def helps_look(actor: Any, obj: Any) -> bool:
    """Holds a mandate in force for the business that the object is or belongs to."""
    return _mandate(actor, obj) in ("look", "prepare", "act")


def helps_prepare(actor: Any, obj: Any) -> bool:
    """Holds a mandate that lets them write data and needs."""
    return _mandate(actor, obj) in ("prepare", "act")


def helps_act(actor: Any, obj: Any) -> bool:
    """Holds a mandate that lets them send and accept; the service asks up to which sum."""
    return _mandate(actor, obj) == "act"


def _mandate(actor: Any, obj: Any) -> str:
    member = getattr(obj, "member", obj)
    business = getattr(member, "business", member)
    held = (one for one in getattr(business, "mandates", ()) if one.person_id == actor.id and one.is_in_force)
    return next((str(one.scope) for one in held), "")


def is_proven_for_it(actor: Any, obj: Any) -> bool:
    """Has proven to act for the business that the object is or belongs to."""
    business = getattr(obj, "business", obj)
    return any(member.person_id == actor.id and member.is_proven for member in getattr(business, "members", ()))


def has_no_part_in_it(actor: Any, obj: Any) -> bool:
    """Never acted nor claimed to act for the business whose papers these are."""
    return not claims_it(actor, obj)


def its_papers_wait(actor: Any, obj: Any) -> bool:
    """The object's person waits for a decision on papers; before and after, an operator sees nothing of them."""
    return bool(getattr(obj, "member", obj).standing == "papers_sent")


def its_title_waits(actor: Any, title: Any) -> bool:
    """The owner has asked for the title to be looked up, and nobody has decided yet."""
    return bool(title.standing == "asked")


def claimed_it(actor: Any, case: Any) -> bool:
    """Opened the claim to the code."""
    return bool(case.kind == "claim" and case.claimant_id == actor.id)


def holds_what_is_claimed(actor: Any, case: Any) -> bool:
    """Acts for the business that somebody else claims; a refused claim of one's own holds nothing."""
    return bool(
        case.kind == "claim" and case.claimant_id != actor.id and actor.id in getattr(case.business, "member_ids", ())
    )


def sent_this_paper(actor: Any, paper: Any) -> bool:
    return bool(paper.member.person_id == actor.id)


table(
    business_list=allow("see the list of one's own businesses", has_owner_role),
    business_create=allow("write a business down", has_owner_role),
    business_see=allow("see what is known of a business one acts for or helps", claims_it, helps_look),
    business_change=allow("change what is known of a business one acts for, or prepares for", claims_it, helps_prepare),
    business_people=allow("let others help, with limits and an end", is_proven_for_it),
    mandate_change=allow("change what a helper may do", is_proven_for_it),
    mandate_end=allow("end a mandate: who may act for the business, or the helper", is_proven_for_it, is_that_person),
    business_prove=allow("add papers that prove one may act for a business", claims_it),
    business_list_papers=allow("see whose papers wait for a check", is_operator),
    business_check_papers=allow(
        "look at papers and decide: an operator with no part in that business, while they wait",
        (is_operator, has_no_part_in_it, its_papers_wait),
    ),
    case_see=allow(
        "follow a claim to a code: who claims it and who holds it, neither seeing who the other is",
        claimed_it,
        holds_what_is_claimed,
    ),
    case_answer=allow("say one's side of a claim to a business one acts for", holds_what_is_claimed),
    business_list_cases=allow("see which cases about who acts for a business are open", is_operator),
    business_decide_case=allow(
        "read and decide a case: an operator with no part in that business", (is_operator, has_no_part_in_it)
    ),
    business_list_titles=allow("see which titles wait to be looked up", is_operator),
    business_check_title=allow(
        "look a title up and decide: an operator with no part in that business, while it waits",
        (is_operator, has_no_part_in_it, its_title_waits),
    ),
    business_read_paper=allow(
        "open a paper: who sent it; an operator with no part in it, while it waits",
        sent_this_paper,
        (is_operator, has_no_part_in_it, its_papers_wait),
    ),
)

# --- folders of papers -----------------------------------------------------------------------------------------


def stands_for_it(actor: Any, obj: Any) -> bool:
    """Acts for the business that the object is or belongs to, proven or not yet; a refused claim is nothing."""
    business = getattr(obj, "business", obj)
    return any(
        member.person_id == actor.id and member.standing != "rejected" for member in getattr(business, "members", ())
    )


def put_it_in(actor: Any, paper: Any) -> bool:
    return bool(paper.added_by_id == actor.id)


table(
    folder_list=allow("find the folders of one's own businesses", has_owner_role),
    folder_see=allow("see the folder of papers of a business one acts for", stands_for_it, helps_act),
    folder_put_in=allow("put a paper into the folder of a business one acts for", stands_for_it, helps_act),
    folder_read=allow(
        "open a paper of the folder: who has proven to act for the business, a helper who may send; "
        "who has not yet, their own",
        is_proven_for_it,
        (stands_for_it, put_it_in),
        helps_act,
    ),
    folder_prove=allow(
        "let a paper of the folder that one put in prove who one is to the platform", (claims_it, put_it_in)
    ),
    folder_change=allow(
        "describe, replace or take out a paper of the folder", is_proven_for_it, (stands_for_it, put_it_in)
    ),
)


# --- products --------------------------------------------------------------------------------------------------

LENDERS = frozenset({
    "POLICY", "STATE", "JOINT", "CITY", "RURALC", "RURALX", "FOREIGN", "PRIVATE", "FINCO", "MICRO", "GUARANTEE",
})  # fmt: skip
"""Kinds of institution that list loans or guarantees (products.rules.states)."""


def sits_at_a_lender(actor: Any, obj: Any) -> bool:
    """Works at the desk of an institution that may list loans or guarantees."""
    return bool(LENDERS & actor.desk_kinds)


INSURERS = frozenset({"INS_P", "INS_L", "INS_X"})
"""Kinds of institution that list cover and quote it; a reinsurer deals with no owner."""


def sits_at_an_insurer(actor: Any, obj: Any) -> bool:
    """Works at the desk of an institution that may list cover."""
    return bool(INSURERS & actor.desk_kinds)


def is_operator_of_samples(actor: Any, obj: Any) -> bool:
    """The operator, of the shelf of samples, which is no real institution."""
    return bool(actor.is_operator and obj is not None and obj.institution.is_sample)


table(
    product_list=allow("see the list of an own institution's products", works_at_a_desk, is_manager),
    product_start=allow("begin a product of an own institution", sits_at_a_lender),
    product_see=allow("read an own institution's product, drafts included", works_for_its_institution),
    product_edit=allow("write on a draft", on_desk_of_its_institution),
    product_submit=allow("hand a draft to a second person", on_desk_of_its_institution),
    product_publish=allow("publish or send back what another person submitted", on_desk_of_its_institution),
    product_reconfirm=allow("say that a listed product still holds", on_desk_of_its_institution),
    product_reconfirm_several=allow("say it of several at once, each an own institution's", sits_at_a_lender),
    product_import=allow("read a table of listings in as drafts", sits_at_a_lender, sits_at_an_insurer),
    product_import_see=allow(
        "read what became of a table that was read in", on_desk_of_its_institution, is_operator_of_samples
    ),
    product_suspend=allow("take a product off the lists, for a while or for good", on_desk_of_its_institution),
)

# --- cover -----------------------------------------------------------------------------------------------------

def works_for_an_insurer(actor: Any, obj: Any) -> bool:
    return bool(INSURERS & actor.institution_kinds)


table(
    cover_list=allow("see the list of an own insurer's cover", works_for_an_insurer),
    cover_start=allow("begin a cover of an own insurer", sits_at_an_insurer),
    cover_see=allow("read an own insurer's cover, drafts included", works_for_its_institution),
    cover_edit=allow("write on a draft of a cover", on_desk_of_its_institution),
    cover_submit=allow("hand a cover's text to a second person", on_desk_of_its_institution),
    cover_publish=allow("approve or send back the text that another person submitted", on_desk_of_its_institution),
    cover_suspend=allow("take a cover off the zone, for a while or for good", on_desk_of_its_institution),
)

# --- needs -----------------------------------------------------------------------------------------------------


def is_owner(actor: Any, obj: Any) -> bool:
    """Acts for businesses, as whoever registers themselves does."""
    return bool(actor.has_role("owner"))


def is_channel(actor: Any, obj: Any) -> bool:
    """Works for a park, an association or a service centre."""
    return bool(actor.is_channel)


def typed_it(actor: Any, row: Any) -> bool:
    """Typed it for somebody else."""
    return bool(row.typed_by_id == actor.id)


def acts_for_the_business(actor: Any, need: Any) -> bool:
    """Declared is enough to ask and to match; a rejected claim is not."""
    return any(
        member.person_id == actor.id and member.standing != "rejected" for member in need.business.members
    )


table(
    need_post=allow("Say a need, and see one's own needs and drafts.", is_owner),
    assisted_start=allow(
        "Type a need for an owner who is there; they confirm it by a link.", is_channel, works_anywhere
    ),
    assisted_withdraw=allow("Take back what one typed for an owner before they confirm it.", typed_it),
    needdraft_own=allow("See, post or delete a draft of one's own.", is_that_person),
    need_see=allow("See a need of a business for which one acts.", acts_for_the_business, helps_prepare),
    need_change=allow("Change a need; what was sent stays as it was sent.", acts_for_the_business, helps_prepare),
    need_withdraw=allow("Withdraw a need.", acts_for_the_business, helps_act),
    need_copy=allow("Start a new draft from a need.", acts_for_the_business, helps_prepare),
)


# --- ranking, matching -----------------------------------------------------------------------------------------

table(
    match_see=allow(
        "See which products fit a need of a business for which one acts, and why not the others.",
        acts_for_the_business,
        helps_prepare,
    ),
    match_make=allow("Ask for a new list of matches.", acts_for_the_business, helps_prepare),
)


# --- leads, loans ----------------------------------------------------------------------------------------------


def _acts_for_its_business(actor: Any, lead: Any) -> bool:
    """The lead's business has the actor as somebody whose papers were checked: only they may send and answer."""
    return any(
        member.person_id == actor.id and member.standing in ("checked", "confirmed_outside")
        for member in lead.business.members
    )


def _is_member_of_its_business(actor: Any, need: Any) -> bool:
    """Declared is enough to choose; sending asks for checked papers."""
    return any(
        member.person_id == actor.id and member.standing != "rejected" for member in need.business.members
    )


def _chose_it(actor: Any, lead: Any) -> bool:
    """A lead that is only a draft is seen by the person who chose it."""
    return bool(lead.state == "draft" and lead.chosen_by_id == actor.id)


def _was_sent(actor: Any, lead: Any) -> bool:
    return lead.sent_at is not None


def _carries_it(actor: Any, lead: Any) -> bool:
    return bool(lead.manager_id == actor.id and lead.institution_id in actor.institution_ids)


def _nobody_else_carries_it(actor: Any, lead: Any) -> bool:
    return lead.manager_id in (None, actor.id)


def _in_its_branch(actor: Any, lead: Any) -> bool:
    """A manager of the branch that the lead went to, or of the institution when no branch has it."""
    return lead.institution_id in actor.manager_institution_ids and (
        lead.branch_id is None or lead.branch_id in actor.branch_ids
    )


table(
    lead_see=allow(
        "Look at a lead: its owner, who carries it, the managers of its branch while nobody does, "
        "the institution's desk.",
        _acts_for_its_business,
        helps_act,
        _chose_it,
        (_was_sent, _carries_it),
        (_was_sent, _in_its_branch, _nobody_else_carries_it),
        (_was_sent, on_desk_of_its_institution),
    ),
    lead_track=allow("See one's own leads, whose turn it is and until when.", anyone_signed_in),
    lead_queue=allow("See the queue of the leads one carries or may claim.", is_manager, works_at_a_desk),
    lead_desk=allow("See every lead of the institution and who carries it.", works_at_a_desk),
    need_send=allow(
        "Give one institution a consent and a lead (the service asks whether the papers were checked).",
        _is_member_of_its_business,
        helps_act,
    ),
    lead_drop=allow("Throw away a choice that was not sent.", _chose_it, _acts_for_its_business, helps_act),
    lead_send_papers=allow("Send the papers an institution asked for.", _acts_for_its_business, helps_act),
    lead_answer_offer=allow("Accept an offer, or turn it down with a reason.", _acts_for_its_business, helps_act),
    lead_answer_payout=allow("Confirm or dispute a reported pay-out.", _acts_for_its_business),
    lead_withdraw=allow(
        "Withdraw the consent: the institution sees nothing any more.",
        _acts_for_its_business, helps_act,
    ),
    consent_see=allow(
        "Read the receipt of a consent for a business for which one acts.",
        _acts_for_its_business, helps_act,
    ),
    lead_move=allow(
        "Take a lead back and send the need to another institution, in one step.", _acts_for_its_business, helps_act
    ),
    reserve_close=allow("Take a reserve back before its turn.", _acts_for_its_business, helps_act),
    reserve_send=allow("Send the need to a reserve without waiting for its turn.", _acts_for_its_business, helps_act),
    need_enough=allow("Say that the part which came is enough.", _acts_for_its_business, helps_act),
    lead_give_up=allow("Give a lead up, with a reason.", _acts_for_its_business, helps_act),
    lead_ask_second_look=allow(
        "Ask for a second look by somebody else, with a new consent.",
        _acts_for_its_business, helps_act,
    ),
    lead_correct_reason=allow("Say that a reason is wrong.", _acts_for_its_business, helps_act),
    lead_repair=allow(
        "Say that a reason is repaired, with the paper that proves it.",
        _acts_for_its_business, helps_act,
    ),
    lead_talk=allow(
        "Read and write in the thread of a lead: its owner and who acts for them; who carries it, the managers of its "
        "branch while nobody does, the desk, as long as the consent stands.",
        (_was_sent, _acts_for_its_business),
        (_was_sent, helps_act),
        (_was_sent, _carries_it),
        (_was_sent, _in_its_branch, _nobody_else_carries_it),
        (_was_sent, on_desk_of_its_institution),
    ),
    lead_block=allow(
        "Block an institution: no messages, calls and invitations of it; take that back.",
        (_was_sent, _acts_for_its_business),
    ),
    lead_report_post=allow(
        "Report a message of an institution.",
        (_was_sent, _acts_for_its_business),
        (_was_sent, helps_act),
    ),
    postreport_list=allow("see reported messages; a desk those of its institution", is_operator, works_at_a_desk),
    postreport_see=allow(
        "read a reported message; a desk never learns who reported", is_operator, on_desk_of_its_institution
    ),
    postreport_settle=allow("take a reported message up and settle it", is_operator),
    record_reply=allow("Reply to the published figures of one's own institution.", on_desk_of_its_institution),
    lead_choose_hours=allow("Say when to be called after three tries in vain.", _acts_for_its_business, helps_act),
    lead_nobody_called=allow("Say that nobody called.", _acts_for_its_business, helps_act),
    lead_accept=allow(
        "Claim a lead: a manager of its branch or the desk; who comes second is told so.",
        (_was_sent, _in_its_branch),
        (_was_sent, on_desk_of_its_institution),
    ),
    lead_hand_over=allow(
        "Give a lead to another manager: who carries it, the desk, or a manager who takes what nobody carries.",
        (_was_sent, _carries_it),
        (_was_sent, on_desk_of_its_institution),
        (_was_sent, _in_its_branch, _nobody_else_carries_it),
    ),
    lead_work_on=allow(
        "Contact, visit, ask for papers, check, submit: who carries the lead.", (_was_sent, _carries_it)
    ),
    lead_offer=allow("Write an offer: who carries the lead.", (_was_sent, _carries_it)),
    lead_decline=allow(
        "Decline a lead with a reason: who carries it, or the desk.",
        (_was_sent, _carries_it),
        (_was_sent, on_desk_of_its_institution),
        (_was_sent, _in_its_branch, _nobody_else_carries_it),
    ),
    lead_report=allow(
        "Report a contract or a pay-out: who carries the lead, or the desk.",
        (_was_sent, _carries_it),
        (_was_sent, on_desk_of_its_institution),
    ),
    lead_read_paper=allow(
        "Open a paper that the owner sent with a lead.",
        _acts_for_its_business,
        helps_act,
        (_was_sent, _carries_it),
        (_was_sent, on_desk_of_its_institution),
    ),
    lead_give_papers=allow(
        "Give papers of the folder to a lead, or send another one where it is wanted.",
        _acts_for_its_business,
        helps_act,
    ),
    lead_take_back_paper=allow(
        "Take one paper back from the institution of a lead, and undo that within minutes.",
        _acts_for_its_business,
        helps_act,
    ),
    lead_mark_paper=allow(
        "Say of a paper: readable, accepted, another one because; who carries the lead, or the desk.",
        (_was_sent, _carries_it),
        (_was_sent, on_desk_of_its_institution),
    ),
    lead_cost_sheet=allow(
        "Read an offer's cost sheet.",
        _acts_for_its_business,
        helps_act,
        (_was_sent, _carries_it),
        (_was_sent, on_desk_of_its_institution),
    ),
    need_agree_card=allow(
        "Agree to a sealed card of a need, take that back, and see who raised a hand.",
        _acts_for_its_business, helps_act,
    ),
    loan_mine=allow("See what was lent to one's own businesses.", anyone_signed_in),
)


# --- approaches ------------------------------------------------------------------------------------------------


def works_for_a_lender(actor: Any, obj: Any) -> bool:
    """At the desk or as a manager of an institution that may list loans or guarantees."""
    return bool(LENDERS & actor.institution_kinds)


def asks_for_it(actor: Any, obj: Any) -> bool:
    """Acts for the business that the object is or belongs to; declared is enough, a rejected claim is not."""
    business = getattr(obj, "business", obj)
    return any(member.person_id == actor.id and member.standing != "rejected" for member in business.members)


table(
    card_list=allow("See the sealed cards that an own institution's product fits.", works_for_a_lender),
    card_see=allow(
        "See a sealed card that an own institution's product fits, and raise a hand.", works_for_its_institution
    ),
    card_board=allow("See the sealed cards that are out, as desks do.", is_operator, is_supervisor),
    hand_take_back=allow("Take an own institution's hand down.", works_for_its_institution),
    approach_send=allow(
        "See which needs an own institution's product fits, without names, and let the platform invite.",
        works_for_its_institution,
    ),
    approach_list=allow("See who invited one's own businesses to look.", is_owner),
    approach_switch=allow("Keep invitations away, for a need or for all, and let them in again.", asks_for_it),
    hand_choose=allow(
        "Choose one institution that raised a hand: its receipt, and the need is sent to it.",
        _acts_for_its_business, helps_act,
    ),
)

# --- requests for cover -----------------------------------------------------------------------------------------


def _acts_for_that_business(actor: Any, asked: Any) -> bool:
    """Declared is enough to fill the form in; sending asks for checked papers."""
    return any(
        member.person_id == actor.id and member.standing != "rejected" for member in asked.business.members
    )


table(
    quote_track=allow("Ask for quotes of cover and see one's own requests.", anyone_signed_in),
    quote_ask=allow(
        "Ask an insurer for a quote for a business (the service asks whether the papers were checked).",
        _acts_for_that_business,
        helps_act,
    ),
    quote_see=allow(
        "Look at a request for cover: its owner, who acts for them, the desk of that insurer.",
        _acts_for_its_business,
        helps_act,
        on_desk_of_its_institution,
    ),
    quote_answer=allow(
        "Accept a quote of cover, or turn it down with a reason (a helper up to the sum of the mandate).",
        _acts_for_its_business,
        helps_act,
    ),
    quote_withdraw=allow("Take the consent of a request for cover back.", _acts_for_its_business, helps_act),
    quote_give_papers=allow(
        "Give papers of the folder to the insurer of a request, or take one back.", _acts_for_its_business, helps_act
    ),
    quote_read_paper=allow(
        "Open a paper that the owner gave with a request for cover: its owner, the desk while the consent stands.",
        _acts_for_its_business,
        helps_act,
        on_desk_of_its_institution,
    ),
    quote_queue=allow("See what was asked of one's own insurer.", sits_at_an_insurer),
    quote_accept=allow("Take up a request for cover, or take it over.", on_desk_of_its_institution),
    quote_give=allow("Quote: the desk of that insurer (the service asks who carries it).", on_desk_of_its_institution),
    quote_decline=allow("Decline a request for cover with a reason.", on_desk_of_its_institution),
)

# --- privacy ----------------------------------------------------------------------------------------------------

table(
    masked_list=allow("see all businesses, names and codes masked", is_supervisor),
    masked_see=allow("see one business masked; unmask it with a case number, in the owner's log", is_supervisor),
    data_own=allow("see, download, correct and close what the platform keeps about oneself", anyone_signed_in),
)

# --- home, oversight -------------------------------------------------------------------------------------------

table(
    list_replay=allow("derive any list again that was shown, without names", is_supervisor),
)
