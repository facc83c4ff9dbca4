"""Departments that sleep: reminded, admonished, answering, reported. On both databases, over real HTTP."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from test_auto_signing import CGJ, dispatch
from test_delivery import WANG

from cases import assignment, case, history, outbox, people, review
from cases.actor import Actor
from cases.case import Fields
from cases.history import record
from cases.lifecycle import Step
from cases.model import SupervisionRow
from cases.reasons import SendBackReason
from cases.watching import Supervision
from cases.words import Kind, Role, Urgency
from config.city import load
from config.read_city import SHIPPED
from config.worker import Worker


@pytest.fixture
def city(city):
    """What is urgent is due in three days and signed within two hours; 2026-03-09 is a Monday."""
    shipped = load(SHIPPED)
    return replace(city, deadlines=shipped.deadlines, workdays=shipped.workdays, categories=shipped.categories)


def somebody(office, name, role):
    """Logged in for as long as the story takes."""
    client = office.person(name, role)
    with office.database.session() as session:
        row = session.get_one(people.Person, name)
        token, _ends = people.new_token(session, row, "api", hours=20_000, now=office.clock())
    client.headers["Authorization"] = f"Bearer {token}"
    return client


@pytest.fixture
def chief(office):
    return somebody(office, "zhou", Role.SUPERVISOR)


@pytest.fixture
def deputy(office):
    return somebody(office, "wu", Role.SUPERVISOR)


@pytest.fixture
def look(database, city, clock):
    """The worker's round at the moment the clock shows, without the engine: what is due is done until nothing is."""

    def run() -> None:
        for task in Supervision(database, city, clock).tasks():
            for _round in range(3):
                with database.session() as session:
                    due = list(task.due(session, clock()))
                for key, _turn in due:
                    task.run(key)
            assert not due, f"{task.name} does not come to an end"

    return run


def listed(client, **wanted) -> list[dict]:
    return client.get("/supervisions", params=wanted).json()["items"]


def told(database, number) -> list[tuple[str, dict]]:
    with database.session() as session:
        sent = outbox.of_case(session, number)
        return [(each.event, each.body) for each in sent if each.event != "case.dispatched"]


def sign(database, number, clock) -> None:
    with database.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        assignment.sign(session, row, assignment.own(session, row, CGJ), CGJ, now=clock())


def late(database, city, clock, look) -> str:
    """A case that nobody has signed for in time, and that has been looked at."""
    number = dispatch(database, city, clock())
    clock.later(hours=2)
    look()
    return number


def test_a_department_is_reminded_in_time_and_once(office, database, city, clock, look, chief):
    number = dispatch(database, city, clock())
    look()
    assert listed(chief) == []

    clock.later(hours=1)
    look()
    clock.later(minutes=1)
    look()

    [reminder] = listed(chief)
    assert (reminder["level"], reminder["trigger"], reminder["number"]) == ("reminder", "unsigned_half", None)
    [(event, body)] = told(database, number)
    assert event == "case.reminder"
    assert "签收时限已过一半，尚未签收" in body["reason"]
    assert "路灯" not in str(body), "what the citizen said is read from the case, not sent along"


def test_the_worker_itself_looks_and_tells(database, city, clock, chief):
    number = dispatch(database, city, clock())
    clock.later(hours=1)

    assert Worker(database, Supervision(database, city, clock).tasks(), clock=clock).run_until_idle(20)

    assert [each["level"] for each in listed(chief)] == ["reminder"]
    assert [event for event, _body in told(database, number)] == ["case.reminder"]


def test_who_does_its_work_hears_nothing(database, city, clock, look, chief):
    number = dispatch(database, city, clock())
    sign(database, number, clock)
    with database.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        assignment.reply(session, row, assignment.own(session, row, CGJ), "已更换灯泡。", CGJ, now=clock())
    clock.later(days=20)
    look()

    assert listed(chief) == []


def test_an_unsigned_case_becomes_a_notice_when_a_person_issues_it(office, database, city, clock, look, chief):
    number = late(database, city, clock, look)
    cgj = office.system("cgj")

    [proposal] = listed(chief, level="blue")
    assert (proposal["state"], proposal["number"]) == ("proposed", None)
    assert listed(cgj, level="blue") == [], "what nobody has issued does not exist for the department"
    assert cgj.get(f"/supervisions/{proposal['id']}").status_code == 404

    issued = chief.post(f"/supervisions/{proposal['id']}/issue").json()
    look()

    assert (issued["state"], issued["number"]) == ("issued", "热线催字〔2026〕1号")
    assert issued["answer_by"] == "2026-03-10T23:59:59+08:00", "one working day"
    assert "超过签收时限未签收" in issued["facts"]
    assert [event for event, _body in told(database, number)] == ["case.supervised"]
    assert listed(cgj)[0]["number"] == issued["number"]

    answered = cgj.post(
        f"/supervisions/{issued['id']}/answer", json={"answer": "经办人请假，已另派人，今日签收。"}
    ).json()
    assert (answered["state"], answered["late"]) == ("answered", False)
    clock.later(days=1, hours=15)
    look()
    assert listed(chief, level="yellow") == [], "who answers is not reported higher"


