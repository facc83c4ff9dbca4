"""Replies as departments write them: which ones a reviewer should look at twice, and why."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import wording
from cases.finding import Point, Reply, Rule
from cases.perfunctory import check, points
from cases.promises import promises
from cases.wording import Span
from cases.words import Kind
from config.city import load
from config.read_city import SHIPPED
from config.reply_words import ReplyWords
from config.words import Word
from config.workdays import Workdays

CITY = load(SHIPPED)
WORDS, PLACES = CITY.reply_words, tuple(name for district in CITY.districts for name in district.inside)
THURSDAY = date(2026, 3, 12)
LAMP = (
    "王女士：您好！3月9日下午，维护人员到人民路12号现场核查，路灯不亮是灯泡烧毁造成的，当晚8时已更换灯泡2只，恢复照明。"
    "已于3月10日电话告知您。如再有问题，请拨87031101，联系人刘工。"
)
NOISE = (
    "您好。3月11日上午，执法队员到解放路幸福火锅店现场检查，油烟净化器未开启，当场责令整改并立案处罚。3月12日复查，净化器已正常运行，"
    "油烟浓度检测合格。此情况已于当日电话告知您，联系电话87031001。"
)
WAGES = (
    "经核实，川南建材市场某装饰公司拖欠您2月工资3200元。3月11日，监察员组织双方协商，达成书面协议，公司将于3月20日前一次付清。"
    "逾期不付的，请拨87031501，我们将于3月23日立案查处。"
)
FINE = Reply(
    LAMP,
    THURSDAY,
    Kind.COMPLAINT,
    place="人民路 12 号",
    asked="人民路12号路灯坏了三天了",
    caller_name="王女士",
    contacted=True,
    evidence=1,
    places=PLACES,
)

# As good departments write them; what is polite in them is no fault.
HONEST = [
    LAMP,
    NOISE,
    WAGES,
    "王先生您好！您反映的工业路夜间施工噪声问题，我局高度重视，3月10日晚22时执法人员到现场检查，该工地未办理夜间施工许可，已责令停工并立案，罚款2万元。3月11日、12日夜间复查未再施工。已电话告知您，感谢您的理解与支持，联系电话87031001。",
    "您咨询的失业保险金问题答复如下：根据《失业保险条例》等相关规定，缴费满一年、非本人意愿中断就业的可以申领。请于60日内带身份证到川桥街道社保所办理，也可在网上办理。3月9日已电话向您解释，联系人李工，87031501。",
    "经核实，您家停水系望云路给水管爆裂所致。抢修队3月11日14时到场，当日21时修复通水。由此给您带来不便，敬请谅解。后续我公司将于4月底前更换该路段老旧管道1.2公里。",
    "您好，阳光小区3号楼电梯困人问题，维保单位于3月8日更换门机控制板并检测合格，电梯已恢复运行。市场监管所约谈物业，责令每半月维保一次。3月9日已与您电话沟通，您表示认可。",
    "3月10日，环卫工人清运建设路与胜利路交叉口堆放的建筑垃圾约2吨，并安装监控1处。经调取监控，系某装修公司倾倒，执法队已立案，拟罚款1万元，预计3月20日前送达决定书。",
    "关于学区划分的建议，我局已于3月9日电话向您说明：今年划片方案将于5月10日在市教育局网站公示，公示期7天，可在线提意见，咨询电话87031601。",
    "经3月9日现场踏勘，您反映的占道停车点位未施划禁停标线。交警大队3月11日施划黄线60米，设置禁停标志2块，并安排早晚高峰巡逻。电话87031301。",
    "您要求退还培训费3200元，经3月10日组织双方调解，机构同意扣除已上4课时后退还2600元，3月15日前退到原账户。您已签字认可。",
    "您反映的油烟扰民，3月11日经检测油烟浓度1.1mg/m³，符合标准，但排烟口距您家窗户不足5米。已责令该店3月25日前把排烟口改到楼顶，我们将于3月26日复查，并电话告知您结果。",
    "您举报的非法采砂，3月8日夜间水政执法人员蹲守时当场查获采砂船1艘，扣押船只并立案，案件正在办理。",
]


def rules(reply: Reply) -> set[str]:
    return {finding.rule.value for finding in check(reply, WORDS, CITY.workdays).findings}


def written(text: str, **more) -> set[str]:
    return rules(replace(FINE, text=text, **{"place": "", "asked": "", "caller_name": ""} | more))


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_reply_passes(text):
    assert written(text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("已收悉，已转相关部门处理。", {"too_short", "vague", "no_measure", "no_date"}),
        ("您反映的问题不归我们管，请向其他部门反映。", {"too_short", "refusing", "no_measure", "no_date"}),
        ("已办结。", {"too_short", "no_measure", "no_date"}),
        (
            "我单位高度重视您反映的问题，将进一步研究，尽快解决，感谢您的理解与支持，欢迎继续监督！",
            {"vague", "no_measure", "no_date", "promise_without_date"},
        ),
        (
            "关于您反映的问题，经3月10日核查属历史遗留问题，我单位没有执法权，无法解决，请您自行协商解决，敬请谅解。",
            {"refusing"},
        ),
        (
            "3月11日已到现场查看，下一步将协调施工单位对该处路面进行维修，请您耐心等待，感谢您对我们工作的支持。",
            {"vague", "promise_without_date"},
        ),
        (
            "3月11日到场核实，情况与您说的一致，按有关规定办理，在条件成熟时逐步解决，我们会加强管理。",
            {"vague", "promise_without_date"},
        ),
    ],
)
def test_a_perfunctory_one_is_told_apart_with_its_reasons(text, expected):
    assert written(text) == expected


def test_a_finding_says_where_what_and_what_to_do():
    text = "3月10日核查，此事不归我们管，请找其他部门，联系电话12345，谢谢您的来电和支持，祝您生活愉快。"

    [finding, _other] = check(replace(FINE, text=text, asked="", caller_name=""), WORDS, CITY.workdays).findings

    assert finding.rule is Rule.REFUSING
    assert text[finding.at.start : finding.at.end] == finding.at.text == "不归我们管"
    assert "退单" in finding.advice
    assert finding.to_json()["at"] == {"start": 10, "end": 15, "text": "不归我们管"}


def test_a_longer_word_excuses_the_shorter_inside_it():
    assert "refusing" not in written("您好，3月10日已依法向您送达不予受理通知书，写明了理由和复议途径，请查收。" + LAMP)
    assert "vague" not in written("3月10日会同相关部门现场核查。" + LAMP)


def test_the_same_text_for_everybody_is_a_template():
    other = LAMP.replace("人民路12号", "解放路7号").replace("3月9日", "2月3日")
    assert "template" in rules(replace(FINE, earlier=("别的答复" * 20, other)))
    assert "template" not in rules(replace(FINE, earlier=(NOISE, WAGES)))
    assert "template" not in rules(replace(FINE, earlier=(*[NOISE] * 50, LAMP))), "only the latest fifty count"


def test_short_replies_are_not_called_templates_of_each_other():
    assert "template" not in written("已修好，谢谢。", earlier=("已修好，谢谢。",))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"contacted": False}, "no_contact"),
        ({"solved": True, "evidence": 0}, "unsupported"),
        ({"found_kind": Kind.CONSULTATION}, "reclassified"),
        ({"text": LAMP.replace("人民路12号", "解放路12号")}, "wrong_place"),
        ({"text": LAMP.replace("12号", "21号")}, "wrong_place"),
        ({"text": LAMP.replace("王女士", "李先生")}, "wrong_name"),
        ({"private": (Span(0, 3, "王女士"),)}, "personal_data"),
        ({"points": (Point("修路灯", True), Point("以后多久巡查一次", False))}, "point_unanswered"),
    ],
)
def test_what_does_not_fit_the_case_is_found(change, rule):
    assert rules(FINE) == set()
    assert rules(replace(FINE, **change)) == {rule}


def test_solved_in_words_needs_evidence_as_a_tick_does():
    text = LAMP.replace("恢复照明", "问题已解决")
    assert rules(replace(FINE, text=text, evidence=0)) == {"unsupported"}
    assert rules(replace(FINE, text=text)) == set()


def test_a_suggestion_may_become_a_consultation():
    assert rules(replace(FINE, kind=Kind.SUGGESTION, found_kind=Kind.CONSULTATION)) == set()


def test_without_ticks_a_point_that_is_nowhere_touched_is_found():
    asked = "1、人民路12号路灯坏了三天；2、小区垃圾桶没人清运"

    [finding] = check(replace(FINE, asked=asked), WORDS, CITY.workdays).findings

    assert "垃圾桶" in finding.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1、路灯坏了；2、垃圾没人清。3.要求答复", ["路灯坏了", "垃圾没人清", "要求答复"]),
        ("一是路灯坏了。二是垃圾没人清", ["路灯坏了", "垃圾没人清"]),
        ("路灯坏了三天。要求尽快修好，一定要回电话！", ["路灯坏了三天", "要求尽快修好，一定要回电话"]),
        ("人民路12号2.5米高的围墙倒了", ["人民路12号2.5米高的围墙倒了"]),
        ("", []),
    ],
)
def test_the_points_of_a_demand(text, expected):
    assert [point.text for point in points(text)] == expected


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("将于3月20日前完成", date(2026, 3, 20)),
        ("我局将于2026年4月5日前完成", date(2026, 4, 5)),
        ("预计4月1日开工，4月20日前完工", date(2026, 4, 20)),
        ("承诺3个工作日内修复", date(2026, 3, 17)),
        ("将在五日内回复您", date(2026, 3, 17)),
        ("尽快维修，24小时内恢复", date(2026, 3, 13)),
        ("争取在本月底完成", date(2026, 3, 31)),
        ("预计年底前建成", date(2026, 12, 31)),
        ("将于下周五上门", date(2026, 3, 20)),
        ("将于明天上门", date(2026, 3, 13)),
        ("预计两周内完成", date(2026, 3, 26)),
        ("预计1月5日前完成", None),
        ("尽快维修", None),
        ("3月9日反映的问题，我们会尽快解决", None),
    ],
)
def test_a_promise_comes_due_on_the_day_it_names(text, due):
    assert [each.due for each in promises(text, WORDS, THURSDAY, CITY.workdays)] == [due]


def test_a_year_later_is_meant_when_it_is_nearer():
    [promise] = promises("预计1月5日前完成", WORDS, date(2026, 12, 20), CITY.workdays)
    assert promise.due == date(2027, 1, 5)


def test_the_latest_promise_is_followed_up():
    checked = check(replace(FINE, text=WAGES), WORDS, CITY.workdays)
    assert checked.follow_up == date(2026, 3, 23)


def test_without_a_list_of_words_nobody_is_accused_by_words():
    found = {f.rule for f in check(replace(FINE, text="不归我们管，尽快研究"), ReplyWords(), Workdays()).findings}
    assert not found & {Rule.REFUSING, Rule.VAGUE, Rule.NO_MEASURE, Rule.PROMISE_WITHOUT_DATE}


texts = st.text(max_size=300) | st.lists(
    st.sampled_from(
        [
            "不归我们管",
            "将于",
            "3月",
            "2月30日",
            "99999",
            "尽快",
            "人民路",
            "12号",
            "下周",
            "个工作日内",
            "0000-13-45",
            "。",
            "王先生",
            "\n",
        ]
    ),
    max_size=40,
).map("".join)


@given(text=texts, asked=texts, earlier=st.lists(texts, max_size=3), day=st.dates(date(1990, 1, 1), date(2150, 1, 1)))
def test_no_text_breaks_it_and_every_place_is_where_it_says(text, asked, earlier, day):
    reply = replace(FINE, text=text, asked=asked, earlier=tuple(earlier), today=day)

    checked = check(reply, WORDS, CITY.workdays)

    assert check(reply, WORDS, CITY.workdays) == checked, "the same question has the same answer"
    for finding in checked.findings:
        assert finding.reason
        assert finding.advice
        assert finding.at is None or text[finding.at.start : finding.at.end] == finding.at.text != ""
    assert checked.follow_up is None or checked.follow_up >= day


@given(texts, texts)
def test_likeness_is_a_likeness(one, other):
    assert 0 <= wording.likeness(one, other) == wording.likeness(other, one) <= 1
    assert wording.likeness(one, one) in (0, 1)


def test_the_longest_text_is_checked_at_once():
    """10,000 characters against fifty of 10,000: a clerk waits for it while typing."""
    import time

    text = (LAMP + NOISE) * 50
    began = time.perf_counter()
    check(replace(FINE, text=text[:10_000], earlier=(text[:10_000],) * 50), WORDS, CITY.workdays)
    assert time.perf_counter() - began < 3


def test_a_gap_in_a_word_stands_for_a_few_characters():
    words = (Word("建议向…部门反映"),)
    assert [at.text for at in wording.found("我们建议向规划部门反映。", words)] == ["建议向规划部门反映"]
    assert not list(wording.found("建议向" + "很" * 30 + "部门反映", words))
