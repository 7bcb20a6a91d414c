"""The process of one contender: python -m benchmarks.speed.contender MODULE:FUNCTION JSON OUT."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main() -> None:
    """Call the function and write what it returns."""
    function, arguments, out = sys.argv[1:]
    module, _, name = function.partition(":")
    seconds = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    Path(out).write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
