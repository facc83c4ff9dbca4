"""Seeing who called: masked for departments, with a purpose on record, a tip-off's only by two persons together."""

import json

import pytest
from sqlalchemy import text

from cases import identities, intake
from cases.words import Role
from ivr.call import CallEvent
from ivr.call import Kind as Happened

SECRET = {"phone": "13800001111", "caller_name": "王小明"}
LAMP = {"kind": "complaint", "category": "city_management", "place": "人民路", "summary": "王小明反映路灯不亮",
        "text": "请回电13800001111", **SECRET}  # fmt: skip


@pytest.fixture
def wang(office):
    return office.person("wang", Role.OPERATOR)


def register(client, **changes) -> str:
    answer = client.post("/cases", json=LAMP | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["number"]


def dispatched(wang, **changes) -> str:
    number = register(wang, **changes)
    done = wang.post(f"/cases/{number}/transitions", json={"action": "dispatch", "lead": "cgj", "assisting": ["hbj"]})
    assert done.status_code == 200, done.text
    return number


def reveal(client, number: str, field: str = "phone", purpose: str = "联系市民核实位置"):
    return client.post(f"/cases/{number}/reveals", json={"field": field, "purpose": purpose})


def everything_in(database) -> str:
    """Every text in every table."""
    with database.session() as session:
        dialect = session.get_bind().dialect.name
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        if dialect == "postgresql":
            listed = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        names = [name for (name,) in session.execute(text(listed))]
        return json.dumps([[list(map(str, row)) for row in session.execute(text(f'SELECT * FROM "{name}"'))]  # noqa: S608
                           for name in names], ensure_ascii=False)  # fmt: skip


def test_the_lead_sees_a_masked_number_and_the_whole_one_with_a_purpose(office, wang):
    number = dispatched(wang)
    cgj = office.system("cgj")
    seen = cgj.get(f"/cases/{number}").json()
    assert (seen["phone"], seen["caller_name"], seen["summary"]) == ("138****1111", "王**", "王**反映路灯不亮")
    assert "13800001111" not in cgj.get(f"/cases/{number}").text + cgj.get("/cases").text

    shown = reveal(cgj, number)

    assert (shown.status_code, shown.json()["value"], shown.json()["state"]) == (201, "13800001111", "shown")
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert reveal(cgj, number, "name").json()["value"] == "王小明"
    zhao = office.person("zhao", Role.SUPERVISOR)
    entries = zhao.get("/audit", params={"case": number}).json()["items"]
    looked = [(e["actor"], e["data"]["field"]) for e in entries if e["action"] == "reveal.shown"]
    assert looked == [("department:cgj", "caller_name"), ("department:cgj", "phone")]
    assert "13800001111" not in json.dumps(entries)


def test_the_citizen_reads_who_looked_when_and_why(office, wang, clock):
    number = dispatched(wang)
    code = wang.get(f"/cases/{number}").json()["code"]
    clock.later(minutes=7)
    reveal(office.system("cgj"), number)
    reveal(wang, number, purpose="回电确认，13900002222 也打过")

    seen = office.anonymous().get(f"/public/cases/{number}", params={"code": code.lower()}).json()

    assert [(look["who"], look["at"], look["field"]) for look in seen["looked"]] == [
        ("城市管理局", "2026-03-09T09:37:00+08:00", "phone"),
        ("12345 热线话务员", "2026-03-09T09:37:00+08:00", "phone"),
    ]
    assert seen["looked"][0]["purpose"] == "联系市民核实位置"
    assert "13900002222" not in seen["looked"][1]["purpose"]
    assert seen["departments"][0]["name"] == "城市管理局"
    assert [line["text"] for line in seen["timeline"]] == ["已登记", "已受理", "已交城市管理局办理"]


def test_without_a_purpose_nothing_is_shown(office, wang):
    number = dispatched(wang)
    refused = reveal(office.system("cgj"), number, purpose=" ")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/purpose")


@pytest.mark.parametrize(("changes", "says"), [({"confidential": True}, "转接"), ({"kind": "tip_off"}, "第二人")])
def test_who_wants_to_stay_secret_is_shown_to_no_department(small_office, changes, says):
    number = dispatched(small_office.person("wang", Role.OPERATOR), **changes)
    for client in (small_office.system("cgj"), small_office.person("liu", Role.CLERK, "cgj")):
        refused = reveal(client, number)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert says in refused.json()["detail"]


def test_an_assisting_department_goes_through_the_lead(office, wang):
    number = dispatched(wang)
    hbj = office.system("hbj")
    assert hbj.get(f"/cases/{number}").json()["phone"] is None
    assert reveal(hbj, number).status_code == 403
    assert reveal(office.system("gaj"), number).status_code == 404


def test_a_tip_off_is_opened_by_two_persons_and_once(office, wang, clock):
    number = register(wang, kind="tip_off")
    zhao, qian = office.person("zhao", Role.SUPERVISOR), office.person("qian", Role.ADMINISTRATOR)
    assert reveal(wang, number).status_code == 403

    asked = reveal(zhao, number, purpose="人身安全需要联系").json()
    assert (asked["state"], asked["value"]) == ("asked", None)
    assert zhao.post(f"/reveals/{asked['id']}/open").status_code == 409, "nobody has granted it"
    assert zhao.post(f"/reveals/{asked['id']}/grant").status_code == 403, "nor may one grant one's own"
    assert [row["id"] for row in qian.get("/reveals").json()["items"]] == [asked["id"]]
    assert wang.post(f"/reveals/{asked['id']}/grant").status_code == 403

    assert qian.post(f"/reveals/{asked['id']}/grant").json()["state"] == "granted"
    assert qian.post(f"/reveals/{asked['id']}/open").status_code == 404, "it is for the one who asked"
    opened = zhao.post(f"/reveals/{asked['id']}/open")

    assert (opened.status_code, opened.json()["value"]) == (200, "13800001111")
    assert zhao.post(f"/reveals/{asked['id']}/open").status_code == 409
    actions = [e["action"] for e in zhao.get("/audit", params={"case": number}).json()["items"]]
    assert actions[:3] == ["reveal.shown", "reveal.granted", "reveal.asked"]


def test_what_was_granted_lapses_after_a_day(office, wang, clock):
    number = register(wang, kind="tip_off")
    zhao, qian = office.person("zhao", Role.SUPERVISOR), office.person("qian", Role.SUPERVISOR)
    asked = reveal(zhao, number).json()
    qian.post(f"/reveals/{asked['id']}/grant")
    clock.later(days=1, seconds=1)
    with office.database.session() as session:  # tokens live shorter than this
        session.execute(text("UPDATE tokens SET expires_at = '2027-01-01'"))

    lapsed = zhao.post(f"/reveals/{asked['id']}/open")

    assert lapsed.status_code == 409
    assert "已过期" in lapsed.json()["detail"]


def test_nothing_in_the_whole_database_tells_who_gave_a_tip_off(office, wang):
    number = register(wang, kind="tip_off")
    headers = {"Idempotency-Key": "k1"}
    wang.post("/cases", json=LAMP | {"kind": "tip_off"}, headers=headers)
    wang.patch(f"/cases/{number}", json={"phone": "13900002222"})

    stored = everything_in(office.database)

    for secret in ("13800001111", "13900002222", "王小明"):
        assert secret not in stored
    with office.database.session() as session:
        assert identities.unseal(session, number) == {"phone": "13900002222", "caller_name": "王小明"}


def test_a_case_that_becomes_a_tip_off_forgets_its_name_and_stays_one(office, wang):
    number = register(wang)
    changed = wang.patch(f"/cases/{number}", json={"kind": "tip_off"}).json()

    assert (changed["phone"], changed["summary"]) == (None, "***反映路灯不亮")
    assert "王小明" not in everything_in(office.database)
    lowered = wang.patch(f"/cases/{number}", json={"kind": "complaint", "confidential": False})
    assert (lowered.status_code, lowered.json()["errors"][0]["pointer"]) == (422, "/confidentiality")


def test_with_another_key_nothing_can_be_read(office, wang, settings):
    number = register(wang, kind="tip_off")
    key = settings.keys_folder / "identity.key"
    assert key.stat().st_mode & 0o777 == 0o600
    zhao, qian = office.person("zhao", Role.SUPERVISOR), office.person("qian", Role.SUPERVISOR)
    asked = reveal(zhao, number).json()
    qian.post(f"/reveals/{asked['id']}/grant")
    key.unlink()

    refused = zhao.post(f"/reveals/{asked['id']}/open")

    assert (refused.status_code, refused.json()["code"]) == (409, "key_missing")


def test_a_tip_off_that_tells_who_speaks_is_pointed_out_to_the_hotline(small_office):
    wang = small_office.person("wang", Role.OPERATOR)
    number = dispatched(wang, kind="tip_off", text="厂里偷排污水。我是三车间的会计。")

    assert wang.get(f"/cases/{number}").json()["self_identifying"] == ["我是三车间的会计"]
    assert "self_identifying" not in small_office.system("cgj").get(f"/cases/{number}").json()


# ---- the accused
@pytest.mark.parametrize("chosen", [{"lead": "cgj"}, {"lead": "hbj", "assisting": ["cgj"]}])
def test_the_accused_gets_no_part_in_the_case(office, wang, chosen):
    number = register(wang, accused="cgj")

    refused = wang.post(f"/cases/{number}/transitions", json={"action": "dispatch", **chosen})

    assert (refused.status_code, refused.json()["code"]) == (422, "conflict_of_interest")
    assert "回避" in refused.json()["detail"]
    assert wang.post(f"/cases/{number}/transitions", json={"action": "dispatch", "lead": "hbj"}).status_code == 200
    assert "accused" not in office.system("hbj").get(f"/cases/{number}").json()


def test_an_unknown_department_cannot_be_accused(small_office):
    refused = small_office.person("wang", Role.OPERATOR).post("/cases", json=LAMP | {"accused": "nobody"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/accused")


# ---- the citizen's code
def test_an_unknown_number_and_a_wrong_code_look_alike_and_are_limited(office, wang, clock):
    number = register(wang)
    code = wang.get(f"/cases/{number}").json()["code"]
    citizen = office.anonymous()

    def look(no, given):
        return citizen.get(f"/public/cases/{no}", params={"code": given})

    wrong, unknown = look(number, "AAAAAAAAAA"), look("202603099999", "AAAAAAAAAA")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 404
    for _ in range(3):
        assert look(number, code).status_code == 200, "right ones do not count"
    for _ in range(3):
        look(number, "AAAAAAAAAA")

    limited = look(number, code)
    assert limited.status_code == 429
    assert 3590 < int(limited.headers["Retry-After"]) <= 3601
    assert look("202603099998", "x").status_code == 429, "nor other cases from this address"
    clock.later(hours=1)
    assert look(number, code).status_code == 200


def test_a_tip_off_by_telephone_leaves_no_number_in_the_call_whatever_comes_in_later(office, database, wang, clock):
    begun = CallEvent("c1", 1, clock(), Happened.CALL_STARTED, {"caller": "13800001111", "dialled": "12345"})
    with database.session() as session:
        intake.import_call(session, [begun])
    case = wang.post("/cases", json={**LAMP, "kind": "tip_off", "phone": "", "caller_name": "", "call": "c1",
                                     "summary": "厂里偷排", "text": ""}).json()  # fmt: skip

    with database.session() as session:  # the spool gives everything again, the desk and the machine go on
        intake.import_call(session, [begun, CallEvent("c1", 2, clock(), Happened.CALL_ENDED, {"reason": "hangup"})])
        intake.correct_draft(session, "c1", {"phone": "13800001111", "place": "北厂"}, "wang", now=clock())
        intake.store_draft(session, "c1", {"phone": {"value": "13800001111"}}, now=clock())

    assert "13800001111" not in everything_in(database)
    with database.session() as session:
        assert identities.unseal(session, case["number"]) == {"phone": "13800001111"}
        assert intake.draft_of(session, "c1").corrected == {"place": "北厂"}


def test_who_took_a_tip_off_hears_it_again_and_nobody_else(office, database, clock):
    wang, zhao = office.person("wang", Role.OPERATOR), office.person("zhao", Role.SUPERVISOR)
    talk = [(Happened.CALL_STARTED, {"caller": "13800001111"}),
            (Happened.LEG_ASKED, {"leg": "2", "role": "operator", "name": "wang"}),
            (Happened.LEG_JOINED, {"leg": "2", "role": "operator", "name": "wang"})]  # fmt: skip
    with database.session() as session:
        intake.import_call(session, [CallEvent("c1", n, clock(), kind, data) for n, (kind, data) in enumerate(talk, 1)])
    made = wang.post("/cases", json=LAMP | {"kind": "tip_off", "call": "c1"})

    assert made.status_code == 201, made.text
    assert wang.get("/calls/c1").status_code == 200
    refused = zhao.get("/calls/c1")
    assert (refused.status_code, "第二人" in refused.json()["detail"]) == (403, True)
    assert [each["caller"] for each in zhao.get("/calls").json()["items"]] in ([], [""])
