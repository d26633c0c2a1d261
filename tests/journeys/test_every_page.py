"""Every page that links lead to, as every role: nothing serious by axe, nothing wider than the window, at 360 and 1280.

The walk is the one of the crawl; each page is loaded once and widened in place. A page whose skeleton (tags, roles, classes,
states) was looked at before is left out, and so are parts of pages that axe knows; how many is printed at the end.
"""

from __future__ import annotations

import pytest
from werkzeug.wrappers import Response

from tests.journeys.conftest import LiveSite, Opens, counted
from tests.journeys.looking import Checked, Skeleton, problems_of_view
from tests.journeys.measured import note
from tests.promises.test_crawl import ROLES, person_of, walk_of_the_town


@pytest.mark.article("B.3")
@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_open_to_all(
    site: LiveSite, visit: Opens, checked: Checked, request: pytest.FixtureRequest, role: str
) -> None:
    with site.app.app_context():
        person = person_of(role)
        who = person.id if person else None
    visitor = visit(who)
    wrong: list[str] = []
    pages = left_out = 0
    with counted(request.node, checked):
        for visited in walk_of_the_town(site.app, role):
            if visited.page is None or visited.status_code != 200:
                continue
            pages += 1
            skeleton = Skeleton(visited.text).digest
            if skeleton in checked.pages:
                left_out += 1
                continue
            checked.pages.add(skeleton)
            headers = [header for header in visited.headers if header[0] != "Set-Cookie"]  # the visitor has a session
            site.ready = {visited.path: Response(visited.data, visited.status_code, headers)}
            visitor.go(visited.path)
            name = f"{role}-{visited.endpoint}-{pages}"
            wrong += [f"{visited.path} ({visited.endpoint}) {problem}" for problem in problems_of_view(visitor.page, checked, name)]
    note(request.node, "pages of all roles", pages)
    note(request.node, "pages of all roles left out, for their skeleton was looked at", left_out)
    assert not wrong, "\n".join(wrong)
    assert pages > 5
