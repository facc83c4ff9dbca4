"""Who does what in the city: departments, districts, and the telephone lines that 12345 took in."""

from __future__ import annotations

from dataclasses import dataclass

from config.codes import Level
from config.words import Word


@dataclass(frozen=True, slots=True)
class Department:
    """A department (承办单位). Only `code`, `name` and `phone` are required of the city.

    `phone` is the only number a room may call for it. `initials` are the pinyin initials of its name and aliases:
    `csglj` finds 城市管理局, `cg` its alias 城管. `categories` are the categories it leads.
    """

    code: str
    name: str
    phone: str
    aliases: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    duty_phone: str = ""
    level: Level = Level.CITY
    districts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()
    parent: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class District:
    """A district (区、县), its government's department code, and what lies in it: enough to say where a road is."""

    name: str
    government: str = ""
    aliases: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    roads: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)

    @property
    def inside(self) -> tuple[str, ...]:
        return (*self.streets, *self.roads, *self.communities, *self.landmarks)


@dataclass(frozen=True, slots=True)
class DirectoryLine:
    """One of the merged lines (分类服务目录). `parallel`: its old number still rings too (双号并行)."""

    number: str
    name: str
    department: str = ""
    hours: str = ""
    note: str = ""
    parallel: bool = False
