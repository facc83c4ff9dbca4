"""One frozen Settings, read once at start: hotline.toml first, then HOTLINE_* variables. Units stand in the names."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ROOT = Path(__file__).resolve().parent.parent
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Everything a hotline can be told. Unknown keys in hotline.toml are refused, so that a typing error is noticed."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", toml_file="hotline.toml", frozen=True, extra="forbid")

    data_dir: Path = Path("var")
    attachment_check: str = ""  # a program that gets each file on standard input and exits 0 for a good one
    keys_dir: Path | None = None
    database_url: str = ""
    http_host: str = "127.0.0.1"
    http_port: Port = 8000
    public_url: str = ""

    asterisk: Literal["managed", "external", "off"] = "managed"
    sip_host: str = "127.0.0.1"
    sip_port: Port = 5060
    rtp_ports: Annotated[tuple[int, int], NoDecode] = (20000, 20399)
    ami_host: str = "127.0.0.1"
    ami_port: Port = 5038
    ami_user: str = "hotline"
    ami_secret: SecretStr = SecretStr("")
    agi_port: Port = 4573
    audiosocket_port: Port = 9092
    asterisk_http_port: Port = 8088
    sip_trunk: str = ""

    flows_dir: Path = ROOT / "call_flows"
    city_dir: Path = ROOT / "config"
    vosk_model: Path = ROOT / "transcription" / "model"

    operator_ring_seconds: int = Field(default=20, ge=1)
    department_ring_seconds: int = Field(default=30, ge=1)
    wrap_up_seconds: int = Field(default=0, ge=0)
    hold_seconds: int = Field(default=600, ge=1)
    citizen_ring_seconds: int = Field(default=25, ge=1)
    callback_limit: int = Field(default=50, ge=0)
    callback_retry_seconds: float = Field(default=180.0, gt=0)
    outgoing_prefixes: Annotated[tuple[str, ...], NoDecode] = ()
    outgoing_calls: int = Field(default=0, ge=0)
    outgoing_spare_operators: int = Field(default=1, ge=0)
    trunk_lines: int = Field(default=0, ge=0)
    token_hours: int = Field(default=12, ge=1)
    archive_after_days: int = Field(default=90, ge=30)  # citizens may have a case taken up again for 30 days
    delivery_retry_seconds: float = Field(default=5.0, gt=0)
    delivery_timeout_seconds: float = Field(default=15.0, gt=0)
    delivery_networks: Annotated[tuple[str, ...], NoDecode] = ()
    delivery_ports: Annotated[tuple[Port, ...], NoDecode] = (443, 8443)

    smtp_host: str = ""
    smtp_port: Port = 587
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""

    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_api_base: str = "https://api.twilio.com"
    twilio_number: str = ""

    @field_validator("rtp_ports", mode="before")
    @classmethod
    def _ports(cls, value: Any) -> Any:
        """`20000-20399`, as it is written in hotline.toml and HOTLINE_RTP_PORTS."""
        if not isinstance(value, str):
            return value
        first, dash, last = value.partition("-")
        if not (dash and first.strip().isdigit() and last.strip().isdigit() and int(first) < int(last) <= 65535):
            raise ValueError("write the first and the last port, such as 20000-20399")
        return int(first), int(last)

    @field_validator("delivery_networks", "delivery_ports", "outgoing_prefixes", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("sip_trunk")
    @classmethod
    def _trunk(cls, value: str) -> str:
        if value and not (value.startswith("sip:") and value.removeprefix("sip:").rpartition(":")[2].isdigit()):
            raise ValueError("write sip:HOST:PORT")
        return value

    @field_validator("data_dir", "flows_dir", "city_dir", "vosk_model")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("data_dir")
    @classmethod
    def _fit_for_asterisk(cls, value: Path) -> Path:
        """Asterisk splits what it is told at these characters, inside of paths too."""
        if found := re.search(r"""[,;&|()"'\\$\x00-\x1f]""", str(value)):
            raise ValueError(f"Asterisk cannot use a folder with {found.group()!r} in its path; choose another one")
        return value

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL: SQLite in the data folder unless told otherwise."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hotline.db'}"

    @property
    def link_base(self) -> str:
        """Where others reach us: what links in messages start with."""
        return (self.public_url or f"http://{self.http_host}:{self.http_port}").rstrip("/")

    @property
    def reachable_networks(self) -> tuple[str, ...]:
        """Private networks that any department's endpoint may be in: those that are listed, and this machine itself
        while nobody outside can reach us (no public_url, pages on loopback): then departments can only be here."""
        alone = not self.public_url and self.http_host in ("127.0.0.1", "::1", "localhost")
        return (*self.delivery_networks, *(("127.0.0.0/8", "::1/128") if alone else ()))

    @property
    def own_ports(self) -> frozenset[int]:
        """Where the hotline and its Asterisk listen on this machine: no department ever listens there."""
        return frozenset(
            (
                self.http_port,
                self.sip_port,
                self.ami_port,
                self.agi_port,
                self.audiosocket_port,
                self.asterisk_http_port,
            )
        )

    @property
    def keys_folder(self) -> Path:
        """Keys that stand outside the database. HOTLINE_KEYS_DIR may put them on another disk."""
        return self.keys_dir.expanduser().resolve() if self.keys_dir else self.data_dir / "keys"

    @property
    def audit_heads_file(self) -> Path:
        """The signed heads of the audit."""
        return self.data_dir / "audit" / "heads.jsonl"

    @property
    def attachments_dir(self) -> Path:
        return self.data_dir / "attachments"

    @property
    def recordings_dir(self) -> Path:
        return self.data_dir / "recordings"

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"

    @property
    def versions_dir(self) -> Path:
        """Published call flows; one of them is live."""
        return self.data_dir / "versions"

    @property
    def prompts_dir(self) -> Path:
        """Prompts made into audio; Asterisk plays them from here."""
        return self.data_dir / "prompts"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the caller names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
