"""The flows and the city's data that the hotline answers with: those in the folders, or the last that were sound.

A mistake in a file must not keep the telephone from being answered. What was sound at a start is copied into the data
folder; when the files are broken at the next start, the copy is used, and the log and `hotline check` say what to mend.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from config.city import City
from config.city import load as load_city
from config.problems import Unsound
from config.settings import Settings
from ivr.flow import Flows
from ivr.load import open_flows

log = logging.getLogger(__name__)


def load(settings: Settings) -> tuple[Flows, City, Settings]:
    """The flows, the city, and the settings with the folders they came from. Raises Unsound at a first start only."""
    kept = settings.data_dir / "last-good"
    try:
        flows, city = _read(settings)
    except Unsound as problems:
        if not kept.exists():
            raise
        log.error("%s\nThe hotline answers with the last sound version of these files. Run `hotline check`.", problems)
        settings = settings.model_copy(update={"flows_dir": kept / "flows", "city_dir": kept / "city"})
        return *_read(settings), settings
    _keep(settings, kept)
    return flows, city, settings


def _read(settings: Settings) -> tuple[Flows, City]:
    return open_flows(settings.flows_dir, settings.city_dir), load_city(settings.city_dir)


def _keep(settings: Settings, kept: Path) -> None:
    """Copy beside, then swap: a copy that was cut short never counts."""
    new, old = kept.with_name("last-good.new"), kept.with_name("last-good.old")
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    for name, source in (("flows", settings.flows_dir), ("city", settings.city_dir)):
        for file in (*source.glob("*.yaml"), *source.glob("*/*.yaml")):
            target = new / name / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
    if kept.exists():
        kept.rename(old)
    new.rename(kept)
    shutil.rmtree(old, ignore_errors=True)
