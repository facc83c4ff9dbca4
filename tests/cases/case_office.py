"""The case half's API on a real socket, and somebody who is logged in to it."""

import socket
import threading
import time

import httpx
import uvicorn
from fastapi import FastAPI

from cases import georeport, limits, people, problem_details
from cases.api import router
from cases.words import Role

PASSWORD = "correct horse"


class Office:
    """A running API with its people."""

    def __init__(self, database, city, settings, clock, **more) -> None:
        self.database, self.settings, self.clock = database, settings, clock
        app = FastAPI()
        app.include_router(router(database, city, settings, clock, **more), prefix="/api/v1")
        app.mount("/open311/v2", georeport.app(database, city, settings, clock))
        problem_details.install(app)
        limits.install(app, body_seconds=3.0)
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each answer waits 40 ms for an ACK
        self.root = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.url = f"{self.root}/api/v1"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def anonymous(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def person(self, name: str, role: Role, department: str | None = None) -> httpx.Client:
        """Added with a token of their own; the password is hashed once for all tests."""
        with self.database.session() as session:
            row = people.Person(name=name, role=role.value, password_hash="-", department=department, disabled=False,
                                created_at=self.clock())  # fmt: skip
            session.add(row)
            session.flush()
            token, _ends = people.new_token(session, row, "api", hours=12, now=self.clock())
        return self._with(token)

    def system(self, department: str) -> httpx.Client:
        """A department's own system with its API key."""
        with self.database.session() as session:
            key = people.new_api_key(session, department, now=self.clock())
        return self._with(key)

    def _with(self, bearer: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {bearer}"}, trust_env=False, timeout=30
        )
