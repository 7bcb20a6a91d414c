"""The measurement behind the order of `watched-together`, on histories with a planted answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.watched_together import _measure, _read


def test_what_always_follows_is_hit_from_as_many_users_on_as_there_are(tmp_path: Path) -> None:
    """Five pairs x, y: ten users' last item is y, twenty have something of their own behind it."""
    histories = {
        user: ["p", f"x{user % 5}", f"y{user % 5}", *([f"z{user}"] if user >= 10 else [])]
        for user in range(30)
    }
    rows = [
        f"u{user},{item},{time}"
        for user, items in histories.items()
        for time, item in enumerate(items)
    ]
    path = tmp_path / "planted.csv"
    path.write_text("\n".join(["who,what,when", *rows]) + "\n")
    name, events = _read(f"planted={path}:who,what,when")
    assert name == "planted"
    measured = dict(_measure(events, 100))
    assert set(measured) == {"next", "any"}
    found = measured["next"].set_index(["measure", "shrinkage", "support"]).sort_index()
    assert list(found.loc[("npmi", 0.0, 3), "hit@5"]) == [1.0, 1.0]  # 4 users have x0 and y0
    assert list(found.loc[("npmi", 0.0, 5), "hit@10"]) == [0.0, 0.0]
    assert found["hit@10"].between(0, 1).all()
    asked_for_any = measured["any"].set_index(["measure", "shrinkage", "support"]).sort_index()
    assert asked_for_any.loc[("llr", 0.0, 1), "hit@10"].mean() == pytest.approx(1.0)
