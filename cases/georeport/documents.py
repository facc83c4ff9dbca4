"""GeoReport's answers as XML and JSON: the same values, written twice. Pure.

Source: GeoReport v2 (open311.org). XML is required, JSON optional. In XML every list has an element of its own name
around elements of the singular; in JSON it is a bare list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree as ET

_ONE_OF = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
    "notes": "note",
}
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2

Document = Mapping[str, Any] | Sequence[Any]


class Form(StrEnum):
    JSON = "json"
    XML = "xml"

    @property
    def media_type(self) -> str:
        return "application/json" if self is Form.JSON else "text/xml"


def written(form: Form, name: str, document: Document) -> bytes:
    """The document, whose outermost element in XML is `name`."""
    if form is Form.JSON:
        return json.dumps(document, ensure_ascii=False).encode()
    root = ET.Element(name)
    _fill(root, document)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _fill(element: ET.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(ET.SubElement(element, name), inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            _fill(ET.SubElement(element, _ONE_OF[element.tag]), each)
    elif value is not None:
        element.text = _NOT_IN_XML.sub("", str(value).lower() if isinstance(value, bool) else str(value))
