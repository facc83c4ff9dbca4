"""How a case comes as far as a story begins: dispatched, handled, replied, visited; and everybody who has a say."""

from dataclasses import replace
from datetime import timedelta

import httpx
from case_office import Office
from sqlalchemy import update
from test_case_api import register, step

from cases.model import Delivery, Token
from cases.words import Role
from config.city import City, load
from config.read_city import SHIPPED

OBJECTION = {"reason": "not_ours", "basis": "《路灯管理办法》第六条", "suggested": "gaj"}


def ok(answer) -> dict:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def dispatched(people, **more) -> dict:
    case = register(people["wang"], urgency="ordinary")
    return ok(step(people["wang"], case["number"], "dispatch", lead="cgj", **more))


def handled(people, **more) -> dict:
    case = dispatched(people, **more)
    return ok(step(people["cgj"], case["number"], "sign"))


def replied(people) -> dict:
    case = handled(people)
    return ok(step(people["cgj"], case["number"], "reply", reply="已更换灯泡，今晚恢复照明。", solved=True, true=True))


def visited(people, **said) -> dict:
    case = replied(people)
    ok(step(people["zhao"], case["number"], "approve"))
    return ok(step(people["wang"], case["number"], "visit", **({"solved": "yes", "satisfied": "very"} | said)))


def events(office, number: str, department: str = "cgj") -> list[tuple[str, str | None]]:
    """What the department was told, in order."""
    with office.database.session() as session:
        chosen = session.query(Delivery).filter_by(case_number=number, department=department).order_by(Delivery.place)
        return [(row.event, row.body.get("change")) for row in chosen]


def with_rules(city: City) -> City:
    """With the shipped rules: ordinary cases in seven days, one extension, three days for a rework."""
    shipped = load(SHIPPED)
    return replace(city, deadlines=shipped.deadlines, workdays=shipped.workdays)


def everybody(office: Office, clock) -> dict[str, httpx.Client]:
    """Operator, dispatcher, supervisor, administrator, and three departments; logged in for months."""
    named = {"wang": Role.OPERATOR, "zhao": Role.DISPATCHER, "qian": Role.SUPERVISOR, "admin": Role.ADMINISTRATOR}
    found = {name: office.person(name, role) for name, role in named.items()}
    found["liu"] = office.person("liu", Role.CLERK, "cgj")
    with office.database.session() as session:
        session.execute(update(Token).values(expires_at=clock() + timedelta(days=400)))
    return found | {code: office.system(code) for code in ("cgj", "hbj", "gaj")}
