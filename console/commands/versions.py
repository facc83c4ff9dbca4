"""`hotline publish`, `flows`, `rollback`: which version of the call flows is live, and how another one becomes it."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from config.problems import Unsound
from config.settings import Settings
from console import publishing
from console.commands.prompts import phrases
from ivr.difference import Change, difference
from ivr.hours import ZONE
from ivr.prompts import PromptProblem
from ivr.speech import SpeechProblem
from ivr.version_history import Action, Entry
from ivr.versions import FLOWS, Moved, NoVersion, Versions

ACTIONS = {Action.FIRST: "首次启动", Action.PUBLISH: "发布", Action.ROLLBACK: "回退", Action.FOUND: "补记"}
_json = click.option("--json", "as_json", is_flag=True, help="For machines.")
_by = click.option("--by", metavar="NAME", help="Who does it, for the history. Default: this system's user.")


def _now() -> datetime:
    return datetime.now(ZONE)


def _with_problems(command: Callable[..., None]) -> Callable[..., None]:
    """What stands in the way is printed, and nothing has changed."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (NoVersion, PromptProblem, SpeechProblem, Unsound, OSError) as problem:
            sys.exit(f"{problem}\n没有改变正在使用的版本。")
        except Moved as moved:
            sys.exit(f"刚才有人把 {moved} 设为正在使用的版本，请再运行一次，看清楚差别后再发布。")

    return run


@click.command()
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Default: the call flows."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_by
@_json
@_with_problems
def publish(folder: Path | None, yes: bool, by: str | None, as_json: bool) -> None:
    """Make the call flows live: new calls begin with them within a second, calls in progress stay with theirs.

    Refuses what fails `hotline check` or a scenario. Shows what changes, and asks.
    """
    settings = Settings()
    if folder:
        settings = settings.model_copy(update={"flows_dir": folder.resolve()})
    ready = _candidate(settings, as_json)
    versions = Versions(settings.versions_dir)
    live = versions.live()
    if ready.version == live and versions.is_whole(live):
        _tell(as_json, {"version": live, "published": False, "changes": []}, f"{live} 正在使用，没有改动，不用发布。")
        return
    changes = _changes(versions, live, ready)
    if not as_json:
        click.echo(_told(changes, first=not live))
    if not (yes or as_json or _agreed()):
        sys.exit("没有发布，正在使用的版本不变。")
    sentences = tuple(f"{change.about}：{change.text}" for change in changes)
    version = publishing.publish(
        settings, ready, by=by or publishing.somebody(), clock=_now, changes=sentences, expected=live,
        phrases=tuple(phrases(settings)), progress=lambda text: click.echo(f"  {text}", err=True),
    )  # fmt: skip
    listed = [{"about": change.about, "text": change.text} for change in changes]
    said = f"已发布 {version}，新来电从现在起使用它。" + (f"要退回原来的版本：hotline rollback {live}" if live else "")
    _tell(as_json, {"version": version, "published": True, "before": live, "changes": listed}, said)


def _agreed() -> bool:
    """Where there is nobody to ask (a script without --yes), the command itself is the answer."""
    try:
        return click.confirm("现在发布吗？")
    except click.Abort:
        if sys.stdin.isatty():
            raise
        return True


def _candidate(settings: Settings, as_json: bool) -> publishing.Candidate:
    try:
        return publishing.candidate(settings)
    except Unsound as unsound:
        if as_json:
            problems = [problem.to_json() for problem in unsound.problems]
            click.echo(json.dumps({"published": False, "problems": problems}, ensure_ascii=False, indent=1))
        else:
            click.echo(f"{unsound}\n共 {len(unsound.problems)} 个问题，没有发布，正在使用的版本不变。", err=True)
        sys.exit(1)


def _changes(versions: Versions, live: str, ready: publishing.Candidate) -> list[Change]:
    """Against what is live; nothing to compare with when that cannot be read any more."""
    try:
        return difference(versions.load(live), ready.flows) if live else []
    except NoVersion as problem:
        return [Change("正在使用的版本", f"无法比较：{problem}")]


