"""Finding cases by what stands in them, on both databases."""

import pytest
from sqlalchemy import text

from cases import search as searching
from cases.model import AssignmentRow, CaseRow, CaseWords
from cases.words import Role

LAMP = {"kind": "complaint", "category": "city_management", "place": "临江区人民路十二号",
        "summary": "路灯不亮", "text": "人民路的路灯已经三天不亮了，我的电话是13800001111。", "phone": "13800001111",
        "caller_name": "王小明"}  # fmt: skip
NOISE = {"kind": "help", "category": "environment", "place": "建设路3号", "summary": "工地夜间施工噪音",
         "text": "半夜两点还在打桩", "phone": "13900002222"}  # fmt: skip


@pytest.fixture
def wang(office):
    with office.person("wang", Role.OPERATOR) as client:
        yield client


@pytest.fixture(params=[searching.NEWEST, 0], ids=["by comparing", "by the index"])
def both_ways(request, monkeypatch):
    """The same must be found whether the newest cases are compared or the index is asked."""
    monkeypatch.setattr(searching, "NEWEST", request.param)


def numbers(client, **wanted):
    answer = client.get("/cases", params=wanted)
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json()["items"]]


def new(client, case, **other):
    return client.post("/cases", json=case | other).json()["number"]


@pytest.mark.usefixtures("both_ways")
def test_two_characters_find_a_case_wherever_they_stand(wang):
    lamp, noise = new(wang, LAMP), new(wang, NOISE)

    assert numbers(wang, q="路灯") == numbers(wang, q="不亮") == [lamp]
    assert numbers(wang, q="噪音 打桩") == numbers(wang, q="打桩,噪音!") == [noise]
    assert numbers(wang, q="路灯 噪音") == []
    assert numbers(wang, q="灯路") == []
    assert numbers(wang, q="建设") == [noise]


@pytest.mark.usefixtures("both_ways")
def test_a_number_is_found_as_it_is_said_and_as_it_is_written(wang):
    lamp = new(wang, LAMP)
    written = new(wang, LAMP, place="人民路12号")

    assert numbers(wang, q="12号") == numbers(wang, q="十二号") == numbers(wang, q="１２号") == [written, lamp]


@pytest.mark.usefixtures("both_ways")
def test_a_case_is_found_by_its_number_or_the_beginning_of_it(wang, clock):
    clock.later(hours=-10)
    lamp = new(wang, LAMP)
    clock.later(hours=10)
    noise = new(wang, NOISE)

    assert numbers(wang, q=lamp) == [lamp]
    assert numbers(wang, q=noise[:8]) == [noise]
    assert numbers(wang, q=f"{lamp} 路灯") == [lamp]
    assert numbers(wang, q=f"{lamp} 噪音") == numbers(wang, q=f"{noise} 灯") == []
    assert numbers(wang, q=f"{lamp} 路") == [lamp]


def test_what_was_corrected_is_found_as_it_reads_now(wang, both_ways):
    lamp = new(wang, LAMP)

    wang.patch(f"/cases/{lamp}", json={"summary": "井盖缺失", "text": "井盖不见了", "place": "和平路"})

    assert numbers(wang, q="井盖") == numbers(wang, q="和平路") == [lamp]
    assert numbers(wang, q="路灯") == []


def test_what_is_rolled_back_is_not_in_the_index(database, wang):
    number = new(wang, NOISE)
    with database.session() as session, session.begin_nested() as attempt:
        session.get_one(CaseRow, number).text = "消失的文字"
        session.flush()
        attempt.rollback()

    assert numbers(wang, q="消失") == []
    assert numbers(wang, q="打桩") == [number]


def test_the_index_forgets_a_case_that_is_deleted(database, wang, monkeypatch):
    monkeypatch.setattr(searching, "NEWEST", 0)
    new(wang, NOISE)
    with database.session() as session:
        session.execute(text("DELETE FROM case_events"))
        session.delete(session.query(CaseRow).one())
    with database.session() as session:
        assert session.query(CaseWords).all() == []
        assert session.execute(searching.hits(session, ["噪音"]).select()).all() == []


# ---- whose cases, whose numbers
def test_a_department_finds_its_own_cases_only(wang, office):
    lamp = new(wang, LAMP)
    wang.post(f"/cases/{new(wang, NOISE)}/transitions", json={"action": "dispatch", "lead": "hbj"})
    wang.post(f"/cases/{lamp}/transitions", json={"action": "dispatch", "lead": "cgj", "assisting": ["gaj"]})

    with office.person("li", Role.CLERK, "cgj") as li, office.system("hbj") as hbj:
        assert numbers(li, q="路灯") == [lamp]
        assert numbers(li, q="噪音") == numbers(hbj, q="路灯") == numbers(hbj, q=lamp) == []


def test_a_department_that_gave_a_case_back_does_not_find_it_any_more(wang, office):
    lamp = new(wang, LAMP)
    wang.post(f"/cases/{lamp}/transitions", json={"action": "dispatch", "lead": "cgj", "assisting": ["hbj"]})
    with office.person("li", Role.CLERK, "cgj") as li:
        assert numbers(li) == numbers(li, q="路灯") == [lamp]
        with office.database.session() as session:
            share = session.query(AssignmentRow).filter_by(department="cgj").one()
            share.progress = "returned"
        assert numbers(li) == numbers(li, q="路灯") == numbers(wang, department="cgj") == []
        with office.database.session() as session:
            session.query(AssignmentRow).filter_by(department="cgj").one().progress = "waiting"
        assert numbers(li) == [lamp]


