"""What the city no longer keeps is erased, what is held stays, and the audit is as sound as before."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from cases import archiving, case, identities, intake, retention
from cases.actor import THE_SYSTEM, Actor
from cases.audit_check import verify
from cases.audit_signing import sign
from cases.erasing import ERASED
from cases.fold import fold
from cases.history import history
from cases.model import Attachment, CallEventRow, CallRow, CaseRow, DraftRow, IdentityRow, RecordingRow, Supplement
from cases.model.search import CaseWords
from cases.retention import Erasing, due
from cases.words import Kind, Role
from config.retention import Retention
from ivr.call import CallEvent
from ivr.call import Kind as Happened

WANG = Actor("wang", Role.OPERATOR)
RULES = Retention({"short": {"identity": 100, "words": 200, "recording": 50}, "long": {"identity": 300}})
PLEA = case.Fields(Kind.CONSULTATION, "city_management", phone="13800001111", caller_name="王小明", place="人民路",
                   summary="几点开门", text="请问几点开门，我是王小明")  # fmt: skip


@pytest.fixture
def erasing(database, settings, clock):
    identities.keep_keys_in(database.engine, settings.keys_folder)
    return Erasing(database, RULES, settings, clock)


def call(session, clock, settings) -> str:
    """A call with one recording."""
    told = [(Happened.CALL_STARTED, {"caller": "13800001111"}),
            (Happened.RECORDING_STARTED, {"leg": "1", "path": "c1/1.wav", "what": "leg"}),
            (Happened.CALL_ENDED, {"reason": "hangup"})]  # fmt: skip
    intake.import_call(session, [CallEvent("c1", n, clock(), kind, data) for n, (kind, data) in enumerate(told, 1)])
    intake.correct_draft(session, "c1", {"phone": "13800001111", "summary": "几点开门"}, "wang", now=clock())
    file = settings.recordings_dir / "c1" / "1.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"voice")
    return "c1"


def archived(database, city, clock, fields=PLEA, call_id=None) -> str:
    with database.session() as session:
        row = case.register(session, fields, WANG, city=city, now=clock(), call_id=call_id)
        case.answer(session, row, "九点开门，王先生", WANG, now=clock())
        number = row.number
    closed = clock.now
    clock.later(days=40)
    with database.session() as session:
        archiving.archive(session, session.get_one(CaseRow, number), THE_SYSTEM, now=clock())
    clock.now = closed
    return number


def things(database, clock) -> list[str]:
    with database.session() as session:
        return [each.thing for each in due(session, RULES, clock())]


def test_each_thing_is_erased_after_its_own_time(database, city, settings, clock, erasing):
    with database.session() as session:
        call_id = call(session, clock, settings)
    number = archived(database, city, clock, call_id=call_id)
    recording = settings.recordings_dir / "c1" / "1.wav"

    clock.later(days=49)
    assert things(database, clock) == []
    clock.later(days=2)
    assert things(database, clock) == ["recording"]
    erasing.erase(number)
    assert not recording.exists()
    clock.later(days=50)
    assert things(database, clock) == ["identity"]
    erasing.erase(number)

    with database.session() as session:
        row = session.get_one(CaseRow, number)
        assert (row.phone, row.caller_name, row.summary) == ("", "", "几点开门")
        assert session.get_one(CallRow, "c1").caller == ""
        assert all(not e.data.get("caller") for e in session.scalars(select(CallEventRow)))
        assert "phone" not in session.scalars(select(DraftRow)).one().corrected
        assert session.scalars(select(RecordingRow)).one().path == "c1/1.wav", "that there was one stays known"


def test_erased_words_leave_a_history_that_still_folds_and_an_audit_that_still_verifies(
    database, city, settings, clock, erasing
):
    number = archived(database, city, clock)
    sign(database, settings, clock())
    clock.later(days=201)

    erasing.erase(number)

    with database.session() as session:
        row, told = session.get_one(CaseRow, number), history(session, number)
        assert (row.summary, row.text, row.place, row.answer) == (ERASED, "", "", ERASED)
        assert "王" not in str([h.data for h in told])
        folded = fold(told)
        assert (folded.state.value, folded.answer, folded.version) == (row.state, row.answer, row.version)
    sign(database, settings, clock())
    assert verify(database, settings, clock()).findings == ()
    assert things(database, clock) == [], "once"


def test_what_citizen_and_departments_added_goes_with_the_words(database, city, settings, clock, erasing):
    number = archived(database, city, clock)
    settings.attachments_dir.mkdir()
    photo = settings.attachments_dir / "a1"
    photo.write_bytes(b"photo")
    with database.session() as session:
        file = Attachment(id="a1", case_number=number, name="门口.jpg", media_type="image/jpeg", size=5, digest="-")
        file.by, file.at = "citizen", clock()
        session.add(file)
        session.add(Supplement(case_number=number, text="还是王小明", by="citizen", at=clock()))
    clock.later(days=201)

    erasing.erase(number)

    assert not photo.exists()
    with database.session() as session:
        assert session.scalars(select(Attachment)).all() == session.scalars(select(Supplement)).all() == []
        assert session.scalars(select(CaseWords.words)).all() != []
        assert "开门" not in str(session.scalars(select(CaseWords.words)).all()), "nor is it found any more"


def test_a_held_case_is_kept_until_the_hold_is_lifted(database, city, clock, erasing):
    number = archived(database, city, clock)
    with database.session() as session:
        retention.hold(session, session.get_one(CaseRow, number), "（2026）某民初 12 号", "zhao", now=clock())
    clock.later(days=1000)
    assert things(database, clock) == []
    erasing.erase(number)
    with database.session() as session:
        assert session.get_one(CaseRow, number).phone == "13800001111"
        retention.lift(session, session.get_one(CaseRow, number), "zhao", now=clock())
    assert sorted(things(database, clock)) == ["identity", "recording", "words"]


def test_erasing_who_gave_a_tip_off_destroys_the_key(database, city, clock, erasing):
    number = archived(database, city, clock, replace(PLEA, kind=Kind.TIP_OFF))
    clock.later(days=301)
    with database.session() as session:
        assert identities.unseal(session, number)["phone"] == "13800001111"

    erasing.erase(number)

    with database.session() as session:
        assert session.get(IdentityRow, number) is None
        assert identities.unseal(session, number) == {}


def test_what_two_cases_of_one_call_share_goes_with_the_last(database, city, settings, clock, erasing):
    with database.session() as session:
        call_id = call(session, clock, settings)
    first = archived(database, city, clock, call_id=call_id)
    clock.later(days=10)
    second = archived(database, city, clock, call_id=call_id)
    clock.later(days=45)
    erasing.erase(first)
    assert (settings.recordings_dir / "c1" / "1.wav").exists()
    clock.later(days=10)
    erasing.erase(second)
    assert not (settings.recordings_dir / "c1" / "1.wav").exists()


def test_the_worker_looks_every_ten_minutes(database, city, clock, erasing):
    number = archived(database, city, clock)
    clock.later(days=51)

    def looked():
        with database.session() as session:
            return erasing.due(session, clock())

    assert looked() == [(number, 0)]
    assert looked() == []
    clock.now += timedelta(minutes=10)
    assert looked() == [(number, 0)]


def test_nothing_is_erased_of_a_case_that_is_not_archived(database, city, clock, erasing):
    with database.session() as session:
        row = case.register(session, PLEA, WANG, city=city, now=clock())
        case.answer(session, row, "九点", WANG, now=clock())
    clock.later(days=5000)
    assert things(database, clock) == []
