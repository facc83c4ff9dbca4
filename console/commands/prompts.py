"""`hotline prompts`: make the prompts of the call flows into audio. `hotline serve` does it by itself at start."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable

import click

from config import city
from config.problems import Unsound
from config.settings import Settings
from ivr.live_flows import settings_of
from ivr.prompts import Made, PromptProblem, make_prompts
from ivr.speech import SpeechProblem
from ivr.versions import NoVersion, Versions


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print every prompt file and how it came about.")
def prompts(as_json: bool) -> None:
    """Make the prompts of the call flows into audio.

    Texts come from call_flows/prompts/<language>.yaml; a recording in call_flows/prompts/recorded/<language>/ of the
    prompt's name wins over the synthetic voice. Only what has changed is made again. Calls play those of the published
    version; the others lie ready for `hotline publish`.
    """
    settings, started = Settings(), time.monotonic()
    try:
        made = _make(settings, lambda text: click.echo(f"  {text}", err=as_json))
    except (NoVersion, PromptProblem, SpeechProblem, Unsound) as problem:
        sys.exit(str(problem))
    if as_json:
        click.echo(json.dumps([{"prompt": m.stem, "how": m.how} for m in made]))
    else:
        click.echo(f"{_told(made)} in {settings.prompts_dir} ({time.monotonic() - started:.1f} s)")


def _make(settings: Settings, progress: Callable[[str], None]) -> list[Made]:
    """Those of the folder, and under their names those of what is live. (Before the first start, they are the same.)"""
    live, names = Versions(settings.versions_dir).live(), phrases(settings)
    made = make_prompts(settings, phrases=names, progress=progress, named=not live)
    if live:
        make_prompts(settings_of(settings, live), phrases=names, progress=progress)
    return made


def phrases(settings: Settings) -> list[str]:
    """Names that a prompt may have to say: the city's departments."""
    return [department.name for department in city.load(settings.city_dir).departments]


def _told(made: list[Made]) -> str:
    counts = Counter(m.how for m in made)
    return f"{len(made)} prompts: " + ", ".join(f"{count} {how}" for how, count in sorted(counts.items()))


COMMANDS = {"prompts": prompts}
