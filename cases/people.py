"""People who may log in: names, passwords, tokens that expire, departments' keys.

A wrong password and an unknown name cost the same time and get the same answer. Wrong tries are counted per name and
address (`tries.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cases import audit, tries
from cases.audit_chain import Action
from cases.model import ApiKey, Person, Presence, Token
from cases.words import Role
from config.database import Database
from config.telephones import Account, name_problem, sip_digest

# who has a telephone besides the login -> its kind; a supervisor's is called to listen, whisper or join
WITH_TELEPHONE: Mapping[str, Literal["operator", "supervisor"]] = {
    Role.OPERATOR: "operator",
    Role.SUPERVISOR: "supervisor",
}
SHORTEST_PASSWORD = 6
LONGEST_PASSWORD = 200
TRIES = 5
TRIES_PER_NAME = 50
TRIES_PER_ADDRESS = 300  # one password tried on every name; a whole office may sit behind one address
FORGIVEN_AFTER = timedelta(minutes=5)
CONSOLE = "console"  # whoever may run commands on the server

_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(2)  # each takes 64 MiB: a crowd at the door must not eat the memory


class Refused(ValueError):
    """Somebody cannot be added or changed like this; the message says why and what to do."""


def add_person(
    session: Session,
    name: str,
    role: Role,
    password: str,
    *,
    department: str | None = None,
    now: datetime,
    by: str = CONSOLE,
) -> Person:
    """A login; an operator's and a supervisor's is also a telephone (SIP account) of the same name and password."""
    _check_new(session, name, role, password, department)
    person = Person(
        name=name,
        role=role.value,
        password_hash=_hasher.hash(password),
        department=department,
        sip_digest=sip_digest(name, password) if role in WITH_TELEPHONE else None,
        disabled=False,
        created_at=now,
    )
    session.add(person)
    session.flush()
    audit.note(session, Action.PEOPLE, by, now=now, what="added", person=name, role=role.value, department=department)
    return person


def set_disabled(session: Session, name: str, disabled: bool, *, now: datetime, by: str = CONSOLE) -> Person:
    """Somebody may not log in any more, or may again. All their logins end, and so does their telephone's account."""
    person = session.get(Person, name)
    if person is None:
        raise Refused(f"there is nobody named {name}; `hotline user list` shows everybody")
    person.disabled = disabled
    session.execute(delete(Token).where(Token.name == name))
    audit.note(session, Action.PEOPLE, by, now=now, what="disabled" if disabled else "enabled", person=name)
    return person


def set_password(session: Session, name: str, password: str, *, now: datetime, by: str = CONSOLE) -> Person:
    """A new password; all logins of this person end."""
    person = session.get(Person, name)
    if person is None:
        raise Refused(f"there is nobody named {name}; `hotline user list` shows everybody")
    _check_password(password)
    person.password_hash = _hasher.hash(password)
    person.sip_digest = sip_digest(name, password) if person.role in WITH_TELEPHONE else None
    session.execute(delete(Token).where(Token.name == name))
    audit.note(session, Action.PEOPLE, by, now=now, what="password", person=name)
    return person


def people(session: Session) -> list[Person]:
    return list(session.scalars(select(Person).order_by(Person.name)))


def telephones(session: Session) -> list[Account]:
    """Operators' and supervisors' telephones, for the private Asterisk's configuration."""
    has_telephone = Person.sip_digest.is_not(None), Person.disabled.is_(False)
    rows = session.scalars(select(Person).where(*has_telephone).order_by(Person.name))
    return [Account(row.name, row.sip_digest, WITH_TELEPHONE[row.role]) for row in rows if row.sip_digest]


