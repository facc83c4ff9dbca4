"""What a file really is, told by its content, and made harmless: a picture is drawn again, so that nothing stays in it
but what is seen (no place where it was taken, no second content hidden behind it).
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from cases.refusal import Refusal

LARGEST = 10_000_000  # bytes
MOST_PIXELS = 50_000_000  # a telephone's photo has 12 to 50 million
_WRITTEN = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_PDF = b"%PDF-"


class NotTaken(Refusal):
    status = 415
    code = "unsupported_media_type"
    title = "不支持的文件"


@dataclass(frozen=True, slots=True)
class Clean:
    media_type: str
    content: bytes


def cleaned(content: bytes) -> Clean:
    """Raises NotTaken for anything but a JPEG, PNG or WebP picture or a PDF."""
    if not content:
        raise NotTaken("这是一个空文件，请重新选择", field="file")
    if len(content) > LARGEST:
        raise NotTaken(f"文件最大 {LARGEST // 1_000_000} MB，请压缩后再传", field="file")
    if content.startswith(_PDF):
        return Clean("application/pdf", content)
    return _drawn_again(content)


def _drawn_again(content: bytes) -> Clean:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=list(_WRITTEN))
            if picture.width * picture.height > MOST_PIXELS:
                raise NotTaken("图片尺寸过大，请缩小后再传", field="file")
            upright = ImageOps.exif_transpose(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        raise NotTaken("只能上传照片（JPG、PNG、WebP）和 PDF；这个文件不是，或者已损坏", field="file") from None
    kind, written = picture.format or "PNG", io.BytesIO()
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    if upright.mode == "P" and (palette := upright.getpalette()):
        bare.putpalette(palette)
    bare.save(written, kind, **({"quality": 88} if kind != "PNG" else {}))
    return Clean(_WRITTEN[kind], written.getvalue())
