"""The exchange: what it makes of what Asterisk tells, in whatever order it comes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.board import Activity, Cause, Status
from ivr.call import Kind
from ivr.events import DialEnded, LineEnded
from ivr.live import Refused
from ivr.room import S
from ivr.visits import StillWaiting, Visit
from tests.ivr.exchange_floor import WAIT, Floor, open_floor


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with open_floor(tmp_path, "lin", "wang") as opened:
        yield opened


def test_from_the_first_ring_to_the_finished_call(floor: Floor) -> None:
    call, lin = floor.talks()
    assert floor.operator("lin").activity is Activity.TALKING
    assert floor.operator("lin").room == call
    assert floor.x.board().places == ()
    floor.hangs_up("1.1")
    assert floor.hung_up(lin)
    floor.hangs_up(lin)
    told = floor.finished(call)
    assert [leg.name for leg in told.legs] == ["", "lin"]
    assert told.ended_because == "citizen_hung_up"
    assert floor.operator("lin").activity is Activity.IDLE
    assert floor.x.calls == {}
    assert floor.x.legs.channels == {}
    assert floor.x.legs.told_to_go == set()


# ---- races of the citizen's hang-up
def test_the_citizen_hangs_up_before_the_operators_channel_is_there(floor: Floor) -> None:
    call = floor.waits()
    (leg,) = floor.asked(call)
    floor.hangs_up("1.1")
    floor.ami.sent.clear()
    floor.tells("Newchannel", leg, Channel=f"PJSIP/c-{leg}")
    floor.settles()
    assert floor.hung_up(leg), "the telephone must not ring for somebody who has gone"
    floor.hangs_up(leg)
    assert floor.finished(call).legs[1].cause == "cancelled"


def test_a_channel_that_appears_when_its_call_is_long_over_is_hung_up(floor: Floor) -> None:
    call = floor.waits()
    (leg,) = floor.asked(call)
    floor.hangs_up("1.1")
    floor.after(3)
    assert floor.finished(call)
    floor.ami.sent.clear()
    floor.tells("Newchannel", leg, Channel=f"PJSIP/c-{leg}")
    floor.settles()
    assert floor.hung_up(leg)


def test_the_operator_answers_at_the_moment_the_citizen_hangs_up(floor: Floor) -> None:
    call = floor.waits()
    leg = floor.rings(floor.asked(call)[0])
    floor.hangs_up("1.1")
    floor.tells("ConfbridgeJoin", leg)
    floor.hangs_up(leg)
    assert floor.operator("lin").activity is Activity.IDLE
    assert not floor.finished(call).answered


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_busy_is_busy_in_whatever_order_it_is_told(floor: Floor, order: tuple[int, ...]) -> None:
    call, _lin = floor.talks()
    floor.x.add(call, department="water", by="lin")
    leg = floor.asked(call)[-1]
    floor.tells("Newchannel", leg, Channel=f"PJSIP/c-{leg}")
    news = [
        lambda: floor.tells("Hangup", leg, Cause="17"),
        lambda: floor.tells("OriginateResponse", leg, ActionID=f"ask:{leg}", Response="Failure", Reason="0"),
        lambda: floor.tells("Newstate", leg, ChannelState="5"),
    ]
    for n in order:
        news[n]()
    floor.settles()
    row = floor.row(leg)
    assert (row.state, row.cause) in ((S.FAILED, Cause.BUSY),)
    assert floor.operator("lin").activity is Activity.TALKING


def test_a_refused_originate_moves_on_to_the_next(floor: Floor) -> None:
    """Asterisk answers `Response: Error` without any event: nobody would ever tell more of that leg."""
    call = floor.waits()
    (leg,) = floor.asked(call)
    floor.x.hears({"Response": "Error", "ActionID": f"ask:{leg}", "Message": "Originate Access Forbidden"})
    floor.settles()
    assert len(floor.asked(call)) == 2
    assert floor.operator("lin").activity is Activity.IDLE


def test_a_leg_of_which_nothing_is_ever_heard_is_given_up(floor: Floor) -> None:
    call = floor.waits()
    floor.after(26)
    assert len(floor.asked(call)) == 2
    assert floor.operator("lin").activity is Activity.IDLE


def test_without_a_connection_nothing_overflows_and_everybody_is_rung_when_it_is_back(tmp_path: Path) -> None:
    names = [f"o{n:03}" for n in range(300)]
    with open_floor(tmp_path, *names) as floor:
        floor.ami.connected = False
        call = floor.waits()
        for _ in range(3):
            floor.after(0.3)
        assert floor.asked(call) == []
        floor.ami.connected = True
        floor.after(4)
        assert len(floor.asked(call)) == 1


# ---- operators are freed by their telephones alone
def test_an_operator_asked_elsewhere_is_not_called_by_the_line(floor: Floor) -> None:
    call, _lin = floor.talks()
    floor.x.add(call, operator="wang", by="lin")
    assert floor.operator("wang").activity is Activity.RINGING
    second = floor.waits("2.2")
    assert floor.asked(second) == []


def test_who_talks_cannot_be_asked_into_a_second_room_and_stays_busy(floor: Floor) -> None:
    first, _lin = floor.talks("1.1")
    second, _wang = floor.talks("2.2")
    with pytest.raises(Refused, match="wang"):
        floor.x.add(first, operator="wang", by="lin")
    assert floor.operator("wang").room == second


def test_somebody_invited_who_never_said_ready_is_not_called_while_talking(floor: Floor) -> None:
    call, _lin = floor.talks()
    floor.x.add(call, operator="new", by="lin")
    new = floor.answers(floor.asked(call)[-1])
    floor.x.set_operator("wang", "away")
    floor.x.set_operator("new", "ready")
    second = floor.waits("2.2")
    assert floor.asked(second) == []
    floor.hangs_up(new)
    assert len(floor.asked(second)) == 1


def test_paused_and_ready_again_before_the_telephone_is_still(floor: Floor) -> None:
    call = floor.waits()
    first = floor.rings(floor.asked(call)[0])
    floor.x.set_operator("lin", "paused")
    floor.x.set_operator("lin", "ready")
    floor.settles()
    assert floor.hung_up(first)
    second = floor.waits("2.2")
    assert floor.asked(second) == [], "lin's telephone has not stopped ringing yet"
    floor.hangs_up(first)
    assert len(floor.asked(second)) == 1
    assert floor.operator("lin").activity is Activity.RINGING


def test_who_was_withdrawn_and_answers_at_that_moment_has_to_go(floor: Floor) -> None:
    call = floor.waits()
    first = floor.rings(floor.asked(call)[0])
    floor.x.set_operator("lin", "paused")
    floor.answers(first)
    assert floor.row(first).state is S.RINGING
    assert floor.told("Hangup", Channel=f"PJSIP/c-{first}") >= 2
    assert floor.operator("wang").activity is Activity.RINGING


def test_a_wait_that_runs_out_while_it_rings_frees_the_operator_for_the_next(floor: Floor) -> None:
    floor.x.set_operator("wang", "away")
    call = floor.waits(wait=replace(WAIT, max_wait=10))
    leg = floor.rings(floor.asked(call)[0])
    floor.after(11)
    assert floor.hung_up(leg)
    assert floor.released() == 1
    assert floor.back() == LineEnded("timeout")
    assert floor.operator("lin").activity is Activity.RINGING
    floor.hangs_up(leg)
    assert floor.operator("lin").activity is Activity.IDLE


def test_a_key_leads_elsewhere_and_back_into_the_line_without_a_stuck_operator(floor: Floor) -> None:
    call = floor.waits()
    first = floor.rings(floor.asked(call)[0])
    floor.tells("DTMFEnd", "1.1", Digit="1", Direction="Received")
    floor.settles()
    assert floor.x.board().places == ()
    visit = Visit.back(floor.x, "1.1")
    assert visit is not None
    with visit:
        assert visit.came_back() == LineEnded("key", "1")
        assert visit.wait_in_line(WAIT) is None
    floor.hangs_up(first)
    floor.settles()
    assert floor.operator("lin").activity is Activity.IDLE
    assert floor.operator("wang").activity is Activity.RINGING


def test_a_colleague_who_picks_the_waiting_call_up_silences_the_other_telephone(floor: Floor) -> None:
    call = floor.waits()
    ringing = floor.rings(floor.asked(call)[0])
    floor.x.add(call, operator="wang", by="sup")
    floor.answers(floor.asked(call)[-1])
    assert floor.hung_up(ringing)
    assert floor.x.board().places == ()


def test_after_call_work_ends_by_time_or_by_saying_ready_and_never_in_a_talk(tmp_path: Path) -> None:
    with open_floor(tmp_path, "lin", "wang", wrap_up_seconds=30) as floor:
        call, lin = floor.talks()
        floor.hangs_up(lin)
        assert floor.operator("lin").activity is Activity.AFTER_CALL
        floor.x.set_operator("lin", "ready")
        floor.settles()
        assert floor.operator("lin").activity is Activity.IDLE
        second, wang = floor.talks("2.2")
        floor.hangs_up(wang)
        third, lin = floor.talks("3.3")
        floor.x.add(third, operator="wang", by="lin")
        floor.answers(floor.asked(third)[-1])
        floor.after(31)
        assert floor.operator("wang").activity is Activity.TALKING
        assert {call, second} <= floor.x.calls.keys()


# ---- the citizen's way
def test_a_supervisor_who_leaves_after_the_talk_moves_nobody_again(floor: Floor) -> None:
    call, lin = floor.talks()
    floor.x.add(call, operator="sup", muted=True, by="sup")
    sup = floor.answers(floor.asked(call)[-1])
    floor.hangs_up(lin)
    assert floor.released() == 1
    assert floor.back() == LineEnded("talked")
    floor.hangs_up(sup)
    assert floor.released() == 1


def test_a_listener_who_leaves_does_not_end_the_wait(floor: Floor) -> None:
    call = floor.waits()
    floor.x.add(call, operator="sup", muted=True, by="sup")
    sup = floor.answers(floor.asked(call)[-1])
    assert len(floor.x.board().places) == 1
    floor.hangs_up(sup)
    assert floor.released() == 0
    assert len(floor.x.board().places) == 1


def test_a_removed_waiting_citizen_leaves_no_place_behind(floor: Floor) -> None:
    call = floor.waits()
    leg = floor.rings(floor.asked(call)[0])
    floor.x.remove(call, f"{call}-1")
    floor.settles()
    assert floor.x.board().places == ()
    assert floor.hung_up(leg)
    assert floor.released() == 1


def test_a_stint_that_ends_while_the_department_still_rings_is_no_talk(floor: Floor) -> None:
    call = floor.dials()
    assert floor.back() == StillWaiting(None)
    floor.rings(floor.asked(call)[0])
    assert floor.back() == StillWaiting(None)
    floor.hangs_up(floor.asked(call)[0], cause=19)
    assert floor.back() == DialEnded("no_answer")


def test_the_flow_says_how_long_a_department_may_ring(floor: Floor) -> None:
    floor.dials()
    assert floor.told("Originate", Timeout="25000") == 1


def test_an_operator_who_answers_at_the_end_of_a_stint_is_not_left_alone(floor: Floor) -> None:
    call = floor.waits()
    floor.answers(floor.asked(call)[0])
    assert floor.back() == StillWaiting(None)


def test_a_wait_that_ends_while_the_script_ends_is_not_left_to_the_next_stint(floor: Floor) -> None:
    call = floor.waits(wait=replace(WAIT, max_wait=10))
    visit = Visit.back(floor.x, "1.1")
    assert visit is not None
    with visit:
        assert isinstance(visit.came_back(), StillWaiting)
        assert visit.may_go_back() is None
        floor.after(11)
        assert floor.released() == 0
        visit.into_room()
    floor.settles()
    assert floor.released() == 1
    assert call in floor.x.calls


def test_the_static_path_takes_the_place_and_silences_the_telephone(floor: Floor) -> None:
    call = floor.waits()
    leg = floor.rings(floor.asked(call)[0])
    floor.tells("UserEvent", "1.1", UserEvent="Fallback")
    floor.settles()
    assert floor.x.board().places == ()
    assert floor.hung_up(leg)
    floor.hangs_up(leg)
    assert floor.operator("lin").activity is Activity.IDLE
    floor.hangs_up("1.1")
    assert any("static path" in e.data.get("text", "") for e in floor.spool.events(call))


def test_somebody_unknown_on_the_static_path_gets_a_history(floor: Floor) -> None:
    floor.tells("UserEvent", "7.7", UserEvent="Fallback", Channel="PJSIP/t-7.7", CallerIDNum="13800000007")
    floor.settles()
    (call,) = floor.x.calls.values()
    assert call.caller == "13800000007"
    floor.hangs_up("7.7")
    assert floor.finished(call.id)


def test_a_call_met_while_the_connection_came_back_is_one_call(floor: Floor) -> None:
    floor.tells("UserEvent", "1.1", UserEvent="Fallback", Channel="PJSIP/t-1.1")
    floor.waits()
    assert len(floor.x.calls) == 1
    floor.hangs_up("1.1")
    assert floor.x.board().places == ()


# ---- hold, whisper, mute
def test_a_hold_that_runs_out_is_seen(floor: Floor) -> None:
    call, _lin = floor.talks()
    floor.x.change(call, f"{call}-1", held=True)
    floor.tells("ConfbridgeLeave", "1.1")
    floor.tells("UserEvent", "1.1", UserEvent="BackInRoom")
    floor.tells("ConfbridgeJoin", "1.1")
    floor.settles()
    assert floor.row(f"{call}-1").state is S.TALKING


def test_all_that_is_asked_of_a_participant_or_nothing(floor: Floor) -> None:
    call, _lin = floor.talks()
    with pytest.raises(Refused):
        floor.x.change(call, f"{call}-2", muted=True, whisper_to="nobody")
    assert not floor.row(f"{call}-2").muted
    assert floor.told("ConfbridgeMute") == 0


def test_who_only_listens_is_muted_from_the_first_moment(floor: Floor) -> None:
    call, _lin = floor.talks()
    floor.x.add(call, operator="sup", muted=True, by="sup")
    assert floor.told("Originate", **{"$ROLE": "supervisor", "$MUTED": "1"}) == 1


@pytest.mark.parametrize("code", ["odd", "nobody", "87031001"])
def test_a_department_with_a_bad_number_or_none_is_refused(floor: Floor, code: str) -> None:
    call, _lin = floor.talks()
    with pytest.raises(Refused):
        floor.x.add(call, department=code, by="lin")


# ---- recording
def test_what_the_flow_pauses_is_not_recorded(floor: Floor) -> None:
    with floor.arrives() as visit:
        visit.set_recording("pause")
        assert visit.wait_in_line(WAIT) is None
    floor.ami.sent.clear()
    floor.tells("ConfbridgeJoin", "1.1")
    floor.settles()
    assert floor.told("MixMonitorMute", Channel="PJSIP/t-1.1", State="1") == 1


def test_a_second_message_does_not_overwrite_the_first(floor: Floor) -> None:
    with floor.arrives() as visit:
        first = visit.message_path()
        visit.note(Kind.RECORDING_STARTED, leg="x", path=first, what="message")
        assert visit.message_path() != first


def test_a_citizen_is_tapped_once_however_often_somebody_comes(floor: Floor) -> None:
    call, _lin = floor.talks()
    floor.tells("Newchannel", f"tap-{call}-1", Channel="AudioSocket/1")
    floor.x.add(call, department="water", by="lin")
    floor.answers(floor.asked(call)[-1])
    assert floor.told("Originate", ChannelId=f"tap-{call}-1") == 1


# ---- the end of a call
def test_a_script_that_is_slow_to_notice_the_end_writes_no_second_history(floor: Floor) -> None:
    visit = floor.arrives()
    visit.__enter__()
    floor.hangs_up("1.1")
    floor.after(3)
    assert visit.call_id in floor.x.calls, "what was said is still being written down"
    visit.note(Kind.NOTE_TAKEN, text="late, and kept")
    floor.after(60)
    assert any(e.data.get("text") == "late, and kept" for e in floor.spool.events(visit.call_id))
    visit.note(Kind.NOTE_TAKEN, text="too late")
    visit.keep_session({"session": {}})
    assert floor.spool.open_calls() == []
    assert list(floor.spool.open_dir.iterdir()) == []
    visit.__exit__()


def test_legs_that_asterisk_does_not_end_are_told_again_and_the_call_is_closed(floor: Floor) -> None:
    call, lin = floor.talks()
    floor.hangs_up("1.1")
    floor.after(3)
    assert floor.finished(call).ended_at
    assert floor.told("Hangup", Channel=f"PJSIP/c-{lin}") == 2
    assert floor.operator("lin").activity is Activity.IDLE


def test_a_full_disk_costs_the_history_and_not_the_call(floor: Floor, caplog: pytest.LogCaptureFixture) -> None:
    floor.spool.open_dir.rename(floor.spool.open_dir.with_name("elsewhere"))
    _call, lin = floor.talks()
    floor.hangs_up("1.1")
    assert floor.hung_up(lin)
    assert "free some disk space" in caplog.text
    assert "13805712345" not in caplog.text


def test_a_failure_that_overtakes_its_channels_events_does_not_hide_the_true_cause(floor: Floor) -> None:
    call = floor.waits()
    (leg,) = floor.asked(call)
    floor.tells("OriginateResponse", "", ActionID=f"ask:{leg}", Response="Failure")
    floor.tells("Newchannel", leg, Channel="PJSIP/lin-1")
    floor.tells("Hangup", leg, Cause="17")
    floor.settles()
    row = floor.x.calls[call].room.participant(leg)  # type: ignore[union-attr]
    assert row is not None
    assert row.cause is Cause.BUSY
    assert floor.operator("lin").status is Status.READY


def test_the_pause_of_an_unreachable_operator_is_kept_for_the_next_start(floor: Floor) -> None:
    call = floor.waits()
    (leg,) = floor.asked(call)
    floor.tells("OriginateResponse", "", ActionID=f"ask:{leg}", Response="Failure")
    floor.settles()
    floor.after(1)
    assert floor.operator("lin").status is Status.PAUSED
    assert ("lin", "paused") in floor.kept


def test_a_listener_that_breaks_costs_the_others_nothing(floor: Floor) -> None:
    heard: list[str] = []
    stop = floor.x.subscribe(lambda *_: 1 / 0)  # type: ignore[arg-type, return-value]
    floor.x.subscribe(lambda kind, _ref: heard.append(kind))
    floor.waits()
    floor.settles()
    assert "line" in heard
    stop()
    stop()


# ---- what was missed
def seen(floor: Floor, *uniques: str, inside: str = "", members: tuple[str, ...] = ()) -> None:
    floor.ami.lists = {
        "CoreShowChannels": [{"Event": "CoreShowChannel", "Uniqueid": u, "Channel": f"PJSIP/c-{u}"} for u in uniques],
        "ConfbridgeListRooms": [{"Event": "ConfbridgeListRooms", "Conference": inside}] if inside else [],
        "ConfbridgeList": [{"Event": "ConfbridgeList", "Uniqueid": u} for u in members],
    }


def test_who_answered_while_the_connection_was_gone_is_found_in_the_room(floor: Floor) -> None:
    call = floor.waits()
    leg = floor.rings(floor.asked(call)[0])
    seen(floor, "1.1", leg, inside=call, members=("1.1", leg))
    floor.tells("Connected")
    floor.settles()
    assert floor.row(leg).state is S.TALKING
    assert floor.operator("lin").activity is Activity.TALKING
    assert floor.x.board().places == ()


def test_who_hung_up_while_the_connection_was_gone_is_gone(floor: Floor) -> None:
    call, lin = floor.talks()
    seen(floor, lin)
    floor.tells("Connected")
    floor.settles()
    floor.hangs_up(lin)
    assert floor.finished(call)


def test_an_asterisk_that_does_not_list_its_channels_is_asked_again(floor: Floor) -> None:
    call, _lin = floor.talks()
    floor.ami.connected = False
    floor.tells("Connected")
    floor.settles()
    floor.ami.connected = True
    seen(floor)
    floor.after(3)
    floor.settles()
    assert floor.finished(call)


def test_an_end_that_was_never_told_is_noticed_within_a_minute(floor: Floor) -> None:
    call = floor.waits()
    seen(floor)
    floor.after(61)
    for _ in range(100):
        floor.settles()
        if call not in floor.x.calls or floor.x.calls[call].hung_up:
            break
    assert floor.x.board().places == ()


def test_a_damaged_history_does_not_keep_the_others_from_being_taken_up(floor: Floor, tmp_path: Path) -> None:
    (floor.spool.open_dir / "20260301-000000-aaaaaaaa.jsonl").write_text(
        '{"call":"20260301-000000-aaaaaaaa","seq":1,"at":"2026-03-01T00:00:00+00:00","kind":"leg.asked","role":"?"}\n'
    )
    (floor.spool.open_dir / "20260301-000000-bbbbbbbb.jsonl").write_text("torn")
    (floor.spool.open_dir / "20260301-000000-cccccccc.jsonl").write_text(
        '{"call":"20260301-000000-cccccccc","seq":1,"at":"2026-03-01T00:00:00+00:00","kind":"call.started"}\n'
    )
    floor.tells("Connected")
    floor.settles()
    assert "20260301-000000-cccccccc" in floor.spool.finished_calls()
    assert (floor.spool.broken_dir / "20260301-000000-bbbbbbbb.jsonl").exists()


def test_a_talk_is_taken_up_by_the_next_process_with_its_survey(tmp_path: Path) -> None:
    with open_floor(tmp_path, "lin") as before:
        with before.arrives() as visit:
            visit.keep_session({"session": {}, "wait": {**_json(WAIT)}})
            visit.wait_in_line(WAIT)
        before.tells("ConfbridgeJoin", "1.1")
        before.settles()
        call = visit.call_id
        lin = before.answers(before.asked(call)[0])
        before.x.add(call, operator="sup", muted=True, by="sup")
        sup = before.answers(before.asked(call)[-1])
    with open_floor(tmp_path, "lin") as after:
        seen(after, "1.1", lin, sup, inside=call, members=("1.1", lin, sup))
        after.tells("Connected")
        after.settles()
        assert after.row(sup).muted
        assert after.operator("lin").room == call
        after.hangs_up(lin)
        assert after.hung_up(sup), "a listener keeps nobody in the room"
        assert after.back() == LineEnded("talked")


def _json(wait: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(wait)  # type: ignore[call-overload, no-any-return]