def _told(changes: Iterable[Change], *, first: bool) -> str:
    """The sentences under what they are about."""
    lines = []
    for about, group in itertools.groupby(changes, key=lambda change: change.about):
        lines += [about, *(f"  · {change.text}" for change in group)]
    if not lines:
        return "这是第一次发布。" if first else "流程、提示音和时间表都没有变化（只改了注释、顺序或情景测试）。"
    return "\n".join(lines)


@click.command()
@click.option("--all", "everything", is_flag=True, help="The whole history, not only the last twenty.")
@click.option("--copy", metavar="VERSION", help="Copy the files of a version to a new folder, to edit them again.")
@click.option("--to", type=click.Path(exists=False, path_type=Path), help="The folder to copy to.")
@_json
@_with_problems
def flows(everything: bool, copy: str | None, to: Path | None, as_json: bool) -> None:
    """List the published versions of the call flows: which is live, since when, by whom."""
    versions = Versions(Settings().versions_dir)
    if copy:
        _copy(versions, copy, to)
        return
    history, live = versions.history(), versions.live()
    if as_json:
        listed = [{"version": one, "live": one == live, **_last(history, one)} for one in versions.ids()]
        shown = {"live": live, "versions": listed, "history": [entry.to_json() for entry in history]}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    if not live:
        click.echo("还没有发布过流程；hotline serve 首次启动时会自动发布，也可以运行 hotline publish。")
    current = next((entry for entry in reversed(history) if entry.version == live), None)
    for entry in history if everything else history[-20:]:
        click.echo(_line(entry, entry is current))
    if not versions.history_is_whole():
        click.echo("注意：历史记录里有行被改动或删除过。", err=True)


def _copy(versions: Versions, beginning: str, to: Path | None) -> None:
    """Files that can be written to again; the version itself stays as it is."""
    if to is None or to.exists():
        raise click.BadParameter("name a folder that is not there yet: --to FOLDER", param_hint="--to")
    source = versions.at(versions.find(beginning)) / FLOWS
    shutil.copytree(source, to, copy_function=shutil.copyfile)
    click.echo(f"已复制到 {to}")


def _last(history: list[Entry], version: str) -> dict[str, str]:
    """When and by whom a version last went live."""
    found = next((entry for entry in reversed(history) if entry.version == version), None)
    return {"at": found.at.isoformat(), "by": found.by, "action": found.action.value} if found else {}


def _line(entry: Entry, is_live: bool) -> str:
    when, mark = entry.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S"), "→" if is_live else " "
    changes = f"，{len(entry.changes)} 处改动" if entry.changes else ""
    return f"{mark} {entry.version}  {when}  {entry.by or '（不详）'}  {ACTIONS[entry.action]}{changes}"


@click.command()
@click.argument("version", required=False)
@_by
@_json
@_with_problems
def rollback(version: str | None, by: str | None, as_json: bool) -> None:
    """Make VERSION live again (default: the one before). At once; calls in progress stay with theirs."""
    settings = Settings()
    versions = Versions(settings.versions_dir)
    live = versions.live()
    wanted = versions.find(version) if version else versions.before(live)
    if not wanted:
        sys.exit("没有更早的版本可以退回。")
    if wanted == live:
        _tell(as_json, {"version": live, "before": live}, f"{live} 正在使用，不用退回。")
        return
    publishing.go_live(
        settings, wanted, action=Action.ROLLBACK, by=by or publishing.somebody(), clock=_now, expected=live,
        progress=lambda text: click.echo(f"  {text}", err=True),
    )  # fmt: skip
    _tell(as_json, {"version": wanted, "before": live}, f"已退回 {wanted}，新来电从现在起使用它。")


def _tell(as_json: bool, value: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1) if as_json else text)


COMMANDS = {"publish": publish, "flows": flows, "rollback": rollback}
