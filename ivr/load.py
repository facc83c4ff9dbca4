"""A folder of call flows, with its prompts and calendars, into one `Flows`, or every problem in it.

    flows = open_flows(settings.flows_dir, settings.city_dir)      # raises Unsound, which lists all problems

`version` is a hash over the bytes of all files read: a published set of flows is its content.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from config import city
from config.problems import Place, Problems, Unsound
from config.problems import shown as shown
from config.read_holidays import SHIPPED_HOLIDAYS as SHIPPED_HOLIDAYS
from config.read_holidays import holiday_files, read_year
from config.workdays import Year
from config.yaml_reader import Fields, Reader, Value, read
from ivr.flow import SYSTEM_PROMPTS, Flow, Flows, Prompt
from ivr.hours import Calendar
from ivr.lint import Known, lint
from ivr.read_flow import read_flow
from ivr.read_hours import read_calendars

CALENDARS = "calendars.yaml"
# What the house brings along, for folders that leave it out.
_HOUSE = Path(city.__file__).parent.parent
SHIPPED_FLOWS = _HOUSE / "call_flows"


def open_flows(folder: Path, city_dir: Path) -> Flows:
    """The flows of a folder, checked. Raises Unsound when anything is wrong with them."""
    problems = Problems()
    flows = load_flows(folder, city_dir, problems)
    problems.extend(lint(flows, known_in(city_dir), {p.file for p in problems}))
    if len(problems):
        raise Unsound(problems)
    return flows


def load_flows(folder: Path, city_dir: Path, problems: Problems, draft: Path | None = None) -> Flows:
    """Everything that can be read. `draft` is a flow file from elsewhere that stands in for the one of its id."""
    loader = _Loader(problems)
    years = loader.years(city_dir)
    calendars = loader.calendars(_own(folder, CALENDARS), years)
    flows = loader.flows(folder, draft)
    prompts = {p.stem: loader.prompts(p) for p in sorted(_own(folder, "prompts").glob("*.yaml"))}
    return Flows(flows, loader.with_system_prompts(prompts), calendars, loader.version())


def _own(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).exists() else SHIPPED_FLOWS / name


def known_in(city_dir: Path, year: int | None = None) -> Known:
    """What flows may refer to in the city's data. When that cannot be read, its own check tells so, not the flows'."""
    try:
        data = city.load(city_dir)
    except Unsound:
        return Known(year=year)
    departments, categories = ({one.code for one in all_} for all_ in (data.departments, data.categories))
    return Known(departments=departments, categories=categories, year=year)


class _Loader:
    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.digests: list[str] = []

    def version(self) -> str:
        return hashlib.sha256("\n".join(sorted(self.digests)).encode()).hexdigest()[:16]

    def _read(self, path: Path) -> Value | None:
        value = read(path, self.problems, shown(path))
        if value is not None:
            self.digests.append(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
        return value

    def years(self, city_dir: Path) -> dict[int, Year]:
        roots = (self._read(path) for path in holiday_files(city_dir))
        years = (read_year(root, self.problems) for root in roots if root)
        return {year.year: year for year in years if year}

    def calendars(self, path: Path, years: dict[int, Year]) -> dict[str, Calendar]:
        root = self._read(path)
        return read_calendars(root, years, self.problems) if root else {}

    def flows(self, folder: Path, draft: Path | None) -> dict[str, Flow]:
        paths = [p for p in sorted(folder.glob("*.yaml")) if p.name != CALENDARS]
        if not paths and not draft:
            self.problems.add(Place(shown(folder)), "F001", "there is no call flow here", "这个文件夹里没有流程文件。")
        flows: dict[str, Flow] = {}
        drafted = self._flow(draft) if draft else None
        for path in paths:
            flow = None if draft and path.resolve() == draft.resolve() else self._flow(path)
            if flow and not (drafted and drafted.id == flow.id):
                self._add(flows, flow)
        return flows | ({drafted.id: drafted} if drafted else {})

    def _flow(self, path: Path) -> Flow | None:
        root = self._read(path)
        return read_flow(root, self.problems) if root else None

    def _add(self, flows: dict[str, Flow], flow: Flow) -> None:
        if first := flows.get(flow.id):
            self.problems.add(flow.at("flow"), "F002", f"the flow '{flow.id}' is already in {first.place.file}",
                              f"流程 '{flow.id}' 在 {first.place.file} 里已经有了，请换一个名字。")  # fmt: skip
        flows.setdefault(flow.id, flow)

    def prompts(self, path: Path) -> dict[str, Prompt]:
        root = self._read(path)
        reader = Reader(self.problems)
        reader.fields(root)
        prompts = {}
        for entry in root.entries if isinstance(root, Fields) else ():
            given = {"text": entry.value}
            if isinstance(entry.value, Fields):
                given = reader.fields(entry.value, known={"text", "file"}, needed=("text",))
            text, file = reader.text(given.get("text")), reader.text(given.get("file"))
            prompts[entry.key.text] = prompt = Prompt(entry.key.text, text, file, entry.key.place)
            self._braces(prompt)
        return prompts

    def _braces(self, prompt: Prompt) -> None:
        rest = re.sub(r"\{[a-z_]+\}", "", prompt.text)
        if sign := re.search(r"[{}｛｝]", rest):
            self.problems.add(prompt.place, "F015", f"the prompt '{prompt.id}' has a stray '{sign[0]}'; write {{name}}",
                              f"提示音 '{prompt.id}' 里的 '{sign[0]}' 不成对或不是半角；"
                              "要念出的值写成 {名称}，名称用小写英文字母。")  # fmt: skip

    def with_system_prompts(self, prompts: dict[str, dict[str, Prompt]]) -> dict[str, dict[str, Prompt]]:
        """What must be sayable whatever happens, from the shipped catalogue where the city has not said it."""
        for path in sorted((SHIPPED_FLOWS / "prompts").glob("*.yaml")):
            mine = prompts.setdefault(path.stem, {})
            if missing := [name for name in SYSTEM_PROMPTS if name not in mine]:
                shipped = self.prompts(path)
                mine |= {name: shipped[name] for name in missing if name in shipped}
        return prompts
