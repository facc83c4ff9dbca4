"""`hotline retention`: what the city no longer keeps, by config's retention.yaml; and erasing it now."""

from __future__ import annotations

import json

import click

from cases import retention
from cases.retention import Due, Erasing
from config.city import load
from config.settings import Settings
from console.commands import database

_THINGS = {"identity": "姓名和号码", "words": "文字", "recording": "录音"}


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def retention_command(dry_run: bool, as_json: bool) -> None:
    """Erase what is past its time, at most 200 cases of each kind. The worker does this by itself."""
    settings = Settings()
    opened, rules = database.opened(), load(settings.city_dir).retention
    with opened.session() as session:
        due = retention.due(session, rules, database.now())
    if not dry_run:
        erasing = Erasing(opened, rules, settings)
        for number in dict.fromkeys(each.case for each in due):
            erasing.erase(number)
    click.echo(_json(due) if as_json else _text(due, dry_run))


def _json(due: list[Due]) -> str:
    return json.dumps([{"case": d.case, "what": d.thing, "closed_at": d.closed_at.isoformat()} for d in due])


def _text(due: list[Due], dry_run: bool) -> str:
    lines = [f"{d.case}\t{_THINGS[d.thing]}\t办结于 {d.closed_at:%Y-%m-%d}" for d in due]
    verdict = "以上内容已到保存期限，将被清除" if dry_run else "以上内容已清除"
    return "\n".join([*lines, verdict if due else "没有到期的内容"])


COMMANDS = {"retention": retention_command}
