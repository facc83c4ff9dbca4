"""`hotline report`: the weekly analysis, the rates and the ranking as files, for a clock job or a printer."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cases.refusal import Refusal
from cases.report_files import Format, Report, file_of

if TYPE_CHECKING:
    from cases.figures.hot_topics import Report as Reported
    from cases.figures.period import Period
    from cases.report_facts import Found
    from config.city import City

_FORMS = [form.value for form in Format if form is not Format.JSON]


@click.command()
@click.argument("which", type=click.Choice(["weekly", "kpi", "ranking"]))
@click.option("--week", metavar="2026-W10", help="By default the last week that is over.")
@click.option("--month", metavar="2026-03", help="A month instead of a week; not for the weekly analysis.")
@click.option("--format", "form", type=click.Choice(_FORMS), default="docx", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="By default a name of its own, here.")
def report(which: str, week: str | None, month: str | None, form: str, out: Path | None) -> None:
    """Write the weekly analysis, all rates, or the ranking of departments into a file."""
    from cases import report_facts
    from config.city import load
    from config.settings import Settings
    from console.commands.database import now, opened

    if month and (week or which == "weekly"):
        raise click.UsageError("--month is for kpi and ranking, and instead of --week")
    within, city, database = _period(week, month, now()), load(Settings().city_dir), opened()
    with database.session() as session:
        found = report_facts.read(session, within, now=now())
        history = report_facts.reports(session, within, city) if which == "weekly" else []
    made = _made(which, found, history, city)
    path = out or Path(f"{which}-{within.name}.{form}")
    path.write_bytes(file_of(made, Format(form)))
    click.echo(str(path))


def _period(week: str | None, month: str | None, now: datetime) -> Period:
    from cases.figures import period

    try:
        if month:
            return period.month(month)
        return period.week(week) if week else period.week_of(now - timedelta(weeks=1))
    except Refusal as refusal:
        click.echo(refusal.detail, err=True)
        sys.exit(2)


def _made(which: str, found: Found, history: list[Reported], city: City) -> Report:
    from cases import report_tables
    from cases.figures.definitions import RATES, SPANS, taken
    from cases.figures.measure import measure
    from cases.ranking import ranking
    from cases.weekly import weekly

    facts, within, out, rules = found.facts(city), found.period, found.excluded, city.figures
    if which == "weekly":
        return report_tables.weekly_report(weekly(facts, within, history, out, city), city)
    if which == "ranking":
        groups = ranking(facts, within, out, city.departments, rules)
        return report_tables.ranking_report(groups, within, rules.weights, rules.smallest_ranked)
    figures = [measure(rate, facts, within, out) for rate in RATES.values()]
    spans = [taken(span, facts, within, out, city.workdays) for span in SPANS]
    return report_tables.kpi_report("统计指标", within, figures, spans)


COMMANDS = {"report": report}
