"""Which language the reception speaks, in whichever script of the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.agi import FastAgiServer
from ivr.flow import Flows, Prompt
from ivr.reception import Desk, Reception
from ivr.session import Facts
from tests.ivr.asterisk_double import run_script
from tests.ivr.exchange_floor import open_floor
from tests.ivr.flows import NOON, flows_of

FLOW = """flow: main
title: t
entry: hello
on_error: bye
nodes:
  hello: {say: hello, next: chosen}
  chosen: {set: {language: en}, next: again}
  again: {say: hello, next: notice}
  notice: {recording: on, notice: notice, next: operators}
  operators: {queue: operators, announce: {every: 10, position: yes}, max_wait: 60,
              on: {talked: bye, timeout: bye, no_operators: bye, full: bye}}
  bye: {end: hello}
"""


@pytest.mark.parametrize(("english", "position"), [(("hello", "position"), "en"), (("hello",), "zh-CN")])
def test_the_place_in_the_line_is_told_in_the_chosen_language(
    tmp_path: Path, english: tuple[str, ...], position: str
) -> None:
    said: list[str] = []

    def sounds(_flows: Flows, language: str, prompt: str, _values: Mapping[str, str | int]) -> list[Path]:
        said.append(f"{language}/{prompt}")
        return []

    catalogue = {name: Prompt(name, name) for name in english}
    flows = flows_of(FLOW, prompts={"position": "position"})
    flows = replace(flows, prompts={**flows.prompts, "en": catalogue})
    with open_floor(tmp_path, "lin") as floor:
        desk = Desk(lambda: flows, sounds, Facts, lambda *_: ("failed", {}), tmp_path, lambda: NOON)
        reception = Reception(floor.x, desk)
        server = FastAgiServer(("127.0.0.1", 0), {"inbound": reception.inbound, "resume": reception.resume})
        server.start()
        for script in ("inbound", "resume"):
            run_script(
                server.server_address[:2], script, "1.1", "", lambda words: f"200 result={int(words[0] == 'SET')}"
            )  # type: ignore[arg-type]
            floor.tells("ConfbridgeJoin" if script == "inbound" else "ConfbridgeLeave", "1.1")
            floor.after(11)
        server.stop()

    assert said[:4] == ["zh-CN/hello", "en/hello", "zh-CN/notice", f"{position}/position"]
