"""`hotline caller`: the city's lists of callers, for the call flows."""

from __future__ import annotations

import sys
from datetime import timedelta

import click

from console.commands import database

_reason = click.option("--reason", required=True, help="Why: it is kept with the entry.")


@click.group()
def caller() -> None:
    """Block a caller for a time, or let one go first; call flows ask by `switch: caller.list`."""


@caller.command("block")
@click.argument("phone")
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True)
@_reason
def block(phone: str, days: int, reason: str) -> None:
    """Block PHONE, as the caller's number is shown, for some days. It ends by itself."""
    _put(phone, "blocked", reason, timedelta(days=days))


@caller.command("prioritise")
@click.argument("phone")
@click.option("--days", type=click.IntRange(1), help="For so long; without it, until taken off the list.")
@_reason
def prioritise(phone: str, days: int | None, reason: str) -> None:
    """Let PHONE go first where the flow says so."""
    _put(phone, "priority", reason, timedelta(days=days) if days else None)


@caller.command("list")
def show() -> None:
    """Show who is on a list now."""
    from cases import callers

    with database.session() as session:
        for each in callers.listed(session, database.now()):
            until = f"until {each.until.astimezone():%Y-%m-%d %H:%M}" if each.until else ""
            click.echo("\t".join([each.phone, each.list, until, each.added_by, each.reason]))


@caller.command("forget")
@click.argument("phone")
def forget(phone: str) -> None:
    """Take PHONE off its list."""
    from cases import callers

    with database.session() as session:
        found = next((each for each in callers.listed(session, database.now()) if each.phone == phone), None)
        if found is None:
            sys.exit("this number is on no list; `hotline caller list` shows all")
        callers.remove(session, found.id)


def _put(phone: str, on: str, reason: str, span: timedelta | None) -> None:
    from cases import callers
    from cases.refusal import Refusal
    from cases.words import CallerList

    now = database.now()
    try:
        with database.session() as session:
            callers.put(
                session, phone, CallerList(on), reason, "command line", until=now + span if span else None, now=now
            )
    except Refusal as refusal:
        sys.exit(refusal.detail)


COMMANDS = {"caller": caller}
