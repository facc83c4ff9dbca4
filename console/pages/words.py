"""The Chinese of what the telephone does, beside the enums once, with the shape in which a page shows it."""

from __future__ import annotations

from ivr.board import Activity, Cause, ParticipantState, RecordingState, Status
from ivr.call import Role

ROLES = {
    Role.CITIZEN: "市民",
    Role.OPERATOR: "话务员",
    Role.DEPARTMENT: "承办单位",
    Role.SUPERVISOR: "督办员",
}

# in captions, where the column is narrow
SHORT_ROLES = {**ROLES, Role.DEPARTMENT: "单位"}

# the word, and how it looks: late, soon, fine, idle (word + shape + weight, colour last)
STATES = {
    ParticipantState.ASKED: ("请求中", "soon"),
    ParticipantState.RINGING: ("振铃中", "soon"),
    ParticipantState.TALKING: ("通话中", "fine"),
    ParticipantState.HELD: ("保持", "idle"),
    ParticipantState.WHISPERING: ("耳语", "soon"),
    ParticipantState.LEFT: ("已离开", "idle"),
    ParticipantState.FAILED: ("未接通", "late"),
}

WAITING = ("等待接听", "soon")  # a citizen alone in the room

CAUSES = {
    Cause.BUSY: "占线",
    Cause.REFUSED: "拒接",
    Cause.NO_ANSWER: "无人接听",
    Cause.UNREACHABLE: "无法接通",
    Cause.CANCELLED: "已取消",
    Cause.FAILED: "呼叫失败",
}

# what an operator can do about it; the citizen goes on talking meanwhile
NEXT_STEPS = {
    Cause.BUSY: "对方正在通话，可稍后再呼叫",
    Cause.REFUSED: "对方按了拒接，可再呼叫一次或改请其他单位",
    Cause.NO_ANSWER: "电话响了但没有人接，可再呼叫一次或改请其他单位",
    Cause.UNREACHABLE: "号码打不通，请改请其他单位，并告知管理员核对号码",
    Cause.CANCELLED: "",
    Cause.FAILED: "线路没有接通，可再呼叫一次",
}

STATUSES = {Status.READY: "就绪", Status.PAUSED: "暂停", Status.AWAY: "离席"}

ACTIVITIES = {
    Activity.IDLE: ("空闲", "idle"),
    Activity.RINGING: ("来电振铃", "soon"),
    Activity.TALKING: ("通话中", "fine"),
    Activity.AFTER_CALL: ("话后整理", "soon"),
}

# value of the status list on the desk -> (status, reason)
CHOICES = {
    "ready": (Status.READY, ""),
    "paused:rest": (Status.PAUSED, "小休"),
    "paused:work": (Status.PAUSED, "整理工单"),
    "paused:training": (Status.PAUSED, "培训"),
    "away": (Status.AWAY, ""),
    "away:meal": (Status.AWAY, "用餐"),
    "away:meeting": (Status.AWAY, "开会"),
}

RECORDINGS = {
    RecordingState.OFF: ("未录音", "idle"),
    RecordingState.ON: ("录音中", "fine"),
    RecordingState.PAUSED: ("录音已暂停", "late"),
}

ROLES_OF_STAFF = {
    "operator": "话务员",
    "dispatcher": "派单员",
    "clerk": "承办单位经办人",
    "supervisor": "督办员",
    "administrator": "管理员",
}
