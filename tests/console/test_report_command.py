from click.testing import CliRunner

from console.commands.report import report


def test_a_hotline_without_cases_has_a_report_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for which, asked in (("weekly", "--week=2026-W10"), ("kpi", "--month=2026-03"), ("ranking", "--week=2026-W10")):
        done = CliRunner().invoke(report, [which, asked, "--format", "csv"])
        assert done.exit_code == 0, done.output
        written = (tmp_path / done.output.strip()).read_text("utf-8-sig")
        assert "统计期：2026-03-" in written


def test_a_time_that_is_none_is_wrong_use(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    wrong = CliRunner().invoke(report, ["weekly", "--week", "2026-10"])
    assert (wrong.exit_code, "2026-W10" in wrong.output) == (2, True)
    assert CliRunner().invoke(report, ["weekly", "--month", "2026-03"]).exit_code == 2
