"""The acts, in order, each through the door that people and their systems use: telephones by SIP, the operator by the
HTTP API, the department by signed webhook and its API key. An act returns only when what it is about has happened.
"""

from __future__ import annotations

import contextlib
import time
import wave
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from console.demo import script as texts
from console.demo.listening import Event, Listening
from console.demo.result import Result
from console.demo.script import Script
from console.demo.stage import Stage
from console.demo.talk import Talk
from console.demo.told import DemoFailed, Told
from console.newcomer import OPERATORS
from console.simulator.department import SimulatedDepartment
from ivr.call import Role
from phone import Phone, PhoneError

OPERATOR = OPERATORS[0]
PROMPTS = ("welcome", "recording_notice")  # what stands before a human in call_flows/main.yaml
FIELDS = ("kind", "urgency", "place", "phone", "summary")
RING_SECONDS, STEP_SECONDS, DRAFT_SECONDS = 30.0, 10.0, 30.0
PICK_UP_SECONDS = 1.0  # nobody answers at once


class Play:
    """A context manager: telephones and connections end with it."""

    def __init__(self, stage: Stage, trunk: Phone, script: Script, sounds: dict[str, Path], told: Told) -> None:
        self.stage, self.trunk, self.script, self.told = stage, trunk, script, told
        with contextlib.ExitStack() as held:
            self._operator = held.enter_context(self._telephone())
            self._api = held.enter_context(self._log_in())
            self._key, self._department = self._take_place()
            held.callback(self._department.stop)
            self._held = held.pop_all()
        self._listening = Listening(self._api, self._tell)
        self._talk = Talk(self._listening, told, sounds)
        self.result = Result(said=self._talk.said)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.stop()
        self._held.__exit__(kind, value, trace)

    def run(self) -> Result:
        """All acts. Raises DemoFailed or PhoneError at the first thing that does not happen."""
        self.told.begin()
        for act in (self.ring, self.call_department, self.part, self.wait_for_draft):
            self.stage.check_alive()
            act()
        for act in (self.register, self.dispatch, self.receipts):
            time.sleep(self.script.pause)
            self.stage.check_alive()
            act()
        self.result.times.total = round(self.told.seconds, 1)
        return self.result

    # ---- the acts
    def ring(self) -> None:
        """The citizen dials, hears greeting and notice, and is answered; they talk."""
        self._listening.start()
        self._ok(self._api.put("/operators/me", json={"status": "ready"}))
        self.told.act("市民拨打 12345，先听到问候和录音告知 (dials; greeting and recording notice)")
        citizen = self.trunk.call("12345", caller_id=texts.CALLER).wait_up(RING_SECONDS)
        ring = self._operator.wait_for_ring(RING_SECONDS)
        waited = (ring.ringing_at or 0.0) - (citizen.up_at or 0.0) - self._prompt_seconds()
        self.result.times.ring_beyond_prompts = round(max(0.0, waited), 2)
        self.told.act(f"话务员 {OPERATOR} 的电话响了，接听 (the operator's telephone rings and is answered)")
        time.sleep(PICK_UP_SECONDS)
        self._talk.calls = {Role.CITIZEN: citizen, Role.OPERATOR: ring.answer().wait_up()}
        self.result.call = self._until(self._room, "会议室 (the room)")
        self._talk.speak(self.script.alone)

    def call_department(self) -> None:
        """The operator calls the department in; all three talk."""
        self.told.act("话务员请求承办单位加入三方通话 (calls the department in)")
        asked = time.monotonic()
        self._ok(self._api.post(f"/rooms/{self.result.call}/participants", json={"department": texts.DEPARTMENT}))
        ring = self.trunk.wait_for_ring(STEP_SECONDS)
        self.result.times.department_rings = round((ring.ringing_at or 0.0) - asked, 2)
        time.sleep(PICK_UP_SECONDS)
        self._talk.calls[Role.DEPARTMENT] = ring.answer().wait_up()
        self._until(lambda: self._states() == ["talking"] * 3, "三方通话 (three who talk)")
        self._talk.speak(self.script.together)

    def part(self) -> None:
        """The citizen says goodbye and hangs up; nobody's telephone stays off the hook."""
        self._talk.speak(self.script.ending)
        self.told.act("市民挂机，通话结束 (hangs up; the call is over)")
        self._talk.calls[Role.CITIZEN].hang_up()
        for call in self._talk.calls.values():
            call.wait_ended(STEP_SECONDS)

    def wait_for_draft(self) -> None:
        """The recordings become a transcript, the transcript a draft."""
        began, path = time.monotonic(), f"/calls/{self.result.call}"
        self._until(lambda: self._get(path)["transcript_state"] == "done", "转写 (the transcript)", DRAFT_SECONDS)
        call = self._get(path)
        self.result.times.draft = round(time.monotonic() - began, 2)
        self.result.transcript, self.result.draft = call["transcript"]["utterances"], call["draft"]
        self.told.act("录音转写完成，草稿就绪 (final transcript and draft)")
        self._check_words()
        self.told.draft(call["draft"])

    def register(self) -> None:
        """The operator puts right what the draft cannot know, and makes it a case."""
        draft = self.result.draft
        if not draft["category"]:
            raise DemoFailed("草稿没有类别 (the draft has no category)")
        said = "".join(u["text"] + "。" for u in self.result.transcript if u["role"] == Role.CITIZEN)
        body = {name: draft[name] for name in FIELDS} | {"category": draft["category"][0]["code"], "text": said}
        body |= {"caller_name": texts.CALLER_NAME, "call": self.result.call}
        headers = {"Idempotency-Key": f"demo-{self.result.call}"}
        self.result.case = self._ok(self._api.post("/cases", json=body, headers=headers))
        self.told.act(f"话务员补上姓名，登记为工单 {self.result.case['number']} (corrects and registers)")

    def dispatch(self) -> None:
        """To the department that the draft proposes; its own system hears of it."""
        lead = next((d["code"] for d in self.result.draft["departments"] if d["role"] == "lead"), "")
        if lead != texts.DEPARTMENT:
            raise DemoFailed(
                f"草稿建议的主办单位是 {lead or '空'}，应为 {texts.DEPARTMENT} (another lead was expected)"
            )
        self.told.act("话务员派单 (dispatches)")
        began = time.monotonic()
        self._step(self._api, action="dispatch", lead=lead)
        self._until(lambda: self._department.received, "承办单位系统收到工单 (the webhook)")
        self.result.times.delivered = round(time.monotonic() - began, 2)
        self.result.message = self._department.received[0]

    def receipts(self) -> None:
        """The department signs and replies with its own key; all three receipts stand on the case."""
        self._until(lambda: self._share()["delivered_at"], "送达回执 (the receipt: delivered)")
        with httpx.Client(base_url=self._api.base_url, headers={"Authorization": f"Bearer {self._key}"},
                          trust_env=False) as own:  # fmt: skip
            self._step(own, action="sign")
            self.told.act("承办单位签收 (signs)")
            time.sleep(self.script.pause)
            self._step(own, action="reply", reply=texts.REPLY)
            self.told.act(f"承办单位答复：{texts.REPLY} (replies)")
        self._until(lambda: self._share()["replied_at"], "答复回执 (the receipt: replied)")
        if len(self._department.received) != 1:
            raise DemoFailed(f"承办单位收到 {len(self._department.received)} 次 (received more than once)")

    # ---- the people
    def _telephone(self) -> Phone:
        phone = Phone(OPERATOR, server=self.stage.sip, password=self.stage.passwords()[OPERATOR])
        until = time.monotonic() + STEP_SECONDS
        while True:
            with contextlib.suppress(PhoneError):
                return phone.register()
            if time.monotonic() > until:
                phone.close()
                raise DemoFailed("话务员的电话注册不上 (the operator's telephone cannot register)")
            time.sleep(0.2)

    def _log_in(self) -> httpx.Client:
        base, login = f"{self.stage.url}/api/v1", {"name": OPERATOR, "password": self.stage.passwords()[OPERATOR]}
        token = self._ok(httpx.post(f"{base}/tokens", json=login, timeout=STEP_SECONDS, trust_env=False))["token"]
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=base, headers=headers, timeout=STEP_SECONDS, trust_env=False)

    def _take_place(self) -> tuple[str, SimulatedDepartment]:
        """The department's own system listens, and tells the hotline where."""
        made = self.stage.command("key", "add", texts.DEPARTMENT)
        department = SimulatedDepartment(
            texts.DEPARTMENT, made["secret"], hotline=self.stage.url, key=made["key"], say=self._from_department
        )
        department.start()
        self._ok(department.listen_here())
        return made["key"], department

    def _from_department(self, text: str) -> None:
        self.told.act("承办单位系统收到签名消息，签名有效 (a signed webhook arrives; its signature is valid)")
        self.told.plain("\n".join(f"           {line}" for line in text.splitlines()))

    def _tell(self, event: Event) -> None:
        if event.kind == "caption" and event.data["final"] and event.data["text"]:
            self.told.caption(event.data["role"], event.data["text"])
        elif event.kind == "room":
            self.told.room(event.data)
        elif event.kind == "draft":
            self.told.draft(event.data)

    # ---- looking
    def _room(self) -> str:
        rooms = self._get("/rooms")["items"]
        return str(rooms[0]["id"]) if rooms else ""

    def _states(self) -> list[str]:
        return [p["state"] for p in self._get(f"/rooms/{self.result.call}")["participants"]]

    def _share(self) -> dict[str, Any]:
        self.result.case = self._get(f"/cases/{self.result.case['number']}")
        share: dict[str, Any] = self.result.case["assignments"][0]
        return share

    def _check_words(self) -> None:
        for line in self.script.lines:
            said = "".join(u["text"] for u in self.result.transcript if u["role"] == line.who)
            if missing := [word for word in line.words if word not in said]:
                raise DemoFailed(f"转写里没有 (missing in the transcript): {'、'.join(missing)}")

    def _prompt_seconds(self) -> float:
        return sum(_seconds(self.stage.settings.prompts_dir / "zh-CN" / f"{name}.wav") for name in PROMPTS)

    def _step(self, client: httpx.Client, **body: str) -> None:
        self._ok(client.post(f"/cases/{self.result.case['number']}/transitions", json=body))

    def _get(self, path: str) -> dict[str, Any]:
        return self._ok(self._api.get(path))

    def _ok(self, answer: httpx.Response) -> dict[str, Any]:
        if not answer.is_success:
            raise DemoFailed(f"{answer.request.method} {answer.request.url.path} -> {answer.status_code} {answer.text}")
        read: dict[str, Any] = answer.json()
        return read

    def _until(self, is_true: Callable[[], Any], what: str, within: float = STEP_SECONDS) -> Any:
        until = time.monotonic() + within
        while not (found := is_true()):
            if time.monotonic() > until:
                raise DemoFailed(f"等了 {within:g} 秒没有等到 (waited in vain for): {what}")
            self.stage.check_alive()
            time.sleep(0.05)
        return found


def _seconds(path: Path) -> float:
    with wave.open(str(path), "rb") as sound:
        return sound.getnframes() / sound.getframerate()
