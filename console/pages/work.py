"""The work on cases by page: what waits for whom, one case with everything about it, and the steps to take.

Complete without JavaScript. Each step is a form of its own; what was typed stays when a step is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cases.finding import Finding
from cases.lifecycle import Step
from console.hub import Viewer
from console.pages import step_forms, times
from console.pages.case_records import whose
from console.pages.door import STAFF, Closed, Door
from console.pages.form import department
from console.pages.ports import Ports, Refused
from console.pages.render import page
from console.pages.work_records import WorkInDatabase

Page = Annotated[int, Query(ge=1, le=1000)]
HOMES = {"/desk/dispatch": "/desk/cases", "/department": "/department/cases"}
SEPARATORS = str.maketrans(dict.fromkeys("，,；;", "、"))


def routes(ports: Ports, door: Door) -> APIRouter:
    work = ports.work
    router = APIRouter(include_in_schema=False)

    @router.get("/desk/dispatch")
    def for_front(request: Request, tab: str = "", page: Page = 1) -> Response:
        return _list(ports, work, door.staff(request), tab, page, "/desk/dispatch")

    @router.get("/department")
    def for_department(request: Request, tab: str = "", page: Page = 1) -> Response:
        return _list(ports, work, _clerk(door, request), tab, page, "/department")

    @router.get("/desk/cases/{no}")
    def front_case(request: Request, no: str, done: str = "") -> Response:
        return _case(ports, work, door.staff(request), no, "/desk/dispatch", done=done)

    @router.get("/department/cases/{no}")
    def department_case(request: Request, no: str, done: str = "") -> Response:
        return _case(ports, work, _clerk(door, request), no, "/department", done=done)

    @router.post("/desk/cases/{no}")
    async def front_step(request: Request, no: str) -> Response:
        viewer = await run_in_threadpool(door.staff, request)
        return await _take(ports, work, viewer, no, "/desk/dispatch", request)

    @router.post("/department/cases/{no}")
    async def department_step(request: Request, no: str) -> Response:
        viewer = await run_in_threadpool(_clerk, door, request)
        return await _take(ports, work, viewer, no, "/department", request)

    return router


def _clerk(door: Door, request: Request) -> Viewer:
    viewer = door.anyone(request)
    if viewer.role in STAFF or not viewer.department:
        raise Closed(403)
    return viewer


def _list(ports: Ports, work: WorkInDatabase, viewer: Viewer, tab: str, number: int, home: str) -> Response:
    listed = work.list(viewer, tab, number)
    cases, names = HOMES[home], _names(ports)
    return page("work.html", viewer=viewer, work=listed, number=number, home=home, cases=cases, names=names)


def _names(ports: Ports) -> dict[str, str]:
    return {each.code: each.name for each in ports.city.departments}


def _case(
    ports: Ports,
    work: WorkInDatabase,
    viewer: Viewer,
    no: str,
    home: str,
    *,
    done: str = "",
    refused: Refused | None = None,
    sent: Mapping[str, Any] | None = None,
    warned: Sequence[Finding] = (),
) -> Response:
    found = work.case(viewer, no)
    if found is None:
        return page("missing.html", 404, viewer=viewer, what="这个工单", hint="请核对工单号。", home=home)
    category = ports.city.category(found["category"])
    names = _names(ports)
    return page(
        "work_case.html",
        409 if refused or warned else 200,
        viewer=viewer,
        case=found,
        advice=work.advice(viewer, no),
        warned=warned,
        names=names,
        category=category.name if category else found["category"],
        home=home,
        here=f"{HOMES[home]}/{no}",
        forms=_forms(found),
        asks=step_forms.FORMS,
        usual=step_forms.USUAL,
        done=Step(done).label if done in {step.value for step in Step} else "",
        refused=refused,
        sent=sent or {},
        departments=ports.city.departments,
        whose=lambda title: whose(title, lambda code: names.get(code, code)),
    )


def _forms(case: Mapping[str, Any]) -> list[tuple[Step, Mapping[str, Any] | None]]:
    """The steps to take, each with the share it is about; None for the case itself."""
    on_shares = {step for share in case["assignments"] for step in share["possible"]}
    own = [(step, None) for step in step_forms.offered(set(case["possible"]) - on_shares)]
    shares = [(step, share) for share in case["assignments"] for step in step_forms.offered(share["possible"])]
    order = {step: place for place, step in enumerate(step_forms.offered(case["possible"]))}
    return sorted([*own, *shares], key=lambda each: order[each[0]])


async def _take(ports: Ports, work: WorkInDatabase, viewer: Viewer, no: str, home: str, request: Request) -> Response:
    form = await request.form()
    sent = {name: [str(each) for each in form.getlist(name)] for name in form}
    try:
        body = _body(ports, sent)
        if warned := await run_in_threadpool(_warnings, work, viewer, no, body, sent):
            return await run_in_threadpool(lambda: _case(ports, work, viewer, no, home, sent=sent, warned=warned))
        await run_in_threadpool(work.take, viewer, no, _version(sent), body)
    except Refused as why:
        refused = why  # Python forgets `why` at the end of this block
        return await run_in_threadpool(lambda: _case(ports, work, viewer, no, home, refused=refused, sent=sent))
    return RedirectResponse(f"{HOMES[home]}/{no}?done={body['action']}", 303)


def _warnings(
    work: WorkInDatabase, viewer: Viewer, no: str, body: Mapping[str, Any], sent: Mapping[str, list[str]]
) -> Sequence[Finding]:
    """Said once, before a reply goes out: whoever sends it again means it."""
    if body["action"] != Step.REPLY or sent.get("confirmed"):
        return ()
    return work.look_at_reply(viewer, no, body["reply"], body["solved"])


def _version(sent: Mapping[str, list[str]]) -> int:
    """What the page showed when it was opened: two people at one case do not undo each other's work."""
    text = sent.get("version", [""])[-1]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused("", "这个页面不完整，请重新打开工单")
    return int(text)


def _body(ports: Ports, sent: Mapping[str, list[str]]) -> dict[str, Any]:
    """The step as the API takes it. Raises Refused for what is missing."""
    action = sent.get("action", [""])[-1]
    if action not in {step.value for step in step_forms.FORMS}:
        raise Refused("", "没有这个操作，请重新打开工单")
    body: dict[str, Any] = {"action": action}
    if share := sent.get("assignment", [""])[-1]:
        body["assignment"] = share
    for ask in step_forms.FORMS[Step(action)]:
        given = [each.replace("\0", "").strip() for each in sent.get(ask.name, [])]
        if value := _value(ports, ask, [each for each in given if each]):
            body[ask.name] = value
        elif ask.required:
            raise Refused(ask.name, f"请填写“{ask.label}”")
    return body


def _value(ports: Ports, ask: step_forms.Ask, given: list[str]) -> Any:
    match ask.shape:
        case "several":
            return given
        case "department":
            return next(iter(_codes(ports, ask, given)), "")
        case "departments":
            names = "、".join(given).translate(SEPARATORS).split("、")
            return _codes(ports, ask, [name for name in names if name.strip()])
        case "moment":
            return times.city_moment(given[-1]) if given else ""
        case _:
            return given[-1] if given else ""


def _codes(ports: Ports, ask: step_forms.Ask, names: list[str]) -> list[str]:
    found = [department(name.strip(), ports.city) for name in names]
    for name, each in zip(names, found, strict=True):
        if each is None:
            raise Refused(ask.name, f"单位名录里没有“{name[:40]}”，请从列表中选择")
    return [each.code for each in found if each]
