from config.city import load, problems
from config.figures import FigureRules
from config.settings import ROOT

OFFICE = 'departments:\n  - {code: x, name: 某局, phone: "8701"}\n'


def city_with(tmp_path, figures):
    (tmp_path / "departments.yaml").write_text(OFFICE, encoding="utf-8")
    (tmp_path / "figures.yaml").write_text(figures, encoding="utf-8")
    return tmp_path


def test_the_shipped_rules_are_the_usual_ones():
    assert load(ROOT / "config").figures == FigureRules()


def test_a_city_weighs_as_it_likes(tmp_path):
    folder = city_with(tmp_path, "ranking:\n  smallest: 10\n  weights: {on_time: 60, satisfied: 40}\n")
    rules = load(folder).figures
    assert dict(rules.weights) == {"on_time": 60, "satisfied": 40}
    assert (rules.smallest_ranked, rules.hot_weeks) == (10, 8)


def test_a_rate_that_nobody_ranks_by_is_told_with_the_nearest_one(tmp_path):
    folder = city_with(tmp_path, "ranking:\n  weights: {satisfed: 40, solved: 60}\n")
    assert [(p.code, "satisfied" in p.message) for p in problems(folder)] == [("Y011", True)]
    assert dict(load(folder).figures.weights) == {"solved": 60}


def test_weights_of_nothing_are_no_weights(tmp_path):
    folder = city_with(tmp_path, "ranking:\n  weights: {solved: 0}\n")
    assert load(folder).figures.weights == FigureRules().weights
