"""The main job, end to end, on real parts: a citizen rings, and a department answers the case. Nothing is stood in for:
`hotline serve` with its worker and its own Asterisk, telephones over SIP, speech, Vosk, HTTP, a department's receiver.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest

from console.demo.listening import Listening
from ivr.speech import speech
from phone import Phone, PhoneCall, hearing
from tests.cases.department_receiver import Receiver
from tests.house import CITIZEN, OPERATOR, eventually
from tests.served import Served, register, served

pytestmark = [pytest.mark.calls, pytest.mark.slow, pytest.mark.timeout(240)]

SUPERVISOR = hearing.SUPERVISOR
VOICES = {"citizen": "+m4", "operator": "+f4", "department": "+quincy"}  # kept out of the model's training
COMPLAINT = "您好，我要投诉，人民路附近的路灯坏了，已经三天了。"
NUMBER = "我的电话是幺三八零五七幺二三四五。"
PROMISE = "我们马上派人，预计两个小时内修好。"
REPLY = "已更换灯泡，路灯恢复照明。"


@pytest.fixture(scope="module")
def hotline() -> Iterator[Served]:
    with served(delivery_retry_seconds=0.5, delivery_networks=("127.0.0.0/8",)) as started:
        eventually(lambda: metric(started, "captions_ok"), "captions", 30)
        yield started


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A department's system that has a bad moment at first. It believes only what is signed with its secret."""
    department = Receiver("500")
    yield department
    department.close()


def test_a_spoken_complaint_becomes_a_case_that_is_delivered_signed_and_answered(
    hotline: Served, receiver: Receiver
) -> None:
    department_api = listens_at(hotline, "street_lighting", receiver)
    with hotline.operator("op1", tone=None) as (phone, api):
        desk = Listening(api)
        desk.start()

        # the citizen rings, is greeted, and an operator answers
        citizen = hotline.trunk.call("12345", caller_id="13900001234")
        assert citizen.wait_up(5).comes_to_hear(lambda heard: not hearing.is_silent(heard), within=3)
        operator = phone.wait_for_ring(25).answer()
        room = eventually_some(lambda: api.get("/rooms").json()["items"])[0]["id"]

        # what they say stands on the operator's desk
        say(citizen, "citizen", COMPLAINT)
        assert caption(desk, "citizen", "三天") == "你好我要投诉人民路附近的路灯坏了已经三天了"
        say(citizen, "citizen", NUMBER)
        assert caption(desk, "citizen", "我的电话") == "我的电话是13805712345"

        # a department comes in; all three hear each other
        answer = api.post(f"/rooms/{room}/participants", json={"department": "street_lighting"})
        assert answer.status_code == 201
        department = hotline.trunk.wait_for_ring(10).wait_up(5)
        eventually(lambda: states(api, room) == ["talking"] * 3, "three who talk")
        mark = time.monotonic()
        say(department, "department", PROMISE)
        for other in (citizen, operator):
            assert not hearing.is_silent(other.heard_between(mark + 0.5, mark + 2.5))
        assert caption(desk, "department", "修好") == "我们马上派人预计两个小时内修好"
        citizen.hang_up()
        operator.wait_ended(5)
        department.wait_ended(5)

        # the recordings become a transcript, with times and confidence
        call = transcribed(api, room)
        said = {(u["role"], u["text"]): u for u in call["transcript"]["utterances"]}
        assert {role for role, _text in said} == {"citizen", "department"}
        first = said["citizen", "你好我要投诉人民路附近的路灯坏了已经三天了"]
        later = said["department", "我们马上派人预计两个小时内修好"]
        assert 7 < first["start"] < first["end"] < later["start"] < later["end"] < 60
        assert first["end"] - first["start"] == pytest.approx(5.8, abs=0.5)
        assert min(u["confidence"] for u in said.values()) > 0.9

        # the transcript becomes a draft that says why
        draft = call["draft"]
        assert (draft["kind"], draft["urgency"], draft["place"]) == ("complaint", "ordinary", "人民路附近")
        assert draft["phone"] == "13805712345"  # the number they told, not the one they called from
        assert draft["category"][0]["code"] == "urban_construction"
        lead = draft["departments"][0]
        assert (lead["code"], lead["role"]) == ("street_lighting", "lead")
        for why in (*(draft["reasons"][f] for f in ("kind", "place", "phone")), draft["category"][0], lead):
            assert why["reason"]
            assert why["source"]["sentence"] in {text for _role, text in said}

        # the operator puts it right and registers it; dispatches it
        body = {"kind": "complaint", "category": "urban_construction", "urgency": "urgent", "call": room,
                "place": "人民路 120 号附近", "phone": draft["phone"], "caller_name": "王先生",
                "summary": draft["summary"]}  # fmt: skip
        case = api.post("/cases", json=body, headers={"Idempotency-Key": room}).json()
        assert api.post("/cases", json=body, headers={"Idempotency-Key": room}).json()["number"] == case["number"]
        assert api.get(f"/calls/{room}").json()["cases"] == [case["number"]]
        step(api, case, action="dispatch", lead="street_lighting")

        # its system answers 500 once, and then has it exactly once, genuinely from us
        eventually(lambda: receiver.effects, "the webhook", 90)
        [message] = receiver.effects.values()
        assert message["data"]["number"] == case["number"]
        assert "place" not in message["data"], "a thin message: what the citizen said is fetched, and that is noted"
        assert department_api.get(f"/cases/{case['number']}").json()["place"] == "人民路 120 号附近"
        assert receiver.copies == {receiver.order[0]: 2}

        # it signs and replies; all receipts stand on the case
        step(department_api, case, action="sign")
        step(department_api, case, action="reply", reply=REPLY)
        found = api.get(f"/cases/{case['number']}").json()
        [share] = found["assignments"]
        assert share["delivered_at"] <= share["signed_at"] <= share["replied_at"]
        assert share["reply"] == REPLY
        assert [(d["state"], d["attempts"]) for d in found["deliveries"]] == [("delivered", 2)]
        assert any(e.kind == "case" and e.data["no"] == case["number"] for e in desk.events)
        desk.stop()


