"""Where an offer's condition names cover, its manager and its owner find a plain link to the lines that would meet it."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker.db import unit_of_work
from matchmaker.leads.services import offering
from tests.builders import sign_in
from tests.leads.builders import a_case, offered, to_state
from tests.products.cover_builders import a_cover

LINK = "/cover?line=PROP_BASIC&amp;line=PROP_COMP&amp;line=PROP_AR"


def an_offer(app: Any, conditions: str) -> tuple[str, Any, Any]:
    """The path of a lead with an offer of these conditions, its manager, its owner."""
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "review")
        offering.make_offer(lead, offered=offered(case), conditions=conditions, by=case.manager)
        a_cover(line="PROP_COMP", name="平岚综合险")
        return f"/leads/{lead.id}", case.manager, case.owner


@pytest.mark.article("15.1", "8.1")
def test_a_condition_that_names_cover_leads_to_the_lines_that_meet_it(app: Any, client: Any) -> None:
    path, manager, owner = an_offer(app, "放款前给设备办财产综合险")
    sign_in(client, manager)
    for page in (path, f"/leads/queue?lead={path.rsplit('/', 1)[1]}", f"{path}/offers/1"):
        text = client.get(page).text
        assert "这项条件可由这些保障满足" in text and LINK in text, page
    zone = client.get(LINK.replace("&amp;", "&")).text
    assert "可以满足条件的保险" in zone and "1 家保险公司" in zone and "机构不能指定保险公司" in zone
    assert "平岚" not in zone, "lines, never one insurer before another"
    sign_in(client, owner)
    assert LINK in client.get(path).text


def test_a_condition_that_names_none_has_no_link(app: Any, client: Any) -> None:
    path, manager, owner = an_offer(app, "每季度送一次流水，不需要买财产综合险")
    for person in (manager, owner):
        sign_in(client, person)
        assert "这项条件可由这些保障满足" not in client.get(path).text
