import hashlib
import threading

import pytest
from sqlalchemy import select

from cases import people
from cases.model import Token
from cases.people import Refused
from cases.tries import TooManyTries
from cases.words import Role

GOOD = "correct horse"


@pytest.fixture
def wang(database, clock):
    with database.session() as session:
        people.add_person(session, "wang", Role.OPERATOR, GOOD, now=clock())
    return "wang"


def log_in(database, clock, name: str, password: str, address: str = "127.0.0.1"):
    return people.log_in(database, name, password, address, now=clock())


def test_an_operator_logs_in_and_has_a_telephone_of_the_same_name(database, clock, wang):
    assert log_in(database, clock, wang, GOOD).role == Role.OPERATOR

    with database.session() as session:
        [telephone] = people.telephones(session)

    assert telephone.name == wang
    assert telephone.digest == hashlib.md5(b"wang:asterisk:correct horse").hexdigest()  # noqa: S324


def test_a_wrong_password_and_an_unknown_name_look_alike(database, clock, wang):
    assert log_in(database, clock, wang, "wrong horse") is None
    assert log_in(database, clock, "nobody", GOOD) is None


def test_after_five_wrong_passwords_even_the_right_one_must_wait(database, clock, wang):
    for _ in range(5):
        assert log_in(database, clock, wang, "guess guess") is None

    with pytest.raises(TooManyTries) as refused:
        log_in(database, clock, wang, GOOD)

    assert 290 <= refused.value.seconds <= 301
    assert log_in(database, clock, wang, GOOD, "127.0.0.9"), "another address is not punished"
    clock.later(minutes=5)
    assert log_in(database, clock, wang, GOOD)


def test_guessing_from_many_addresses_is_stopped_too(sqlite, clock):
    with sqlite.session() as session:
        people.add_person(session, "li", Role.DISPATCHER, GOOD, now=clock())
    for guess in range(people.TRIES_PER_NAME):
        assert log_in(sqlite, clock, "li", "guess guess", f"127.0.1.{guess}") is None

    with pytest.raises(TooManyTries):
        log_in(sqlite, clock, "li", GOOD, "127.0.0.77")


def test_guesses_at_the_same_moment_do_not_slip_through(database, clock, wang):
    outcomes = []

    def guess():
        try:
            outcomes.append(log_in(database, clock, wang, "guess guess"))
        except TooManyTries:
            outcomes.append("wait")

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(None) == people.TRIES


def test_who_gets_in_has_all_tries_again(database, clock, wang):
    for _ in range(3):
        for _ in range(people.TRIES - 1):
            assert log_in(database, clock, wang, "guess guess") is None
        assert log_in(database, clock, wang, GOOD)


def test_a_token_opens_the_door_until_it_expires(database, clock, wang):
    person = log_in(database, clock, wang, GOOD)
    with database.session() as session:
        token, _ends = people.new_token(session, person, "api", hours=12, now=clock())

    def who():
        with database.session() as session:
            return people.person_of_token(session, token, now=clock())

    assert who().name == wang
    clock.later(hours=11, minutes=59)
    assert who().name == wang
    clock.later(minutes=1)
    assert who() is None


def test_the_table_of_tokens_lets_nobody_in(sqlite, clock):
    with sqlite.session() as session:
        zhao = people.add_person(session, "zhao", Role.SUPERVISOR, GOOD, now=clock())
        token, _ends = people.new_token(session, zhao, "page", hours=1, now=clock())
        stored = session.scalars(select(Token)).one()

        assert token not in (stored.digest, *vars(stored).values())
        assert people.person_of_token(session, stored.digest, now=clock()) is None
        assert people.person_of_token(session, token, now=clock(), kind="api") is None, (
            "a page's cookie is no API token"
        )


def test_a_disabled_person_is_out_at_once(sqlite, clock):
    with sqlite.session() as session:
        zhao = people.add_person(session, "zhao", Role.SUPERVISOR, GOOD, now=clock())
        token, _ends = people.new_token(session, zhao, "api", hours=1, now=clock())
        zhao.disabled = True

    assert log_in(sqlite, clock, "zhao", GOOD) is None
    with sqlite.session() as session:
        assert people.person_of_token(session, token, now=clock()) is None


def test_a_new_password_ends_every_login(sqlite, clock):
    with sqlite.session() as session:
        zhao = people.add_person(session, "zhao", Role.OPERATOR, GOOD, now=clock())
        token, _ends = people.new_token(session, zhao, "api", hours=1, now=clock())
        old_digest = zhao.sip_digest
        people.set_password(session, "zhao", "another horse", now=clock())

        assert zhao.sip_digest != old_digest
        assert people.person_of_token(session, token, now=clock()) is None


@pytest.mark.parametrize(
    ("name", "role", "password", "department"),
    [
        ("a b", Role.OPERATOR, GOOD, None),
        ("x\nsecret=1", Role.OPERATOR, GOOD, None),
        ("-f", Role.OPERATOR, GOOD, None),
        ("王", Role.OPERATOR, GOOD, None),
        ("", Role.OPERATOR, GOOD, None),
        ("trunk", Role.OPERATOR, GOOD, None),
        ("a" * 33, Role.OPERATOR, GOOD, None),
        ("ok", Role.OPERATOR, "short", None),
        ("ok", Role.OPERATOR, "two\nlines", None),
        ("ok", Role.CLERK, GOOD, None),
        ("ok", Role.OPERATOR, GOOD, "cgj"),
    ],
)
def test_what_would_break_a_telephone_or_a_rule_is_refused(sqlite, clock, name, role, password, department):
    with sqlite.session() as session, pytest.raises(Refused):
        people.add_person(session, name, role, password, department=department, now=clock())


def test_a_departments_key_names_the_department_and_nothing_else_does(database, clock):
    with database.session() as session:
        key = people.new_api_key(session, "cgj", now=clock())

    with database.session() as session:
        assert people.department_of_key(session, key) == "cgj"
        wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
        for stranger in (wrong, "", "hk_", key[:11], key + "\n"):
            assert people.department_of_key(session, stranger) is None


def test_presence_outlives_the_process(database, clock, wang):
    with database.session() as session:
        people.keep_presence(session, wang, "ready", "", now=clock())
        people.keep_presence(session, wang, "paused", "午餐", now=clock())

    with database.session() as session:
        [row] = people.presences(session)
    assert (row.name, row.status, row.reason) == (wang, "paused", "午餐")