def log_in(database: Database, name: str, password: str, address: str, *, now: datetime) -> Person | None:
    """The person, or None for a wrong name or password alike. Raises TooManyTries before looking at the password.

    The try is counted first and forgiven afterwards, so that many guesses at once do not slip through; the password is
    hashed between the two transactions, because on SQLite nobody else can write during one.
    """
    theirs, everybody = (f"{name}\0{address}", name), f"\0{address}"
    with database.session() as session:
        for key, limit in zip((*theirs, everybody), (TRIES, TRIES_PER_NAME, TRIES_PER_ADDRESS), strict=True):
            tries.count(session, key, limit, FORGIVEN_AFTER, now)
        person = None if name_problem(name) else session.get(Person, name)
    nobody = _nobody()
    good = _matches(person.password_hash if person else nobody, password)
    right = person is not None and good and not person.disabled
    with database.session() as session:
        # a name that nobody has may be a password typed into the wrong field: it is not written down
        audit.note(session, Action.LOGIN if right else Action.LOGIN_FAILED, person.name if person else "-", now=now,
                   address=address)  # fmt: skip
        if right:
            tries.forget(session, *theirs)
            tries.forgive(session, everybody)
    return person if right else None


def new_token(session: Session, person: Person, kind: str, *, hours: int, now: datetime) -> tuple[str, datetime]:
    """A token of kind `api` or `page`, and when it ends. Only its hash is kept."""
    session.execute(delete(Token).where(Token.expires_at <= now))
    tries.forget_old(session, now)
    token, expires_at = f"hl_{secrets.token_urlsafe(32)}", now + timedelta(hours=hours)
    session.add(Token(digest=_digest(token), name=person.name, kind=kind, created_at=now, expires_at=expires_at))
    return token, expires_at


def person_of_token(session: Session, token: str, *, now: datetime, kind: str | None = None) -> Person | None:
    valid = [Token.digest == _digest(token), Token.expires_at > now, Person.disabled.is_(False)]
    if kind is not None:
        valid.append(Token.kind == kind)
    return session.scalar(select(Person).join(Token, Token.name == Person.name).where(*valid))


def end_token(session: Session, token: str) -> None:
    session.execute(delete(Token).where(Token.digest == _digest(token)))


def new_api_key(session: Session, department: str, *, now: datetime, by: str = CONSOLE) -> str:
    """A department's key for the API, to be shown once."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = ApiKey(prefix=prefix, digest=_digest(secret), department=department, created_at=now, disabled=False)
    session.add(key)
    audit.note(session, Action.KEY_MADE, by, now=now, department=department, prefix=prefix)
    return f"hk_{prefix}_{secret}"


def department_of_key(session: Session, key: str) -> str | None:
    """The department whose key this is."""
    match = re.fullmatch(r"hk_([0-9a-f]{8})_([\w-]{43})", key, re.ASCII)
    if match is None:
        return None
    row = session.scalar(select(ApiKey).where(ApiKey.prefix == match[1], ApiKey.disabled.is_(False)))
    return row.department if row and hmac.compare_digest(row.digest, _digest(match[2])) else None


def keep_presence(session: Session, name: str, status: str, reason: str, *, now: datetime) -> None:
    """Remember what an operator said of themselves: ready, paused or away."""
    session.merge(Presence(name=name, status=status, reason=reason, since=now))


def presences(session: Session) -> list[Presence]:
    return list(session.scalars(select(Presence).order_by(Presence.since)))


def _check_new(session: Session, name: str, role: Role, password: str, department: str | None) -> None:
    if problem := name_problem(name):
        raise Refused(problem)
    if session.get(Person, name) is not None:
        raise Refused(f"there is somebody named {name} already; choose another name")
    if (role is Role.CLERK) != (department is not None):
        raise Refused("a clerk belongs to a department (--department CODE), and nobody else does")
    _check_password(password)


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if not password.isprintable():
        raise Refused("this password has characters that cannot be seen (a line break, a control character)")


def _matches(password_hash: str, password: str) -> bool:
    try:
        with _hashing:
            return _hasher.verify(password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """A hash that no password matches, so that an unknown name takes as long as a wrong password."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
