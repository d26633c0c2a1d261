"""The traps of the libraries we stand on: each was met once, and each would return in silence.

Lost updates are in ``test_transactions``; migrations up, down and half-way on our own tables in ``test_migrations``;
inline styles and scripts of the templates in ``test_templates``.
"""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from wtforms import Form, SelectField
from wtforms.fields.choices import SelectChoice

from matchmaker import clock
from matchmaker.db import UtcDateTime, db, unit_of_work
from matchmaker.leads.models import Lead
from matchmaker.reference.rules import working_time
from tests.builders import sign_in

ROOT = Path(__file__).resolve().parents[2]
FONT = ROOT / "static" / "vendor" / "fonts" / "NotoSansSC-Regular.otf"

# Migrations on SQLite ------------------------------------------------------------------------------------------------

FAMILY = """
    op.create_table("parent", sa.Column("id", sa.Integer, primary_key=True), sa.Column("rate", sa.Integer))
    op.create_table("child", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("parent_id", sa.Integer, sa.ForeignKey("parent.id", ondelete="CASCADE")))
    op.execute("INSERT INTO parent (id, rate) VALUES (1, 3)")
    op.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
               "INSERT INTO child (id, parent_id) SELECT i, 1 FROM n")
"""
CHANGE_OF_THE_PARENT = """
    with op.batch_alter_table("parent") as parent:
        parent.alter_column("rate", existing_type=sa.Integer, type_=sa.String(20))
"""
WITHOUT_GUARD = """
import sqlalchemy as sa
from alembic import context
from matchmaker.db import engine_options
engine = sa.create_engine(**engine_options(context.config.attributes["url"]))
with engine.connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""


class Migrated:
    """A database of its own, brought up by migrations of the test's own through an env.py (ours unless told)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'town.db'}"

    def upgrade(self, *steps: str, env: str | None = None) -> None:
        scripts = self.folder / "scripts"
        (scripts / "versions").mkdir(parents=True)
        shutil.copy(ROOT / "migrations" / "script.py.mako", scripts)
        if env is None:
            shutil.copy(ROOT / "migrations" / "env.py", scripts)
        else:
            (scripts / "env.py").write_text(env)
        for number, step in enumerate(steps, 1):
            before = None if number == 1 else str(number - 1)
            (scripts / "versions" / f"{number}.py").write_text(
                f"import sqlalchemy as sa\nfrom alembic import op\nrevision = '{number}'\n"
                f"down_revision = {before!r}\n\n\ndef upgrade():\n{step}\n")
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.attributes["url"] = self.url
        command.upgrade(config, "head")

    def ask(self, statement: str) -> list[Any]:
        engine = sa.create_engine(self.url)
        try:
            with engine.connect() as connection:
                return list(connection.execute(sa.text(statement)).scalars())
        finally:
            engine.dispose()

    def tables(self) -> set[str]:
        return set(self.ask("SELECT name FROM sqlite_master WHERE type = 'table'"))


@pytest.fixture
def migrated(tmp_path: Path) -> Migrated:
    return Migrated(tmp_path)


def test_a_changed_parent_table_keeps_its_children(migrated: Migrated) -> None:
    migrated.upgrade(FAMILY, CHANGE_OF_THE_PARENT)
    assert migrated.ask("SELECT count(*) FROM child") == [1000]
    assert migrated.ask("SELECT typeof(rate) FROM parent") == ["text"]


def test_without_our_guard_the_same_change_would_empty_them(migrated: Migrated) -> None:
    migrated.upgrade(FAMILY, CHANGE_OF_THE_PARENT, env=WITHOUT_GUARD)
    assert migrated.ask("SELECT count(*) FROM child") == [0]


def test_a_migration_that_orphans_children_is_undone(migrated: Migrated) -> None:
    with pytest.raises(RuntimeError, match="foreign keys"):
        migrated.upgrade(FAMILY, '    op.execute("DELETE FROM parent")')
    assert "child" not in migrated.tables()


def test_a_migration_that_fails_half_way_leaves_nothing(migrated: Migrated) -> None:
    with pytest.raises(ZeroDivisionError):
        migrated.upgrade(FAMILY, '    op.create_table("half", sa.Column("id", sa.Integer))\n    1 / 0')
    assert migrated.tables() <= {"alembic_version"}


# Time ----------------------------------------------------------------------------------------------------------------


def test_an_instant_without_a_zone_is_not_stored() -> None:
    sqlite = sa.create_engine("sqlite://").dialect
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 9, 23, 10, 0), sqlite)


def test_an_instant_from_anywhere_comes_back_as_the_same_instant_in_utc() -> None:
    sqlite = sa.create_engine("sqlite://").dialect
    stored = UtcDateTime().process_bind_param(datetime(2026, 9, 23, 10, 0, tzinfo=clock.SHANGHAI), sqlite)
    assert stored == datetime(2026, 9, 23, 2, 0)
    assert UtcDateTime().process_result_value(stored, sqlite) == datetime(2026, 9, 23, 2, 0, tzinfo=UTC)


def test_today_begins_at_midnight_in_shanghai_not_in_utc() -> None:
    with clock.frozen("2026-09-23T15:59:59+00:00"):
        assert clock.today() == date(2026, 9, 23)
    with clock.frozen("2026-09-23T16:00:00+00:00"):
        assert clock.today() == date(2026, 9, 24)


# Holidays ------------------------------------------------------------------------------------------------------------