def test_silence_climbs_to_the_leader_and_then_to_the_public(office, database, city, clock, look, chief, deputy):
    late(database, city, clock, look)
    cgj = office.system("cgj")

    blue = chief.post(f"/supervisions/{listed(chief, level='blue')[0]['id']}/issue").json()
    clock.later(days=2)
    look()
    [yellow] = listed(chief, level="yellow")
    assert "催办通知书逾期未回复" in yellow["facts"]
    assert chief.get(f"/supervisions/{blue['id']}").json()["late"] is True

    yellow = chief.post(f"/supervisions/{yellow['id']}/issue").json()
    assert yellow["number"] == "热线督字〔2026〕1号"
    unsigned = cgj.post(f"/supervisions/{yellow['id']}/answer", json={"answer": "正在办"})
    assert unsigned.status_code == 422
    assert "签字的单位负责人" in unsigned.json()["detail"]

    clock.later(days=2)
    look()
    [red] = listed(chief, level="red")
    first = chief.post(f"/supervisions/{red['id']}/issue").json()
    assert (first["state"], first["number"]) == ("proposed", None), "a public censure needs two people"
    again = chief.post(f"/supervisions/{red['id']}/issue")
    assert (again.status_code, again.json()["code"]) == (409, "second_person_needed")
    second = deputy.post(f"/supervisions/{red['id']}/issue").json()
    assert (second["number"], second["signatories"]) == ("热线通字〔2026〕1号", ["zhou", "wu"])


def test_silence_about_a_case_that_is_done_climbs_too(database, city, clock, look, chief):
    """It was replied to, late and unsigned for; nothing else will ever happen to it, and the notice waits."""
    number = late(database, city, clock, look)
    sign(database, number, clock)
    with database.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        assignment.reply(session, row, assignment.own(session, row, CGJ), "已更换灯泡。", CGJ, now=clock())
    look()
    chief.post(f"/supervisions/{listed(chief, level='blue')[0]['id']}/issue")
    clock.later(days=2)
    look()

    assert [each["trigger"] for each in listed(chief, level="yellow")] == ["blue_unanswered"]


def test_one_matter_has_one_form(database, city, clock, look, chief):
    """It was not signed for, and then it was late as well: the same form says both."""
    number = late(database, city, clock, look)
    clock.later(days=4)
    look()

    [blue] = listed(chief, level="blue", case=number)
    assert "超过签收时限未签收" in blue["facts"]
    assert "超过办理期限未答复" in blue["facts"]


def test_what_was_signed_is_not_rewritten(database, city, clock, look, chief):
    late(database, city, clock, look)
    blue = chief.post(f"/supervisions/{listed(chief, level='blue')[0]['id']}/issue").json()
    clock.later(hours=80)
    look()

    after = chief.get(f"/supervisions/{blue['id']}").json()
    assert after["facts"] == blue["facts"]


def test_a_notice_is_withdrawn_by_somebody_else_only_and_with_a_reason(database, city, clock, look, chief, deputy):
    number = late(database, city, clock, look)
    key = listed(chief, level="blue")[0]["id"]
    chief.post(f"/supervisions/{key}/issue")
    look()

    own = chief.post(f"/supervisions/{key}/cancel", json={"reason": "发错了"})
    mute = deputy.post(f"/supervisions/{key}/cancel", json={"reason": "  "})
    done = deputy.post(f"/supervisions/{key}/cancel", json={"reason": "系统故障期间无法签收"}).json()

    assert (own.status_code, mute.status_code) == (409, 422)
    assert (done["state"], done["ended_by"]) == ("cancelled", "wu")
    look()
    assert sorted(body["state"] for _event, body in told(database, number)) == ["cancelled", "issued"]


def test_what_is_withdrawn_before_it_was_sent_is_never_sent(database, city, clock, look, chief, deputy):
    clock.later(hours=9)
    number = late(database, city, clock, look)
    key = listed(chief, level="blue")[0]["id"]
    chief.post(f"/supervisions/{key}/issue")
    deputy.post(f"/supervisions/{key}/cancel", json={"reason": "误发"})
    clock.later(hours=15)
    look()

    assert [body for event, body in told(database, number) if event == "case.supervised"] == []


