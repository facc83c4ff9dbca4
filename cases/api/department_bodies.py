"""What departments' systems send, and what is set for them. Some fields have a second name, as in bodies.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from cases.api.bodies import Line, Text
from cases.reasons import ReturnReason, Solved
from cases.words import Channel
from config.rules import Unit

Sequence_ = Annotated[int, Field(ge=0, lt=2**63)]
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_EMAIL = r"^$|^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}$"


class Open311Options(BaseModel):
    """What a GeoReport server wants to be told. `service_codes`: our category to theirs; the same where not listed."""

    model_config = ConfigDict(extra="forbid")

    jurisdiction_id: Line = ""
    api_key: Line = ""
    service_codes: Annotated[dict[Line, Line], Field(max_length=100)] = {}


class NewEndpoint(BaseModel):
    """By which way and where a department hears of its cases (url null: by e-mail or on the page).

    What is left out stays. Only administrators change more than `url` and `secret`: `networks` are the private networks
    it may be in, `full_body` sends the whole case instead of a link, `handshake` asks the receiver first whether it
    wants messages from us (OPTIONS, as the CloudEvents webhook binding has it).
    """

    url: Annotated[str, Field(max_length=2000)] | None
    channel: Channel | None = None
    secret: Line | None = None
    email: Annotated[str, Field(max_length=200, pattern=_EMAIL)] | None = None
    full_body: bool | None = None
    open311: Open311Options | None = None
    handshake: bool = False
    networks: Annotated[list[Line], Field(max_length=20)] | None = Field(
        None, validation_alias=AliasChoices("networks", "allowed_networks", "allow_networks", "cidrs", "allow")
    )

    def for_administrators(self) -> list[str]:
        """The fields given here that a department's own system may not set."""
        named = ("email", "full_body", "open311", "networks")
        moved = ["channel"] if self.channel not in (None, Channel.WEBHOOK) else []
        return [*moved, *(name for name in named if getattr(self, name) is not None)]


class NewKey(BaseModel):
    """v1: a shared secret (HMAC). v1a: a key pair of ours (ed25519), of which the department gets the public half."""

    version: Literal["v1", "v1a"] = "v1"


class InboundData(BaseModel):
    """`number`: our number of the case. By `sequence`, else `updated_at`, what is older than what we know is a note."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    number: Line = Field("", validation_alias=AliasChoices("number", "external_id"))
    sequence: Sequence_ | None = None
    updated_at: Annotated[AwareDatetime, Field(ge=_FIRST, lt=_LAST)] | None = None
    reply: Text = ""
    text: Text = Field("", validation_alias=AliasChoices("text", "note", "description"))
    internal: Text = ""
    true: bool | None = None
    solved: Solved | None = None
    reason: ReturnReason | None = None
    basis: Text = ""
    suggested: Line = ""
    amount: Annotated[int, Field(ge=1, le=400)] | None = None
    unit: Unit = Unit.WORKING_DAYS

    @field_validator("sequence", "amount", mode="before")
    @classmethod
    def _no_flag(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("a number")
        return value


class InboundMessage(BaseModel):
    """What a department's system tells us, signed."""

    type: Literal[
        "case.received", "case.signed", "case.returned", "case.progress", "case.replied", "case.extension_requested"
    ]
    data: InboundData
