from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cases.figures.hot_topics import Report, topics
from cases.figures.period import week
from cases.figures.small_cells import published, published_rate
from cases.figures.where import Finder, Spot
from config.city import load
from config.figures import FigureRules
from config.settings import ROOT

W10 = week("2026-W10")
RULES = FigureRules()


def reports(*per_week, category="utilities", district="川南区"):
    """So many cases in each week, the last number being this week's."""
    found = []
    for back, count in enumerate(reversed(per_week)):
        at = W10.start - timedelta(weeks=back) + timedelta(hours=9)
        found += [Report(f"{back}-{n}", category, district, at) for n in range(count)]
    return found


def test_a_burst_is_hot():
    (topic,) = topics(reports(2, 3, 2, 1, 2, 3, 2, 1, 12), W10, RULES)
    assert (topic.hot, len(topic.cases), topic.mean) == (True, 12, 2.0)
    assert topic.before == (2, 3, 2, 1, 2, 3, 2, 1)


def test_a_few_cases_are_no_topic_however_rare_they_were():
    assert topics(reports(0, 0, 0, 0, 1, 0, 0, 0, 4), W10, RULES) == []


def test_what_is_always_frequent_is_not_hot():
    (topic,) = topics(reports(20, 22, 19, 21, 20, 23, 18, 20, 25), W10, RULES)
    assert topic.hot is False


def test_twice_a_small_mean_may_be_chance():
    (topic,) = topics(reports(3, 3, 3, 3, 3, 3, 3, 3, 6), W10, RULES)
    assert topic.hot is False


def test_a_young_hotline_does_not_judge():
    (topic,) = topics(reports(1, 12), W10, RULES)
    assert topic.hot is None


def test_the_hot_ones_come_first():
    usual = reports(20, 22, 19, 21, 20, 23, 18, 20, 25, category="housing")
    assert [t.category for t in topics(usual + reports(1, 1, 1, 1, 1, 1, 1, 1, 9), W10, RULES)] == [
        "utilities",
        "housing",
    ]


# ---- small cells
def test_a_lone_small_number_takes_a_neighbour_with_it():
    assert published({"a": 2, "b": 7, "c": 90}, 5) == {"a": None, "b": None, "c": 90}
    assert published({"a": 2, "b": 4, "c": 90}, 5) == {"a": None, "b": None, "c": 90}
    assert published({"a": 0, "b": 7}, 5) == {"a": 0, "b": 7}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), min_size=1), st.integers(1, 10))
def test_no_small_number_can_be_computed_from_the_total(counts, smallest):
    shown = published(counts, smallest)
    hidden = [name for name, count in shown.items() if count is None]
    assert all(shown[name] in (None, count) for name, count in counts.items())
    assert not [name for name, count in shown.items() if count and count < smallest]
    assert len(hidden) != 1 or all(counts[name] == 0 for name in counts if name not in hidden)


def test_a_rate_of_few_is_not_published():
    assert published_rate(3, 4, 5) is None
    assert published_rate(99, 100, 5) is None
    assert published_rate(60, 100, 5) == 0.6
    assert published_rate(100, 100, 5) == 1.0


# ---- places and words
def test_a_place_is_told_in_the_citys_words_only():
    finder = Finder(load(ROOT / "config"))
    assert finder.spot("云山区书香苑3栋501 张三家") == Spot("云山区", "书香苑")
    assert finder.spot("高新区某处") == Spot("高新区")
    assert finder.spot("不知道的地方") == Spot()
    assert finder.words("urban_construction", "书香苑路灯不亮，井盖也松了") >= {"路灯不亮", "井盖"}
    assert finder.words("nonsense", "路灯") == frozenset()
