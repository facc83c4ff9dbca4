"""The city's data that the hotline works with: that in the folder, or the last that was sound.

A mistake in a file must not keep the telephone from being answered. What was sound at a start is copied into the data
folder; when the files are broken at the next start, the copy is used, and the log and `hotline check` say what to mend.
(Call flows need no such copy: they are published, see `ivr/versions.py`.)
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from config.city import City
from config.city import load as load_city
from config.problems import Unsound
from config.settings import Settings

log = logging.getLogger(__name__)


def load(settings: Settings) -> tuple[City, Settings]:
    """The city, and the settings with the folder it came from. Raises Unsound at a first start only."""
    kept = settings.data_dir / "last-good"
    try:
        city = load_city(settings.city_dir)
    except Unsound as problems:
        if not kept.exists():
            raise
        log.error("%s\nThe hotline works with the last sound version of these files. Run `hotline check`.", problems)
        settings = settings.model_copy(update={"city_dir": kept / "city"})
        return load_city(settings.city_dir), settings
    _keep(settings.city_dir, kept)
    return city, settings


def _keep(source: Path, kept: Path) -> None:
    """Copy beside, then swap: a copy that was cut short never counts."""
    new, old = kept.with_name("last-good.new"), kept.with_name("last-good.old")
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (*source.glob("*.yaml"), *source.glob("*/*.yaml")):
        target = new / "city" / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    if kept.exists():
        kept.rename(old)
    new.rename(kept)
    shutil.rmtree(old, ignore_errors=True)
