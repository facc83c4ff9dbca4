"""The closed lists people choose from when they say why, how, and how it went. The Chinese stands beside each, once."""

from __future__ import annotations

from config.codes import Labelled


class RejectReason(Labelled):
    """Why the hotline does not accept a case (不予受理)."""

    EMERGENCY = "emergency", "应拨打 110、119、120 等紧急电话"
    NOT_GOVERNMENT = "not_government", "不属于政府职责"
    OTHER_CITY = "other_city", "不属于本市管辖"
    IN_PROCEDURE = "in_procedure", "已进入诉讼、仲裁、复议、信访等法定程序"
    SETTLED = "settled", "已办结且没有新的事实和理由"
    SECRET = "secret", "涉及国家秘密、商业秘密或个人隐私"
    UNCLEAR = "unclear", "诉求不明确，又无法联系诉求人"
    ABUSE = "abuse", "恶意骚扰或违反公序良俗"


class ReturnReason(Labelled):
    """Why a department says a case is not its own (退单)."""

    NOT_OURS = "not_ours", "不属于本单位职责"
    OTHER_AREA = "other_area", "不属于本单位辖区"
    OTHER_LEAD = "other_lead", "应由其他单位主办"
    TOO_LITTLE_KNOWN = "too_little_known", "诉求信息不全，无法办理"
    IN_PROCEDURE = "in_procedure", "已进入法定程序"
    DUPLICATE = "duplicate", "与在办工单重复"


class PauseReason(Labelled):
    """What a department's clock is stopped for (暂停计时)."""

    MATERIAL = "material", "等待诉求人补充材料"
    INSPECTION = "inspection", "法定检验、检测、鉴定、评审"
    CITIZEN_AWAY = "citizen_away", "无法联系到诉求人"
    FORCE_MAJEURE = "force_majeure", "不可抗力"


class SendBackReason(Labelled):
    """What is wrong with a reply (退回重办)."""

    OFF_POINT = "off_point", "答非所问，没有逐条回应"
    PERFUNCTORY = "perfunctory", "敷衍推诿"
    NO_MEASURE = "no_measure", "没有具体措施或期限"
    NO_CONTACT = "no_contact", "没有联系诉求人"
    NO_EVIDENCE = "no_evidence", "缺少办理依据或证明材料"
    NOT_TRUE = "not_true", "与实际情况不符"
    PRIVACY = "privacy", "公开答复泄露个人信息"
    NOT_DONE = "not_done", "事项没有办完"


class Way(Labelled):
    """How somebody was reached or told."""

    CALL = "call", "电话"
    SMS = "sms", "短信"
    WEB = "web", "网页"
    IN_PERSON = "in_person", "当面"
    LETTER = "letter", "书面"
    EMAIL = "email", "电子邮件"


class Told(Labelled):
    """What the citizen was told about (告知)."""

    REPLY = "reply", "办理结果"
    ANSWER = "answer", "直接答复"
    REJECTION = "rejection", "不予受理的理由和渠道"
    EXTENSION = "extension", "延期"
    PAUSE = "pause", "暂停计时"
    MERGE = "merge", "并单"
    PROGRESS = "progress", "办理进度"


class Solved(Labelled):
    """Whether it is solved (是否解决): the department's word in its reply, the citizen's at the return visit."""

    YES = "yes", "已解决"
    PARTLY = "partly", "部分解决"
    NO = "no", "未解决"


class Satisfied(Labelled):
    """How satisfied the citizen is (满意度)."""

    VERY = "very", "非常满意"
    YES = "yes", "满意"
    BASICALLY = "basically", "基本满意"
    NO = "no", "不满意"


class Retention(Labelled):
    """How long an archived case is kept (保管期限); the years are the city's to set."""

    SHORT = "short", "短期"
    STANDARD = "standard", "一般"
    LONG = "long", "长期"
