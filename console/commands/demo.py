"""`hotline demo`: a whole hotline of its own, in which a call plays itself from the ring to the delivered case."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from console.demo.result import Result
    from console.demo.stage import Stage
    from console.demo.told import Told
    from phone import Phone

OPEN_SECONDS, CLOSE_SECONDS = 20.0, 20.0  # for a person to open the desk page, and to look at its end
_RULE = "─" * 72


@click.command()
@click.option("--fast", is_flag=True, help="Fewer and shorter sentences.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON; what happens goes to standard error.")
@click.option("--keep", is_flag=True, help="Leave the hotline running afterwards, and keep its folder.")
@click.option("--open-seconds", type=click.FloatRange(0), help="Time for opening the desk page (20; 0 in a script).")
@click.option("--port", default=0, help="Where the pages are; by default at any free port.")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Where to keep what is made.")
def demo(fast: bool, as_json: bool, keep: bool, open_seconds: float | None, port: int, data_dir: Path | None) -> None:
    """Hold a scripted three-way call with sound, from ring to delivered case.

    A citizen, an operator and a department speak over SIP; the desk page shows the captions and the draft as they grow;
    the case arrives at the department's own system. It runs in a hotline of its own: one that runs already, its ports,
    settings and data, are left alone. Exit code 0 only if all of it really happened.
    """
    import httpx

    from config.city import load
    from console.demo.stage import Stage
    from console.demo.told import DemoFailed, Told
    from ivr.speech import SpeechProblem
    from phone import Phone, PhoneError

    failures = (DemoFailed, PhoneError, SpeechProblem, httpx.HTTPError)
    if data_dir and _belongs_to_others(data_dir):
        raise click.BadParameter(f"{data_dir} is not empty and no demonstration made it", param_hint="--data-dir")
    wait = open_seconds if open_seconds is not None else OPEN_SECONDS if sys.stdin.isatty() and not as_json else 0.0
    write = _writer(as_json)
    _end_like_ctrl_c()
    try:
        with Phone("trunk") as trunk, Stage(data_dir, trunk.port, port, keep=keep) as stage:
            try:
                result = _play(stage, trunk, fast, wait, Told(write, load(stage.settings.city_dir)))
            except failures:
                write(f"日志 the end of its log:\n{stage.last_words()}")
                raise
            write(_RULE)
            click.echo(json.dumps(result.to_json(), ensure_ascii=False, indent=1) if as_json else result.readable())
            if keep:
                _go_on(stage, write)
            elif wait and sys.stdin.isatty():
                _pause(CLOSE_SECONDS, "秒后关闭，按回车立即关闭 (closes; Enter: now; --keep leaves it running)", write)
    except failures as problem:
        if as_json:
            click.echo(json.dumps({"ok": False, "problem": _what(problem)}, ensure_ascii=False))
        sys.exit(f"演示失败 the demonstration failed: {_what(problem)}")
    except KeyboardInterrupt:
        click.echo("\n演示中断，已清理 (interrupted; everything was ended)", err=True)
        sys.exit(130)


def _what(problem: Exception) -> str:
    return str(problem) or type(problem).__name__


def _writer(as_json: bool) -> Callable[[str], None]:
    def write(text: str) -> None:
        click.echo(text, err=as_json)

    return write


def _belongs_to_others(folder: Path) -> bool:
    """A folder of an earlier demonstration may be used again; any other must be empty."""
    return folder.exists() and any(folder.iterdir()) and not (folder / "data" / "demo.json").exists()


def _play(stage: Stage, trunk: Phone, fast: bool, wait: float, told: Told) -> Result:
    from console.demo import script as texts
    from console.demo.play import Play
    from console.demo.talk import record

    script = texts.FAST if fast else texts.FULL
    trunk.server = stage.sip
    told.plain("启动演示热线 (starting a hotline of its own) …")
    stage.start()
    sounds = record(script, stage.folder / "spoken")
    stage.wait_ready()
    told.plain(_invitation(stage))
    _pause(wait, "秒后开始，按回车立即开始 (begins; Enter: now)", told.plain)
    with Play(stage, trunk, script, sounds, told) as play:
        return play.run()


def _invitation(stage: Stage) -> str:
    from console.demo.play import OPERATOR

    return "\n".join(
        [
            _RULE,
            f"话务台 desk     {stage.url}/desk",
            f"登录 log in     {OPERATOR} / {stage.passwords()[OPERATOR]}",
            "看什么 watch    来电与三方、逐句字幕、草稿各项及理由、登记后的回执",
            "                the call and who is in it, captions, the draft with its reasons, the receipts",
            _RULE,
        ]
    )


def _pause(seconds: float, what: str, write: Callable[[str], None]) -> None:
    """Time for a person to look; Enter goes on at once."""
    if not seconds:
        return
    write(f"{seconds:g} {what}")
    if not sys.stdin.isatty():
        time.sleep(seconds)
    elif select.select([sys.stdin], [], [], seconds)[0]:
        sys.stdin.readline()


def _go_on(stage: Stage, write: Callable[[str], None]) -> None:
    write(f"热线继续运行 (still running): {stage.url}/desk；资料 files: {stage.folder}；Ctrl-C 结束 (ends it)")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _end_like_ctrl_c() -> None:
    """A closed terminal and `kill` clean up as well."""

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


COMMANDS = {"demo": demo}