def test_nobody_learns_from_searching_whose_telephone_or_name_a_case_hides(wang, office):
    tip_off = new(wang, LAMP, kind="tip_off", text="老板偷排，我是会计王小明，电话幺三八零零零零幺幺幺幺")
    wang.post(f"/cases/{tip_off}/transitions", json={"action": "dispatch", "lead": "cgj"})

    with office.person("li", Role.CLERK, "cgj") as li:
        for client in (li, wang):
            assert numbers(client, q="偷排") == [tip_off]
            for secret in ("13800001111", "1380000", "1380 0001", "幺三八零", "王小明", "小明", "8000"):
                assert numbers(client, q=secret) == [], secret


def test_those_who_answer_telephones_find_a_caller_by_the_whole_number_only(wang, office):
    lamp = new(wang, LAMP)
    wang.post(f"/cases/{lamp}/transitions", json={"action": "dispatch", "lead": "cgj"})

    assert numbers(wang, q="13800001111") == numbers(wang, phone="13800001111") == [lamp]
    assert numbers(wang, q="1380000") == numbers(wang, phone="1380000") == []
    with office.person("li", Role.CLERK, "cgj") as li:
        assert numbers(li, q="13800001111") == numbers(li, phone="13800001111") == []


# ---- narrowed, in pages
def test_filters_and_words_narrow_together(wang, clock):
    first = new(wang, LAMP)
    clock.later(hours=2)
    second = new(wang, LAMP, kind="help", category="environment", urgency="urgent")
    wang.post(f"/cases/{second}/transitions", json={"action": "dispatch", "lead": "cgj"})

    assert numbers(wang, q="路灯") == [second, first]
    assert numbers(wang, q="路灯", state="registered") == [first]
    assert numbers(wang, q="路灯", state=["registered", "dispatched"]) == [second, first]
    assert numbers(wang, q="路灯", level="urgent") == numbers(wang, q="路灯", kind="help") == [second]
    assert numbers(wang, q="路灯", category="environment") == numbers(wang, q="路灯", department="cgj") == [second]
    assert numbers(wang, created_from="2026-03-09T10:00:00+08:00") == [second]
    assert numbers(wang, q="路灯", created_to="2026-03-09T10:00:00+08:00") == [first]


def test_what_falls_due_before_a_moment(wang, office, clock):
    case = new(wang, LAMP)
    wang.post(f"/cases/{case}/transitions", json={"action": "dispatch", "lead": "cgj", "assisting": ["hbj"]})

    assert numbers(wang, due_before="2026-03-17T00:00:00+08:00") == [case]
    assert numbers(wang, due_before="2026-03-10T00:00:00+08:00") == []
    with office.person("li", Role.CLERK, "hbj") as li:
        assert numbers(li, due_before="2026-03-17T00:00:00+08:00") == [case]


@pytest.mark.usefixtures("both_ways")
def test_pages_of_what_was_found_fit_together(wang, clock):
    made = []
    for nth in range(5):
        made.append(new(wang, LAMP if nth % 4 else NOISE))
        clock.later(minutes=nth % 2)

    found, cursor = [], None
    while True:
        answer = wang.get("/cases", params={"q": "路灯", "limit": 2} | ({"cursor": cursor} if cursor else {}))
        found += [each["number"] for each in answer.json()["items"]]
        cursor = answer.json()["next"]
        if cursor is None:
            break
        assert f"cursor={cursor}" in answer.headers["Link"]
    assert found == [made[3], made[2], made[1]]


def test_a_single_character_is_refused_with_a_reason(wang):
    for odd in ("路", "，。", "a", " "):
        answer = wang.get("/cases", params={"q": odd})
        assert (answer.status_code, "两个" in answer.json()["detail"]) == (422, True), odd


@pytest.mark.parametrize(
    "odd", ['路灯" OR "x', "路灯' --", "路灯*", "NEAR(路灯)", "%_%", "路灯) OR (1=1", "😀😀", "ＡＢc"]
)
@pytest.mark.usefixtures("both_ways")
def test_what_databases_understand_is_only_words_here(wang, odd):
    new(wang, NOISE)

    answer = wang.get("/cases", params={"q": odd})

    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or answer.json()["items"] == []


def test_a_departments_list_by_state_follows_the_case(wang, office):
    lamp = new(wang, LAMP)
    wang.post(f"/cases/{lamp}/transitions", json={"action": "dispatch", "lead": "cgj"})

    with office.person("li", Role.CLERK, "cgj") as li:
        assert numbers(li, state="dispatched") == numbers(wang, department="cgj", state="dispatched") == [lamp]
        li.post(f"/cases/{lamp}/transitions", json={"action": "sign"})
        assert numbers(li, state="handling") == numbers(li, q="路灯", state="handling") == [lamp]
        assert numbers(li, state="dispatched") == []


@pytest.mark.parametrize("odd", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "2026-03-09T10:00:00", "x"])
def test_a_moment_that_no_calendar_needs_is_refused(small_office, odd):
    with small_office.person("wang", Role.OPERATOR) as wang:
        for name in ("created_from", "created_to", "due_before"):
            assert wang.get("/cases", params={name: odd}).status_code == 422, name
