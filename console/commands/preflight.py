"""`hotline preflight`: is everything there that the hotline needs?"""

from __future__ import annotations

import json
import sys

import click

from config.settings import Settings
from console.preflight import Finding
from console.preflight import preflight as look


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of {name, ok, detail, hint}.")
def preflight(as_json: bool) -> None:
    """Check everything the hotline needs, and say what to do. Exits with 1 when something is missing."""
    findings = look(Settings())
    if as_json:
        click.echo(json.dumps([finding.to_json() for finding in findings], ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(_line(finding) for finding in findings))
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def _line(finding: Finding) -> str:
    mark = click.style("✓", fg="green") if finding.ok else click.style("✗", fg="red")
    line = f"{mark} {finding.name:<13} {finding.detail}"
    return f"{line}\n  {'':<13} → {finding.hint}" if finding.hint else line


COMMANDS = {"preflight": preflight}
