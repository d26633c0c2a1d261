"""Commands of the operator's terminal: prepare, serve, work, demo."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError


def init_app(app: Flask) -> None:
    """Add the commands to ``flask --app wsgi``."""
    for command in (prepare, serve, work_, demo, migrate, run_due, import_products):
        app.cli.add_command(command)


def upgrade_database(url: str) -> None:
    """Bring the database to the newest migration. Raises what Alembic raises; nothing is left half-done."""
    from alembic import command

    from matchmaker.migrating import alembic_config

    command.upgrade(alembic_config(url), "head")


@contextlib.contextmanager
def answering_database() -> Iterator[None]:
    """Say in one sentence when the database is not there, or kept locked by another process."""
    try:
        yield
    except OperationalError as problem:
        raise click.ClickException(f"The database did not answer: {str(problem.orig).strip()}") from problem


@click.command("migrate")
@with_appcontext
@answering_database()
def migrate() -> None:
    """Bring the database to the newest migration."""
    upgrade_database(current_app.config["SETTINGS"].database_url)


@click.command("prepare")
@click.option("--size", default=None, type=int, help="How many businesses the demo town has.")
@with_appcontext
@answering_database()
def prepare(size: int | None) -> None:
    """Migrations, reference data and, on an empty database, the demo town with a trained ranker."""
    from matchmaker import demo as town
    from matchmaker.db import unit_of_work
    from matchmaker.reference.services import load_reference

    settings = current_app.config["SETTINGS"]
    started = time.monotonic()
    upgrade_database(settings.database_url)
    with unit_of_work():
        load_reference()
    if settings.demo_town:
        if town.is_empty():
            click.echo("The demo town is being built; this is done once …")
            town.build(size=size)
        town.resume_clock()
        click.echo(town.sign_in_table())
    click.echo(f"Ready in {time.monotonic() - started:.0f} s.")


@click.command("demo")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--size", default=None, type=int)
@with_appcontext
@answering_database()
def demo(yes: bool, size: int | None) -> None:
    """Throw the present database away and build the demo town anew."""
    from matchmaker import demo as town
    from matchmaker.db import unit_of_work
    from matchmaker.migrating import empty_database
    from matchmaker.reference.services import load_reference

    settings = current_app.config["SETTINGS"]
    if settings.production or not settings.demo_town:
        raise click.ClickException("This is not a demo installation; nothing was changed.")
    if not yes:
        click.confirm("Everything entered so far is lost. Restore the demo town?", abort=True)
    empty_database(settings.database_url)
    upgrade_database(settings.database_url)
    with unit_of_work():
        load_reference()
    town.build(size=size)
    click.echo(town.sign_in_table())


def wake_the_town() -> None:
    """Let this process keep the demo town's business time, which stands still while nothing runs. Needs the tables."""
    from matchmaker import demo as town

    if current_app.config["SETTINGS"].demo_town:
        town.resume_clock()


@click.command("serve")
@click.option("--host", default="127.0.0.1")
@click.option("--port", default=8000, type=int)
@with_appcontext
def serve(host: str, port: int) -> None:
    """Serve the site; outside production a thread of this process carries the jobs."""
    from matchmaker import serving

    wake_the_town()
    serving.serve(current_app._get_current_object(), host, port)  # type: ignore[attr-defined]


@click.command("work")
@with_appcontext
def work_() -> None:
    """Carry jobs until interrupted (a worker process of its own, for production)."""
    from matchmaker.queue import work
    from matchmaker.serving import carry_quick_jobs, warm_in_background
    from matchmaker.timetable import enqueue_due

    stop = threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    wake_the_town()
    warm_in_background(app)
    carry_quick_jobs(app, stop)
    try:
        work(app, stop, enqueue_due)
    except KeyboardInterrupt:
        stop.set()


@click.command("run-due")
@with_appcontext
def run_due() -> None:
    """Carry everything that is due now, then stop (for a cron line or a test)."""
    from matchmaker.queue import carry_one, worker_name
    from matchmaker.timetable import enqueue_due

    me = worker_name()
    enqueue_due()
    while carry_one(me):
        pass


@click.command("import-products")
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
@with_appcontext
def import_products(path: str) -> None:
    """Read a table (.xlsx or .csv) of products and cover as drafts of the shelf of samples, which publishes nothing."""
    from pathlib import Path

    from matchmaker.db import begin_read, unit_of_work
    from matchmaker.products import queries, services
    from matchmaker.products.rules.importing import opened
    from matchmaker.refusal import Refused
    from matchmaker.web import sentence

    with current_app.test_request_context("/"):
        begin_read()
        by = queries.sample_maker()
        if by is None:
            raise click.ClickException("Nobody operates this platform yet, in whose name it could be read in.")
        try:
            with unit_of_work():
                source = services.import_products(
                    institution=services.sample_desk(),
                    filename=Path(path).name,
                    file=opened(Path(path).read_bytes()),
                    by=by,
                )
        except Refused as no:
            raise click.ClickException(str(sentence(no))) from no
        for line in source.lines:
            click.echo(f"{line.number:>4}  {len(line.taken):>2}  {line.name}")
            for column, _field, reason in line.left:
                click.echo(f"          {column}: {sentence(reason)}")
        drafts = queries.count_drafts(source)
        click.echo(f"{len(source.lines)} lines, {drafts} drafts, none published. /desk/products/imports/{source.id}")
