"""Weekly analysis, rates and ranking as tables for people to print, send and compute with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cases.exports import Cell
from cases.figures.definitions import RATES, Taken
from cases.figures.measure import Figure
from cases.figures.period import Period
from cases.ranking import Group, Placing
from cases.report_files import Report, Table
from cases.weekly import Count, Weekly
from config.city import City

_FIGURE = ("指标", "分子", "分母", "比率（%）", "未到时限", "剔除", "分母的含义", "分子的含义", "不计入")
_COUNT = ("名称", "件数")


def kpi_report(title: str, period: Period, figures: Sequence[Figure], spans: Sequence[Taken]) -> Report:
    return Report(
        title,
        [_said(period), "比率按分母事件发生的日期归入统计期；未到时限的不计入分母；剔除的工单单独列出。"],
        [
            Table("指标", _FIGURE, [_figure(each) for each in figures]),
            _spans(spans),
            Table(
                "例外", ("指标", "工单或来电"), [(f.name, ref) for f in figures for ref in f.exceptions], evidence=True
            ),
        ],
    )


def exceptions_report(figure: Figure, period: Period) -> Report:
    rate = RATES[figure.code]
    what = "没有达到的" if figure.good else "属于此列的"
    notes = [_said(period), f"{figure.name} {figure}；分母：{rate.of}；分子：{rate.counts}"]
    return Report(
        f"{figure.name}：{what}工单", notes, [Table("例外", ("工单或来电",), [(r,) for r in figure.exceptions])]
    )


def ranking_report(groups: Iterable[Group], period: Period, weights: Mapping[str, float], smallest: int) -> Report:
    codes = list(weights)
    header = ("名次", "单位", "综合得分", *(RATES[code].name for code in codes), "剔除件数")
    told = "、".join(f"{RATES[code].name} {weights[code]:g}" for code in codes)
    notes = [
        _said(period),
        f"得分为各率 95% 置信下限的加权平均（权重：{told}）；任何一率不足 {smallest} 件的单位不排名。",
    ]
    tables = [
        Table(group.level.label, header, [_placing(each, codes) for each in (*group.ranked, *group.too_few)])
        for group in groups
    ]
    return Report("承办单位考评排名", notes, tables)


def weekly_report(week: Weekly, city: City) -> Report:
    """For the heads of the city: three causes, three places, three departments, and what is new."""
    names = {c.code: c.name for c in city.categories} | {d.code: d.name for d in city.departments}
    tables = [
        Table("总量", _COUNT, [_count(each) for each in (*week.counts, week.problems)]),
        Table("诉求类型", _COUNT, [_count(each) for each in week.kinds]),
        Table("何事", ("类别", "件数", "主要反映"), [(*_count(c.whole), _mostly(c.mostly)) for c in week.causes]),
        Table("何处", _COUNT, [_count(each) for each in week.places]),
        _in_charge(week),
        Table("热点", ("类别", "区县", "本周", "前几周", "周平均", "判断"), list(_topics(week, names))),
        _districts(week),
        Table("重复投诉", ("工单", "原工单", "类别", "主办单位"),
              [(r.number, r.before, names.get(r.category), names.get(r.department, "")) for r in week.repeats]),
        Table("六个百分之百", _FIGURE, [_figure(each) for each in week.six_hundred]),
        Table("其他指标", _FIGURE, [_figure(each) for each in week.rates]),
        _spans(week.spans),
        Table("依据", ("项目", "工单或来电"), list(_evidence(week)), evidence=True),
    ]  # fmt: skip
    return Report(f"{city.name}12345 热线每周综合分析（{week.week.name}）", [_said(week.week)], tables)


def _in_charge(week: Weekly) -> Table:
    figures = [f.name for f in week.departments[0].figures] if week.departments else []
    rows = [(*_count(each.whole), *(str(f) for f in each.figures)) for each in week.departments]
    return Table("何单位", ("单位", "件数", *figures), rows)


def _districts(week: Weekly) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (d.name, d.whole.n, _mostly(d.causes), d.overdue.n, d.dissatisfied.n, d.repeated.n) for d in week.districts
    ]
    rows.append((week.unplaced.name, week.unplaced.n, "", None, None, None))
    return Table("各区县", ("区县", "问题件数", "主要类别", "超期未结", "回访不满意", "重复投诉"), rows)


def _topics(week: Weekly, names: Mapping[str, str]) -> Iterator[tuple[Cell, ...]]:
    said = {True: "热点", False: "正常波动", None: "历史不足，不判断"}
    for each in week.topics:
        before = " ".join(map(str, each.before))
        name = names.get(each.category, each.category)
        yield name, each.district or "不明", len(each.cases), before, round(each.mean, 1), said[each.hot]


def _evidence(week: Weekly) -> Iterator[tuple[str, str]]:
    """Every number's cases, under the table and the line it stands in."""
    counts: list[tuple[str, Count]] = [("总量", each) for each in (*week.counts, week.problems)]
    counts += [("诉求类型", each) for each in week.kinds]
    counts += [("何事", part) for cause in week.causes for part in (cause.whole, *cause.mostly)]
    counts += [("何处", each) for each in week.places]
    counts += [("何单位", each.whole) for each in week.departments] + [("各区县", week.unplaced)]
    counts += [(d.name, part) for d in week.districts
               for part in (d.whole, *d.causes, d.overdue, d.dissatisfied, d.repeated)]  # fmt: skip
    for where, count in counts:
        yield from ((f"{where}：{count.name}", ref) for ref in count.cases)
    for figure in (*week.six_hundred, *week.rates):
        yield from ((f"{figure.name}：例外", ref) for ref in figure.exceptions)


def _figure(figure: Figure) -> tuple[Cell, ...]:
    rate = RATES[figure.code]
    share = None if figure.share is None else round(100 * figure.share, 2)
    apart = len(figure.pending), len(figure.excluded)
    return figure.name, figure.n, figure.of, share, *apart, rate.of, rate.counts, rate.leaves_out


def _spans(spans: Iterable[Taken]) -> Table:
    header = ("时长（小时）", "件数", "中位数", "90% 在此之内", "中位数（只计工作日）", "90% 在此之内（只计工作日）")
    rows = [(s.name, len(s.cases), s.median(), s.p90(), s.median(working=True), s.p90(working=True)) for s in spans]
    return Table("时长", header, rows)


def _placing(placing: Placing, codes: Iterable[str]) -> tuple[Cell, ...]:
    place = placing.place if placing.place else "样本不足"
    return place, placing.name, placing.score, *(str(placing.figures[code]) for code in codes), placing.excluded


def _count(count: Count) -> tuple[Cell, ...]:
    return count.name, count.n


def _mostly(counts: Iterable[Count]) -> str:
    return "、".join(f"{each.name} {each.n}" for each in counts)


def _said(period: Period) -> str:
    return f"统计期：{period.first} 至 {period.last}"
