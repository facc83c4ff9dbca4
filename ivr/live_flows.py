"""The call flows that a running process answers with: the live version, and those of calls that are going on.

Another process publishes or rolls back by switching a link (`ivr/versions.py`); this one looks at the link several
times a second and loads what it leads to before the next call asks for it. A call never waits for a file.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.problems import Unsound
from config.settings import Settings
from ivr.flow import Flows
from ivr.prompts import PromptProblem, Sounds
from ivr.versions import FLOWS, NoVersion, Versions

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.3
MANY = 8  # versions kept loaded: what is live, and what long calls still run on


@dataclass(frozen=True, slots=True)
class _Edition:
    flows: Flows
    sounds: Sounds


class LiveFlows:
    """`flows` for new calls, `flows_of` for a call that is back from a room, `sounds` for both."""

    def __init__(self, settings: Settings) -> None:
        """Raises NoVersion when nothing that was ever live can be used."""
        self._settings, self._versions = settings, Versions(settings.versions_dir)
        self._loaded: OrderedDict[str, _Edition] = OrderedDict()
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._told = ""  # the version whose damage the log has heard of
        self._live = self._first()
        self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)

    # ---- what calls ask
    def flows(self) -> Flows:
        """The live version, from memory."""
        return self._live.flows

    def flows_of(self, version: str) -> Flows | None:
        """The version that a call began with; None when that is gone."""
        try:
            return self._edition(version).flows
        except (NoVersion, Unsound, PromptProblem, OSError) as problem:
            log.error("a call cannot go on with the call flows it began with: %s", problem)
            return None

    def sounds(self, flows: Flows, language: str, prompt: str, values: Mapping[str, str | int]) -> list[Path]:
        """The files that say a prompt of this version."""
        found = flows.prompt(prompt, language)
        try:
            edition = self._edition(flows.version)
        except (NoVersion, Unsound, PromptProblem, OSError):
            edition = self._live  # taken away under the call
        return edition.sounds.files(language, found, values) if found else []

    # ---- parts
    def look(self) -> None:
        """Take up what has become live. When it cannot be used, stay with what was, and try again."""
        live = self._versions.live()
        if live in ("", self._live.flows.version):
            return
        try:
            self._live = self._edition(live)
        except (NoVersion, Unsound, PromptProblem, OSError) as problem:
            if live != self._told:
                log.error("new calls stay with version %s: %s", self._live.flows.version, problem)
            self._told = live
            return
        self._told = ""
        log.info("new calls begin with version %s of the call flows", live)

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # the next look may fare better
                log.exception("the live version could not be looked at")

    def _first(self) -> _Edition:
        """What is live; when that is damaged, what was live before it, and so on."""
        candidates = [self._versions.live(), *(entry.version for entry in reversed(self._versions.history()))]
        problem: Exception = NoVersion("还没有发布过流程，请先运行 hotline publish。")
        for version in dict.fromkeys(filter(None, candidates)):
            try:
                return self._edition(version)
            except (NoVersion, Unsound, PromptProblem, OSError) as error:
                log.error("version %s of the call flows cannot be used: %s", version, error)
                self._told, problem = self._told or version, error
        raise problem

    def _edition(self, version: str) -> _Edition:
        with self._lock:
            if version in self._loaded:
                self._loaded.move_to_end(version)
                return self._loaded[version]
        edition = _Edition(self._versions.load(version), Sounds(settings_of(self._settings, version)))
        with self._lock:
            self._loaded[version] = edition
            while len(self._loaded) > MANY:
                self._loaded.popitem(last=False)
        return edition


def settings_of(settings: Settings, version: str) -> Settings:
    """The same hotline, with the folders of a version in place of those that administrators edit."""
    folder = Versions(settings.versions_dir).at(version)
    return settings.model_copy(update={"flows_dir": folder / FLOWS, "city_dir": folder})
