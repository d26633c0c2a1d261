"""Without the licence no premium of cover stands on any page, list, message, file or interface, for anybody, but in the
quote itself: on its page, for this owner and the insurer that gave it, and in this owner's own download. With it, rates.

Every GET of the site is opened as every kind of person, with every object there is; prices are planted that stand
nowhere else: rates of 7.31 to 9.47 per mille, a least premium of 431 yuan, a quote of 6,173.29 yuan.
"""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker.accounts.models import Person
from matchmaker.db import db, unit_of_work
from matchmaker.notifications.models import Message
from matchmaker.products.cover.models import Cover
from tests.builders import a_supervisor, an_operator, sign_in
from tests.insurance.builders import a_cover_case, a_request, to_state
from tests.leads.builders import a_bank, a_case
from tests.leads.builders import to_state as lead_to_state
from tests.products.cover_builders import a_cover, an_insurer

PRICED = {"rate_min": "7.31", "rate_max": "9.47", "least_premium_yuan": "431"}
RATES = re.compile(r"(?<![\d.,])(?:7\.31|9\.47|431(?:\.00)?\s*元|¥\s?431)(?![\d.])")
QUOTES = re.compile(r"(?<!\d)(?:6,?173\.29|6,173(?!\d)|1,?543\.3[12])")
RANKING = re.compile(r"参考费率|参考保费|性价比|最便宜|保费最低|按保费排|Indicative premium|cheapest", re.IGNORECASE)
OWN_QUOTE = {"insurance.show"}
OWN_FILES = {"privacy.download"}


@pytest.fixture
def priced(app: Any) -> dict[str, int]:
    """Cover that was priced under a licence, requests in several states, a lead beside them, and one of each role."""
    with app.app_context(), unit_of_work():
        case = to_state("quoted", a_cover_case(licensed=True, **PRICED))
        taken = to_state("taken", a_cover_case(of="云岫财险", licensed=True, **PRICED))
        a_request(a_cover_case(of="晴川财险", licensed=True, **PRICED))
        a_cover(an_insurer("远帆财险"), line="EL_STD", licensed=True, name="远帆雇主险", **PRICED)
        lead = lead_to_state(a_case(), "offered")
        bank = a_bank(2)
        return {
            "owner": case.owner.id, "desk": case.desk.id, "other owner": taken.owner.id,
            "other desk": taken.desk.id, "borrower": lead.business.members[0].person_id, "manager": bank[2].id,
            "operator": an_operator().id,
            "supervisor": a_supervisor().id, "nobody": 0,
        }  # fmt: skip


def paths(app: Any) -> Iterator[tuple[str, str]]:
    """(endpoint, path) of every GET of the site with the numbers and words that exist; files of the site left out."""
    with app.app_context():
        codes = {"line": ["PROP_SHOP", "EL_STD"], "step": ["basics", "sums", "check"], "deed": ["suspend"],
                 "number": [1], "other": [1], "language": ["zh"]}  # fmt: skip
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint.endswith("static") or rule.endpoint.startswith("bootstrap."):
            continue
        ours = rule.endpoint.startswith(("insurance.", "cover."))
        for number in range(1, 4) if rule.arguments and ours else (1,):
            args = {name: codes[name][(number - 1) % len(codes[name])] if name in codes else number
                    for name in rule.arguments}  # fmt: skip
            try:
                path = adapter.build(rule.endpoint, args)
            except Exception:
                path = adapter.build(rule.endpoint, {name: str(value) for name, value in args.items()})
            yield rule.endpoint, path
    yield "insurance.compare", "/cover/lines/PROP_SHOP/compare?cover=1&cover=2&base=50"
    yield "insurance.one_line", "/cover/lines/PROP_SHOP?sort=premium&order=rate_min"
    for show in ("waiting", "quoted", "taken", "over"):
        yield "insurance.queue", f"/desk/cover-requests?show={show}"


def readable(answer: Any) -> str:
    """The text of an answer; of a packed file, of everything inside."""
    if answer.mimetype == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
            return "\n".join(packed.read(name).decode("utf-8", "ignore") for name in packed.namelist())
    return answer.data.decode("utf-8", "ignore").replace("\xa0", " ")


def crawl(app: Any, people: dict[str, int]) -> Iterator[tuple[str, str, str, str]]:
    """(who, endpoint, path, text) of every page that answers."""
    every = list(paths(app))
    for who, person_id in people.items():
        client = app.test_client()
        if person_id:
            with app.app_context():
                person = db.session.get_one(Person, person_id)
            sign_in(client, person)
        for endpoint, path in every:
            if endpoint.startswith("matching."):
                continue  # the builder's list cannot be opened; a list's rows are loans by their foreign key
            answer = client.get(path)
            if answer.status_code == 200:
                yield who, endpoint, path, readable(answer)


def found_in(app: Any, people: dict[str, int]) -> tuple[list[str], list[str], list[str], set[str]]:
    """Where a rate, a quote, a word of ranking stands, and which endpoints answered at all."""
    rates, quotes, ranked, opened = [], [], [], set()
    for who, endpoint, path, text in crawl(app, people):
        opened.add(endpoint)
        where = f"{who}: {path}"
        rates += [where] if RATES.search(text) else []
        ranked += [where] if RANKING.search(text) and endpoint.startswith(("insurance.", "home.")) else []
        if QUOTES.search(text):
            quotes.append(f"{who}: {endpoint}")
    return rates, quotes, ranked, opened


@pytest.mark.article("15.1", "15.3", "B.1")
def test_without_the_licence_no_page_of_anybody_names_a_price_of_cover(app: Any, priced: dict[str, int]) -> None:
    rates, quotes, ranked, opened = found_in(app, priced)
    assert rates == []
    assert ranked == []
    for where in quotes:
        who, endpoint = where.split(": ")
        assert endpoint in OWN_QUOTE | OWN_FILES, where
        assert who in ({"owner", "desk", "other owner", "other desk"} if endpoint in OWN_QUOTE
                       else {"owner", "other owner"}), where  # fmt: skip
    assert {"owner: insurance.show", "desk: insurance.show"} <= set(quotes), "the letter itself can be read"
    assert "insurance.compare" not in opened
    assert {"insurance.zone", "insurance.one_line", "insurance.show_cover", "insurance.show_version", "insurance.mine",
            "insurance.queue", "cover.mine", "cover.read_version", "leads.queue", "leads.who_sees", "privacy.download", "privacy.kept"} <= opened  # fmt: skip
    with app.app_context():
        letters = str(db.session.scalars(sa.select(Message.facts)).all())
        assert not RATES.search(letters) and not QUOTES.search(letters), "nor in any message"
        assert db.session.scalar(sa.select(sa.func.count(Cover.id))) == 4


@pytest.mark.article("15.2")
def test_with_the_licence_rates_stand_in_the_zone_and_quotes_still_in_their_letters_alone(
    app: Any, priced: dict[str, int]
) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], insurance_licence=True)
    rates, quotes, _ranked, opened = found_in(app, {who: priced[who] for who in ("nobody", "owner", "other owner", "manager")})
    assert "insurance.compare" in opened
    assert {where.split(": ")[1].split("?")[0] for where in rates} >= {"/cover/lines/PROP_SHOP", "/cover/1"}
    assert {where.split(": ")[1] for where in quotes} <= OWN_QUOTE | OWN_FILES
    assert not [where for where in rates if where.startswith("manager: /leads")], "cover and loans share no list"
