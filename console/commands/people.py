"""`hotline user`, `hotline operator`, `hotline key`: who may log in, and with which key a department comes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from getpass import getpass
from typing import TYPE_CHECKING

import click

from console.commands import database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from config.settings import Settings
    from config.telephones import Account

SERVE_TELLS_WITHIN_SECONDS = 5.0
ROLES = ["operator", "dispatcher", "clerk", "supervisor", "administrator"]
_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group()
def user() -> None:
    """Add and list people who may log in."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--department", metavar="CODE", help="For clerks: the department they work in.")
@_from_stdin
def add_user(name: str, role: str, department: str | None, password_stdin: bool) -> None:
    """Add somebody who may log in. A supervisor gets a telephone of the same name and password, to listen in with."""
    telephones = _add(name, role, department, _password(password_stdin))
    click.echo(f"{name} may log in as {role}")
    if any(each.name == name for each in telephones):
        _tell_asterisk(name, telephones)


@user.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_users(as_json: bool) -> None:
    """Show everybody who may log in."""
    from cases import people

    with database.session() as session:
        everybody = people.people(session)
    if as_json:
        shown = ("name", "role", "department", "disabled")
        click.echo(json.dumps([{key: getattr(p, key) for key in shown} for p in everybody], ensure_ascii=False))
        return
    for p in everybody:
        click.echo("\t".join([p.name, p.role, p.department or "", "disabled" if p.disabled else ""]).rstrip())


@user.command("password")
@click.argument("name")
@_from_stdin
def change_password(name: str, password_stdin: bool) -> None:
    """Give somebody a new password; their logins end. An operator's telephone has the same password."""
    from cases import people

    password = _password(password_stdin)  # asked before the database is locked
    _change(lambda session: people.set_password(session, name, password, now=database.now()))
    click.echo(f"{name} has a new password")


@user.command("disable")
@click.argument("name")
def disable_user(name: str) -> None:
    """Somebody has left: no login, no telephone, from this moment on. Nothing they did is deleted."""
    from cases import people

    _change(lambda session: people.set_disabled(session, name, True, now=database.now()))
    click.echo(f"{name} may not log in any more")


@user.command("enable")
@click.argument("name")
def enable_user(name: str) -> None:
    """Somebody may log in again, with the password they had."""
    from cases import people

    _change(lambda session: people.set_disabled(session, name, False, now=database.now()))
    click.echo(f"{name} may log in again")


@click.group()
def operator() -> None:
    """Add operators."""


@operator.command("add")
@click.argument("name")
@_from_stdin
def add_operator(name: str, password_stdin: bool) -> None:
    """Add an operator: a login, and a telephone (SIP account) of the same name and password."""
    telephones = _add(name, "operator", None, _password(password_stdin))
    click.echo(f"{name} may log in as operator and register a telephone as {name}")
    _tell_asterisk(name, telephones)


@click.group()
def key() -> None:
    """Give a department its API key and signing secret."""


@key.command("add")
@click.argument("department")
@click.option("--json", "as_json", is_flag=True)
def add_key(department: str, as_json: bool) -> None:
    """Make an API key and a signing secret for DEPARTMENT. Both are shown this once."""
    from cases import endpoints, people
    from config.city import load

    settings = _settings()
    known = load(settings.city_dir).department(department)
    if known is None:
        sys.exit(f"there is no department {department!r}; see {settings.city_dir / 'departments.yaml'}")
    with database.session() as session:
        made = {
            "department": department,
            "key": people.new_api_key(session, department, now=database.now()),
            "secret": endpoints.new_secret(session, department, now=database.now()),
        }
    if as_json:
        click.echo(json.dumps(made, ensure_ascii=False))
        return
    click.echo(f"{known.name} ({department}); shown this once:")
    click.echo(f"  API key         {made['key']}\n  signing secret  {made['secret']}")


def _add(name: str, role: str, department: str | None, password: str) -> list[Account]:
    from cases import people
    from cases.words import Role

    try:
        with database.session() as session:
            people.add_person(session, name, Role(role), password, department=department, now=database.now())
            return people.telephones(session)
    except people.Refused as problem:
        sys.exit(str(problem))


def _change(work: Callable[[Session], object]) -> None:
    from cases import people

    try:
        with database.session() as session:
            work(session)
    except people.Refused as problem:
        sys.exit(str(problem))


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        sys.exit("the two passwords differ; nothing was changed")
    return password


def _tell_asterisk(name: str, telephones: list[Account]) -> None:
    """Returns when the private Asterisk, if it runs, knows the new telephone. A running `serve` tells it by itself."""
    from ivr.private_asterisk import AsteriskProblem, PrivateAsterisk

    own = PrivateAsterisk(_settings())
    if _settings().asterisk != "managed" or not own.running:
        return
    try:
        end = time.monotonic() + SERVE_TELLS_WITHIN_SECONDS
        while "Unable to find object" in own.cli(f"pjsip show endpoint {name}"):
            if time.monotonic() > end:
                own.reload_telephones(telephones)
                return
            time.sleep(0.2)
    except AsteriskProblem as problem:
        click.echo(f"the telephone will be known when Asterisk starts again: {problem}", err=True)


def _settings() -> Settings:
    from config.settings import Settings

    return Settings()


COMMANDS = {"user": user, "operator": operator, "key": key}
