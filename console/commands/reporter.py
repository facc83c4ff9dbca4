"""`hotline reporter`: programs through which citizens report over Open311."""

from __future__ import annotations

import json
import sys

import click

from console.commands import database


@click.group()
def reporter() -> None:
    """Let programs report over Open311 (/open311/v2), each with a key of its own."""


@reporter.command("add")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
def add(name: str, as_json: bool) -> None:
    """Let the program NAME report. Its api_key is shown this once."""
    from cases.georeport import reporters
    from cases.refusal import Refusal

    try:
        with database.session() as session:
            key = reporters.add(session, name, now=database.now())
    except Refusal as refusal:
        sys.exit(refusal.detail)
    click.echo(json.dumps({"name": name, "key": key}) if as_json else f"{name} reports with api_key {key}")


@reporter.command("list")
def show() -> None:
    """Show all programs that may report."""
    from sqlalchemy import select

    from cases.model import Reporter

    with database.session() as session:
        for each in session.scalars(select(Reporter).order_by(Reporter.name)):
            click.echo("\t".join([each.name, "disabled" if each.disabled else ""]).rstrip())


@reporter.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Refuse the key of NAME from now on. What came through it stays."""
    from cases.georeport import reporters
    from cases.refusal import Refusal

    try:
        with database.session() as session:
            reporters.disable(session, name)
    except Refusal as refusal:
        sys.exit(refusal.detail)
    click.echo(f"{name} may not report any more")


COMMANDS = {"reporter": reporter}
