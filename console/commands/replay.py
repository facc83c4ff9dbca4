"""`hotline replay`: run the calls of the last days on a draft of the call flows, and list who would land elsewhere."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from cases import intake, past_calls
from config.database import Database
from config.settings import Settings
from ivr.call import CALLBACK, OUTGOING, CallEvent, Kind
from ivr.check import check_flows
from ivr.flow import Flows
from ivr.hours import ZONE
from ivr.recorded import recorded
from ivr.replay import Elsewhere, compare
from ivr.versions import NoVersion, Versions

MOST_SHOWN = 50


@dataclass(slots=True)
class Outcome:
    """`compared` calls went their own way again and then the draft's; `why_not` counts the reasons of the others."""

    compared: list[Elsewhere] = field(default_factory=list)
    why_not: Counter[str] = field(default_factory=Counter)

    @property
    def elsewhere(self) -> list[Elsewhere]:
        return [one for one in self.compared if one.moved]

    def to_json(self) -> dict[str, Any]:
        return {
            "compared": len(self.compared),
            "assumed": sum(1 for one in self.compared if one.assumed),
            "elsewhere": [one.to_json() for one in self.elsewhere],
            "not_replayed": dict(self.why_not),
        }


@click.command()
@click.argument("draft", type=click.Path(exists=True, path_type=Path))
@click.option("--days", default=7, type=click.IntRange(1, 366), show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def replay(draft: Path, days: int, as_json: bool) -> None:
    """Run recorded calls on DRAFT (a folder of call flows, or one file) and list who would land elsewhere.

    Known of a recorded call are its moment, the choices it made, and how waiting, dialling and leaving a message ended;
    which digits were typed is not. Numbers and words of citizens are not shown.
    """
    settings = Settings()
    flows = _sound(draft, settings)
    try:
        calls = _calls(Database(settings.database), datetime.now(UTC) - timedelta(days=days))
        outcome = replay_all(calls, flows, Versions(settings.versions_dir))
    except SQLAlchemyError as error:
        sys.exit(f"读不到通话记录（{type(error).__name__}），请检查 HOTLINE_DATABASE_URL，或先运行一次 hotline serve。")
    click.echo(json.dumps(outcome.to_json(), ensure_ascii=False, indent=1) if as_json else _told(outcome, days))


def _calls(database: Database, since: datetime) -> Iterator[list[CallEvent]]:
    """Each in a transaction of its own, so that a running hotline can write meanwhile."""
    with database.session() as session:
        ids = past_calls.calls_since(session, since)
    for call_id in ids:
        with database.session() as session:
            events = intake.call_events(session, call_id)
        yield events


def _sound(draft: Path, settings: Settings) -> Flows:
    is_file = draft.is_file()
    folder = draft if not is_file else draft.parent if (draft.parent / "prompts").is_dir() else settings.flows_dir
    checked = check_flows(folder, settings.city_dir, datetime.now(ZONE).year, draft if is_file else None)
    for problem in checked.problems:
        click.echo(str(problem), err=True)
    if checked.problems:
        sys.exit(1)
    return checked.flows


def replay_all(calls: Iterable[list[CallEvent]], draft: Flows, versions: Versions) -> Outcome:
    """Each call on the version it ran on, then on the draft."""
    outcome, loaded = Outcome(), dict[str, Flows | None]()
    for events in calls:
        version = str(events[0].data.get("version", "")) if events[0].kind is Kind.CALL_STARTED else ""
        if version not in loaded:
            loaded[version] = _load(versions, version)
        own = loaded[version]
        call = recorded(events, own) if own else None
        result = compare(call, own, draft) if call and own else None
        if result:
            outcome.compared.append(result)
        else:
            outcome.why_not[_why_not(events, own)] += 1
    return outcome


def _why_not(events: list[CallEvent], own: Flows | None) -> str:
    way = events[0].data.get("way", "")
    if way == CALLBACK:
        return "是回拨，市民没有再走流程"
    if way == OUTGOING and all(event.kind is not Kind.NODE_ENTERED for event in events):
        return "是外呼，没有接通"
    return "它用的版本已经没有了" if own is None else "记录不全，或走过备用线路"


def _load(versions: Versions, version: str) -> Flows | None:
    try:
        return versions.load(version) if version else None
    except NoVersion:
        return None


def _told(outcome: Outcome, days: int) -> str:
    elsewhere, unsure = outcome.elsewhere, sum(1 for one in outcome.compared if one.assumed)
    lines = [f"最近 {days} 天可以重放的来电 {len(outcome.compared)} 通，其中 {len(elsewhere)} 通会到别的地方。"]
    lines += [f"  {count} 通：{old} → {new}" for (old, new), count in _moves(elsewhere).most_common()]
    lines += [f"  {one.call}  {one.old} → {one.new}{_assumed(one)}" for one in elsewhere[:MOST_SHOWN]]
    if len(elsewhere) > MOST_SHOWN:
        lines.append(f"  …… 还有 {len(elsewhere) - MOST_SHOWN} 通，全部清单请加 --json。")
    if unsure:
        lines.append(f"{unsure} 通会遇到当时没有问过的问题：按“不按键、平常情况”计算，仅供参考。")
    lines += [f"没有重放 {count} 通：{why}。" for why, count in outcome.why_not.items()]
    return "\n".join(lines)


def _moves(elsewhere: list[Elsewhere]) -> Counter[tuple[str, str]]:
    return Counter((str(one.old), str(one.new)) for one in elsewhere)


def _assumed(one: Elsewhere) -> str:
    return f"（没有把握：{'、'.join(one.assumed)}）" if one.assumed else ""


COMMANDS = {"replay": replay}
