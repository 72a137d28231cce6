"""A report is one page that is whole without a network."""

from pathlib import Path

import pytest

import arkit
from arkit.reports import html

from .conftest import OpenOffline

pytestmark = pytest.mark.browser

AS_OF = "2026-09-30"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    with arkit.connect() as client:
        invoices = client.invoices.fetch()
    aged = arkit.ageing(invoices, as_of=AS_OF)
    html.write(
        path,
        title="Receivables <draft>",
        subtitle="as of 30 Sep 2026, sandbox",
        facts={"open": arkit.inr(aged["balance_amount"].sum()), "invoices": str(len(invoices))},
        sections=[
            html.Section("By age", table=aged, figure=arkit.charts.ageing(invoices, as_of=AS_OF)),
            html.Section("By age again", figure=arkit.charts.ageing(invoices.head(50), as_of=AS_OF)),
            html.Section("Invoices", text="The first of them.", table=invoices.iloc[:20, :6]),
        ],
    )
    return path


def test_a_report_opens_without_network_with_its_plots_and_tables(
    report: Path, open_offline: OpenOffline
) -> None:
    opened = open_offline(report)
    page = opened.page
    page.locator(".js-plotly-plot .main-svg").first.wait_for(state="visible")
    assert (opened.wanted, opened.raised) == ([], [])
    plots = page.locator(".js-plotly-plot")
    assert plots.count() == 2
    assert plots.first.locator(".bars .point").count() == 5
    assert "₹1.69 Cr" in (plots.first.locator(".bars").text_content() or "")
    assert [table.locator("tbody tr").count() for table in page.locator("table").all()] == [5, 20]
    text = page.locator("body").inner_text()
    for shown in ("Receivables <draft>", "₹1,68,94,488.66", "over 90 days", "The first of them."):
        assert shown in text


def test_the_figures_of_a_report_can_be_read_without_any_script(
    report: Path, open_offline: OpenOffline
) -> None:
    source = report.read_text(encoding="utf-8")
    still = report.with_name("still.html")
    still.write_text(
        source.replace("<script", "<template").replace("</script", "</template"), encoding="utf-8"
    )
    opened = open_offline(still)
    assert opened.page.locator(".js-plotly-plot .main-svg").count() == 0
    assert "₹1,68,94,488.66" in opened.page.locator("table").first.inner_text()