def test_at_night_a_message_becomes_a_transcript_and_a_draft_and_can_be_registered(hotline: Served) -> None:
    with hotline.operator("op1", ready=False) as (_phone, api):
        assert api.put("/operators/me", json={"status": "away"}).status_code == 200
        citizen = hotline.trunk.call("12345", caller_id="13900005678").wait_up(5)
        wait_for_tone_to_speak(citizen)
        say(citizen, "citizen", COMPLAINT)
        citizen.hang_up()  # in the middle: what was said is kept

        messages = {"what": "message", "registered": False}
        call_id = eventually_some(lambda: api.get("/calls", params=messages).json()["items"], 15)[0]["id"]
        call = transcribed(api, call_id)
        assert not call["answered"]
        assert [r["what"] for r in call["recordings"]] == ["message"]
        assert call["transcript"]["utterances"][0]["text"] == "你好我要投诉人民路附近的路灯坏了已经三天了"
        draft = call["draft"]
        assert (draft["kind"], draft["place"], draft["phone"]) == ("complaint", "人民路附近", "13900005678")

        fields = ("kind", "urgency", "place", "phone", "summary")
        body = {name: draft[name] for name in fields} | {"category": draft["category"][0]["code"], "call": call_id}
        case = api.post("/cases", json=body)
        assert case.status_code == 201
        assert api.get(f"/calls/{call_id}").json()["cases"] == [case.json()["number"]]


def test_a_killed_recogniser_does_not_touch_the_call_and_captions_come_back(hotline: Served) -> None:
    with hotline.operator("op1", tone=OPERATOR) as (phone, api):
        desk = Listening(api)
        desk.start()
        citizen = hotline.trunk.call("12345", caller_id="13900009999", when_up=lambda call: call.play_tone(CITIZEN))
        operator = phone.wait_for_ring(25).answer()
        assert operator.hears({CITIZEN}, within=4)

        restarts = metric(hotline, "caption_restarts_total")
        os.kill(recogniser_of(hotline), signal.SIGKILL)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            assert citizen.hears({OPERATOR}, within=0.5)
            assert operator.hears({CITIZEN}, within=0.5)

        eventually(lambda: metric(hotline, "caption_restarts_total") > restarts, "another recogniser", 30)
        eventually(lambda: metric(hotline, "caption_taps") >= 2, "both legs tapped again", 15)
        citizen.silence()
        operator.silence()
        time.sleep(1.5)
        say(citizen, "citizen", COMPLAINT)
        assert "人民路附近的路灯坏了" in caption(desk, "citizen", "三天")
        citizen.hang_up()
        operator.wait_ended(5)
        desk.stop()


# ---- what the tests do


@cache
def sound(who: str, text: str) -> Path:
    path = Path(mkdtemp(prefix="spoken-")) / f"{who}.wav"
    path.write_bytes(speech(text, voice=VOICES[who]))
    return path


def say(call: PhoneCall, who: str, text: str) -> None:
    call.play(sound(who, text)).wait_played()


