"""`hotline check`, `simulate`, `test`, `draw`: what administrators do with call flows before they go live."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import click

from config import city
from config.problems import Problem, Problems, did_you_mean, perhaps
from config.settings import Settings
from config.yaml_reader import read
from console.flow_text import at_keyboard, told
from console.publishing import waiting_changes
from ivr.check import check_flows, check_path
from ivr.distance import distance
from ivr.draw import mermaid, svg
from ivr.flow import Flow, Flows
from ivr.hours import ZONE
from ivr.load import shown
from ivr.scenarios import Result, Scenario, coverage, moment_of, read_scenarios, read_script, run_scenario
from ivr.script import Scripted, pressed
from ivr.session import Facts
from ivr.simulator import Answers, simulate
from transcription.model_files import words
from transcription.phrases import sayable

SAMPLES: dict[str, str | int] = {"case_no": "20260001", "title": "路灯不亮"}  # what an outgoing call would bring along
_json = click.option("--json", "as_json", is_flag=True, help="For machines.")
_path = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("path", type=_path, required=False)
@_json
def check(path: Path | None, as_json: bool) -> None:
    """Find every mistake in call flows and city data, or in the file or folder PATH."""
    settings, today = Settings(), datetime.now(ZONE).date()
    if path is not None:
        found, summary = (
            check_path(path, settings.flows_dir, settings.city_dir, today, sayable(words(settings.vosk_model))),
            [],
        )
    else:
        checked = check_flows(
            settings.flows_dir, settings.city_dir, today.year, sayable=sayable(words(settings.vosk_model))
        )
        found = sorted({*checked.problems, *city.problems(settings.city_dir, today)})
        summary = (
            [] if found else [*_summary(checked.flows, today.year), *(f"· {s}" for s in waiting_changes(settings))]
        )
    if as_json:
        click.echo(json.dumps([p.to_json() for p in found], ensure_ascii=False, indent=1))
    else:
        _print_problems(found, err=False)
        click.echo(
            "\n".join(summary) or ("没有发现问题。" if not found else f"共 {len(found)} 个问题。"), err=bool(found)
        )
    sys.exit(1 if found else 0)


def _summary(flows: Flows, year: int) -> list[str]:
    years = (y for calendar in flows.calendars.values() for y in calendar.years.values())
    provisional = sorted({y.year for y in years if y.provisional and y.year >= year})
    notes = [f"· {y} 年的节假日是暂定的，放假通知公布后请修改 holidays/{y}.yaml" for y in provisional]
    return [*(_distance_line(flows, flow) for flow in flows.flows.values()), *notes]


def _distance_line(flows: Flows, flow: Flow) -> str:
    """`✓ main 12345 主流程：到人工 0 键，约 8 秒`"""
    found = distance(flows, flow)
    way = f"：到人工 {found.keys} 键，约 {found.seconds:.0f} 秒" if found else ""
    return f"✓ {flow.id} {flow.title}{way}"


def _print_problems(problems: list[Problem], *, err: bool = True) -> None:
    """What stands in the way of another command goes to stderr, so that its output stays what a machine expects."""
    for problem in problems:
        click.echo(str(problem), err=err)


@click.command("simulate")
@click.argument("flow")
@click.option("--at", "at_text", metavar="TIME", help='When the call comes: "2026-02-14 02:00". Default: now.')
@click.option("--caller", metavar="NUMBER", help="Who calls.")
@click.option("--list", "caller_list", type=click.Choice(["blocked", "priority"]), help="A list the caller is on.")
@click.option("--keys", metavar="KEYS", help="What is pressed, question by question: 1,2 or 1,20260001#.")
@click.option("--script", type=_path, help="A file of steps, as in call_flows/tests.")
@_json
def simulate_command(
    flow: str,
    at_text: str | None,
    caller: str | None,
    caller_list: str | None,
    keys: str | None,
    script: Path | None,
    as_json: bool,
) -> None:
    """Call FLOW (its id or its file) in the terminal, and read what the citizen hears.

    Without --keys or --script you are the citizen: press keys, wait, hang up.
    """
    flows, flow_id = _sound_flows(flow)
    scenario = _scripted(script, flow_id) if script else Scenario(flow_id, "", flows.flows[flow_id].place)
    facts = Facts(
        caller=caller or scenario.facts.caller,
        caller_list=caller_list or scenario.facts.caller_list,
        open_case=scenario.facts.open_case,
        line_waiting=scenario.facts.line_waiting,
        values=scenario.facts.values or SAMPLES,
    )
    at = _moment(at_text) if at_text else scenario.at if script else datetime.now(ZONE)
    answers: Answers = Scripted([*scenario.steps, *pressed(keys or "")])
    if sys.stdin.isatty() and not (keys or script or as_json):
        answers = at_keyboard()
    trace = simulate(flows, flow_id, facts, at, answers, (lambda _row: None) if as_json else told)
    if as_json:
        click.echo(json.dumps(trace.to_json(), ensure_ascii=False, indent=1))


def _moment(text: str) -> datetime:
    moment = moment_of(text)
    if moment is None:
        raise click.BadParameter('write a moment such as "2026-02-14 02:00"', param_hint="--at")
    return moment


def _scripted(path: Path, flow_id: str) -> Scenario:
    problems = Problems()
    root = read(path, problems, shown(path))
    scenario = read_script(root, flow_id, problems) if root is not None else None
    if scenario is None or len(problems):
        _print_problems(list(problems))
        sys.exit(1)
    return scenario


def _sound_flows(flow: str) -> tuple[Flows, str]:
    """The flows and the id of the wanted one. Problems are printed, and nothing is done with a broken flow."""
    settings = Settings()
    draft = Path(flow) if flow.endswith((".yaml", ".yml")) else None
    if draft is not None and not draft.is_file():
        raise click.BadParameter(f"there is no file {flow}", param_hint="FLOW")
    folder = draft.parent if draft and (draft.parent / "prompts").is_dir() else settings.flows_dir
    checked = check_flows(folder, settings.city_dir, datetime.now(ZONE).year, draft)
    if checked.problems:
        _print_problems(list(checked.problems))
        sys.exit(1)
    flows = checked.flows.flows
    flow_id = next((f.id for f in flows.values() if draft and f.place.file == shown(draft)), flow)
    if flow_id not in flows:
        said = f"no flow is named '{flow}'{did_you_mean(flow, flows)} {perhaps(flow, flows)}"
        raise click.BadParameter(said, param_hint="FLOW")
    return checked.flows, flow_id


@click.command("test")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@_json
def test_command(folder: Path | None, as_json: bool) -> None:
    """Run the scenarios in FOLDER/tests (default: the call flows), and say what they leave untested."""
    settings = Settings()
    folder = folder or settings.flows_dir
    checked = check_flows(folder, settings.city_dir, datetime.now(ZONE).year)
    if checked.problems:
        _print_problems(list(checked.problems))
        sys.exit(1)
    scenarios = read_scenarios(folder, checked.flows, Problems())
    results = [run_scenario(checked.flows, scenario) for scenario in scenarios]
    (_print_results_json if as_json else _print_results)(checked.flows, results)
    sys.exit(1 if any(result.wrong for result in results) else 0)


def _print_results(flows: Flows, results: list[Result]) -> None:
    for result in results:
        place = result.scenario.place
        click.echo(f"{'✗' if result.wrong else '✓'} {result.scenario.flow}: {result.scenario.name}")
        for sentence in result.wrong:
            click.echo(f"    {place.file}:{place.line}: {sentence}")
    for flow_id, c in coverage(flows, [r.trace for r in results]).items():
        nodes, exits = c.nodes - len(c.missed_nodes), c.exits - len(c.missed_exits)
        missed = "、".join(c.missed_exits[:8]) + (" 等" if len(c.missed_exits) > 8 else "")
        click.echo(
            f"{flow_id}：节点 {nodes}/{c.nodes}，出口 {exits}/{c.exits}" + (f"，没测到：{missed}" if missed else "")
        )
    wrong = sum(1 for r in results if r.wrong)
    click.echo(f"{len(results)} 个情景，{wrong} 个不符合预期。" if wrong else f"{len(results)} 个情景，全部符合预期。")


def _print_results_json(flows: Flows, results: list[Result]) -> None:
    shown_results = [
        {
            "file": r.scenario.place.file,
            "line": r.scenario.place.line,
            "flow": r.scenario.flow,
            "name": r.scenario.name,
            "ok": not r.wrong,
            "wrong": list(r.wrong),
        }
        for r in results
    ]
    covered = coverage(flows, [r.trace for r in results])
    missed = {
        flow_id: {"nodes": c.nodes, "missed_nodes": c.missed_nodes, "exits": c.exits, "missed_exits": c.missed_exits}
        for flow_id, c in covered.items()
    }
    click.echo(json.dumps({"scenarios": shown_results, "coverage": missed}, ensure_ascii=False, indent=1))


@click.command()
@click.argument("flow")
@click.option("--mermaid", "as_mermaid", is_flag=True, help="Mermaid text instead of SVG.")
@click.option("--counts", is_flag=True, help="Write beside each exit how many calls have taken it.")
@click.option("--days", default=7, type=click.IntRange(1, 366), show_default=True, help="How far back to count.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file; default: print.")
def draw(flow: str, as_mermaid: bool, counts: bool, days: int, output: Path | None) -> None:
    """Draw FLOW (its id or its file)."""
    flows, flow_id = _sound_flows(flow)
    counted = _counted(flows.flows[flow_id], days) if counts else None
    picture = (mermaid if as_mermaid else svg)(flows, flows.flows[flow_id], counted)
    if output is None:
        click.echo(picture, nl=False)
    else:
        output.write_text(picture, encoding="utf-8")
        click.echo(f"{output}", err=True)


def _counted(flow: Flow, days: int) -> dict[str, int]:
    """Calls per exit, from the database; an exit that nobody has taken counts 0."""
    from sqlalchemy.exc import SQLAlchemyError

    from cases.past_calls import ways_taken
    from config.database import Database

    try:
        with Database(Settings().database).session() as session:
            taken = ways_taken(session, flow.id, datetime.now(ZONE) - timedelta(days=days))
    except SQLAlchemyError as error:
        sys.exit(f"读不到通话记录（{type(error).__name__}），请检查 HOTLINE_DATABASE_URL，或先运行一次 hotline serve。")
    exits = (f"{node.name}.{edge.exit}" for node in flow.nodes.values() for edge in node.edges)
    return {way: taken.get(way, 0) for way in exits}


COMMANDS = {"check": check, "simulate": simulate_command, "test": test_command, "draw": draw}
