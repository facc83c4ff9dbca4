"""What clients send. Some fields may be called by a second name, because people and programs do.

Unknown fields of a new case are passed over, so that a newer client can talk to an older hotline; a correction or a
changed endpoint with an unknown field is refused, because a slip there would silently change nothing.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from cases.words import Confidentiality, Kind, Urgency

NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no such text
Line = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Number = Annotated[str, Field(max_length=40, pattern=NO_NUL)]
Text = Annotated[str, Field(max_length=10_000, pattern=NO_NUL)]


def _also(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class Login(BaseModel):
    name: Line
    password: Line


class NewCase(BaseModel):
    """A case (工单). `call`: the call it came from; `confidential` keeps name and number from departments."""

    kind: Kind
    category: Line
    urgency: Urgency = Urgency.ORDINARY
    confidential: bool | Confidentiality = False
    place: Line = Field("", validation_alias=_also("place", "address"))
    phone: Number = ""
    caller_name: Line = Field("", validation_alias=_also("caller_name", "name"))
    summary: Line = Field("", validation_alias=_also("summary", "title"))
    text: Text = Field("", validation_alias=_also("text", "description", "content"))
    accused: Line = Field("", description="The department that is complained about: it gets no part in the case")
    call: Line | None = Field(None, validation_alias=_also("call", "call_id"))


class Correction(BaseModel):
    """Fields to change. What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    category: Line | None = None
    urgency: Urgency | None = None
    confidential: bool | Confidentiality | None = None
    place: Line | None = None
    phone: Number | None = None
    caller_name: Line | None = None
    summary: Line | None = None
    text: Text | None = None
    accused: Line | None = None


def confidentiality(given: bool | Confidentiality) -> Confidentiality:
    if isinstance(given, bool):
        return Confidentiality.CONFIDENTIAL if given else Confidentiality.ORDINARY
    return given
