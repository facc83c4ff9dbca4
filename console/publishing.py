"""Making call flows live: check them, try their scenarios, keep them as a version, make their sounds, switch.

Everything that can go wrong goes wrong before the switch; until then calls notice nothing.
"""

from __future__ import annotations

import getpass
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from config.problems import Problem, Problems, Unsound
from config.settings import Settings
from ivr.check import check_flows
from ivr.flow import Flows
from ivr.hours import ZONE
from ivr.live_flows import LiveFlows, settings_of
from ivr.load import SHIPPED_FLOWS, SHIPPED_HOLIDAYS, shown
from ivr.prompts import make_prompts
from ivr.scenarios import read_scenarios, run_scenario
from ivr.version_files import version_files
from ivr.version_history import Action
from ivr.versions import NoVersion, Versions, version_of
from transcription.model_files import words
from transcription.phrases import sayable

log = logging.getLogger(__name__)

CALLS_BEGIN_WITH = "main"
SHIPPED_CITY = SHIPPED_HOLIDAYS.parent
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Flows that may go live: `files` are exactly those that were checked."""

    flows: Flows
    files: dict[str, bytes]

    @property
    def version(self) -> str:
        return version_of(self.files)


def waiting_changes(settings: Settings) -> list[str]:
    """Sentences for administrators about what is edited and not live yet; none before the first publishing."""
    versions = Versions(settings.versions_dir)
    live = versions.live()
    if not live:
        return []
    try:
        names = versions.changed(live, version_files(settings.flows_dir, settings.city_dir))
    except (NoVersion, OSError):
        return []
    holidays = [name for name in names if name.startswith("holidays/")]
    others = [name.partition("/")[2] for name in names if name not in holidays]
    said = []
    if holidays:
        said.append(f"{'、'.join(holidays)} 改过，还没有发布：来电仍按原来的节假日分流。请运行 hotline publish。")
    if others:
        said.append(f"{'、'.join(others)} 改过，还没有发布：来电用的仍是版本 {live}。请运行 hotline publish。")
    return said


def candidate(settings: Settings) -> Candidate:
    """What the folder of flows holds. Raises Unsound with everything that stands against publishing it."""
    before = version_files(settings.flows_dir, settings.city_dir)
    year, known = datetime.now(ZONE).year, sayable(words(settings.vosk_model))
    checked = check_flows(settings.flows_dir, settings.city_dir, year, sayable=known)
    found = list(checked.problems) or _failed_scenarios(settings, checked.flows)
    if not found and version_files(settings.flows_dir, settings.city_dir) != before:
        found = [_problem(settings, "P003", "the files were changed while they were checked", "请再运行一次。")]
    if found:
        raise Unsound(found)
    return Candidate(checked.flows, before)


def _failed_scenarios(settings: Settings, flows: Flows) -> list[Problem]:
    if CALLS_BEGIN_WITH not in flows.flows:
        hint = f"缺少名为 {CALLS_BEGIN_WITH} 的流程：市民拨打 12345 后从它开始。"
        return [_problem(settings, "P001", f"no flow is named '{CALLS_BEGIN_WITH}'", hint)]
    found = []
    for scenario in read_scenarios(settings.flows_dir, flows, Problems()):
        place = scenario.place
        for wrong in run_scenario(flows, scenario).wrong:
            message = f"the scenario '{scenario.name}' does not go as expected"
            found.append(Problem(place.file, place.line, place.column, "P002", message, f"{wrong}。"))
    return found


def _problem(settings: Settings, code: str, message: str, hint: str) -> Problem:
    return Problem(shown(settings.flows_dir), 1, 1, code, message, hint)


def publish(
    settings: Settings,
    ready: Candidate,
    *,
    by: str,
    clock: Callable[[], datetime],
    changes: tuple[str, ...] = (),
    expected: str | None = None,
    phrases: tuple[str, ...] = (),
    progress: Progress = lambda _text: None,
) -> str:
    """Make it live, and return its id. Raises Moved when something else has gone live since `expected` was."""
    version = Versions(settings.versions_dir).store(ready.files)
    go_live(settings, version, action=Action.PUBLISH, by=by, clock=clock, changes=changes, expected=expected,
            phrases=phrases, progress=progress)  # fmt: skip
    return version


def go_live(
    settings: Settings,
    version: str,
    *,
    action: Action,
    by: str,
    clock: Callable[[], datetime],
    changes: tuple[str, ...] = (),
    expected: str | None = None,
    phrases: tuple[str, ...] = (),
    progress: Progress = lambda _text: None,
) -> None:
    """Sounds first, then the switch, then the names by which the static dialplan knows the sounds."""
    versions = Versions(settings.versions_dir)
    versions.load(version)
    its_own = settings_of(settings, version)
    make_prompts(its_own, phrases=phrases, progress=progress, named=False)
    versions.switch(version, action=action, by=by, at=clock(), changes=changes, expected=expected)
    make_prompts(its_own, phrases=phrases, progress=progress)


def open_live(settings: Settings, at: datetime) -> LiveFlows:
    """What calls are answered with. The first start of a hotline publishes its folder by itself.

    Raises Unsound when nothing was ever published and the folder is not sound.
    """
    was_live = Versions(settings.versions_dir).live()
    try:
        flows = LiveFlows(settings)
    except NoVersion:
        flows = _first(settings, at, was_live)
    log.info("calls begin with version %s of the call flows", flows.flows().version)
    if differs := unpublished(settings, flows.flows().version):
        log.warning("version %s of the call flows is live; %s", flows.flows().version, differs)
    return flows


def _first(settings: Settings, at: datetime, was_live: str) -> LiveFlows:
    try:
        ready = candidate(settings)
    except Unsound:
        if not was_live:
            raise
        log.error("no version of the call flows is left, and the folder is not sound: calls begin with the shipped one")
        ready = candidate(settings.model_copy(update={"flows_dir": SHIPPED_FLOWS, "city_dir": SHIPPED_CITY}))
    versions = Versions(settings.versions_dir)
    versions.switch(versions.store(ready.files), action=Action.FIRST, by=somebody(), at=at)
    return LiveFlows(settings)


def unpublished(settings: Settings, live: str) -> str:
    """How the folder of flows differs from what is live, for a log: "" when it does not."""
    try:
        if version_of(version_files(settings.flows_dir, settings.city_dir)) == live:
            return ""
        candidate(settings)
    except Unsound as unsound:
        return f"the folder {settings.flows_dir} has {len(unsound.problems)} problems; run `hotline check`"
    except OSError as error:
        return f"the folder {settings.flows_dir} cannot be read ({error.strerror})"
    return f"the folder {settings.flows_dir} has changes that are not published; run `hotline publish`"


def somebody() -> str:
    """Whoever runs the command, as this system knows them."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