def caption(desk: Listening, role: str, words: str) -> str:
    """The final caption of this speaker with these words."""

    def found() -> list[str]:
        mine = (e.data for e in desk.captions() if e.data["role"] == role and e.data["final"])
        return [line["text"] for line in mine if words in line["text"]]

    assert desk.wait(found, 8), [(e.data["role"], e.data["text"], e.data["final"]) for e in desk.captions()]
    return found()[-1]


def wait_for_tone_to_speak(citizen: PhoneCall) -> None:
    until = time.monotonic() + 40
    while not hearing.tones(citizen.heard_since(time.monotonic() - 0.12), (1000,), threshold=0.5):
        assert time.monotonic() < until, "no tone to speak after"
        time.sleep(0.03)


def listens_at(hotline: Served, code: str, receiver: Receiver) -> httpx.Client:
    """The department's system tells where it listens. Returns its own way to the API."""
    made = json.loads(hotline.run("key", "add", code, "--json"))
    receiver.secret = made["secret"]
    headers = {"Authorization": f"Bearer {made['key']}"}
    own = httpx.Client(base_url=f"{hotline.url}/api/v1", headers=headers, timeout=10)
    assert own.put(f"/departments/{code}/endpoint", json={"url": receiver.url}).status_code == 200
    return own


def step(api: httpx.Client, case: dict[str, Any], **body: str) -> None:
    answer = api.post(f"/cases/{case['number']}/transitions", json=body)
    assert answer.status_code == 200, answer.text


def states(api: httpx.Client, room: str) -> list[str]:
    return [p["state"] for p in api.get(f"/rooms/{room}").json()["participants"]]


def transcribed(api: httpx.Client, call_id: str) -> dict[str, Any]:
    eventually(lambda: api.get(f"/calls/{call_id}").json().get("transcript_state") == "done", "the transcript", 40)
    call: dict[str, Any] = api.get(f"/calls/{call_id}").json()
    return call


def eventually_some(found: Any, within: float = 5.0) -> Any:
    eventually(found, "something", within)
    return found()


def metric(hotline: Served, name: str) -> float:
    lines = httpx.get(f"{hotline.url}/metrics", timeout=5).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"hotline_{name} "))


def recogniser_of(hotline: Served) -> int:
    """The process that hears, a child of `hotline serve`."""
    assert hotline.process is not None
    children = Path(f"/proc/{hotline.process.pid}/task").glob("*/children")
    pids = [int(pid) for each in children for pid in each.read_text().split()]
    return next(pid for pid in pids if b"transcription.caption_worker" in Path(f"/proc/{pid}/cmdline").read_bytes())


def test_a_supervisor_listens_unheard_and_then_whispers_to_the_operator(hotline: Served) -> None:
    """With a login and a telephone as an administrator adds them: no double knows who may be called."""
    password = "pw-su-1234567"

    def sings(call: PhoneCall) -> None:
        call.play_tone(SUPERVISOR)

    hotline.run("user", "add", "su", "--role", "supervisor", "--password-stdin", stdin=password + "\n")
    with (
        hotline.operator("op1") as (phone, api),
        Phone(
            "su",
            server=hotline.sip,
            password=password,
            answering="auto",
            when_up=sings,
        ) as listener,
        hotline.api("su", password) as supervisor,
    ):
        register(listener)
        citizen = hotline.trunk.call("12345", caller_id="13900009012", when_up=lambda call: call.play_tone(CITIZEN))
        operator = phone.wait_for_ring(25).answer()
        assert operator.hears({CITIZEN}, within=4)
        room = eventually_some(lambda: api.get("/rooms").json()["items"])[0]
        legs = {p["role"]: p["leg"] for p in room["participants"]}

        joined = supervisor.post(f"/rooms/{room['id']}/participants", json={"operator": "su", "muted": True})
        assert joined.status_code == 201, joined.text
        assert joined.json()["role"] == "supervisor"
        heard = listener.wait_for_ring(5).wait_up(5)
        assert heard.hears({CITIZEN, OPERATOR}, within=4)
        assert citizen.hears({OPERATOR})

        whisper = {"whisper_to": legs["operator"]}
        leg = f"/rooms/{room['id']}/participants/{joined.json()['leg']}"
        assert supervisor.patch(leg, json=whisper).status_code == 200
        both = {CITIZEN, SUPERVISOR}
        assert operator.comes_to_hear(lambda sound: hearing.tones(sound, both) == both, within=4)
        assert not hearing.tones(citizen.heard_since(citizen.now() - 0.5), (SUPERVISOR,))
        citizen.hang_up()
        heard.wait_ended(4)
