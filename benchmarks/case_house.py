"""Databases with many cases in them, and the servers that are measured: ours, and a bare one that inserts a row."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Connection, String, insert, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.made_up_cases import MadeUp, made_up
from cases import people
from cases.model import AssignmentRow, CaseEventRow, CaseRow, CaseShare, CaseWords, Person, new_id
from cases.search_words import fold, pairs
from cases.words import Role
from config.city import City
from config.database import Database

UNTIL = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
_AT_ONCE = 5_000
_PAIRS = text("INSERT INTO case_pairs (rowid, pairs) VALUES (:row, :pairs)")
_GIN = "CREATE INDEX ix_case_words_pairs ON case_words USING gin (case_pairs(words))"


def fill(database: Database, city: City, size: int) -> None:
    """By bulk insert, with the words as the model would keep them: nobody's number stands in these."""
    postgres = database.engine.dialect.name == "postgresql"
    some = iter(made_up(city, size, UNTIL))
    if postgres:
        _execute(database, "DROP INDEX ix_case_words_pairs")
    while cases := list(itertools.islice(some, _AT_ONCE)):
        with database.engine.begin() as connection:
            _insert(connection, cases)
    if postgres:
        _execute(database, "SET maintenance_work_mem = '256MB'", _GIN)
    _execute(database, "ANALYZE")


def _execute(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _insert(connection: Connection, cases: list[MadeUp]) -> None:
    connection.execute(insert(CaseRow), [_case(case) for case in cases])
    connection.execute(insert(CaseEventRow), [_event(case) for case in cases])
    if led := [_assignment(case) for case in cases if case.department]:
        connection.execute(insert(AssignmentRow), led)
        connection.execute(insert(CaseShare), [_share(each) for each in cases if each.department])
    words = {case.number: fold(case.place, case.summary, case.text) for case in cases}
    connection.execute(insert(CaseWords), [{"case_number": number, "words": each} for number, each in words.items()])
    if connection.dialect.name == "sqlite":
        connection.execute(_PAIRS, [{"row": int(n), "pairs": " ".join(pairs(each))} for n, each in words.items()])


def _case(case: MadeUp) -> dict[str, Any]:
    return {
        "number": case.number, "code": "ABCDEFGHJK", "kind": "complaint", "category": case.category,
        "urgency": "ordinary", "confidentiality": "ordinary", "place": case.place, "phone": case.phone,
        "caller_name": "", "summary": case.summary, "text": case.text, "state": case.state, "answer": "",
        "version": 1, "created_by": "wang", "created_at": case.created_at, "updated_at": case.created_at,
    }  # fmt: skip


def _event(case: MadeUp) -> dict[str, Any]:
    return {
        "case_number": case.number,
        "seq": 1,
        "at": case.created_at,
        "step": "register",
        "actor": "wang",
        "data": {},
    }


def _assignment(case: MadeUp) -> dict[str, Any]:
    replied = case.created_at if case.state == "replied" else None
    return {
        "id": new_id(), "case_number": case.number, "department": case.department, "part": "lead", "place": 0,
        "progress": "replied" if replied else "signed", "due_at": case.created_at, "due_explained": [],
        "dispatched_at": case.created_at, "signed_at": case.created_at, "replied_at": replied,
    }  # fmt: skip


def _share(case: MadeUp) -> dict[str, Any]:
    named = {"department": case.department, "case_number": case.number}
    return named | {"created_at": case.created_at, "state": case.state}


# ---- servers
def log_in(database: Database, name: str, role: Role, department: str | None = None) -> str:
    """A bearer token of somebody new."""
    now = datetime.now(UTC)
    with database.session() as session:
        whose = {"name": name, "role": role.value, "department": department, "password_hash": "-"}
        person = Person(**whose, disabled=False, created_at=now)
        session.add(person)
        session.flush()
        return people.new_token(session, person, "api", hours=12, now=now)[0]


@contextmanager
def served(app: FastAPI, bearer: str = "nobody") -> Iterator[httpx.Client]:
    """The application on loopback, and somebody who asks it."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each answer waits 40 ms for an ACK
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    url, headers = f"http://127.0.0.1:{listening.getsockname()[1]}", {"Authorization": f"Bearer {bearer}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        yield client
    server.should_exit = True
    thread.join()


class _Rows(DeclarativeBase):
    type_annotation_map = {str: String()}  # noqa: RUF012 - SQLAlchemy's own declaration


class _Row(_Rows):
    __tablename__ = "bare"

    id: Mapped[int] = mapped_column(primary_key=True)
    summary: Mapped[str]
    text: Mapped[str]


class _NewRow(BaseModel):
    summary: str
    text: str


def bare(database: Database) -> FastAPI:
    """FastAPI and SQLAlchemy, one row to a request: what nobody can do without."""
    _Rows.metadata.create_all(database.engine)
    app = FastAPI()

    @app.post("/rows")
    def new(body: _NewRow) -> dict[str, int]:
        row = _Row(summary=body.summary, text=body.text)
        with database.session() as session:
            session.add(row)
        return {"id": row.id}

    return app


@contextmanager
def sink() -> Iterator[str]:
    """A department's system that takes everything; its address."""

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()
