"""The tables of a set: on the screen, as Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.sets.measured import ALL, CUTOFFS, JUDGED, MAP_OF_ALL, Difference, Mean
from benchmarks.sets.own_models import HYBRID
from benchmarks.sets.run import Result, described

Grid = list[list[str]]  # rows of cells, the first is the head

_TITLES: Final = {
    "recall": "Recall",
    "ndcg": "NDCG",
    "precision": "Precision",
    "map": "MAP",
    MAP_OF_ALL: "MAP of all",
}
_OWN: Final = f"**{HYBRID}**"  # the name of its rows
_MARKS: Final = (
    "Differences are graphrec's mean minus the model's, paired by user. **Bold**: the model is "
    "better beyond chance (p < .05 after Holm's correction for all models, cutoffs and groups of "
    "the metric); *: it would be if this were the only test; in groups of fewer than 20 users "
    "nothing is judged. MAP divides by the test items that a list can hold, MAP of all by all of "
    "them."
)


def print_set(result: Result, console: Console) -> None:
    """Print all tables of a set."""
    console.print(_heading(result), style="bold")
    _print(whole_table(result), console)
    console.print("by the length of the history in training, NDCG and graphrec minus it")
    _print(group_table(result), console)
    for line in flags(result):
        console.print(line, highlight=False)
    console.print(_MARKS.replace("**Bold**", "**"), highlight=False)
    console.print(f"{result.name}: {result.seconds:.0f} s", highlight=False)
    console.print()


def markdown(result: Result) -> str:
    """All tables of a set, to be pasted."""
    return "\n\n".join(
        [
            f"### {result.name}",
            _heading(result).partition(": ")[2] + ".",
            _as_markdown(whole_table(result)),
            "By the length of the history in training, NDCG (graphrec minus it):",
            _as_markdown(group_table(result)),
            *flags(result),
            _settings(result),
            _MARKS,
        ]
    )


def as_json(result: Result) -> dict[str, Any]:
    """Everything that is known of a set, for `json`."""
    return {
        **{
            name: getattr(result, name)
            for name in ("name", "protocol", "cutoff", "users", "items", "interactions", "seconds")
        },
        "left_out": result.left_out,
        "models": {name: asdict(model) for name, model in result.models.items()},
        "means": [asdict(mean) for mean in result.measured.means],
        "differences": [
            {
                "group": one.group,
                "model": one.model,
                **asdict(one.compared),
                "corrected_p_value": one.corrected,
                "better_beyond_chance": one.better,
            }
            for one in result.measured.differences
        ],
    }


# --- all users ------------------------------------------------------------------------------------


def whole_table(result: Result) -> Grid:
    """A row for each model, of all users, at the set's cutoff."""
    k, measured = result.cutoff, result.measured
    head = ["", *(f"{_TITLES[metric]}@{k}" for metric in _TITLES), f"NDCG@{k}, 95 %"]
    head += [f"graphrec minus it, {_TITLES[metric]}" for metric in JUDGED]
    rows = [head]
    for name in result.models:
        means = {metric: measured.mean(name, metric, k) for metric in _TITLES}
        differences = [measured.difference(name, metric, k) for metric in JUDGED]
        rows.append(
            [
                _OWN if name == HYBRID else name,
                *(_figure(mean.mean) for mean in means.values()),
                _interval(means["ndcg"]),
                *(_difference(one, interval=True) for one in differences),
            ]
        )
    return rows


def _heading(result: Result) -> str:
    left_out = "".join(f"; without {name} ({why})" for name, why in result.left_out.items())
    return (
        f"{result.name}: {result.protocol}; {result.users:,} test users, {result.items:,} items, "
        f"{result.interactions:,} interactions in training{left_out}"
    )


def _settings(result: Result) -> str:
    said = [
        f"{name} {' / '.join(dict.fromkeys(map(described, model.choices)))}"
        for name, model in result.models.items()
        if any(choice.trials for choice in model.choices)
    ]
    if not said:
        return "No peer has settings to be chosen."
    return f"Settings, chosen on a cut of train: {'; '.join(said)}."


# --- groups ---------------------------------------------------------------------------------------


def group_table(result: Result) -> Grid:
    """A row for each group and model, with all cutoffs."""
    measured = result.measured
    rows = [["history", "users", "", *(f"NDCG@{k}" for k in CUTOFFS)]]
    for group in measured.groups:
        users = measured.mean(HYBRID, "ndcg", CUTOFFS[0], group).users
        for name in result.models:
            cells = []
            for k in CUTOFFS:
                value = _figure(measured.mean(name, "ndcg", k, group).mean)
                one = measured.difference(name, "ndcg", k, group)
                cells.append(f"{value} ({_difference(one)})" if one else value)
            rows.append([group, f"{users:,}", _OWN if name == HYBRID else name, *cells])
    return rows


def flags(result: Result) -> list[str]:
    """What is better than graphrec beyond chance, a line for each metric and group."""
    lines = []
    for metric in JUDGED:
        judged = [
            one
            for one in result.measured.differences
            if one.compared.metric == metric and one.corrected is not None
        ]
        for group in (ALL, *result.measured.groups):
            better = [one for one in judged if one.group == group and one.better]
            if better:
                where = "all users" if group == ALL else f"histories of {group}"
                named = "; ".join(f"{name} at {ks}" for name, ks in _by_model(better))
                lines.append(
                    f"Better than graphrec beyond chance, {_TITLES[metric]}, {where}: {named}."
                )
        alone = sum(one.better_alone and not one.better for one in judged)
        lines.append(
            f"{_TITLES[metric]}: {len(judged)} tests; uncorrected, {alone} more would find a model "
            "better than graphrec."
        )
    return lines


def _by_model(better: Sequence[Difference]) -> Iterable[tuple[str, str]]:
    for name in dict.fromkeys(one.model for one in better):
        yield (
            name,
            ", ".join(
                f"{one.compared.k} ({_signed(one.compared.difference)}, p {one.corrected:.1g})"
                for one in sorted(better, key=lambda one: one.compared.k)
                if one.model == name
            ),
        )


# --- cells ----------------------------------------------------------------------------------------


def _figure(value: float) -> str:
    return f"{value:.4f}".removeprefix("0")


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("0.", ".", 1)


def _interval(mean: Mean) -> str:
    if mean.ci_low is None or mean.ci_high is None:
        return ""
    return f"{_figure(mean.ci_low)}-{_figure(mean.ci_high)}"


def _difference(one: Difference | None, *, interval: bool = False) -> str:
    if one is None:
        return ""
    found = one.compared
    text = _signed(found.difference)
    if interval:
        text += f" ({_signed(found.ci_low)} to {_signed(found.ci_high)}), p {found.p_value:.1g}"
    if one.better:
        return f"**{text}**"
    return f"{text}\\*" if one.better_alone else text


def _as_markdown(rows: Grid) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _print(rows: Grid, console: Console) -> None:
    head, *body = rows
    table = Table(*head, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    before = None
    for cells in body:
        if before is not None and cells[0] != before and head[0]:
            table.add_section()
        own = _OWN in cells
        shown = (HYBRID if cell == _OWN else cell.replace("\\*", "*") for cell in cells)
        table.add_row(*shown, style="bold" if own else "")
        before = cells[0]
    console.print(table)
