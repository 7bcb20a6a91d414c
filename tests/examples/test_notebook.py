"""A page and its notebook are the same."""

from __future__ import annotations

import json
from pathlib import Path

from examples.notebook import notebook_of
from tests.documents import ROOT

_MOST = 1_000_000  # bytes
_PAGE = """# Title

See [ratings](ratings.md) and [a site](https://example.org).

```python
print("one")
```

```
one
```

![A line](line.svg)

Done.
"""


def test_the_notebook_is_that_of_the_page() -> None:
    notebook = (ROOT / "examples" / "movielens.ipynb").read_text(encoding="utf-8")
    assert notebook == notebook_of(ROOT / "docs" / "movielens.md"), (
        "run python -m examples.notebook docs/movielens.md examples/movielens.ipynb"
    )
    assert len(notebook) < _MOST


def test_what_is_printed_and_shown_are_outputs_of_the_code_above(tmp_path: Path) -> None:
    (tmp_path / "line.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "page.md").write_text(_PAGE, encoding="utf-8")
    first, code, last = json.loads(notebook_of(tmp_path / "page.md"))["cells"]
    assert "".join(first["source"]).splitlines()[-1] == (
        "See [ratings](../docs/ratings.md) and [a site](https://example.org)."
    )
    assert code["source"] == ['print("one")']
    printed, shown = code["outputs"]
    assert printed["text"] == ["one\n"]
    assert shown["data"] == {"image/svg+xml": ["<svg/>"]}
    assert last["source"] == ["Done."]
