"""`hotline serve`: answer calls and serve the pages."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from config.settings import Settings
    from console.app import Hotline
    from console.newcomer import Newcomer
    from phone import Phone

DATABASE_AGAIN_SECONDS = 2.0


@click.command()
@click.option(
    "--demo", is_flag=True, help="On a first run: add operators and a test telephone, and print how to try it."
)
@click.option(
    "--leave-calls", is_flag=True, help="When stopped, leave Asterisk running: talks go on until the next start."
)
def serve(demo: bool, leave_calls: bool) -> None:
    """Answer calls and serve the pages. Ctrl-C stops."""
    from config.problems import Unsound
    from config.settings import Settings
    from console.app import Hotline
    from console.say import start_logging

    start_logging()
    settings = Settings()
    trunk = None
    if demo and not settings.sip_trunk:
        trunk = _demo_trunk(settings)
        settings = settings.model_copy(update={"sip_trunk": f"sip:{trunk.host}:{trunk.port}"})
    try:
        hotline = Hotline(settings)
    except Unsound as problems:
        sys.exit(f"{problems}\n\nNothing was started. Mend these, then try again.")
    _start(hotline, demo)
    try:
        _serve_pages(hotline)
    finally:
        hotline.stop(asterisk=not leave_calls)
        if trunk:
            trunk.close()


def _start(hotline: Hotline, demo: bool) -> None:
    from ivr.private_asterisk import AsteriskProblem

    began = time.monotonic()
    _prompts(hotline)
    try:
        hotline.start_asterisk()
    except AsteriskProblem as problem:
        sys.exit(str(problem))
    _wait_for_database(hotline)
    newcomer = _newcomer(hotline) if demo else None
    settings = hotline.settings
    try:
        hotline.start()
    except OSError as error:  # Asterisk is left alone: it may belong to the hotline that has the ports
        sys.exit(
            f"A port is taken ({error.strerror}): HOTLINE_AGI_PORT={settings.agi_port} or "
            f"HOTLINE_AUDIOSOCKET_PORT={settings.audiosocket_port}. Does another hotline run here? Stop it, or choose "
            "other ports for this one."
        )
    click.echo(f"12345 answers at {settings.sip_host}:{settings.sip_port} ({time.monotonic() - began:.1f} s to start)")
    click.echo(
        newcomer.welcome(settings) if newcomer else f"  pages  http://{settings.http_host}:{settings.http_port}/"
    )


def _prompts(hotline: Hotline) -> None:
    """The sounds of the live version. Publishing has made them, unless this is the first start."""
    from console.commands.prompts import phrases
    from ivr.live_flows import settings_of
    from ivr.prompts import make_prompts, missing_prompts

    settings = settings_of(hotline.settings, hotline.flows.flows().version)
    if missing_prompts(settings):
        make_prompts(settings, phrases=phrases(hotline.settings), progress=lambda text: click.echo(f"  {text}"))


def _wait_for_database(hotline: Hotline) -> None:
    """Without the database nobody knows the operators: until it answers, the static path takes all calls."""
    from sqlalchemy.exc import SQLAlchemyError

    told = False
    while True:
        try:
            return hotline.prepare_database()
        except SQLAlchemyError as error:
            if not told:
                click.echo(
                    f"the database does not answer ({type(error).__name__}); calls take the static path", err=True
                )
            told = True
            time.sleep(DATABASE_AGAIN_SECONDS)


def _newcomer(hotline: Hotline) -> Newcomer | None:
    from console import newcomer
    from console.app import now

    found = newcomer.prepare(hotline.settings, hotline.database, now())
    if found:
        hotline.add_telephones(found.telephones)
    return found


def _demo_trunk(settings: Settings) -> Phone:
    from console import newcomer
    from ivr.speech import speech

    sound = settings.data_dir / "demo-department.wav"
    sound.parent.mkdir(parents=True, exist_ok=True)
    sound.write_bytes(speech(newcomer.GREETING))
    return newcomer.demo_trunk(sound)


def _serve_pages(hotline: Hotline) -> None:
    """Until a signal comes. Streams to desks must not hold the end up: two seconds for them."""
    import uvicorn

    settings = hotline.settings
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises the signal again when it has shut down
    config = uvicorn.Config(
        hotline.app(), host=settings.http_host, port=settings.http_port, log_level="warning",
        log_config=None, access_log=False, timeout_graceful_shutdown=2, server_header=False,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


COMMANDS = {"serve": serve}
