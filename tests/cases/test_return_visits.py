"""A citizen is asked how it went: by an operator, by a link, by the telephone itself. On both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from test_case_api import LAMP, register, step
from test_delivery import WANG
from test_supervision import somebody

from cases import case, closing, review, visit_calls
from cases.actor import Actor
from cases.model import CaseRow, ReturnVisit
from cases.reasons import Way
from cases.visit_opening import VisitOpening
from cases.words import Role
from config.city import load
from config.read_city import SHIPPED

REPLY = "3月9日已更换灯泡2只，恢复照明。"
CHIEF, OTHER_CHIEF = Actor("zhou", Role.SUPERVISOR), Actor("wu", Role.SUPERVISOR)


@pytest.fixture
def city(city):
    shipped = load(SHIPPED)
    return replace(city, deadlines=shipped.deadlines, workdays=shipped.workdays, reply_words=shipped.reply_words)


@pytest.fixture
def wang(office):
    return somebody(office, "wang", Role.OPERATOR)


@pytest.fixture
def chief(office):
    return somebody(office, "zhou", Role.SUPERVISOR)


@pytest.fixture
def open_visits(database, clock):
    def run() -> None:
        task = VisitOpening(database, clock).task()
        for _round in range(2):
            with database.session() as session:
                due = list(task.due(session, clock()))
            for number, _turn in due:
                task.run(number)
        assert not due

    return run


@pytest.fixture
def approved(office, wang, chief, open_visits):
    """A case whose reply was approved, so that somebody has to ask the citizen; its number."""

    def make(reply: str = REPLY, **changes) -> str:
        number = register(wang, **changes)["number"]
        _approve(office, wang, number, reply)
        open_visits()
        return number

    return make


def _approve(office, wang, number: str, reply: str = REPLY) -> None:
    step(wang, number, "dispatch", lead="cgj")
    cgj = office.system("cgj")
    for action, more in (("sign", {}), ("reply", {"reply": reply})):
        assert step(cgj, number, action, **more).status_code == 200
    with office.database.session() as session:
        review.approve(session, case.find(session, number, CHIEF, lock=True), CHIEF, now=office.clock())


def queue(client, **wanted) -> list[dict]:
    return client.get("/return-visits", params=wanted).json()["items"]


def state(client, number: str) -> str:
    return client.get(f"/cases/{number}").json()["state"]


def result(client, key: str, **said):
    return client.post(f"/return-visits/{key}/result", json=said)


HAPPY = {"solved": "yes", "satisfied": "very", "contacted": True, "true": True, "words": "谢谢"}


def test_the_operator_calls_says_and_asks(wang, chief, approved):
    number = approved()
    [waiting] = queue(wang)
    assert (waiting["case"], waiting["phone"]) == (number, "138****1111"), "nobody's whole number stands in a list"

    visit = wang.get(f"/return-visits/{waiting['id']}").json()
    assert visit["phone"] == LAMP["phone"]
    assert "您在3月9日反映的“路灯不亮”，城市管理局答复：3月9日已更换灯泡" in visit["script"]["hello"]
    assert [question["field"] for question in visit["script"]["questions"]] == [
        "contacted", "true", "solved", "satisfied", "words"]  # fmt: skip

    done = result(wang, visit["id"], **HAPPY)
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["words"]) == ("answered", "谢谢")
    assert state(wang, number) == "closed"
    history = wang.get(f"/cases/{number}").json()["history"]
    assert "谢谢" not in str(history), "the citizen's own words never stand in the history"
    assert queue(wang) == []


@pytest.mark.parametrize("said", [{"solved": "no"}, {"satisfied": "no"}, {"solved": "no", "satisfied": "very"}])
def test_who_is_not_content_sends_it_back_with_a_shorter_deadline(office, wang, approved, clock, said):
    number = approved()
    clock.later(hours=3)

    result(wang, queue(wang)[0]["id"], **said)

    seen = wang.get(f"/cases/{number}").json()
    assert seen["state"] == "rework"
    assert seen["due_at"] == "2026-03-10T12:30:00+08:00", "one day, where three were given at first"
    events = [each["event"] for each in office.system("cgj").get("/deliveries").json()["items"]]
    assert "case.sent_back" in events


def test_unreachable_is_never_satisfied(database, wang, approved, clock):
    """Three tries, at three times of day, on two days; then it is closed, and nobody was content."""
    number, tried = approved(), []
    while state(wang, number) == "return_visit":
        [waiting] = queue(wang)
        clock.now = max(clock.now, clock.now.fromisoformat(waiting["due_at"]))
        tried.append(clock())
        assert result(wang, waiting["id"], outcome="no_answer").status_code == 200

    assert state(wang, number) == "closed"
    assert len(tried) == 3
    assert len({each.astimezone().date() for each in tried}) >= 2
    [visit] = queue(wang, state="unreached")
    seen = wang.get(f"/return-visits/{visit['id']}").json()
    assert (seen["satisfied"], seen["solved"], len(seen["attempts"])) == (None, None, 3)
    steps = [each["step"] for each in wang.get(f"/cases/{number}").json()["history"]]
    assert steps[-4:] == ["visit_attempt"] * 3 + ["close_unreached"]


def test_three_calls_within_an_hour_do_not_close_it(wang, approved):
    number = approved()
    for _n in range(4):
        assert result(wang, queue(wang)[0]["id"], outcome="no_answer").status_code == 200
    assert state(wang, number) == "return_visit"


def test_a_time_that_was_promised_is_kept(wang, approved, clock):
    approved()
    [waiting] = queue(wang)
    evening = (clock() + timedelta(hours=9)).isoformat()

    later = result(wang, waiting["id"], outcome="later", again_at=evening).json()

    assert later["due_at"] == "2026-03-09T18:30:00+08:00"
    assert later["tries"] == 0, "who asks to be called later was reached"
    assert queue(wang, due_before=(clock() + timedelta(hours=8)).isoformat()) == []
    moved = wang.patch(f"/return-visits/{waiting['id']}", json={"due_at": (clock() + timedelta(days=40)).isoformat()})
    assert moved.status_code == 422


def test_nobody_asks_how_their_own_work_was(office, approved, wang):
    approved()
    key = queue(wang)[0]["id"]
    for stranger in (office.system("cgj"), office.person("liu", Role.CLERK, "cgj")):
        assert stranger.get("/return-visits").status_code == 403
        assert stranger.get(f"/return-visits/{key}").status_code == 403
        assert result(stranger, key, **HAPPY).status_code == 403


def test_the_mayors_matter_is_asked_by_supervisors_and_not_by_who_took_it(office, wang, chief, approved):
    number = register(wang)["number"]
    deputy = somebody(office, "wu", Role.SUPERVISOR)
    given = {"said_by": "张市长", "words": "请三日内办结", "case": number, "issuer": "zhou"}
    assert deputy.post("/instructions", json=given).status_code == 201
    _approve(office, wang, number)
    assert wang.post(f"/cases/{number}/return-visits").status_code == 201
    [visit] = queue(wang)
    assert visit["instruction"] is True
    assert queue(wang, mine=True) == queue(deputy, mine=True) == []

    assert result(wang, visit["id"], **HAPPY).status_code == 403
    assert step(wang, number, "visit", solved="yes", satisfied="very").status_code == 403, "nor by the other way"
    assert result(deputy, visit["id"], **HAPPY).status_code == 403
    with office.database.session() as session:
        assert visit_calls.due_calls(session, office.clock()) == [], "nor does the telephone ask by itself"
    assert result(chief, visit["id"], **HAPPY).status_code == 200


def test_an_answer_needs_something_said(wang, approved):
    approved()
    empty = result(wang, queue(wang)[0]["id"], words="嗯")
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/solved")


def test_a_visit_noted_as_a_step_of_the_case_is_the_same_visit(wang, approved):
    number = approved()
    assert step(wang, number, "visit", solved="yes", satisfied="very").status_code == 200
    assert queue(wang) == []
    assert [(each["case"], each["state"]) for each in queue(wang, state="answered")] == [(number, "answered")]


def test_an_answer_is_given_once(wang, chief, approved):
    approved()
    key = queue(wang)[0]["id"]
    etag = wang.get(f"/return-visits/{key}").headers["etag"]

    twice = [wang.post(f"/return-visits/{key}/result", json=HAPPY, headers={"Idempotency-Key": "k"}) for _n in range(2)]

    assert twice[0].json() == twice[1].json()
    assert result(chief, key, satisfied="no").status_code == 409
    stale = chief.post(f"/return-visits/{key}/result", json=HAPPY, headers={"If-Match": etag})
    assert stale.status_code == 412


# ---- by a link


def link(client, key: str) -> str:
    made = client.post(f"/return-visits/{key}/links")
    assert made.status_code == 201, made.text
    return made.json()["url"].rpartition("/")[2]


def test_a_citizen_answers_by_a_link_once(office, wang, approved):
    number = approved(text="我是王女士，电话13800001111，路灯不亮")
    secret, citizen = link(wang, queue(wang)[0]["id"]), office.anonymous()

    shown = citizen.get(f"/public/visits/{secret}")
    assert shown.status_code == 200
    assert "路灯不亮" in shown.json()["script"]["hello"]
    for private in (LAMP["phone"], LAMP["caller_name"]):
        assert private not in shown.text
    assert citizen.post(f"/public/visits/{secret}", json={}).status_code == 422

    assert citizen.post(f"/public/visits/{secret}", json=HAPPY).status_code == 200
    assert state(wang, number) == "closed"
    for again in (citizen.post(f"/public/visits/{secret}", json=HAPPY), citizen.get(f"/public/visits/{secret}")):
        assert again.status_code == 404
    assert wang.get(f"/cases/{number}").json()["history"][-1]["actor"] == "citizen"


def test_a_link_ends_after_a_week_and_wrong_ones_are_counted(office, wang, approved, clock):
    approved()
    secret, citizen = link(wang, queue(wang)[0]["id"]), office.anonymous()
    clock.later(days=7)
    old = citizen.get(f"/public/visits/{secret}")
    wrong = [citizen.get("/public/visits/nothing") for _n in range(30)]

    assert (old.status_code, old.json()) == (wrong[0].status_code, wrong[0].json()), "which of the two is not told"
    assert wrong[-1].status_code == 429
    assert "Retry-After" in wrong[-1].headers


def test_whoever_was_not_reached_may_still_say_so_by_the_link(database, office, wang, approved, clock):
    number = approved()
    secret = link(wang, queue(wang)[0]["id"])
    while state(wang, number) == "return_visit":
        [waiting] = queue(wang)
        clock.now = max(clock.now, clock.now.fromisoformat(waiting["due_at"]))
        result(wang, waiting["id"], outcome="no_answer")

    assert office.anonymous().post(f"/public/visits/{secret}", json={"solved": "no"}).status_code == 200

    assert state(wang, number) == "rework"
    [visit] = queue(wang, state="answered")
    assert visit["case"] == number


def test_a_promise_that_contented_the_citizen_is_followed_up_on_its_day(database, office, wang, approved, clock):
    number = approved(reply="3月9日已现场核查，将于3月20日前更换灯杆，请您监督。")
    result(wang, queue(wang)[0]["id"], satisfied="yes")
    assert state(wang, number) == "closed"

    [later] = queue(wang)
    assert (later["promised_on"], later["due_at"]) == ("2026-03-20", "2026-03-21T10:00:00+08:00")
    clock.later(days=12)
    assert result(wang, later["id"], outcome="no_answer").json()["tries"] == 1
    assert state(wang, number) == "closed", "a try is noted, and moves nothing"
    assert result(wang, later["id"], solved="no").status_code == 200
    assert state(wang, number) == "rework"


# ---- by the telephone itself


def call(database, clock, call_id="20260309-093000-aa", **more):
    """What the telephone side does: it asks who is due, claims the visit, calls, and tells what came of it."""
    with database.session() as session:
        due = visit_calls.due_calls(session, clock())
        assert [visit_calls.begin_call(session, each.visit_id, call_id, now=clock()) for each in due] == [True] * len(
            due
        )
    return [(each.case_number, each.number) for each in due]


def told(database, city, clock, outcome, call_id="20260309-093000-aa", **more) -> ReturnVisit | None:
    with database.session() as session:
        return visit_calls.record_automatic(session, call_id, outcome, city=city, now=clock(), **more)


def test_a_pressed_key_is_the_citizens_answer(database, city, clock, wang, approved):
    number = approved()
    assert call(database, clock) == [(number, LAMP["phone"])]
    assert call(database, clock) == [], "nobody else calls meanwhile"

    done = told(database, city, clock, "answered", choices={"satisfied": "1"}, facts={"note": "回访满意"})

    assert (done.state, done.satisfied, done.solved, done.answered_by) == ("answered", "yes", None, "citizen")
    assert state(wang, number) == "closed"
    assert told(database, city, clock, "answered", choices={"satisfied": "2"}) is None, "told twice changes nothing"
    assert state(wang, number) == "closed"


def test_the_key_for_not_satisfied_sends_it_back(database, city, clock, wang, approved):
    number = approved()
    call(database, clock)
    told(database, city, clock, "answered", facts={"note": "回访不满意"})
    assert state(wang, number) == "rework"


@pytest.mark.parametrize(("outcome", "counted"), [("no_answer", 1), ("busy", 1), ("answered", 1), ("unreachable", 0)])
def test_a_call_without_an_answer_is_a_try_unless_the_trouble_was_ours(
    database, city, clock, wang, approved, outcome, counted
):
    number = approved()
    call(database, clock)

    tried = told(database, city, clock, outcome)

    assert (tried.tries, tried.satisfied) == (counted, None)
    assert told(database, city, clock, outcome) is None
    assert state(wang, number) == "return_visit"
    assert queue(wang)[0]["due_at"] > clock().isoformat()


def test_a_call_that_never_came_back_is_made_again(database, city, clock, approved):
    number = approved()
    call(database, clock)
    clock.later(minutes=16)
    assert call(database, clock, "20260309-094600-bb") == [(number, LAMP["phone"])]
    assert told(database, city, clock, "no_answer") is None, "the first call's late result is nobody's any more"


def test_the_telephone_does_not_ask_where_secrecy_was_promised(database, clock, approved):
    approved(confidential=True)
    approved(phone="")
    assert call(database, clock) == []


# ---- when there is nothing to ask


def test_a_visit_is_dropped_when_the_case_goes_another_way(database, clock, wang, chief, approved, open_visits):
    number = approved()
    with database.session() as session:
        row = session.get_one(CaseRow, number, with_for_update=True)
        closing.close_unresolved(session, row, "《城市道路照明规定》第七条", Way.CALL, OTHER_CHIEF, now=clock())
    open_visits()
    assert queue(wang) == []
    assert [each["case"] for each in queue(wang, state="dropped")] == [number]


def test_who_withdrew_is_asked_once_whether_they_wanted_to(database, clock, wang, open_visits):
    number = register(wang)["number"]
    with database.session() as session:
        row = session.get_one(CaseRow, number, with_for_update=True)
        closing.cancel(session, row, Way.CALL, WANG, now=clock())
    open_visits()
    [visit] = queue(wang)
    assert result(wang, visit["id"], satisfied="yes").status_code == 200
    open_visits()
    assert queue(wang) == []
    assert state(wang, number) == "cancelled"


def test_every_rework_is_asked_about_again(database, office, clock, wang, chief, approved, open_visits):
    number = approved()
    result(wang, queue(wang)[0]["id"], satisfied="no")
    step(office.system("cgj"), number, "reply", reply="3月10日又检修线路，已恢复。")
    with database.session() as session:
        review.approve(session, case.find(session, number, CHIEF, lock=True), CHIEF, now=clock())
    open_visits()

    [again] = queue(wang)
    result(wang, again["id"], satisfied="yes")
    assert state(wang, number) == "closed"
    assert len(queue(wang, state="answered")) == 2, "first and final satisfaction side by side"