def test_a_proposal_that_is_not_issued_stays_on_record(database, city, clock, look, chief):
    late(database, city, clock, look)
    key = listed(chief, level="blue")[0]["id"]

    assert chief.post(f"/supervisions/{key}/dismiss", json={"reason": ""}).status_code == 422
    done = chief.post(f"/supervisions/{key}/dismiss", json={"reason": "停电，已电话说明"}).json()
    look()

    assert (done["state"], done["ended_because"]) == ("dismissed", "停电，已电话说明")
    assert len(listed(chief, level="blue")) == 1, "and is not proposed again"
    assert chief.post(f"/supervisions/{key}/issue").status_code == 409


def test_numbers_have_no_gaps_and_no_doubles_however_many_sign_at_once(office, database, city, clock, look, chief):
    for _n in range(8):
        dispatch(database, city, clock())
    clock.later(hours=2)
    look()
    keys = [each["id"] for each in listed(chief, level="blue")]
    assert len(keys) == 8
    people = [office.person(f"s{n}", Role.SUPERVISOR) for n in range(4)]
    answers: list = []

    def sign_all(client) -> None:
        answers.extend(client.post(f"/supervisions/{key}/issue").status_code for key in keys)

    threads = [threading.Thread(target=sign_all, args=(client,)) for client in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] * 8 + [409] * 24
    numbers = sorted(each["number"] for each in listed(chief, level="blue"))
    assert numbers == [f"热线催字〔2026〕{n}号" for n in range(1, 9)]
    clock.later(days=365)
    dispatch(database, city, clock())
    clock.later(hours=2)
    look()
    [proposal] = listed(chief, level="blue", state="proposed")
    assert chief.post(f"/supervisions/{proposal['id']}/issue").json()["number"] == "热线催字〔2027〕1号"


def test_many_are_issued_at_once_and_one_that_cannot_holds_nobody_up(database, city, clock, look, chief):
    for _n in range(3):
        dispatch(database, city, clock())
    clock.later(hours=2)
    look()
    keys = [each["id"] for each in listed(chief, level="blue")]
    chief.post(f"/supervisions/{keys[1]}/dismiss", json={"reason": "已电话说明"})

    items = chief.post("/supervisions/issue", json={"ids": [*keys, "nothing"]}).json()["items"]

    assert [each["state"] for each in items] == ["issued", None, "issued", None]
    assert "不予督办" in items[1]["problem"]


def test_a_supervisor_starts_higher_by_hand_with_a_reason(office, database, city, clock, chief):
    number = dispatch(database, city, clock())
    order = {"case": number, "level": "yellow", "reason": "媒体关注，请单位负责人过问"}

    made = chief.post("/supervisions", json=order)
    twice = chief.post("/supervisions", json=order)
    stranger = chief.post("/supervisions", json=order | {"department": "gaj"})

    assert (made.status_code, made.json()["made_by"]) == (201, "zhou")
    assert twice.status_code == 409
    assert "一事一单" in twice.json()["detail"]
    assert stranger.status_code == 422
    assert office.person("li", Role.OPERATOR).post("/supervisions", json=order).status_code == 403


def test_nobody_is_woken_at_night_unless_life_is_at_stake(database, city, clock, look, chief):
    clock.later(hours=12)  # 21:30
    number = dispatch(database, city, clock())
    clock.later(hours=1, minutes=1)
    look()
    assert told(database, number) == []
    clock.later(hours=10)  # 08:31
    look()
    assert told(database, number)[0][0] == "case.reminder"


