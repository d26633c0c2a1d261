"""Journeys in a real browser: Debian's Chromium, the site on a port of its own, over a copy of the stage or the town."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.db import db, unit_of_work
from matchmaker.notifications.jobs import deliver_messages
from matchmaker.serving import serve_static_files
from tests.builders import PASSWORD, sign_in
from tests.conftest import make_app, settings_for
from tests.journeys import stage as the_stage
from tests.journeys.looking import AXE_PATH, SHOTS, Checked, Watch, axe_script, look
from tests.journeys.measured import note

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
PATIENCE = 10_000
"""Milliseconds that a page may take on a machine with other work to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def _not_for_ever() -> Iterator[None]:
    """A browser that stops answering fails its journey instead of holding up everything."""

    def give_up(_signal: int, _frame: Any) -> None:
        raise TimeoutError("this journey has taken two minutes")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": os.environ.get("MATCHMAKER_TEST_CHROMIUM", "/usr/bin/chromium"), "args": CHROMIUM_FLAGS}


@dataclass
class LiveSite:
    """A served site: its application, where it answers, and the ids of what stands on it."""

    app: Any
    address: str
    file: Path
    ids: dict[str, int] = field(default_factory=dict)
    ready: dict[str, Any] = field(default_factory=dict)
    """Answers that were got already, by path: each is handed out once instead of being worked out again."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == AXE_PATH:
            kept = {"Cache-Control": "max-age=3600"}
            return Response(axe_script(), mimetype="text/javascript", headers=kept)(environ, start_response)
        query = environ.get("QUERY_STRING", "")
        answer = self.ready.pop(environ["PATH_INFO"] + (f"?{query}" if query else ""), None)
        return (answer or self.app)(environ, start_response)

    def stand_on(self, file: Path) -> None:
        """Serve a fresh copy of this database from now on."""
        with self.app.app_context():
            db.engine.dispose()
        for ending in ("-wal", "-shm"):
            self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
        shutil.copy(file, self.file)
        (Path(self.app.config["SETTINGS"].instance_folder) / "outbox.jsonl").unlink(missing_ok=True)

    def make(self, build: Callable[..., Any], *args: Any, **values: Any) -> Any:
        """Do something in one committed transaction and answer the id of what came of it."""
        with self.app.app_context(), unit_of_work():
            made = build(*args, **values)
            db.session.flush()
            return getattr(made, "id", made)

    def execute(self, statement: Any) -> None:
        """Carry out a statement inside ``make``."""
        db.session.execute(statement)

    def phone_of(self, name: str) -> str:
        """What somebody of the stage signs in with."""
        with self.app.app_context():
            return str(db.session.get_one(Person, self.ids[name]).phone)

    def letters(self) -> list[dict[str, Any]]:
        """Everything that was sent so far, as a gateway gets it."""
        with self.app.app_context():
            deliver_messages(clock.real_now())
        file = Path(self.app.config["SETTINGS"].instance_folder) / "outbox.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def code_for(self, address: str) -> str:
        """The six digits of the newest letter to an address."""
        text = [letter["text"] for letter in self.letters() if letter["to"] == address][-1]
        found = re.search(r"\b(\d{6})\b", text)
        assert found, text
        return found.group(1)


@pytest.fixture(scope="session")
def served(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """One application and one server for all journeys; each test puts a database of its own under it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    folder = tmp_path_factory.mktemp("served")
    file = folder / "served.db"
    app = make_app(settings_for(f"sqlite:///{file}", folder, mail_channel="file"))
    serve_static_files(app)
    live = LiveSite(app, "", file)
    server = make_server("127.0.0.1", 0, live, threaded=True)
    live.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield live
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def stage_file(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """The stage, to copy from, and its ids."""
    file = tmp_path_factory.mktemp("stage") / "stage.db"
    shutil.copy(empty_sqlite, file)
    app = make_app(settings_for(f"sqlite:///{file}", file.parent))
    with clock.frozen(the_stage.NOW), app.app_context():
        with unit_of_work():
            ids = the_stage.build()
        db.engine.dispose()
    return file, ids


@pytest.fixture
def stage(served: LiveSite, stage_file: tuple[Path, dict[str, int]]) -> Iterator[LiveSite]:
    """The stage, served; it is Wednesday 10:24 for everybody."""
    file, ids = stage_file
    served.stand_on(file)
    served.ids = ids
    with clock.frozen(the_stage.NOW, everywhere=True):
        yield served


@pytest.fixture
def site(served: LiveSite, town_file: Path) -> LiveSite:
    """The small demo town, served."""
    served.stand_on(town_file)
    served.ids = {}
    return served


@pytest.fixture
def base_url(served: LiveSite) -> str:
    return served.address


# Visitors -----------------------------------------------------------------------------------------------------------


@dataclass
class Visitor:
    """Somebody in front of a browser of their own."""

    context: BrowserContext
    page: Page
    watch: Watch
    scripts: bool = True

    def go(self, path: str) -> Page:
        """Open a path of the site."""
        self.page.goto(path)
        return self.page

    def arrive(self, path: str) -> None:
        """Wait until one is on the page whose path ends like this (a pattern)."""
        self.page.wait_for_url(lambda address: re.search(path + "$", urlsplit(address).path) is not None)

    @property
    def path(self) -> str:
        """Where one is, without the host."""
        return urlsplit(self.page.url).path

    @property
    def heading(self) -> str:
        """What the page calls itself."""
        return _plain(self.page.locator("h1").inner_text())

    @property
    def words(self) -> str:
        """What can be read in the middle of the page."""
        return _plain(self.page.locator("main").inner_text())

    def words_of(self, place: str) -> str:
        """What can be read in one place of the page."""
        return _plain(self.page.locator(place).first.inner_text())

    @property
    def told(self) -> str:
        """What the page says has just been done."""
        return _plain(" ".join(self.page.locator(".told").all_inner_texts()))

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the first link of that name."""
        self.page.get_by_role("link", name=name).first.click()

    def press(self, name: str | re.Pattern[str], within: str = "main") -> None:
        """Press the button of that name."""
        self.page.locator(within).get_by_role("button", name=name).click()

    def fill(self, label: str, text: str, within: str = "main") -> None:
        """Type into the field with that label."""
        self.page.locator(within).get_by_label(label).first.fill(text)

    def choose(self, within: str = "main", **picked: str | list[str]) -> None:
        """Choose by name of the field: the value of a radio button or boxes to tick."""
        for name, values in picked.items():
            for value in [values] if isinstance(values, str) else values:
                self.page.locator(f"{within} input[name='{name}'][value='{value}']").check()

    def type_all(self, typed: Mapping[str, Sequence[str]], within: str = "main") -> None:
        """Fill in a form by the names of its fields: texts, choices and ticks; folds are opened on the way."""
        for name, values in typed.items():
            found = self.page.locator(f"{within} [name='{name}']")
            kind = found.first.get_attribute("type") or found.first.evaluate("field => field.tagName")
            for value in values:
                field = self.page.locator(f"{within} [name='{name}'][value='{value}']") \
                    if kind in ("checkbox", "radio") else found
                if not field.is_visible():
                    field.locator("xpath=ancestor::details[not(@open)]/summary").click()
                if kind in ("checkbox", "radio"):
                    field.check()
                elif kind == "SELECT":
                    field.select_option(value)
                else:
                    field.fill(value)

    def sign_in(self, person_address: str) -> None:
        """Sign in by the page, with the password that everybody on the stage has."""
        self.go("/sign-in")
        self.fill("手机号或邮箱", person_address)
        self.fill("密码", PASSWORD)
        self.press("登录")
        self.arrive("(?<!/sign-in)")


def _plain(text: str) -> str:
    """As one reads it: blanks that may not break are blanks."""
    return text.replace("\xa0", " ")


Opens = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, served: LiveSite) -> Iterator[Opens]:
    """Open a browser for somebody: `visit("manager", width=1280)`; nobody is signed in without a name.

    When the test ends, every page that was open must have kept to the content policy and to this host.
    """
    open_ones: list[Visitor] = []

    def opens(
        who: str | int | None = None, *, size: dict[str, int] | None = None, language: str = "zh", scripts: bool = True
    ) -> Visitor:
        context = browser.new_context(
            base_url=served.address, viewport=size or PHONE, java_script_enabled=scripts,  # type: ignore[arg-type]
            locale="en-GB" if language == "en" else "zh-CN", timezone_id="Asia/Shanghai", accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "lang", "value": language, "url": served.address}, *_cookies(served, who)])
        watch = Watch.over(context, served.address)
        visitor = Visitor(context, context.new_page(), watch, scripts)
        open_ones.append(visitor)
        return visitor

    yield opens
    wrong = [trouble for visitor in open_ones for trouble in visitor.watch.troubles]
    for number, visitor in enumerate(open_ones):
        if SHOTS:
            visitor.page.screenshot(path=f"{SHOTS}/last-{number}.png", full_page=True)
        visitor.context.close()
    assert wrong == []


def _cookies(served: LiveSite, who: str | int | None) -> list[dict[str, Any]]:
    """The cookies that somebody has who signed in a while ago."""
    if who is None:
        return []
    client = served.app.test_client()
    with served.app.app_context():
        person = db.session.get_one(Person, served.ids[who] if isinstance(who, str) else who)
        db.session.expunge(person)
    sign_in(client, person)
    with client.session_transaction() as kept:
        kept.permanent = True  # as the sign-in page makes it: the cookie is renewed by every answer
    cookie = client.get_cookie("session")
    assert cookie is not None
    return [{"name": "session", "value": cookie.value, "url": served.address, "httpOnly": True, "sameSite": "Lax"}]


@pytest.fixture(scope="session")
def checked() -> Checked:
    """Which skeletons of pages were looked at already, at which width."""
    return Checked()


@pytest.fixture
def seen(checked: Checked, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Look at the page that is open: axe and no sideways scrolling, at 360 and at 1280."""

    def look_at(visitor: Visitor, name: str = "") -> None:
        with counted(request.node, checked):
            look(visitor.page, checked, name, scripts=visitor.scripts)

    return look_at


@contextlib.contextmanager
def counted(item: pytest.Item, checked: Checked) -> Iterator[None]:
    """Note with the test what axe looked at meanwhile, and what it was spared; each page counts at both widths."""
    before = dict(checked.numbers)
    try:
        yield
    finally:
        for what, number in checked.numbers.items():
            note(item, f"at 360 and 1280: {what}", number - before.get(what, 0))
