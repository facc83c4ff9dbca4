"""Callbacks in the exchange: what is rung when, and what a restart makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.actions import BookCallback
from ivr.ami import Message
from ivr.board import Activity, Cause, Place, Status
from ivr.call import Call, Kind, Role
from ivr.events import LineEnded
from ivr.floor import CallRules
from ivr.visits import Visit
from tests.ivr.exchange_floor import WAIT, Floor, open_floor

ANNA = "13805700001"
SOON = CallRules(retry_seconds=60, callbacks=2)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with open_floor(tmp_path, "lin", calls=SOON) as opened:
        yield opened


def books(floor: Floor, unique: str = "9.9", number: str = ANNA, *, window: int = 120, attempts: int = 3) -> str:
    """A citizen books a callback and hangs up."""
    with floor.arrives(unique, number) as visit:
        how = visit.book_callback(BookCallback(number, window, attempts), {"session": "here"}).how
    floor.hangs_up(unique)
    floor.after(0.3)
    return how


def busy_operator(floor: Floor) -> str:
    """Somebody else talks with the only operator. Returns the operator's leg."""
    _call, lin = floor.talks()
    return lin


def is_free(floor: Floor, leg: str) -> None:
    floor.hangs_up("1.1")
    floor.hangs_up(leg)
    floor.after(0.3)


def place(floor: Floor) -> Place:
    (found,) = floor.x.board().places
    return found


def callback(floor: Floor) -> str:
    """The one callback that is open."""
    (found,) = [call.id for call in floor.x.calls.values() if call.booking]
    return found


def operator_comes(floor: Floor, call: str) -> str:
    leg = floor.answers(floor.asked(call)[-1])
    floor.after(0.3)
    return leg


def citizen_comes(floor: Floor, leg: str) -> None:
    floor.rings(leg)
    floor.tells("Newstate", leg, ChannelState="6")
    floor.tells("ConfbridgeJoin", leg)
    floor.settles()


def over(floor: Floor, call: str) -> Call:
    floor.after(2.5)
    return floor.finished(call)


def test_booked_rung_and_talked(floor: Floor) -> None:
    lin = busy_operator(floor)
    assert books(floor) == "booked"
    assert place(floor).callback
    assert floor.x.board().operator("lin").activity is Activity.TALKING
    is_free(floor, lin)
    call = callback(floor)
    (operator,) = floor.asked(call)
    assert floor.told("Originate", ChannelId=operator, **{"$BRIEF": "1"})
    floor.rings(operator)
    assert len(floor.asked(call)) == 1, "the citizen is not rung before the operator is there"
    operator_comes(floor, call)
    citizen = floor.asked(call)[-1]
    assert floor.told("Originate", ChannelId=citizen, Channel=f"PJSIP/trunk/sip:{ANNA}@127.0.0.1:5070")
    citizen_comes(floor, citizen)
    assert floor.told("Setvar", Channel=f"PJSIP/c-{citizen}", Value="1", **{"$TALKED": ""})
    assert "预约回拨" in floor.room(call).why
    floor.hangs_up(operator)
    floor.after(1)
    assert floor.told("Redirect", Channel=f"PJSIP/c-{citizen}", Context="resume"), "on to the survey"
    assert floor.x.board().places == (), "a promise that was kept is no promise any more"
    floor.hangs_up(citizen)
    told = over(floor, call)
    assert told.answered
    assert told.way == "callback"
    assert [leg.role for leg in told.legs] == [Role.OPERATOR, Role.CITIZEN]
    assert {r.leg for r in told.recordings} == {operator, citizen}


def test_the_place_counts_from_the_wait_that_was_given_up(floor: Floor) -> None:
    busy_operator(floor)
    floor.waits("2.2")
    floor.after(40)
    floor.waits("3.3")
    floor.tells("DTMFEnd", "2.2", Digit="1", Direction="Received")
    floor.settles()
    assert floor.back("2.2") == LineEnded("key", "1")
    with Visit.back(floor.x, "2.2") as visit:
        visit.book_callback(BookCallback("13800000002", 120, 3), {})
    floor.settles()
    assert [p.callback for p in floor.x.board().places] == [True, False]


def test_one_callback_for_each_number_a_limit_and_only_good_numbers(floor: Floor) -> None:
    busy_operator(floor)
    assert books(floor, "2.1") == "booked"
    assert books(floor, "2.2") == "already"
    assert books(floor, "2.3", "12345") == "refused"
    assert books(floor, "2.4", "13800000004") == "booked"
    assert books(floor, "2.5", "13800000005") == "refused", "the city's limit"


