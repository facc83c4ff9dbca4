"""What cannot be done, said to the person who asked: a Chinese sentence, a stable code, the HTTP status it means."""

from __future__ import annotations


class Refusal(Exception):
    """`field` names the field that is wrong, if one is. The texts never repeat what the citizen said."""

    status = 422
    code = "invalid"
    title = "请求内容有误"

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.detail, self.field = detail, field


class NotFound(Refusal):
    """It does not exist, or it is not yours: the same answer."""

    status = 404
    code = "not_found"
    title = "没有找到"


class Stale(Refusal):
    """Somebody else has changed it in the meantime."""

    status = 412
    code = "stale_version"
    title = "内容已被他人更新"


class NotYours(Refusal):
    """Your role cannot do this, whatever the state."""

    status = 403
    code = "forbidden"
    title = "没有权限"


class Conflict(Refusal):
    status = 409
    code = "conflict"
    title = "与当前状态冲突"


def needed(text: str, field: str, what: str) -> str:
    """The text without blanks around it. Raises Refusal when nothing is left."""
    if not text.strip():
        raise Refusal(f"请写明{what}", field=field)
    return text.strip()
