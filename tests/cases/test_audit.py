"""Whoever changes the audit behind the hotline's back is found, and told where it was."""

import json
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cases import audit, audit_signing, case, identities
from cases.actor import Actor
from cases.audit_chain import FIRST, Action, Entry, Trouble, canonical, check
from cases.audit_check import verify
from cases.audit_heads import Signer
from cases.audit_signing import AuditSigning, sign
from cases.words import Kind, Role

AT = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)


def chain(count: int) -> list[Entry]:
    entries, previous = [], FIRST
    for seq in range(1, count + 1):
        entry = Entry(seq, AT + timedelta(seconds=seq), "login", f"wang{seq}", None, {"n": seq}, previous)
        entries.append(replace(entry, digest=entry.computed()))
        previous = entries[-1].digest
    return entries


def rechained(entries: list[Entry]) -> list[Entry]:
    """What somebody does who knows how the chain is made."""
    previous, done = FIRST, []
    for entry in entries:
        fresh = replace(entry, previous=previous)
        done.append(replace(fresh, digest=fresh.computed()))
        previous = done[-1].digest
    return done


def troubles(entries, heads=None) -> list[tuple[Trouble, int]]:
    return [(f.trouble, f.seq) for f in check(entries, heads or {}).findings]


# ---- the chain itself
def test_an_untouched_chain_has_no_findings():
    entries = chain(30)
    checked = check(entries, {10: entries[9].digest, 30: entries[29].digest})
    assert (checked.findings, checked.entries, checked.good_until) == ([], 30, 30)


@given(st.integers(1, 12), st.sampled_from(["actor", "action", "case"]))
def test_an_edit_is_found_at_its_place(seq, column):
    entries = chain(12)
    entries[seq - 1] = replace(entries[seq - 1], **{column: "x"})
    assert troubles(entries) == [(Trouble.CHANGED, seq)]


@given(st.integers(1, 11))
def test_an_edit_whose_digest_was_mended_breaks_the_next(seq):
    entries = chain(12)
    edited = replace(entries[seq - 1], actor="x")
    entries[seq - 1] = replace(edited, digest=edited.computed())
    assert troubles(entries) == [(Trouble.BROKEN, seq + 1)]


@given(st.integers(1, 10), st.integers(0, 1))
def test_a_deletion_is_found_and_its_span_is_named(first, more):
    entries = chain(12)
    del entries[first - 1 : first + more]
    assert troubles(entries) == [(Trouble.MISSING, first)]


@given(st.integers(1, 12))
def test_a_cut_tail_is_sound_but_for_the_signed_head(kept):
    entries = chain(13)
    assert troubles(entries[:kept]) == []
    assert troubles(entries[:kept], {13: entries[-1].digest}) == [(Trouble.CUT, kept + 1)]


@given(st.integers(5, 12))
def test_a_chain_computed_anew_is_sound_but_for_the_signed_heads(seq):
    entries = chain(12)
    heads = {4: entries[3].digest, 12: entries[11].digest}
    entries[seq - 1] = replace(entries[seq - 1], actor="x")
    entries = rechained(entries)
    assert troubles(entries) == []
    assert troubles(entries, heads) == [(Trouble.REWRITTEN, 5)]


@given(st.dictionaries(st.text("abc", min_size=1), st.one_of(st.text(), st.integers(), st.booleans(), st.none())))
def test_canonical_json_is_the_same_however_it_was_put_together(data):
    backwards = dict(reversed(list(json.loads(json.dumps(data)).items())))
    assert canonical(data) == canonical(backwards)
    assert json.loads(canonical(data)) == data


def test_canonical_json_is_as_rfc_8785_writes_it():
    written = canonical({"b": '€\n\x0f"\\/', "a": [1, True, None, {}]})
    assert written == '{"a":[1,true,null,{}],"b":"€\\n\\u000f\\"\\\\/"}'.encode()


# ---- in the database
@pytest.fixture
def noted(database, clock):
    """A database in which twenty things were done."""
    for n in range(20):
        with database.session() as session:
            audit.note(session, Action.LOGIN, f"wang{n}", now=clock(), address="127.0.0.1")
    return database


