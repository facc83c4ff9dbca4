"""The desk in a real Chromium: by keyboard only, through broken streams, and with hostile texts.

Screenshots of each stage are kept in artefacts/desk: to be looked at, not to be compared.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cases.model import CaseRow
from config.settings import ROOT
from console.hub import Viewer
from console.pages import door, render, stream
from console.pages.ports import NewCase
from ivr.board import Cause, Status
from ivr.room import Step
from tests.console.desk_house import PASSWORD, House, eventually, opened_house

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

pytestmark = pytest.mark.browser
CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), "")
AXE = render.WEB / "assets" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "artefacts" / "desk"
ROOM = "20261122-0417"
WATCH = "window.__faults = []; addEventListener('securitypolicyviolation', e => __faults.push(e.violatedDirective));"
DRAFT = {
    "summary": "文晖路和平小区东门往北 6 盏路灯一个多星期不亮，夜间行人看不清，昨日有人摔倒",
    "kind": "complaint",
    "category": [
        {"code": "urban_construction", "score": 0.9, "reason": "说到“路灯”，属城建"},
        {"code": "city_management", "score": 0.4, "reason": "说到“小区”"},
    ],
    "urgency": "urgent",
    "place": "文晖路 180 号，和平小区东门往北",
    "phone": "",
    "departments": [
        {"code": "street_lighting", "role": "lead", "score": 0.9, "reason": "承办“路灯”"},
        {"code": "construction", "role": "assisting", "score": 0.5, "reason": "主管城建"},
    ],
    "reasons": {
        "kind": {"reason": "说到“修好”", "source": {"sentence": "你们上次说三天修好，到现在也没人来。"}},
        "urgency": {"reason": "说到“摔倒”，按急件", "source": {"sentence": "晚上看不见，昨天还有人摔倒了。"}},
    },
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine (Debian: chromium)")
    if render.asset("desk.js") is None:
        pytest.skip("the bundle is not built: npm ci && node build.mjs in console/web/assets")
    with opened_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def browser(house: House) -> Iterator[Any]:
    with playwright.sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(house: House, browser: Any) -> Iterator[Any]:
    """A desk of its own, signed in. Afterwards: no fault of the page, nothing against the content policy."""
    house.switchboard.clear()
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    context.add_init_script(WATCH)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, house)
    yield page
    assert page.evaluate("() => window.__faults") == []
    assert errors == []
    context.close()


def sign_in(page: Any, house: House) -> None:
    if "limin" in house.sessions:
        page.context.add_cookies([{"name": "hotline", "value": house.sessions["limin"], "url": house.url}])
        page.goto(f"{house.url}/desk")
        return
    page.goto(f"{house.url}/desk")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("limin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.url}/desk")
    house.sessions["limin"] = page.context.cookies()[0]["value"]


def live(page: Any) -> None:
    expect(page.locator("#live")).to_have_attribute("data-state", "on", timeout=10_000)


def talk(house: House, page: Any, room_id: str = ROOM) -> None:
    live(page)
    house.switchboard.rings("limin", room_id=room_id)
    house.switchboard.answers("limin", room_id)
    expect(page.locator("#draft")).to_have_attribute("data-call", room_id)


def photograph(page: Any, name: str, **size: int) -> None:
    """By the protocol itself: Playwright's own screenshot puts a style into the page, against the policy."""
    if size:
        page.set_viewport_size(size)
    PICTURES.mkdir(parents=True, exist_ok=True)
    session = page.context.new_cdp_session(page)
    picture = session.send("Page.captureScreenshot", {"captureBeyondViewport": size.get("width", 1440) < 1000})
    (PICTURES / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))


