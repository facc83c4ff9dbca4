"""`hotline delivery`: what has not reached departments, why, and sending it again."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from console.commands import database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from cases.model import Delivery

STATES = ["waiting", "sending", "delivered", "dead"]


@click.group()
def delivery() -> None:
    """See what has not reached departments, and send it again."""


@delivery.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only these; dead: given up, and waiting for you.")
@click.option("--department", metavar="CODE")
@click.option("--alarm", is_flag=True, help="Only what needs a person: failed three times, dead, or late and urgent.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True)
def list_deliveries(state: str | None, department: str | None, alarm: bool, limit: int, as_json: bool) -> None:
    """The newest deliveries."""
    from cases import outbox
    from cases.api import answers
    from cases.model import Delivery

    with database.session() as session:
        chosen = _chosen(state, department)
        if alarm:
            chosen = chosen.where(outbox.alarming(database.now()))
        rows = list(session.scalars(chosen.order_by(Delivery.created_at.desc(), Delivery.id).limit(limit)))
    if as_json:
        click.echo(json.dumps([answers.delivery(row) for row in rows], ensure_ascii=False))
        return
    for row in rows:
        click.echo(_line(row))


@delivery.command("replay")
@click.argument("ids", nargs=-1)
@click.option("--dead", is_flag=True, help="Every dead letter, perhaps only of one --department.")
@click.option("--department", metavar="CODE")
def replay(ids: tuple[str, ...], dead: bool, department: str | None) -> None:
    """Send dead letters again: those named by IDS, or all with --dead. Exit 1 when some cannot be sent."""
    if bool(ids) == dead:
        raise click.UsageError("name the deliveries (`hotline delivery list --state dead`), or give --dead")
    with database.session() as session:
        rows = _named(session, ids) if ids else list(session.scalars(_chosen("dead", department)))
    refused = [said for row in rows if (said := _replayed(row.id))]
    click.echo(f"{len(rows) - len(refused)} will be sent again")
    for said in refused:
        click.echo(said, err=True)
    sys.exit(1 if refused else 0)


def _replayed(key: str) -> str:
    """Each in a transaction of its own; why not, if it cannot be."""
    from cases import outbox
    from cases.model import Delivery
    from cases.refusal import Refusal

    try:
        with database.session() as session:
            outbox.replay(session, session.get_one(Delivery, key, with_for_update=True), now=database.now())
    except Refusal as refused:
        return f"{key}: {refused}"
    return ""


def _named(session: Session, ids: tuple[str, ...]) -> list[Delivery]:
    from cases.model import Delivery

    found = {key: session.get(Delivery, key) for key in ids}
    if missing := [key for key, row in found.items() if row is None]:
        sys.exit(f"there is no delivery {', '.join(missing)}")
    return [row for row in found.values() if row is not None]


def _chosen(state: str | None, department: str | None) -> Any:
    from sqlalchemy import select

    from cases.model import Delivery

    chosen = select(Delivery)
    if state:
        chosen = chosen.where(Delivery.state == state)
    return chosen.where(Delivery.department == department) if department else chosen


def _line(row: Delivery) -> str:
    from cases.words import Channel, Event, Sending

    told = [row.id, row.case_number, row.department, Event(row.event).label, Channel(row.channel).label]
    return "\t".join([*told, Sending(row.state).label, str(row.attempts), row.last_error or row.receipt]).rstrip()


COMMANDS = {"delivery": delivery}
