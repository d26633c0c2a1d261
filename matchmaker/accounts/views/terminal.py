"""The one thing about people that is done at the terminal: the first operator, whom nobody can invite."""

from __future__ import annotations

import click

from matchmaker.accounts.rules import password_trouble, plain_address
from matchmaker.accounts.services import passwords
from matchmaker.accounts.services.registering import add_operator
from matchmaker.accounts.views import bp
from matchmaker.db import unit_of_work
from matchmaker.refusal import Refused
from matchmaker.web import sentence


@bp.cli.command("add-operator")
@click.option("--address", prompt="Mobile number or e-mail")
@click.option("--name", prompt="Name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
def add_operator_command(address: str, name: str, password: str) -> None:
    """Add an operator of the platform; whoever can run this holds the database anyway."""
    plain = plain_address(address)
    if plain is None:
        raise click.ClickException("This is neither a mainland mobile number nor an e-mail address.")
    if (no := password_trouble(password, near=(plain, name))) is not None:
        raise click.ClickException(sentence(no))
    password_hash = passwords.hash_password(password)
    try:
        with unit_of_work():
            add_operator(address=plain, name=name, password_hash=password_hash)
    except Refused as refused:
        raise click.ClickException(sentence(refused)) from None
    click.echo(f"{name} is an operator now and signs in with {plain}.")
