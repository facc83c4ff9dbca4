"""`hotline audit`: is the record of who did and saw what as it was written?"""

from __future__ import annotations

import json
import sys

import click

from cases.audit_check import verify
from cases.audit_heads import Signer
from cases.audit_signing import Unsound, sign
from config.settings import Settings
from console.commands import database

_as_json = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.group()
def audit() -> None:
    """Verify and sign the audit."""


@audit.command("verify")
@_as_json
def verify_command(as_json: bool) -> None:
    """Read the whole audit and name every place that was edited, deleted, cut or rewritten. Exit 1 if there is one."""
    settings = Settings()
    report = verify(database.opened(), settings, database.now())
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
    else:
        for each in report.findings:
            click.echo(f"{each.trouble.value} {each.trouble.label}: {each.detail}")
        verdict = "审计记录完好" if report.ok else f"发现 {len(report.findings)} 处问题"
        click.echo(f"{verdict}：共 {report.entries} 条，{report.heads} 个签名，签名到第 {report.signed_until} 条")
    sys.exit(0 if report.ok else 1)


@audit.command("sign")
@click.option("--rotate", is_flag=True, help="Sign with a new key from now on; the old one's signatures stay valid.")
@_as_json
def sign_command(rotate: bool, as_json: bool) -> None:
    """Sign the newest entry now. The worker does this by itself every ten minutes."""
    settings = Settings()
    try:
        head = sign(database.opened(), settings, database.now())
    except Unsound:
        sys.exit("the audit has been changed since the last signature; run `hotline audit verify`")
    if rotate:
        Signer(settings.keys_folder).rotate()
    if as_json:
        click.echo(json.dumps({"signed": head.seq if head else None, "file": str(settings.audit_heads_file)}))
        return
    click.echo(
        f"signed until entry {head.seq}: {settings.audit_heads_file}" if head else "everything is signed already"
    )
    if rotate:
        click.echo("the next signature is made with a new key")


COMMANDS = {"audit": audit}
