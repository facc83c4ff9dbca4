"""`hotline seed`: lives through a believable week, so that pages, figures and reports have something to show."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from config.database import Database

_DAYS = 7
_MOST_DAYS = 92


@click.command()
@click.option("--days", default=_DAYS, show_default=True, type=click.IntRange(1, _MOST_DAYS), help="How many days.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day. By default a Monday: of the last "
              "weeks that are over.")  # fmt: skip
@click.option("--random", "seed", default=12345, show_default=True, help="Another number, another week.")
@click.option("--force", is_flag=True, help="Also into a database that has cases in it.")
def seed(days: int, first: datetime | None, seed: int, force: bool) -> None:
    """Live through a week of the invented city: 136 contacts a day, departments that answer well, late, badly, never.

    Everything is done through the hotline's own functions at a moved clock; nothing is sent to anybody. The database
    must be empty, because what is invented cannot be told from real cases afterwards.
    """
    from cases import identities
    from config.city import load
    from config.settings import Settings
    from console.commands.database import opened
    from console.seed.week import live

    settings = Settings()
    database, city = opened(), load(settings.city_dir)
    identities.keep_keys_in(database.engine, settings.keys_folder)
    if not force and _has_cases(database):
        sys.exit("this database has cases in it; seed an empty one (HOTLINE_DATA_DIR), or add --force")
    if not city.districts:
        sys.exit("this city's places.yaml names no districts; the invented citizens would live nowhere")
    start = first.date() if first else _weeks_ago(days)
    with click.progressbar(length=days * 24, label=f"{start} + {days} d", file=sys.stderr) as bar:
        lived = live(database, city, start, days, seed, lambda _moment: bar.update(1))
    for what, times in lived.done.items():
        click.echo(f"{what} {times}")
    for what, times in lived.refused.items():
        click.echo(f"没有被允许：{what} {times}")


def _weeks_ago(days: int) -> date:
    """The Monday from which these days end with a week that is over."""
    from config.workdays import CITY_TIME

    today = datetime.now(CITY_TIME).date()
    this_monday = today - timedelta(days=today.weekday())
    return this_monday - timedelta(weeks=-(-days // 7))


def _has_cases(database: Database) -> bool:
    from sqlalchemy import select

    from cases.model import CallRow, CaseRow

    with database.session() as session:
        return bool(session.scalar(select(CaseRow.number).limit(1)) or session.scalar(select(CallRow.id).limit(1)))


COMMANDS = {"seed": seed}
