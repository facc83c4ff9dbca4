"""`hotline asterisk`: get, configure and run the private Asterisk by hand. `hotline serve` does all three by itself."""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

import click

from config.settings import Settings
from ivr.installation import Installation
from ivr.private_asterisk import AsteriskProblem, PrivateAsterisk
from ivr.unpack import UnpackProblem


@click.group()
def asterisk() -> None:
    """Get, configure and run the private Asterisk."""


@asterisk.command()
def get() -> None:
    """Fetch Asterisk and espeak-ng from this machine's own package archive, without root and without installing them.

    They are unpacked into the cache folder (~/.cache/hotline, or below XDG_CACHE_HOME) and shared by all hotlines of
    this user. A system Asterisk of version 20 or newer with the modules that are needed is used instead.
    """
    started = time.monotonic()
    found = _installed(PrivateAsterisk(Settings()))
    click.echo(f"Asterisk {found.version}: {found.command[-1]} ({time.monotonic() - started:.1f} s)")


@asterisk.command()
def config() -> None:
    """Write Asterisk's configuration into the data folder. Telephones known there already stay."""
    own = PrivateAsterisk(Settings())
    _installed(own)
    own.configure()
    click.echo(f"written to {own.files.etc}")


@asterisk.command()
def run() -> None:
    """Run Asterisk alone in the foreground; Ctrl-C ends it, and with it all calls."""
    own = PrivateAsterisk(Settings())
    _installed(own)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        adopted = own.adopt_or_start()
        click.echo(f"Asterisk {'was running already' if adopted else 'runs'} (process {own.pid}): {_addresses(own)}")
        while own.running:
            time.sleep(0.5)
        raise AsteriskProblem(f"Asterisk has ended by itself; see {own.log_path}")
    except AsteriskProblem as problem:
        sys.exit(f"{problem}")
    except KeyboardInterrupt:
        own.stop()
        click.echo("stopped")


def _installed(own: PrivateAsterisk) -> Installation:
    try:
        return own.ensure_unpacked(lambda text: click.echo(f"  {text}"))
    except UnpackProblem as problem:
        sys.exit(f"{problem}")


def _addresses(own: PrivateAsterisk) -> str:
    told = own.settings
    return f"SIP {told.sip_host}:{told.sip_port}/udp, log {own.log_path}"


def _interrupt(*_signal: Any) -> None:
    raise KeyboardInterrupt


COMMANDS = {"asterisk": asterisk}
