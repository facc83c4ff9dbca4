"""GeoReport's service list: the city's categories, and what may be said beyond the description. Pure."""

from __future__ import annotations

from typing import Any

from cases.georeport.documents import Form
from cases.words import Kind
from config.city import City
from config.words import Category

KIND = "kind"


def services(city: City) -> list[dict[str, Any]]:
    return [_service(category) for category in city.categories]


def definition(category: Category) -> dict[str, Any]:
    """One more question, which nobody has to answer: what the citizen wants of the city."""
    attribute = {
        "variable": True,
        "code": KIND,
        "datatype": "singlevaluelist",
        "required": False,
        "datatype_description": None,
        "order": 1,
        "description": "诉求类型（不填按求助登记，由话务员核对）",
        "values": [{"key": kind.value, "name": kind.label} for kind in Kind],
    }
    return {"service_code": category.code, "attributes": [attribute]}


def _service(category: Category) -> dict[str, Any]:
    return {
        "service_code": category.code,
        "service_name": category.name,
        "description": f"向 12345 反映{category.name}方面的问题",
        "metadata": True,
        "type": "realtime",
        "keywords": category.name,
        "group": "12345",
    }


def discovery(url: str, changed: str) -> dict[str, Any]:
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": url,
        "changeset": changed,
        "type": "production",
        "formats": [form.media_type for form in reversed(Form)],
    }
    return {
        "changeset": changed,
        "contact": "12345 热线（拨打 12345）",
        "key_service": "由 12345 热线的管理员发放：hotline reporter add NAME",
        "endpoints": [endpoint],
    }