def test_what_cannot_be_written_down_is_not_promised(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    busy_operator(floor)
    with floor.arrives("2.1") as visit:
        monkeypatch.setattr(floor.spool, "keep_session", full)
        assert visit.book_callback(BookCallback(ANNA, 120, 3), {}).how == "refused"
    assert floor.x.board().places == ()


def test_nobody_ready_and_the_callback_waits_for_somebody(floor: Floor) -> None:
    lin = busy_operator(floor)
    books(floor)
    floor.x.set_operator("lin", "away")
    is_free(floor, lin)
    floor.after(600)
    assert place(floor).callback
    floor.x.set_operator("lin", "ready")
    floor.settles()
    assert len(floor.asked(callback(floor))) == 1


@pytest.mark.parametrize(("q850", "cause"), [(17, "busy"), (21, "refused"), (16, "no_answer")])
def test_not_reached_is_tried_again_after_a_pause_and_then_missed(floor: Floor, q850: int, cause: str) -> None:
    lin = busy_operator(floor)
    books(floor, attempts=2)
    is_free(floor, lin)
    call = callback(floor)
    for _ in range(2):
        operator = operator_comes(floor, call)
        citizen = floor.rings(floor.asked(call)[-1])
        floor.hangs_up(citizen, q850)
        assert floor.hung_up(operator), "the operator is not kept"
        floor.hangs_up(operator)
        floor.after(0.3)
        asked = len(floor.asked(call))
        floor.after(50)
        assert len(floor.asked(call)) == asked, "not yet"
        floor.after(11)
    told = over(floor, call)
    assert told.ended_because == "callback_missed"
    assert [leg.cause for leg in told.legs if leg.role is Role.CITIZEN] == [cause, cause]
    assert floor.operator("lin").activity is Activity.IDLE


def test_the_window_has_an_end(floor: Floor) -> None:
    lin = busy_operator(floor)
    books(floor, window=10)
    call = callback(floor)
    floor.after(601)
    assert over(floor, call).ended_because == "callback_missed"
    is_free(floor, lin)
    assert floor.asked(call) == []


def test_the_operator_goes_while_it_rings_and_the_citizen_is_not_let_answer_into_silence(floor: Floor) -> None:
    lin = busy_operator(floor)
    books(floor)
    is_free(floor, lin)
    call = callback(floor)
    operator = operator_comes(floor, call)
    citizen = floor.rings(floor.asked(call)[-1])
    floor.hangs_up(operator)
    floor.after(0.3)
    assert floor.hung_up(citizen)
    floor.hangs_up(citizen)
    floor.after(0.3)
    assert place(floor).callback
    floor.after(61)
    operator_comes(floor, call)
    citizen_comes(floor, floor.asked(call)[-1])
    assert len(floor.room(call).participants) == 2


def test_the_operator_goes_when_the_citizen_has_just_answered_and_the_next_one_is_rung(tmp_path: Path) -> None:
    with open_floor(tmp_path, "lin", "wang", calls=SOON) as floor:
        books(floor)
        call = callback(floor)
        operator = operator_comes(floor, call)
        citizen = floor.rings(floor.asked(call)[-1])
        floor.tells("Newstate", citizen, ChannelState="6")
        floor.hangs_up(operator)
        floor.after(0.3)
        assert not floor.hung_up(citizen)
        second = floor.asked(call)[-1]
        assert second not in (operator, citizen)
        floor.tells("ConfbridgeJoin", citizen)
        floor.answers(second)
        assert [p.state.value for p in floor.room(call).participants] == ["talking", "left", "talking"]


def test_who_dials_in_has_the_place_and_the_callback_is_settled_by_the_talk(floor: Floor) -> None:
    lin = busy_operator(floor)
    books(floor)
    kept = callback(floor)
    floor.after(30)
    floor.waits("2.2")  # somebody else
    floor.after(5)
    with floor.arrives("3.3", ANNA) as visit:
        assert visit.wait_in_line(WAIT) is None
        visit.into_room()
    floor.tells("ConfbridgeJoin", "3.3")
    floor.settles()
    assert next(p.caller for p in floor.x.board().places if not p.callback) == ANNA, "the place that was kept"
    is_free(floor, lin)
    assert floor.asked(kept) == [], "nobody is called back who waits on the telephone"
    floor.answers(floor.asked(visit.call_id)[-1])
    told = over(floor, kept)
    assert told.ended_because == "callback_settled"


def test_who_dials_in_and_gives_up_again_keeps_the_callback(floor: Floor) -> None:
    busy_operator(floor)
    books(floor)
    with floor.arrives("3.3", ANNA) as visit:
        visit.wait_in_line(WAIT)
    floor.hangs_up("3.3")
    floor.after(3)
    assert place(floor).callback


def test_no_telephone_of_the_citizen_and_the_line_goes_on(floor: Floor) -> None:
    """Asterisk has no way to that number: no channel, no event, only an answer."""
    lin = busy_operator(floor)
    books(floor)
    is_free(floor, lin)
    call = callback(floor)
    operator_comes(floor, call)
    citizen = floor.asked(call)[-1]
    floor.x.hears({"Event": "OriginateResponse", "ActionID": f"ask:{citizen}", "Response": "Failure", "Reason": "0"})
    floor.settles()
    floor.after(1)
    assert floor.x.calls[call].room.participant(citizen).cause is Cause.UNREACHABLE
    assert place(floor).callback


# ---- a process before this one
def seen(floor: Floor, *legs: str, inside: tuple[str, ...] = (), up: tuple[str, ...] = ()) -> None:
    state = {leg: "Up" if leg in inside + up else "Ringing" for leg in legs}
    floor.ami.lists["CoreShowChannels"] = [
        Message({"Event": "CoreShowChannel", "Uniqueid": leg, "Channel": f"PJSIP/c-{leg}",
                 "ChannelStateDesc": state[leg]}) for leg in legs
    ]  # fmt: skip
    rooms = sorted({leg.rpartition("-")[0] for leg in inside})
    floor.ami.lists["ConfbridgeListRooms"] = [Message({"Event": "ConfbridgeListRooms", "Conference": r}) for r in rooms]
    floor.ami.lists["ConfbridgeList"] = [Message({"Event": "ConfbridgeList", "Uniqueid": leg}) for leg in inside]


def ringing_back(folder: Path) -> tuple[str, str, str]:
    """A process that dies while the citizen's telephone rings: (callback, operator's leg, citizen's leg)."""
    with open_floor(folder, "lin", calls=SOON) as floor:
        books(floor)
        call = callback(floor)
        operator = operator_comes(floor, call)
        return call, operator, floor.rings(floor.asked(call)[-1])


def begins_again(floor: Floor) -> None:
    floor.tells("Connected")
    floor.settles()
    floor.after(0.3)


def test_a_callback_that_waits_is_there_after_a_restart(tmp_path: Path) -> None:
    with open_floor(tmp_path, calls=SOON) as before:
        books(before)
        call, since = callback(before), place(before).joined_at
    with open_floor(tmp_path, "lin", calls=SOON) as floor:
        begins_again(floor)
        assert place(floor).joined_at == since
        operator_comes(floor, call)
        citizen_comes(floor, floor.asked(call)[-1])
        assert floor.room(call)


def test_died_while_it_rang_and_the_telephone_rings_on(tmp_path: Path) -> None:
    call, operator, citizen = ringing_back(tmp_path)
    with open_floor(tmp_path, "lin", calls=SOON) as floor:
        seen(floor, operator, citizen, inside=(operator,))
        begins_again(floor)
        floor.after(5)
        assert floor.asked(call) == [], "nobody is rung a second time"
        floor.tells("Newstate", citizen, ChannelState="6")
        floor.tells("ConfbridgeJoin", citizen)
        floor.settles()
        assert [p.state.value for p in floor.room(call).participants] == ["talking", "talking"]


def test_died_while_it_rang_and_they_talk_already(tmp_path: Path) -> None:
    call, operator, citizen = ringing_back(tmp_path)
    with open_floor(tmp_path, "lin", calls=SOON) as floor:
        seen(floor, operator, citizen, inside=(operator, citizen))
        begins_again(floor)
        assert [p.state.value for p in floor.room(call).participants] == ["talking", "talking"]
        assert floor.operator("lin").activity is Activity.TALKING
        floor.hangs_up(citizen)
        floor.hangs_up(operator)
        assert over(floor, call).answered


def test_died_while_it_rang_and_nobody_answered(tmp_path: Path) -> None:
    call, operator, _citizen = ringing_back(tmp_path)
    with open_floor(tmp_path, "lin", calls=SOON) as floor:
        seen(floor, operator, inside=(operator,))
        begins_again(floor)
        assert floor.hung_up(operator), "nobody stays in an empty room"
        floor.hangs_up(operator)
        floor.after(0.3)
        assert place(floor).callback
        assert place(floor).not_before > floor.time, "the try counts"
        assert floor.asked(call) == []


def test_talked_and_ended_while_we_were_away(tmp_path: Path) -> None:
    with open_floor(tmp_path, "lin", calls=SOON) as before:
        books(before)
        call = callback(before)
        operator_comes(before, call)
        citizen_comes(before, before.asked(call)[-1])
    with open_floor(tmp_path, "lin", calls=SOON) as floor:
        begins_again(floor)
        told = over(floor, call)
        assert told.answered
        assert told.ended_because == "interrupted"
        assert floor.x.board().places == ()


def test_every_step_stands_in_the_history(floor: Floor) -> None:
    books(floor, attempts=1)
    call = callback(floor)
    operator = operator_comes(floor, call)
    floor.hangs_up(floor.rings(floor.asked(call)[-1]), 17)
    floor.hangs_up(operator)
    over(floor, call)
    kinds = [e.kind for e in floor.spool.events(call)]
    assert kinds[:3] == [Kind.CALL_STARTED, Kind.CALLBACK_BOOKED, Kind.LEG_ASKED]
    assert Kind.LINE_JOINED not in kinds, "nobody has waited on the telephone"
    assert Kind.LEG_FAILED in kinds
    assert ANNA not in str([dict(e.data) for e in floor.spool.events(call)][1:]), "the number stands once"
    assert floor.x.board().operator("lin").status is Status.READY
