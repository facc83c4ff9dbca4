"""Files that belong to a case (附件): judged by content, kept under a name nobody can guess, given out as downloads."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.model import Attachment, CaseRow, new_id
from cases.pictures import Clean, NotTaken, cleaned
from cases.refusal import Conflict, NotFound
from config.settings import Settings

MOST = 20
CHECK_SECONDS = 60
_ENDING = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}


def take(content: bytes, settings: Settings) -> Clean:
    """Made harmless and looked at by the city's own check, before any transaction: it takes its time."""
    clean = cleaned(content)
    if settings.attachment_check:
        _ask_check(clean.content, settings.attachment_check)
    return clean


def add(session: Session, row: CaseRow, name: str, clean: Clean, by: str, folder: Path, *, now: datetime) -> Attachment:
    """On the disk first: a row without its file would be a promise nobody can keep."""
    count = select(func.count()).where(Attachment.case_number == row.number)
    if (session.scalar(count) or 0) >= MOST:
        raise Conflict(f"一个工单最多 {MOST} 个附件")
    made = Attachment(
        id=new_id(),
        case_number=row.number,
        name=_safe(name, clean.media_type),
        media_type=clean.media_type,
        size=len(clean.content),
        digest=hashlib.sha256(clean.content).hexdigest(),
        by=by,
        at=now,
    )
    _keep(folder, made.id, clean.content)
    session.add(made)
    session.flush()
    return made


def of(session: Session, number: str) -> list[Attachment]:
    chosen = select(Attachment).where(Attachment.case_number == number).order_by(Attachment.at, Attachment.id)
    return list(session.scalars(chosen))


def find(session: Session, key: str, folder: Path) -> tuple[Attachment, Path]:
    """The row and its file. Whether the case may be seen is for the caller to ask."""
    row = session.get(Attachment, key)
    if row is None or not (folder / row.id).is_file():
        raise NotFound("没有这个附件")
    return row, folder / row.id


def _keep(folder: Path, key: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(folder / key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _safe(name: str, media_type: str) -> str:
    """A name for people: no paths, no control characters, the ending that the content has."""
    stem = re.sub(r"[^\w.\- ()（）]", "_", Path(name.replace("\\", "/")).name).rsplit(".", 1)[0][:80].strip(" .")
    return f"{stem or '附件'}.{_ENDING[media_type]}"


def _ask_check(content: bytes, command: str) -> None:
    """The city's virus scanner or whatever it trusts: gets the file on standard input, and exits 0 for a good one."""
    try:
        done = subprocess.run([command], input=content, capture_output=True, timeout=CHECK_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        raise Conflict("附件检查程序没有应答，请稍后再传，或联系管理员") from None
    if done.returncode != 0:
        raise NotTaken("附件没有通过安全检查，请换一个文件", field="file")
