"""A report over Open311 becomes a registered case (待受理): a person accepts it, as any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cases import case
from cases.actor import Actor, Outside
from cases.georeport.answers import Wrong
from cases.georeport.catalogue import KIND
from cases.model import CaseRow, Reported, Reporter
from cases.words import Kind
from config.city import City

LONGEST = {"description": 4000, "address_string": 200, "address_id": 100, "email": 200, "phone": 40, "first_name": 40,
           "last_name": 40, "account_id": 100, "device_id": 200, "media_url": 500}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent, in words and lengths that a case can hold."""

    category: str
    kind: Kind
    text: str
    place: str
    latitude: float | None
    longitude: float | None
    said: Mapping[str, str]


def read(sent: Mapping[str, str], city: City) -> Report:
    """Raises Wrong: 404 for a service that does not exist, 400 for what is missing or invalid."""
    said = {name: _short(sent, name) for name in LONGEST}
    category = city.category(sent.get("service_code", ""))
    if "service_code" not in sent:
        raise Wrong(400, "缺少 service_code")
    if category is None:
        raise Wrong(404, "没有这个 service_code；services.xml 列出全部")
    latitude, longitude = _coordinate(sent, "lat", 90), _coordinate(sent, "long", 180)
    place = said["address_string"] or (f"地址编号 {said['address_id']}" if said["address_id"] else "")
    if latitude is not None and longitude is not None:
        place = place or f"北纬 {latitude:g}，东经 {longitude:g}"
    elif not place:
        raise Wrong(400, "请写明地点：lat 和 long，或 address_string，或 address_id")
    kind = _kind(sent.get(f"attribute[{KIND}]", ""), category.usual_kind or Kind.HELP)
    text = said["description"] or f"{category.name}：{place}"
    return Report(category.code, kind, text, place, latitude, longitude, said)


def register(session: Session, report: Report, reporter: Reporter, city: City, now: datetime) -> CaseRow:
    fields = case.Fields(
        kind=report.kind,
        category=report.category,
        place=report.place,
        phone=report.said["phone"],
        caller_name=f"{report.said['last_name']}{report.said['first_name']}"[:40],
        text=report.text,
    )
    row = case.register(session, fields, Actor(f"open311:{reporter.name}", Outside.CITIZEN), city=city, now=now)
    kept = {name: report.said[name] for name in ("email", "account_id", "device_id", "media_url")}
    place = {"latitude": report.latitude, "longitude": report.longitude}
    session.add(Reported(case_number=row.number, reporter=reporter.name, **kept, **place))
    return row


def receipt(row: CaseRow) -> dict[str, Any]:
    notice = f"已登记。凭工单号 {row.number} 和查询码 {row.code} 可以查询进度，或拨打 12345。"
    return {"service_request_id": row.number, "service_notice": notice, "account_id": None}


def _short(sent: Mapping[str, str], name: str) -> str:
    text = sent.get(name, "").replace("\0", "").strip()
    if len(text) > LONGEST[name]:
        raise Wrong(400, f"{name} 最多 {LONGEST[name]} 个字符")
    return text


def _coordinate(sent: Mapping[str, str], name: str, most: int) -> float | None:
    text = sent.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -most <= value <= most:
        raise Wrong(400, f"{name} 应为 {-most} 到 {most} 之间的数")
    return value


def _kind(said: str, usual: Kind) -> Kind:
    if not said:
        return usual
    try:
        return Kind(said)
    except ValueError:
        raise Wrong(400, f"attribute[{KIND}] 只能是：{'、'.join(Kind)}") from None
