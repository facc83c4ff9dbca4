"""The first `make run`: two operators, a supervisor's login, a citizen's test telephone, and somebody to answer for the
departments, so that a newcomer can live through a call at once. Made only when nobody has been added yet.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cases import people
from cases.words import Role
from config.database import Database
from config.settings import Settings
from config.telephones import Account, sip_digest
from phone import Phone, PhoneCall

OPERATORS, CITIZEN, ADMINISTRATOR = ("op1", "op2"), "citizen", "admin"
GREETING = "您好，这里是值班室，请讲。"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Names and passwords of the demonstration, kept in the data folder for whoever runs it."""

    passwords: dict[str, str]

    @property
    def telephones(self) -> list[Account]:
        """The citizen's test telephone; the operators' come from the database like everybody's."""
        return [Account(CITIZEN, sip_digest(CITIZEN, self.passwords[CITIZEN]), "citizen")]

    def welcome(self, settings: Settings) -> str:
        base = settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
        server = f"{settings.sip_host}:{settings.sip_port}"
        rows = [
            f"  desk page        {base}/desk        log in as {OPERATORS[0]} / {self.passwords[OPERATORS[0]]}",
            f"  citizens' page   {base}/",
            "  SIP telephones   (any softphone; server " + server + ")",
            *(f"    operator       {name} / {self.passwords[name]}" for name in OPERATORS),
            f"    citizen        {CITIZEN} / {self.passwords[CITIZEN]}        dial 12345",
            f"  administrator    {ADMINISTRATOR} / {self.passwords[ADMINISTRATOR]}",
            "",
            f"  1. Register a softphone as {OPERATORS[0]}, log in at the desk as {OPERATORS[0]}, choose 就绪 (ready).",
            f"  2. Register another as {CITIZEN} and dial 12345. The operator's phone rings: answer, talk.",
            "  3. At the desk: F4 calls a department into the talk, Ctrl+Enter registers and dispatches the case.",
            "  No softphone? `make demo` plays all three parts.",
        ]
        return "\n".join(rows)


def prepare(settings: Settings, database: Database, now: datetime) -> Newcomer | None:
    """The demonstration's people: those of an earlier run, or new ones when nobody was ever added."""
    file = settings.data_dir / "demo.json"
    if file.exists():
        return Newcomer(json.loads(file.read_text()))
    with database.session() as session:
        if people.people(session):
            return None
        passwords = {name: secrets.token_urlsafe(9) for name in (*OPERATORS, CITIZEN, ADMINISTRATOR)}
        for name in OPERATORS:
            people.add_person(session, name, Role.OPERATOR, passwords[name], now=now)
        people.add_person(session, ADMINISTRATOR, Role.ADMINISTRATOR, passwords[ADMINISTRATOR], now=now)
    _write_private(file, json.dumps(passwords))
    return Newcomer(passwords)


def demo_trunk(sound: Path) -> Phone:
    """Stands in for the city's telephone network: every department's number is answered, and says who is there."""

    def up(call: PhoneCall) -> None:
        call.play(sound)

    return Phone("trunk", answering="auto", when_up=up)


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