def test_what_was_done_is_written_with_it_or_not_at_all(noted, settings, clock):
    def fail():
        with noted.session() as session:
            audit.note(session, Action.LOGIN, "li", now=clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    report = verify(noted, settings, clock())
    assert (report.ok, report.entries) == (True, 20)


def test_two_hundred_at_once_are_one_chain(database, settings, clock):
    def work(name):
        for n in range(20):
            with database.session() as session:
                audit.note(session, Action.LOGIN, name, now=clock(), n=n)
                audit.note(session, Action.READ, name, now=clock(), n=n)

    threads = [threading.Thread(target=work, args=(f"wang{n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = verify(database, settings, clock())
    assert (report.entries, report.findings) == (400, ())


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"])
def test_the_table_itself_refuses_to_be_changed(noted, statement):
    with pytest.raises(DBAPIError, match="never changed or deleted"), noted.engine.begin() as connection:
        connection.execute(text(statement))


def tamper(database, *statements: str) -> None:
    """With a connection of one's own and every right, guards taken down and put up again."""
    if database.engine.dialect.name == "sqlite":
        connection = sqlite3.connect(database.engine.url.database)
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        down, up = [f"DROP TRIGGER {name}" for name, _sql in guards], [sql for _name, sql in guards]
        with connection:
            for statement in (*down, *statements, *up):
                connection.execute(statement)
        connection.close()
        return
    with database.engine.begin() as connection:
        for statement in ("ALTER TABLE audit_entries DISABLE TRIGGER USER", *statements,
                          "ALTER TABLE audit_entries ENABLE TRIGGER USER"):  # fmt: skip
            connection.execute(text(statement))


def found(database, settings, now) -> list[tuple[Trouble, int]]:
    report = verify(database, settings, now)
    assert all(str(f.seq) in f.detail for f in report.findings if f.seq), "the text names the place"
    return [(f.trouble, f.seq) for f in report.findings]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE audit_entries SET actor = 'x' WHERE seq = 7", [(Trouble.CHANGED, 7)]),
        ("DELETE FROM audit_entries WHERE seq IN (7, 8)", [(Trouble.MISSING, 7)]),
        ("DELETE FROM audit_entries WHERE seq > 15", [(Trouble.CUT, 16)]),
        ("DELETE FROM audit_entries", [(Trouble.CUT, 1)]),
    ],
)
def test_tampering_past_the_hotline_is_found(noted, settings, clock, statement, expected):
    sign(noted, settings, clock())
    tamper(noted, statement)
    assert found(noted, settings, clock()) == expected


def _rewrite(e: Entry) -> str:
    new = f"actor = '{e.actor}', previous = '{e.previous}', digest = '{e.digest}'"
    return f"UPDATE audit_entries SET {new} WHERE seq = {e.seq}"  # noqa: S608


def test_a_chain_written_anew_with_all_its_heads_is_found(noted, settings, clock):
    sign(noted, settings, clock())
    with noted.session() as session:
        entries = audit.written_after(session, 0, 100)
    entries[4] = replace(entries[4], actor="x")
    anew = rechained(entries)
    tamper(noted, *(_rewrite(entry) for entry in anew), f"UPDATE audit_heads SET digest = '{anew[-1].digest}'")  # noqa: S608

    assert found(noted, settings, clock()) == [(Trouble.HEADS_MISSING, 20), (Trouble.REWRITTEN, 1)]


def test_a_removed_or_shortened_file_of_heads_is_found(noted, settings, clock):
    sign(noted, settings, clock())
    with noted.session() as session:
        audit.note(session, Action.LOGIN, "li", now=clock())
    sign(noted, settings, clock())
    file = settings.audit_heads_file
    both = file.read_text()

    file.write_text(both.splitlines()[0] + "\n")
    assert found(noted, settings, clock()) == [(Trouble.HEADS_MISSING, 21)]
    file.unlink()
    assert found(noted, settings, clock()) == [(Trouble.HEADS_MISSING, 20)]
    tamper(noted, "DELETE FROM audit_heads")
    assert found(noted, settings, clock()) == [(Trouble.HEADS_MISSING, 0)], "a key that signed needs a file"
    file.write_text(both)
    assert found(noted, settings, clock()) == []


def test_a_head_signed_with_somebody_elses_key_counts_for_nothing(noted, settings, clock, tmp_path):
    forged = Signer(tmp_path / "strange").sign(20, "0" * 64, clock())
    sign(noted, settings, clock())
    with settings.audit_heads_file.open("a") as file:
        file.write(json.dumps({"seq": 20, "digest": "0" * 64, "at": forged.at, "key": forged.key,
                               "signature": forged.signature}) + "\nnonsense\n")  # fmt: skip

    assert [t for t, _seq in found(noted, settings, clock())] == [Trouble.FORGED, Trouble.FORGED]


def test_heads_stay_verifiable_when_the_key_is_changed(noted, settings, clock):
    sign(noted, settings, clock())
    Signer(settings.keys_folder).rotate()
    with noted.session() as session:
        audit.note(session, Action.LOGIN, "li", now=clock())
    sign(noted, settings, clock())

    report = verify(noted, settings, clock())
    assert (report.ok, report.heads, report.signed_until) == (True, 2, 21)
    keys = {json.loads(line)["key"] for line in settings.audit_heads_file.read_text().splitlines()}
    assert len(keys) == 2


def test_a_torn_line_does_not_spoil_the_next(noted, settings, clock):
    settings.audit_heads_file.parent.mkdir()
    settings.audit_heads_file.write_text('{"seq": 1')
    sign(noted, settings, clock())
    assert found(noted, settings, clock()) == [(Trouble.FORGED, 0)]


def test_nobody_else_may_read_the_keys(noted, settings, clock):
    sign(noted, settings, clock())
    files = [path for path in settings.keys_folder.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert settings.keys_folder.stat().st_mode & 0o777 == 0o700


def test_what_was_changed_since_the_last_head_is_not_signed(noted, settings, clock, caplog):
    tamper(noted, "UPDATE audit_entries SET actor = 'x' WHERE seq = 7")
    signing = AuditSigning(noted, settings, clock)
    clock.later(hours=1)
    with noted.session() as session:
        assert signing.due(session, clock()) == [("head", 0)]

    signing.run("head")

    assert "hotline audit verify" in caplog.text
    assert not settings.audit_heads_file.exists()
    with noted.session() as session:
        assert signing.due(session, clock()) == [], "it is said once an hour, not once a second"


def test_heads_are_signed_after_ten_minutes_and_every_so_many_entries(noted, settings, clock, monkeypatch):
    signing = AuditSigning(noted, settings, clock)

    def due():
        with noted.session() as session:
            return list(signing.due(session, clock()))

    assert due() == []
    monkeypatch.setattr(audit_signing, "EVERY_ENTRIES", 20)
    assert due() == [("head", 0)]
    signing.run("head")
    assert due() == []
    with noted.session() as session:
        audit.note(session, Action.LOGIN, "li", now=clock())
    assert due() == []
    clock.later(minutes=10)
    assert due() == [("head", 0)]
    assert sign(noted, settings, clock()).seq == 21
    assert sign(noted, settings, clock()) is None


def test_a_worker_that_no_longer_signs_is_noticed(noted, settings, clock):
    clock.later(hours=2, seconds=1)
    assert found(noted, settings, clock()) == [(Trouble.UNSIGNED, 1)]


def test_guards_that_were_taken_down_are_missed(noted, settings, clock):
    with noted.engine.begin() as connection:
        for statement in (["DROP TRIGGER audit_entries_no_update"] if noted.engine.dialect.name == "sqlite" else
                          ["DROP TRIGGER audit_entries_no_update ON audit_entries"]):  # fmt: skip
            connection.execute(text(statement))
    assert [t for t, _ in found(noted, settings, clock())] == [Trouble.GUARD_MISSING]


# ---- what the audit vouches for
@pytest.fixture
def told(database, city, clock, settings):
    """A case that was registered and answered."""
    identities.keep_keys_in(database.engine, settings.keys_folder)
    wang = Actor("wang", Role.OPERATOR)
    plea = case.Fields(Kind.CONSULTATION, "city_management", phone="13800001111", summary="几点开门")
    with database.session() as session:
        row = case.register(session, plea, wang, city=city, now=clock())
        case.answer(session, row, "九点", wang, now=clock())
        return row.number


def test_the_chain_holds_every_step_of_a_case_and_none_of_its_words(database, settings, clock, told):
    with database.session() as session:
        entries = audit.written_after(session, 0, 100)
    assert [(e.case, e.data["step"], e.data["line"]) for e in entries] == [(told, "register", 1), (told, "answer", 2)]
    assert "九点" not in str(entries)
    assert verify(database, settings, clock()).ok


@pytest.mark.parametrize(
    ("statement", "trouble"),
    [
        ("UPDATE case_events SET data = '{\"answer\": \"no\"}' WHERE seq = 2", Trouble.HISTORY_CHANGED),
        ("UPDATE case_events SET actor = 'li' WHERE seq = 1", Trouble.HISTORY_CHANGED),
        ("DELETE FROM case_events WHERE seq = 2", Trouble.HISTORY_MISSING),
        ("DELETE FROM case_salts", Trouble.HISTORY_MISSING),
        ("INSERT INTO case_events (case_number, seq, at, step, actor, data) "
         "SELECT case_number, 3, at, 'archive', 'x', data FROM case_events WHERE seq = 2", Trouble.HISTORY_ADDED),
    ],
)  # fmt: skip
def test_a_history_changed_past_the_hotline_is_found(database, settings, clock, told, statement, trouble):
    tamper(database, statement)
    findings = verify(database, settings, clock()).findings
    assert {(f.trouble, f.case) for f in findings} == {(trouble, told)}
    assert all(told in f.detail for f in findings)