def axe_findings(page: Any) -> list[str]:
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    script = (
        "axe.run().then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' '))))"
    )
    answer = session.send("Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True})
    findings: list[str] = json.loads(answer["result"]["value"])
    return findings


def test_a_call_from_ring_to_registered_case_by_keyboard_only(house: House, page: Any) -> None:
    live(page)
    page.locator("#status").focus()
    page.keyboard.press("Home")
    eventually(lambda: house.switchboard.operators.get("limin"))
    house.switchboard.waits("13968027711", seconds=47, priority=1)
    house.switchboard.waits("057188124490", seconds=9)
    house.switchboard.rings("limin")
    expect(page.locator("#caller")).to_contain_text("来电 138 0571 2345")
    expect(page).to_have_title(re.compile("^● 来电"))
    page.keyboard.press("F2")
    expect(page.locator("#notice")).to_contain_text("请用话机接听")
    photograph(page, "ringing")

    house.switchboard.answers("limin")
    expect(page.locator("#notice")).to_be_empty()
    for length in (4, 9, 20):
        house.caption(1, 1, "小区门口那一排路灯大概有一个多星期都不亮了"[:length], final=False)
    expect(page.locator("#captions .partial")).to_have_count(1)
    house.caption(1, 1, "小区门口那一排路灯大概有一个多星期都不亮了。", unsure=("一个多星期",))
    expect(page.locator("#captions li")).to_have_count(1)
    expect(page.locator("#captions u")).to_have_text("一个多星期")

    page.keyboard.press("F4")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("ld")
    page.keyboard.press("Enter")
    row = page.locator("#room li").nth(2)
    expect(row).to_contain_text("市路灯管理处")
    expect(row).to_contain_text("请求中")
    assert house.switchboard.asked == [("add", ROOM, "street_lighting", "limin")]
    leg = house.switchboard.department().leg
    house.switchboard.step(ROOM, leg, Step.RANG)
    expect(row).to_contain_text("振铃中")
    house.switchboard.step(ROOM, leg, Step.JOINED)
    expect(row).to_contain_text("通话中")

    page.keyboard.press("Alt+3")
    page.locator("#f-place").focus()
    page.keyboard.type("我手写的地点")
    house.hub.draft(ROOM, DRAFT)
    expect(page.locator("#f-kind")).to_have_value("complaint")
    expect(page.locator("#f-lead")).to_have_value("市路灯管理处")
    expect(page.locator(".field[data-name=kind]")).to_have_class(re.compile("guessed"))
    expect(page.locator("#w-urgency")).to_contain_text("昨天还有人摔倒了")
    expect(page.locator("#f-place")).to_have_value("我手写的地点")
    expect(page.locator("#f-place")).to_be_focused()
    photograph(page, "three-way")
    photograph(page, "three-way-1366", width=1366, height=768)

    page.keyboard.press("F8")
    expect(page.locator("#k-hold")).to_contain_text("恢复市民")
    page.keyboard.press("F8")
    expect(page.locator("#k-hold")).to_contain_text("保持市民")
    page.keyboard.press("F9")
    expect(page.locator("#k-mute")).to_contain_text("取消静音")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".case-no")).to_be_visible()
    expect(page.locator("#receipts")).to_contain_text("市路灯管理处")
    photograph(page, "registered", width=1366, height=768)
    photograph(page, "registered-720", width=720, height=900)

    page.keyboard.press("F2")
    expect(page.locator("#leave-only")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#ending")).to_be_hidden()
    assert house.switchboard.rooms[ROOM].ended_at is None, "Esc never hangs up"
    page.keyboard.press("F2")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#h-call")).to_have_text("刚结束的通话")
    assert house.switchboard.rooms[ROOM].ended_at


def test_a_consultation_is_answered_at_once_by_keyboard_only(house: House, page: Any) -> None:
    talk(house, page, "20261122-0418")
    house.hub.draft("20261122-0418", {**DRAFT, "kind": "consultation", "summary": "医保卡在哪里补办"})
    expect(page.locator("#f-kind")).to_have_value("consultation")
    page.keyboard.press("Alt+Enter")
    expect(page.locator("#e-answer")).to_have_text("请写一句答复了市民什么")
    page.locator("#f-answer").focus()
    page.keyboard.type("带身份证到任一街道便民服务中心，当场补办")
    page.keyboard.press("Alt+Enter")
    expect(page.locator("#p-draft .tag")).to_have_text("已直接答复")
    expect(page.locator("#p-draft .facts")).to_contain_text("当场补办")
    expect(page.locator("#receipts")).to_have_count(0)
    photograph(page, "answered", width=1366, height=768)
    with house.database.session() as session:
        number = re.sub(r"\D", "", page.locator(".case-no").inner_text())
        row = session.get(CaseRow, number)
        assert row is not None
        assert (row.state, row.kind, row.answer[:4]) == ("answered", "consultation", "带身份证")


def test_typing_outlives_a_reload_and_a_restart_of_the_server(house: House, page: Any) -> None:
    talk(house, page, "20261122-1001")
    page.fill("#f-place", "人写的")
    expect(page.locator("#saved")).to_contain_text("已保存", timeout=3000)
    page.fill("#f-phone", "")
    with page.expect_request("**/draft", timeout=900):
        page.keyboard.press("Control+s")
    expect(page.locator("#saved")).to_contain_text("已保存")
    page.fill("#f-name", "王")
    page.reload()
    talk_again = page.locator("#f-name")
    expect(talk_again).to_have_value("王", timeout=10_000)
    house.hub.draft("20261122-1001", DRAFT)
    expect(page.locator("#f-kind")).to_have_value("complaint")

    house.stop()
    page.fill("#f-summary", "断线时写的")
    house.start()

    live(page)
    house.caption(1, 1, "回来了", room_id="20261122-1001")
    expect(page.locator("#captions")).to_contain_text("回来了", timeout=15_000)
    expect(page.locator("#f-summary")).to_have_value("断线时写的")
    expect(page.locator("#f-place")).to_have_value("人写的")


def test_another_call_takes_its_own_draft_and_the_last_one_waits(house: House, page: Any) -> None:
    talk(house, page, "20261122-1101")
    page.fill("#f-summary", "第一个电话的事")
    house.switchboard.remove("20261122-1101", "20261122-1101-2")
    house.switchboard.rings("limin", "13900009999", "20261122-1102")
    expect(page.locator("#caller .ringing")).to_be_visible()
    expect(page.locator("#f-summary")).to_have_value("第一个电话的事")

    house.switchboard.answers("limin", "20261122-1102")

    expect(page.locator("#draft")).to_have_attribute("data-call", "20261122-1102")
    expect(page.locator("#f-summary")).to_have_value("")
    page.click("#pending button")
    expect(page.locator("#f-summary")).to_have_value("第一个电话的事")
    house.hub.draft("20261122-1102", DRAFT)
    time.sleep(0.3)
    expect(page.locator("#f-kind")).to_have_value("")


def test_what_is_missing_is_listed_and_the_way_leads_there(house: House, page: Any) -> None:
    talk(house, page, "20261122-1201")
    page.fill("#f-summary", "写了一半")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#draft .errors")).to_be_focused()
    expect(page).to_have_title(re.compile("^错误："))
    photograph(page, "errors", width=1366, height=768)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#f-kind")).to_be_focused()
    expect(page.locator("#f-summary")).to_have_value("写了一半")
    page.select_option("#f-urgency", "at_once")
    expect(page.locator("#f-urgency_reason")).to_be_visible()


def test_an_input_method_owns_the_keys_while_it_composes(house: House, page: Any) -> None:
    talk(house, page, "20261122-1301")
    press = "k => document.dispatchEvent(new KeyboardEvent('keydown', {key: k, isComposing: true, bubbles: true}))"
    for key in ("F2", "F4", "F8", "F9"):
        page.evaluate(press, key)
    time.sleep(0.3)

    expect(page.locator("#departments")).to_be_hidden()
    assert house.switchboard.asked == []
    page.keyboard.press("F4")
    expect(page.locator("#departments")).to_be_visible()
    page.evaluate(
        "() => document.getElementById('q').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    time.sleep(0.3)
    assert house.switchboard.asked == []


def test_enter_calls_what_was_typed_and_not_what_stood_there_before(house: House, page: Any) -> None:
    talk(house, page, "20261122-1401")
    page.route("**/desk/departments?*q=jtj*", lambda route: (time.sleep(0.6), route.continue_()))
    page.keyboard.press("F4")
    expect(page.locator(".found button").first).to_be_visible()
    page.keyboard.type("gongan")
    for _ in range(6):
        page.keyboard.press("Backspace")
    page.keyboard.type("公安")
    page.keyboard.press("Enter")

    eventually(lambda: house.switchboard.asked)
    assert house.switchboard.asked[0][2] == "police"


def test_hostile_texts_stay_texts(house: House, page: Any) -> None:
    evil = '<img src=x onerror="document.title=1"><hx-partial hx-target="#bar">gone</hx-partial>\n\ndata: x'
    talk(house, page, "20261122-1501")
    house.caption(1, 1, evil, room_id="20261122-1501")
    house.hub.draft("20261122-1501", {**DRAFT, "summary": evil, "place": evil})

    expect(page.locator("#captions .said")).to_contain_text("<img src=x")
    expect(page.locator("#f-place")).to_have_value(re.compile("<img src=x"))
    expect(page.locator("#k-talk")).to_be_visible()
    expect(page.locator("#captions img, #p-draft img")).to_have_count(0)


def test_a_stream_that_did_not_open_is_opened_again(house: House, browser: Any) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.clock.install()
    sign_in(page, house)
    live(page)
    page.route("**/desk/stream", lambda route: route.abort())
    with page.expect_request("**/desk/stream"):
        page.reload()
    page.clock.fast_forward(13_000)
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("已断开")

    page.unroute("**/desk/stream")
    page.clock.fast_forward(6_000)

    live(page)
    expect(page.locator("#offline")).to_be_hidden()
    context.close()


def test_a_stream_that_has_gone_silent_is_given_up_and_opened_again(
    house: House, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TICK_SECONDS", 600)
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.clock.install()
    sign_in(page, house)
    live(page)
    page.clock.fast_forward(13_000)
    expect(page.locator("#live")).to_contain_text("已断开")
    page.clock.run_for(6_000)

    live(page)
    context.close()


def test_a_hidden_tab_goes_on_listening(house: House, page: Any) -> None:
    talk(house, page, "20261122-1601")
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', {get: () => true});"
        "document.dispatchEvent(new Event('visibilitychange')); }"
    )
    house.caption(1, 1, "还在听", room_id="20261122-1601")

    expect(page.locator("#captions")).to_contain_text("还在听")


def test_a_second_window_waits_and_takes_over(house: House, page: Any) -> None:
    live(page)
    second = page.context.new_page()
    second.goto(f"{house.url}/desk")
    expect(second.locator("#twice")).to_be_visible()
    expect(second.locator("#live")).to_have_text("未连接")

    page.goto("about:blank")

    live(second)
    expect(second.locator("#twice")).to_be_hidden()
    second.close()
    page.goto(f"{house.url}/desk")


def test_a_living_page_keeps_its_operator_in_the_line_and_a_closed_one_does_not(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TICK_SECONDS", 0.3)
    with opened_house(tmp_path, grace_seconds=1.5) as own:
        context = browser.new_context(locale="zh-CN")
        page = context.new_page()
        sign_in(page, own)
        live(page)
        page.select_option("#status", "ready")
        eventually(lambda: own.switchboard.operators.get("limin"))
        time.sleep(3)
        assert own.switchboard.operators["limin"].status is Status.READY

        page.close()
        eventually(lambda: own.switchboard.operators["limin"].reason == "话务台断开")
        context.close()


def test_an_expired_login_is_told_on_the_page(house: House, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "TICK_SECONDS", 0.3)
    monkeypatch.setattr(door, "FRESH_SECONDS", 0.0)
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    sign_in(page, house)
    live(page)
    house.ports.people.sign_out(house.sessions.pop("limin"))

    expect(page.locator("#signed-out")).to_be_visible()
    expect(page.locator("#live")).to_have_text("未登录")
    context.close()


def test_a_failed_department_stays_visible_with_what_to_do(house: House, page: Any) -> None:
    talk(house, page, "20261122-1701")
    house.switchboard.add("20261122-1701", department="street_lighting", by="limin")
    leg = house.switchboard.department("20261122-1701").leg
    house.switchboard.step("20261122-1701", leg, Step.FAILED, Cause.BUSY)
    row = page.locator("#room li").nth(2)
    expect(row).to_contain_text("占线")
    photograph(page, "busy")
    row.get_by_role("button", name="再次呼叫").click()

    expect(page.locator("#room li").nth(3)).to_contain_text("请求中")


@pytest.mark.parametrize("width", [1440, 720, 390])
def test_no_page_fails_the_accessibility_rules(house: House, page: Any, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in console/web/assets")
    page.set_viewport_size({"width": width, "height": 900})
    live(page)
    page.evaluate("() => document.body.append(document.createElement('button'))")
    assert any("button-name" in found for found in axe_findings(page)), "the rules are really looked at"
    page.evaluate("() => document.body.lastElementChild.remove()")
    assert axe_findings(page) == [], "the empty desk"
    house.switchboard.waits("13968027711", seconds=47, priority=1)
    talk(house, page, f"20261122-18{width}")
    house.caption(1, 1, "路灯不亮", final=False, room_id=f"20261122-18{width}")
    house.hub.draft(f"20261122-18{width}", DRAFT)
    expect(page.locator("#f-kind")).to_have_value("complaint")
    assert axe_findings(page) == [], "a talk"
    photograph(page, f"talk-{width}", width=width, height=900)
    page.fill("#f-lead", "没有的单位")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#draft .errors")).to_be_visible()
    assert axe_findings(page) == [], "errors"
    overflow: Callable[[], int] = lambda: page.evaluate("() => document.documentElement.scrollWidth - innerWidth")  # noqa: E731
    assert overflow() <= 0, "no horizontal scrolling"
    made = NewCase("axe", "路灯不亮", "complaint", "urban_construction", "urgent", "street_lighting", place="文晖路")
    no = house.ports.cases.register(made, Viewer("limin", "limin", "operator")).no
    work = ("/desk/dispatch?tab=late", "/desk/dispatch?tab=dispatch", f"/desk/cases/{no}", "/desk/cases/0")
    for path in ("/", "/login", "/cases/1?code=2", *work):
        page.goto(house.url + path)
        assert axe_findings(page) == [], path