def test_the_sheet_is_printed_without_script_style_or_citizen(office, database, city, clock, look, chief):
    number = late(database, city, clock, look)
    key = listed(chief, level="blue")[0]["id"]
    chief.post(f"/supervisions/{key}/issue")

    sheet = chief.get(f"/supervisions/{key}/form")
    plain = chief.get(f"/supervisions/{key}/form", params={"format": "text"})

    assert sheet.headers["content-type"].startswith("text/html")
    for word in ("<script", "style=", "<style", "onload"):
        assert word not in sheet.text
    assert 'href="/api/v1/supervisions/form.css"' in sheet.text
    style = office.anonymous().get("/supervisions/form.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "@media print" in style.text
    for text in (sheet.text, plain.text):
        for said in ("热线催字〔2026〕1号", "城市管理局", number, "国办发〔2020〕53号", "路灯不亮", "zhou"):
            assert said in text
    assert office.system("hbj").get(f"/supervisions/{key}/form").status_code == 404


def test_two_versions_of_one_notice_are_not_mixed_up(database, city, clock, look, chief, deputy):
    late(database, city, clock, look)
    key = listed(chief, level="blue")[0]["id"]
    seen = chief.get(f"/supervisions/{key}").headers["etag"]
    chief.post(f"/supervisions/{key}/issue", headers={"If-Match": seen})

    stale = deputy.post(f"/supervisions/{key}/cancel", json={"reason": "误发"}, headers={"If-Match": seen})

    assert stale.status_code == 412


def test_every_case_that_met_a_trigger_has_its_record_whoever_slept(database, city, clock, look):
    """督查 100 %: the worker comes back after a week and finds all of it."""
    numbers = [dispatch(database, city, clock()) for _n in range(5)]
    clock.later(days=14)
    look()

    with database.session() as session:
        rows = session.query(SupervisionRow).all()
        assert {row.case_number for row in rows} == set(numbers)
        assert {row.level for row in rows} == {"red"}, "what became due together is one notice, as grave as its gravest"
        assert all(history.history(session, number) for number in numbers)


def test_who_has_to_complain_a_fourth_time_is_heard_higher_up(database, city, clock, look, chief):
    """Three repeats of the same matter by the same person, each after a case that was closed."""
    fields = Fields(Kind.COMPLAINT, "city_management", Urgency.URGENT, place="人民路12号", phone="13800001111",
                    summary="人民路12号路灯不亮")  # fmt: skip
    for _n in range(4):
        with database.session() as session:
            row = case.register(session, fields, WANG, city=city, now=clock())
            assignment.dispatch(session, row, "cgj", [], WANG, city=city, now=clock())
        look()
        with database.session() as session:
            row = case.find(session, row.number, WANG, lock=True)
            record(session, row, Step.CANCEL, WANG, {"way": "call", "recording": ""}, now=clock())
            row.state = "closed"
        clock.later(days=1)

    [yellow] = listed(chief, level="yellow")
    assert (yellow["case"], yellow["trigger"]) == (row.number, "repeated")


def test_replies_that_come_back_are_counted_and_two_perfunctory_ones_are_reported(database, city, clock, look, chief):
    number, dispatcher = dispatch(database, city, clock()), Actor("sun", Role.DISPATCHER)
    sign(database, number, clock)
    levels = []
    for reasons in ([SendBackReason.NO_MEASURE], [SendBackReason.PERFUNCTORY], [SendBackReason.PERFUNCTORY]):
        clock.later(minutes=10)
        with database.session() as session:
            row = case.find(session, number, CGJ, lock=True)
            share = assignment.own(session, row, CGJ)
            assignment.reply(session, row, share, "已收悉。", CGJ, now=clock())
            review.send_back(session, row, share, reasons, "请写明措施", dispatcher, city=city, now=clock())
        look()
        levels.append(sorted({each["level"] for each in listed(chief)} - {"reminder"}))

    assert levels == [["blue"], ["blue", "yellow"], ["blue", "red", "yellow"]]
    assert "两次因敷衍被退回" in listed(chief, level="red")[0]["facts"]


def test_under_the_mayors_instruction_it_starts_with_the_leader(office, database, city, clock, look, chief):
    number = dispatch(database, city, clock())
    chief.post("/instructions", json={"case": number, "said_by": "张市长", "words": "请三日内办结"})
    clock.later(hours=2)
    look()

    assert [each["level"] for each in listed(chief)] == ["yellow"]


def test_objecting_in_time_is_not_leaving_it_unsigned(database, city, clock, look, chief):
    number = dispatch(database, city, clock())
    with database.session() as session:
        row = case.find(session, number, CGJ, lock=True)
        share = assignment.own(session, row, CGJ)
        data = {"assignment": share.id, "reason": "not_ours", "basis": "三定方案", "suggested": "hbj"}
        record(session, row, Step.REQUEST_RETURN, CGJ, data, now=clock())
    clock.later(hours=5)
    look()

    assert listed(chief) == [], "the hotline's turn: the department waits for an answer"


@pytest.mark.slow
def test_hotline_worker_signs_and_supervises_by_itself(database, city, workers):
    """Signed automatically at the limit, and proposed for a notice all the same."""
    number = dispatch(database, city, datetime.now(UTC) - timedelta(hours=3))

    assert workers.once() == 0

    with database.session() as session:
        assert [each.progress for each in history.assignments(session, number)] == ["signed"]
        [row] = session.query(SupervisionRow).all()
        assert (row.level, row.trigger, row.state) == ("blue", "unsigned", "proposed")


def test_workers_that_look_at_the_same_moment_write_and_tell_once(database, city, clock, look, chief):
    number = dispatch(database, city, clock())
    clock.later(hours=1)
    ready = threading.Barrier(4)

    def run() -> None:
        supervision = Supervision(database, city, clock)
        ready.wait()
        supervision.look(number)
        for each in listed(chief):
            supervision.tell(each["id"])

    threads = [threading.Thread(target=run) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(listed(chief)) == 1
    assert [event for event, _body in told(database, number)] == ["case.reminder"]