def test_years_whose_days_off_are_not_published_go_by_weekends_and_say_so() -> None:
    unknown = working_time.LAST_KNOWN_YEAR + 1
    days = [date(unknown, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [working_time.is_working_day(day) for day in days] == [day.weekday() < 5 for day in days]
    assert all(working_time.is_provisional(day) for day in days)
    assert not working_time.is_provisional(date(working_time.LAST_KNOWN_YEAR, 12, 31))


def test_made_up_working_days_of_known_years_count() -> None:
    assert working_time.is_working_day(date(2026, 2, 14)), "a Saturday worked for the Spring Festival"
    assert not working_time.is_working_day(date(2026, 2, 17)), "the Spring Festival, a Tuesday"


def test_a_clock_runs_over_the_last_published_new_year() -> None:
    late = datetime(working_time.LAST_KNOWN_YEAR, 12, 31, 10, 0, tzinfo=clock.SHANGHAI)
    ends = working_time.end_of_clock(late, 5, "working")
    assert late < ends < late + timedelta(days=14)
    assert working_time.end_is_provisional(ends)


# Forms ---------------------------------------------------------------------------------------------------------------


def form_classes() -> list[type[Form]]:
    """Every form of every subject."""
    found = []
    for file in sorted([*(ROOT / "matchmaker").glob("*/forms.py"), *(ROOT / "matchmaker").glob("*/forms/*.py")]):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        module = importlib.import_module(name)
        found += [each for _, each in inspect.getmembers(module, inspect.isclass)
                  if issubclass(each, Form) and each.__module__ == name]
    return found


@pytest.mark.parametrize("form_class", form_classes(), ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_choices_of_a_field_are_named_not_tuples(form_class: type[Form]) -> None:
    for name, unbound in inspect.getmembers(form_class, lambda value: hasattr(value, "field_class")):
        choices = unbound.kwargs.get("choices", ())
        if isinstance(choices, Iterable):
            assert all(isinstance(each, SelectChoice) for each in choices), name


def test_tuples_as_choices_would_fail_a_test_of_any_page() -> None:
    class Old(Form):
        kind = SelectField(choices=[("a", "甲")])

    class New(Form):
        kind = SelectField(choices=[SelectChoice("a", "甲")])

    with pytest.raises(DeprecationWarning):
        Old().kind()
    assert "甲" in New().kind()


# Content security ----------------------------------------------------------------------------------------------------


def test_the_policy_allows_nothing_inline_and_no_other_host(client: Any) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";") if rule.strip()}
    assert rules["default-src"] in (["'self'"], ["'none'"])
    for kind in ("script-src", "style-src"):
        assert rules.get(kind, ["'self'"]) == ["'self'"]
    assert rules["img-src"] == ["'self'", "data:"], "Bootstrap's carets and ticks are data: images inside its CSS"
    assert "unsafe" not in policy
    assert not re.search(r"https?://", policy)


# Chinese letters in PDFs ---------------------------------------------------------------------------------------------


def pdf_of(text: str, font: Path) -> bytes:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_font("letters", fname=str(font))
    pdf.set_font("letters", size=12)
    pdf.add_page()
    pdf.multi_cell(0, text=text, wrapmode="CHAR", align="L")
    return bytes(pdf.output())


def fonts_embedded(pdf: bytes) -> set[str]:
    """Names of the fonts in a PDF, without the six letters that mark a subset; packed objects are looked into."""
    texts = [pdf]
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            texts.append(zlib.decompress(packed))
        except zlib.error:
            continue
    names = {name.decode() for text in texts for name in re.findall(rb"/BaseFont\s*/([A-Za-z0-9+\-]+)", text)}
    return {name.split("+")[-1] for name in names}


def test_the_font_of_our_pdfs_is_the_one_for_simplified_chinese() -> None:
    from fontTools.ttLib import TTFont

    with TTFont(FONT) as font:
        assert font["name"].getDebugName(4) == "Noto Sans SC"
        letters = font.getBestCmap()
    assert not {each for each in "贷款明白纸综合年化成本骨直角今令龙" if ord(each) not in letters}
    assert fonts_embedded(pdf_of("直角", FONT)) == {"NotoSansSC"}


def pdf_makers() -> list[Path]:
    return [file for file in sorted((ROOT / "matchmaker").rglob("*.py"))
            if re.search(r"^\s*(from|import) fpdf\b", file.read_text(encoding="utf-8"), re.MULTILINE)]


def test_nothing_that_makes_pdfs_takes_a_collection_of_fonts() -> None:
    """Face 0 of a CJK collection (.ttc) draws Japanese glyphs, and whichever the system has is not ours to choose."""
    for file in pdf_makers():
        text = file.read_text(encoding="utf-8")
        assert ".ttc" not in text, file
        assert "NotoSansSC" in text or "fonts" in text, file


def test_the_cost_sheet_embeds_that_font_and_no_other(app: Any) -> None:
    from matchmaker.leads.rules.states import State
    from tests.leads.builders import a_case, to_state

    with clock.frozen("2026-09-23T10:00:00+08:00"):
        with app.app_context(), unit_of_work():
            case = a_case()
            to_state(case, State.OFFERED)
            owner, lead_id = case.owner, db.session.scalar(sa.select(sa.func.max(Lead.id)))
        client = app.test_client()
        sign_in(client, owner)
        sheet = client.get(f"/leads/{lead_id}/offers/1/cost-sheet.pdf")
    assert sheet.mimetype == "application/pdf"
    assert fonts_embedded(sheet.data) == {"NotoSansSC"}


# Event loops ---------------------------------------------------------------------------------------------------------


def test_the_end_of_a_request_starts_no_event_loop(app: Any) -> None:
    import asyncio

    async def beside_a_running_loop() -> None:
        with app.app_context():
            assert db.session is not None

    asyncio.run(beside_a_running_loop())
