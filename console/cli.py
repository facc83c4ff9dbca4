"""`hotline`: every command of the hotline. Each module in console/commands/ lists its own in COMMANDS.

Modules are imported only when one of their commands is wanted, so that `hotline check` need not load a recogniser.
Exit codes: 0 good, 1 problems found, 2 wrong use.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

# command -> (module in console.commands, one line of help)
COMMANDS = {
    "serve": ("serve", "Answer calls and serve the pages."),
    "worker": ("worker", "Work off deliveries, recordings and limits (serve starts one by itself)."),
    "preflight": ("preflight", "Check everything the hotline needs, and say what to do."),
    "check": ("flows", "Find every mistake in call flows and city data."),
    "simulate": ("flows", "Call a flow in the terminal."),
    "test": ("flows", "Run the scenarios beside the call flows."),
    "draw": ("flows", "Draw a flow, with counts from real calls when asked."),
    "replay": ("replay", "Try a draft of the call flows on recorded calls."),
    "publish": ("versions", "Make the call flows live."),
    "flows": ("versions", "List the published versions of the call flows."),
    "rollback": ("versions", "Make the version before live again."),
    "prompts": ("prompts", "Make the prompts into audio."),
    "asterisk": ("asterisk", "Get, configure and run the private Asterisk."),
    "transcribe": ("speech", "Turn a recording into text."),
    "model": ("speech", "Build, fetch or describe the speech model."),
    "draft": ("draft", "Turn what was said into a draft case."),
    "deadline": ("deadline", "Explain day by day until when a case has to be settled."),
    "user": ("people", "Add people who may log in."),
    "operator": ("people", "Add operators: a login and a telephone of the same name."),
    "key": ("people", "Give a department its API key and signing secret."),
    "caller": ("caller", "Block a caller for a time, or let one go first."),
    "reporter": ("reporter", "Let programs report over Open311, each with its own key."),
    "retention": ("retention", "Erase what the city no longer keeps; --dry-run only says what."),
    "audit": ("audit", "Verify and sign the record of who did and saw what."),
    "report": ("report", "Write the weekly analysis, the rates or the ranking into a file."),
    "seed": ("seed", "Live through a believable week, so that there is something to look at."),
    "delivery": ("delivery", "See what has not reached departments, and send it again."),
    "demo": ("demo", "Hold a scripted three-way call with sound, from ring to delivered case."),
    "department-simulator": ("department", "Be a department's own system, well-behaved or not, to try things out."),
}


class _Lazy(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A setting that cannot be is wrong use (exit 2), and said in one line each."""
        from pydantic import ValidationError

        try:
            return super().invoke(ctx)
        except ValidationError as error:
            if error.title != "Settings":
                raise
            for each in error.errors():
                where = "_".join(str(part) for part in each["loc"])
                click.echo(f"{where} (HOTLINE_{where.upper()}): {each['msg']}", err=True)
            sys.exit(2)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"console.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hotline12345")
def main() -> None:
    """The 12345 hotline. Settings come from hotline.toml and HOTLINE_* variables; see README.md."""
    os.umask(0o077)  # recordings, the database, secrets: what the hotline writes is for its own user's eyes only


if __name__ == "__main__":
    main()
