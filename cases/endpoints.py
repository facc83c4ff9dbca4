"""By which way and where departments hear of their cases, and the keys both sides sign with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases import breakers, signing_keys
from cases.model import Endpoint, insert_new
from cases.words import Channel, Event


def endpoint(session: Session, department: str) -> Endpoint | None:
    return session.get(Endpoint, department)


def channel_for(target: Endpoint | None, event: Event) -> Channel:
    """By which way this event goes. What GeoReport has no word for goes by e-mail if there is an address, or is read
    on the page; so is everything while a department has no working address."""
    if target is None or target.disabled_because:
        return Channel.PAGE
    channel = Channel(target.channel)
    if channel is Channel.OPEN311 and event is not Event.DISPATCHED:
        channel = Channel.EMAIL
    needed = {Channel.WEBHOOK: target.url, Channel.OPEN311: target.url, Channel.EMAIL: target.email}
    return channel if needed.get(channel) else Channel.PAGE


def new_secret(session: Session, department: str, *, now: datetime) -> str:
    """A fresh signing secret (v1), to be shown once."""
    secret = signing_keys.new_secret()
    add_secret(session, department, secret, now=now)
    return secret


def new_key_pair(session: Session, department: str, *, now: datetime) -> str:
    """From now on messages are signed with a key of our own, too (v1a); the public half, for the department."""
    private = signing_keys.new_private()
    _add_key(session, department, private, now)
    return signing_keys.public_of(private)


def add_secret(session: Session, department: str, secret: str, *, now: datetime) -> None:
    """One that the department has chosen: a secret, or its public key."""
    _add_key(session, department, signing_keys.sound(secret), now)


def public_keys(target: Endpoint | None) -> list[str]:
    """By which the department knows our messages."""
    live = target.secrets if target else []
    return [signing_keys.public_of(key) for key in signing_keys.of_kind(live, signing_keys.PRIVATE)]


def set_endpoint(
    session: Session,
    department: str,
    url: str | None,
    networks: list[str],
    *,
    now: datetime,
    channel: Channel | None = None,
    **more: Any,
) -> Endpoint:
    """From now on cases go this way. `more`: email, approved_host, full_body, options; what is not given stays."""
    row = _row(session, department, now)
    row.channel = (channel or (Channel.WEBHOOK if url else Channel.PAGE)).value
    row.url, row.networks, row.disabled_because, row.changed_at = url, networks, "", now
    for name, value in more.items():
        setattr(row, name, value)
    session.flush()
    breakers.reset(session, department)
    return row


def _add_key(session: Session, department: str, key: str, now: datetime) -> None:
    row = _row(session, department, now)
    row.secrets, row.changed_at = signing_keys.with_new(row.secrets, key), now


def _row(session: Session, department: str, now: datetime) -> Endpoint:
    fresh: dict[str, Any] = {
        "department": department,
        "channel": Channel.PAGE.value,
        "url": None,
        "approved_host": "",
        "email": "",
        "full_body": False,
        "options": {},
        "secrets": [],
        "networks": [],
        "disabled_because": "",
        "changed_at": now,
    }
    insert_new(session, Endpoint, [fresh])
    return session.get_one(Endpoint, department, with_for_update=True)
