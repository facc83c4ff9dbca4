"""figures.yaml -> how the city judges its figures."""

from __future__ import annotations

from types import MappingProxyType

from config.figures import RANKED, FigureRules
from config.notebook import Notebook
from config.yaml_reader import Value

_USUAL = FigureRules()


def read_figures(root: Value | None, notes: Notebook) -> FigureRules:
    if root is None:
        return _USUAL
    reader = notes.reader
    f = reader.fields(root, known={"ranking", "hot_topics", "public"})
    ranking = reader.fields(f.get("ranking"), known={"smallest", "weights"})
    weights = reader.fields(ranking.get("weights"), known=set(RANKED))
    hot = reader.fields(f.get("hot_topics"), known={"weeks", "at_least", "times"})
    public = reader.fields(f.get("public"), known={"smallest"})
    weighed = {name: reader.number(value, 0, 1000) for name, value in weights.items() if name in RANKED}
    return FigureRules(
        weights=MappingProxyType(weighed) if any(weighed.values()) else _USUAL.weights,
        smallest_ranked=reader.integer(ranking.get("smallest"), 1, 10_000, _USUAL.smallest_ranked),
        hot_weeks=reader.integer(hot.get("weeks"), 1, 52, _USUAL.hot_weeks),
        hot_at_least=reader.integer(hot.get("at_least"), 1, 10_000, _USUAL.hot_at_least),
        hot_times=reader.number(hot.get("times"), 1, 100, _USUAL.hot_times),
        smallest_public=reader.integer(public.get("smallest"), 1, 1000, _USUAL.smallest_public),
    )
