"""Requests made of the OpenAPI page: `python -m benchmarks.serving.fuzz MODEL [--items FILE]`.

Needs `pip install schemathesis`. Every answer must be one that the page describes, none a 5xx, and
what contradicts the page must be refused. That what fits the page is accepted is not checked: which
columns a condition, a quota or a boost may name depends on the items. `/reload` is left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.serving.servers import graphrec_serving

_START = "from schemathesis.cli import schemathesis; schemathesis()"
_UNCHECKED = ("--exclude-path", "/reload", "--exclude-checks", "positive_data_acceptance")


def main() -> None:
    """Run, and end as Schemathesis does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--items", metavar="FILE")
    parser.add_argument("--examples", type=int, default=1000, help="of each address")
    given = parser.parse_args()
    items = () if given.items is None else ("--items", given.items)
    with (
        tempfile.TemporaryDirectory() as folder,
        graphrec_serving(given.model, Path(folder), "--deadline-ms", "5000", *items) as server,
    ):
        command = [sys.executable, "-c", _START, "run", f"{server.url}/openapi.json"]
        command += [*_UNCHECKED, "--max-examples", str(given.examples)]
        sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
