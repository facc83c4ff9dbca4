"""`hotline user`, `operator` and `key`, as an administrator types them."""

import json
import os

import pytest
from click.testing import CliRunner

from cases import people
from config.database import Database
from config.settings import Settings
from console.cli import main


@pytest.fixture
def hotline(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOTLINE_ASTERISK", "off")
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)

    def run(*arguments: str, typed: str = ""):
        return CliRunner().invoke(main, list(arguments), input=typed)

    before = os.umask(0o077)  # the command sets it for its own process, which here is everybody's
    yield run
    os.umask(before)


def test_people_are_added_and_listed(hotline):
    assert (
        hotline("user", "add", "zhao", "--role", "administrator", "--password-stdin", typed="geheim12\n").exit_code == 0
    )
    assert hotline("operator", "add", "wang", "--password-stdin", typed="geheim12\r\n").exit_code == 0

    listed = json.loads(hotline("user", "list", "--json").stdout)

    assert [(p["name"], p["role"]) for p in listed] == [("wang", "operator"), ("zhao", "administrator")]
    assert hotline("user", "list").stdout.splitlines()[1] == "zhao\tadministrator"


def test_an_operators_password_opens_the_login_too(hotline, clock):
    hotline("operator", "add", "wang", "--password-stdin", typed="geheim12\n")

    database = Database(Settings().database)
    assert people.log_in(database, "wang", "geheim12", "-", now=clock())
    with database.session() as session:
        [telephone] = people.telephones(session)
    assert telephone.name == "wang"


@pytest.mark.parametrize(
    ("arguments", "typed", "says"),
    [
        (("operator", "add", "a b"), "geheim12\n", "cannot be a telephone's name"),
        (("operator", "add", "wang"), "no\n", "characters"),
        (("operator", "add", "wang"), "", "characters"),
        (("user", "add", "liu", "--role", "clerk"), "geheim12\n", "--department"),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_added(hotline, arguments, typed, says):
    done = hotline(*arguments, "--password-stdin", typed=typed)

    assert done.exit_code == 1
    assert says in done.output
    assert json.loads(hotline("user", "list", "--json").stdout) == []


def test_wrong_use_is_exit_code_2(hotline):
    assert hotline("user", "add", "zhao", "--role", "wizard", "--password-stdin").exit_code == 2
    assert hotline("operator", "add").exit_code == 2


def test_a_department_gets_a_key_and_a_secret_once(hotline, clock):
    [code, *_others] = [
        d.code for d in __import__("config.city", fromlist=["load"]).load(Settings().city_dir).departments
    ]
    made = json.loads(hotline("key", "add", code, "--json").stdout)

    with Database(Settings().database).session() as session:
        assert people.department_of_key(session, made["key"]) == code
    assert made["secret"].startswith("whsec_")
    unknown = hotline("key", "add", "nobody")
    assert unknown.exit_code == 1
    assert "departments.yaml" in unknown.output


def test_whoever_has_left_cannot_log_in_until_they_are_back(hotline, clock):
    hotline("operator", "add", "wang", "--password-stdin", typed="geheim12\n")
    database = Database(Settings().database)

    assert hotline("user", "disable", "wang").exit_code == 0
    assert people.log_in(database, "wang", "geheim12", "-", now=clock()) is None
    with database.session() as session:
        assert people.telephones(session) == []

    assert hotline("user", "enable", "wang").exit_code == 0
    assert hotline("user", "password", "wang", "--password-stdin", typed="neu-geheim\n").exit_code == 0
    assert people.log_in(database, "wang", "geheim12", "-", now=clock()) is None
    assert people.log_in(database, "wang", "neu-geheim", "-", now=clock())


def test_nobody_of_that_name_is_said(hotline):
    for command in (("disable", "li"), ("enable", "li")):
        told = hotline("user", *command)
        assert told.exit_code == 1
        assert "nobody named li" in told.output
