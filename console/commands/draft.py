"""`hotline draft`: what a text, or a transcript made by `hotline transcribe --json`, would become as a draft case."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

import click

from config.city import City, load
from config.codes import Kind, Urgency
from config.problems import Unsound
from config.settings import Settings
from transcription.draft import Doubt, Draft, Guess, draft
from transcription.transcript import Utterance

_FIELDS = {"kind": "诉求类型", "category": "类别", "urgency": "紧急程度", "place": "地点", "phone": "电话",
           "departments": "单位", "words": "原话"}  # fmt: skip


@click.command("draft")
@click.argument("textfile", type=click.File("r", encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="Print the draft for machines.")
@click.option("--caller", default="", metavar="NUMBER", help="The number the citizen calls from.")
def draft_command(textfile: TextIO, as_json: bool, caller: str) -> None:
    """Turn what was said into a draft case. TEXTFILE may be -, for standard input.

    Lines may begin with 市民： or 话务员：, and the output of `hotline transcribe --json` is understood.
    """
    try:
        said = textfile.read()
    except UnicodeDecodeError:
        raise click.UsageError(f"{textfile.name} is not a UTF-8 text") from None
    city = _city()
    utterances = _utterances(said)
    found = draft(said if utterances is None else utterances, city, caller=caller, now=datetime.now(UTC))
    click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(found, city)))


def _city() -> City:
    try:
        return load(Settings().city_dir)
    except Unsound as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)


def _utterances(said: str) -> list[Utterance] | None:
    """The utterances of a transcript in JSON; None when it is ordinary text."""
    try:
        return [Utterance.from_json(u) for u in json.loads(said)["utterances"]]
    except (ValueError, KeyError, TypeError):
        return None


def _lines(found: Draft, city: City) -> Iterable[str]:
    yield _line("诉求类型", Kind(found.kind.value).label, found.kind)
    for number, guess in enumerate(found.categories[:3]):
        category = city.category(guess.value)
        yield _line("类别" if not number else "也可能是", category.name if category else guess.value, guess)
    yield _line("紧急程度", Urgency(found.urgency.value).label, found.urgency)
    yield _line("地点", found.place.value or "（没有听到）", found.place)
    yield _line("电话", found.phone.value or "（没有听到）", found.phone)
    for s in found.departments:
        department = city.department(s.department)
        name = f"{department.name} {department.phone}" if department else s.department
        yield _line(s.part.label, name, Guess(s.department, s.score, s.reason, s.source))
    yield _line("摘要", found.summary.value or "（没有）", found.summary)
    yield from _doubts(found.needs_review)


def _line(title: str, value: str, guess: Guess) -> str:
    said = f"：{guess.source.sentence}" if guess.source.sentence else ""
    return f"{title}：{value}\n    {guess.reason}（{guess.score:.0%}）{said}"


def _doubts(doubts: Iterable[Doubt]) -> Iterable[str]:
    for number, doubt in enumerate(doubts):
        if not number:
            yield "请核对："
        yield f"  · {_FIELDS.get(doubt.field, doubt.field)}：{doubt.reason}"


COMMANDS = {"draft": draft_command}
