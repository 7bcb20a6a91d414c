"""HTML pages: whether they can be made, which needs the extra `reports`, and files of one page."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from graphrec.cli.runtime.progress_lines import Report
from graphrec.errors import InputError, OutputExistsError
from graphrec.spark.extras import REPORTS, how_to_install, require_extras


def can_make_pages(report: Report) -> bool:
    """Whether pages can be made; if not, a line says what is missing, and the tables are enough.

    Args:
        report: prints the line, before the work begins: whoever wants the page can still stop it.
    """
    missing = REPORTS.missing()
    if missing:
        report.line(f"no HTML page: {', '.join(missing)} not installed; {how_to_install(REPORTS)}")
    return not missing


def require_page(path: str, *, overwrite: bool) -> None:
    """Check that a page of its own can be made and written, before the work begins.

    Args:
        path: of the file.
        overwrite: replace it if it is there.

    Raises:
        MissingExtraError: the extra is not installed.
        OutputExistsError: the file is there and may not be replaced, or is a directory.
    """
    require_extras("HTML pages", REPORTS)
    if Path(path).is_dir():
        raise OutputExistsError(f"{path} is a directory", fix="name a file, such as model.html")
    if Path(path).exists() and not overwrite:
        raise OutputExistsError(f"{path} is there already", fix="name another, or give --overwrite")


def write_page(path: str, html: str) -> None:
    """Write a page of its own; whoever reads an older one meanwhile reads all of it.

    Args:
        path: see `require_page`.
        html: the page.

    Raises:
        InputError: the file cannot be written to.
    """
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, staged = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as page:
            page.write(html)
        Path(staged).chmod(0o644)
        Path(staged).replace(file)
    except OSError as error:
        raise InputError(f"{path} cannot be written to", found=error.strerror or "") from error
