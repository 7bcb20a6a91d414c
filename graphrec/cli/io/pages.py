"""Whether HTML pages can be written: they need the extra `reports`."""

from __future__ import annotations

from graphrec.cli.runtime.progress_lines import Report
from graphrec.spark.extras import REPORTS, how_to_install


def can_make_pages(report: Report) -> bool:
    """Whether pages can be made; if not, a line says what is missing, and the tables are enough.

    Args:
        report: prints the line, before the work begins: whoever wants the page can still stop it.
    """
    missing = REPORTS.missing()
    if missing:
        report.line(f"no HTML page: {', '.join(missing)} not installed; {how_to_install(REPORTS)}")
    return not missing
