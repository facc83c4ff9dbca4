"""What the city has laid down, for whoever builds a form: categories, the service directory, deadlines, calendar."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from cases.actor import Actor
from cases.api.setting import Setting
from cases.refusal import NotFound
from config.city import City
from config.offices import DirectoryLine
from config.rules import DeadlineRule

Year = Annotated[int, Path(ge=2000, le=2100)]


def routes(setting: Setting) -> APIRouter:
    router = APIRouter(tags=["catalogues"])
    anybody, city = setting.access.anybody(), setting.city

    @router.get("/categories", summary="Categories, and who leads a case of each")
    def categories(_actor: Actor = anybody) -> dict[str, Any]:
        shown = [
            {"code": c.code, "name": c.name, "leads": [d.code for d in city.leads(c.code)]} for c in city.categories
        ]
        return {"items": shown, "next": None}

    @router.get("/services", summary="The service directory: lines that 12345 took in")
    def services(
        q: Annotated[str, Query(max_length=50, description="Name, note or number")] = "", _actor: Actor = anybody
    ) -> dict[str, Any]:
        found = [each for each in city.directory if q.strip() in f"{each.number} {each.name} {each.note}"]
        return {"items": [_line(each, city) for each in found], "next": None}

    @router.get("/rules", summary="How long departments have, by preset")
    def rules(_actor: Actor = anybody) -> dict[str, Any]:
        now, in_force = city.deadlines, city.deadlines.in_force()
        return {"preset": now.preset, "items": [_rule(each) for each in in_force], "next": None}

    @router.get("/calendar/{year}", summary="A year's public holidays and make-up workdays")
    def calendar(year: Year, _actor: Actor = anybody) -> dict[str, Any]:
        """`provisional`: the State Council has not announced this year yet; deadlines in it may be counted again."""
        found = city.workdays.years.get(year)
        if found is None:
            raise NotFound(f"{year} 年的节假日还没有录入；在 holidays/{year}.yaml 里录入之前，期限按周末和法定日期暂算")
        days = {"holidays": found.holidays, "workdays": found.workdays}
        told = {name: [{"date": str(d), "name": n} for d, n in sorted(each.items())] for name, each in days.items()}
        return {"year": year, "provisional": found.provisional, "version": found.version, **told}

    return router


def _line(line: DirectoryLine, city: City) -> dict[str, Any]:
    office = city.department(line.department)
    return {
        "number": line.number,
        "name": line.name,
        "department": line.department,
        "department_name": office.name if office else line.department,
        "on_duty": (office.duty_phone or office.phone) if office else None,
        "hours": line.hours,
        "note": line.note,
        "parallel": line.parallel,
    }


def _rule(rule: DeadlineRule) -> dict[str, Any]:
    limits = ("due", "sign", "first_contact", "first_result", "return_window", "extension", "rework")
    told = {name: str(getattr(rule, name)) if getattr(rule, name) else None for name in limits}
    return {
        "urgency": rule.urgency.value,
        "urgency_label": rule.urgency.label,
        "kinds": [kind.value for kind in rule.kinds],
        **told,
        "extensions": rule.extensions,
        "version": rule.version,
    }
