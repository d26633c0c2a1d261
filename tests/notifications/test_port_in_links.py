"""Links in messages lead to where the site is served."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from matchmaker.notifications.channels import write_letter
from matchmaker.serving import name_the_port_in_links


@pytest.mark.own_app
@pytest.mark.parametrize(
    ("public_url", "link"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8011/leads/7"),
        ("https://matchmaker.example", "https://matchmaker.example/leads/7"),
    ],
)
def test_a_link_names_the_port_that_is_served_unless_an_address_was_set(app: Any, public_url: str, link: str) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], public_url=public_url)
    name_the_port_in_links(app, 8011)
    with app.test_request_context():
        letter = write_letter(
            key="k", to="a@b.example", channel="email", language="zh", kind="lead_told_contract",
            facts={"institution": "青檀银行", "product": "灶台贷"}, path="/leads/7",
        )  # fmt: skip
    assert link in letter.text
