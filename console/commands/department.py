"""`hotline department-simulator`: a department's own system, for tests, demonstrations and departments' developers."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx

from console.simulator.bad_manners import FAULTS
from console.simulator.georeport import GeoReport
from console.simulator.profile import MEANS, PROFILES, BadScript, read_script

if TYPE_CHECKING:
    from console.simulator.department import SimulatedDepartment
    from console.simulator.profile import Act

_KEY = "hk_…, from `hotline key add`: to say where it listens, and to read the cases it is told of."
_SCRIPT = 'Instead of a profile: a JSON file [{"after": 1, "type": "case.signed", "data": {}}, …].'
_FAULT = "Answer some requests badly; may be given more than once. lost: it takes the message, its answer is lost."
_PROFILES = "; ".join(f"{name}: {meaning}" for name, meaning in MEANS.items())


@click.command("department-simulator")
@click.argument("code")
@click.option("--secret", envvar="HOTLINE_DEPARTMENT_SECRET", required=True, help="whsec_…, from `hotline key add`.")
@click.option("--key", envvar="HOTLINE_DEPARTMENT_KEY", default="", help=_KEY)
@click.option("--hotline", metavar="URL", default="", help="Where the hotline is; by default as hotline.toml says.")
@click.option("--port", default=0, help="Where to listen; by default any free port.")
@click.option("--profile", type=click.Choice(list(PROFILES)), default="listen", show_default=True, help=_PROFILES + ".")
@click.option("--script", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_SCRIPT)
@click.option("--fault", "faults", multiple=True, type=click.Choice(list(FAULTS)), help=_FAULT)
@click.option("--fault-rate", type=click.FloatRange(0, 1), default=0.3, show_default=True, help="How many of them.")
@click.option("--seed", default=12345, show_default=True, help="The same seed, the same faults.")
@click.option("--open311", is_flag=True, help="Be a GeoReport v2 server instead of a webhook receiver.")
@click.option("--by-token", is_flag=True, help="With --open311: answer with a token first.")
def department_simulator(
    code: str,
    secret: str,
    key: str,
    hotline: str,
    port: int,
    profile: str,
    script: Path | None,
    faults: tuple[str, ...],
    fault_rate: float,
    seed: int,
    open311: bool,
    by_token: bool,
) -> None:
    """Be the system of department CODE: take its cases, show them, and report as told.

    With a key it first tells the hotline where it listens. The hotline calls addresses inside a machine or a private
    network only when an administrator has allowed them, for instance by HOTLINE_DELIVERY_NETWORKS=127.0.0.0/8.
    """
    from config.settings import Settings
    from console.simulator.bad_manners import now_and_then
    from console.simulator.department import SimulatedDepartment

    acts = _read(script) if script else PROFILES[profile]
    department = SimulatedDepartment(
        code,
        secret,
        hotline=hotline or Settings().link_base,
        key=key,
        acts=acts,
        manners=now_and_then([FAULTS[name] for name in faults], fault_rate, seed),
        georeport=_georeport(acts, by_token) if open311 else None,
        port=port,
        say=_say,
    )
    _run(department, code, announce=bool(key) and not open311)


def _run(department: SimulatedDepartment, code: str, *, announce: bool) -> None:
    department.start()
    _say(f"{code} 在 {department.url} 接收工单（Ctrl-C 结束）")
    if announce:
        _announce(department)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        department.stop()


def _georeport(acts: tuple[Act, ...], by_token: bool) -> GeoReport:
    """A GeoReport server settles a case when the profile would have replied."""

    replies = [act for act in acts if act.type == "case.replied"]
    seconds = sum(act.after for act in acts) if replies else None
    return GeoReport(by_token=by_token, settles_after=seconds, notes=str(replies[-1].data["reply"]) if replies else "")


def _read(script: Path) -> tuple[Act, ...]:
    try:
        return read_script(json.loads(script.read_text(encoding="utf-8")))
    except (OSError, ValueError) as problem:
        what = str(problem) if isinstance(problem, BadScript) else "this is no JSON"
        raise click.UsageError(f"{script}: {what}") from None


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


def _announce(department: SimulatedDepartment) -> None:
    try:
        answer = department.listen_here()
    except httpx.HTTPError as problem:
        sys.exit(f"the hotline does not answer ({type(problem).__name__}); is `hotline serve` running?")
    if not answer.is_success:
        sys.exit(f"the hotline refuses this address: {answer.json().get('detail', answer.status_code)}")


COMMANDS = {"department-simulator": department_simulator}
