"""`hotline deadline`: until when a case dispatched at a given moment has to be settled, and why, day by day."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import click

from cases.deadlines import deadline
from config.city import City, load
from config.codes import Kind, Urgency
from config.problems import Unsound, did_you_mean
from config.settings import Settings
from config.workdays import CITY_TIME
from ivr.scenarios import moment_of

INSTRUCTION = "instruction"  # 市长批示件: as urgent, but only its issuer extends it
_YEARS = range(2000, 2100)


@click.command("deadline")
@click.option(
    "--urgency",
    required=True,
    type=click.Choice([*(u.value for u in Urgency), INSTRUCTION]),
    help="How urgent the case is.",
)
@click.option("--from", "start", metavar="TIME", help='Its dispatch: "2026-02-13 16:00". Default: now.')
@click.option(
    "--kind", type=click.Choice([k.value for k in Kind]), help="For presets with rules of their own for some kinds."
)
@click.option("--preset", metavar="NAME", help="A preset of deadlines.yaml. Default: the one in force.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def deadline_command(urgency: str, start: str | None, kind: str | None, preset: str | None, as_json: bool) -> None:
    """Explain the deadline of a case dispatched at TIME, by the city's clock unless TIME says otherwise."""
    city = _city()
    if preset is not None and preset not in city.deadlines.presets:
        known = ", ".join(city.deadlines.presets)
        said = f"no preset is named '{preset}'{did_you_mean(preset, city.deadlines.presets)}; there are {known}"
        raise click.BadParameter(said, param_hint="--preset")
    found = deadline(
        Urgency.URGENT if urgency == INSTRUCTION else Urgency(urgency),
        Kind(kind) if kind else None,
        _moment(start) if start else datetime.now(CITY_TIME),
        city.deadlines,
        city.workdays,
        preset=preset or "",
    )
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
        return
    if urgency == INSTRUCTION:
        click.echo("市长批示件按急件办理，延期只能由批示人同意")
    click.echo("\n".join(found.explained))


def _moment(text: str) -> datetime:
    moment = moment_of(text)
    if moment is None or moment.year not in _YEARS:
        raise click.BadParameter('write a moment such as "2026-02-13 16:00" or 2026-02-13T08:00Z', param_hint="--from")
    return moment


def _city() -> City:
    try:
        return load(Settings().city_dir)
    except Unsound as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)


COMMANDS = {"deadline": deadline_command}
