"""The charts: what they show of a frame, without a browser."""

from __future__ import annotations

import json

import pandas as pd
import vl_convert

from graphrec.reports.charts import evaluation
from graphrec.reports.charts.evaluation import Axis
from graphrec.reports.charts.vega_lite import spec_of

MODELS = ("one", "two", "three")
UP, ACROSS = Axis("up", "upwards"), Axis("across", "to the right")


def frame(*rows: tuple[str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["model", "across", "up"])
    for name in ("across", "up"):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - 0.01, table[name] + 0.01
    return table


def drawn(spec: evaluation.Spec) -> str:
    """As SVG, by the same Vega-Lite that the page has."""
    return vl_convert.vegalite_to_svg(json.dumps({**spec, "width": 400}))


def test_a_trade_off_names_every_point() -> None:
    spec = spec_of(
        evaluation.trade_off(
            frame(("one", 0.1, 0.1), ("two", 0.9, 0.9), ("three", 0.9, 0.88)), MODELS, ACROSS, UP
        )
    )
    svg = drawn(spec)
    assert all(svg.count(f">{name}<") == 2 for name in MODELS)  # at the point, and in the legend
    assert ">upwards<" in svg
    assert ">to the right<" in svg
    assert "config" not in spec


def test_a_model_without_a_figure_has_no_point() -> None:
    table = frame(("one", 0.1, 0.1), ("two", float("nan"), 0.9))
    svg = drawn(spec_of(evaluation.trade_off(table, MODELS, ACROSS, UP)))
    assert svg.count(">one<") == 2
    assert svg.count(">two<") == 1


def test_labels_keep_off_each_other_and_off_the_edge() -> None:
    table = frame(("left", 0.0, 0.0), ("right", 1.0, 0.5), ("near", 0.05, 0.0), ("far", 0.5, 1.0))
    sides = dict(
        zip(table["model"], evaluation._labelled(table, "across", "up")["side"], strict=True)
    )
    assert sides["right"] != "right"
    assert sides["left"] != "right"
    assert sides["far"] == "right"


def test_groups_keep_their_order() -> None:
    rows = [(model, group) for model in MODELS for group in ("none", "2", "10–99")]  # noqa: RUF001
    table = pd.DataFrame(rows, columns=["model", "group"])
    table = table.assign(up=0.5, up_low=0.4, up_high=0.6, users=3)
    svg = drawn(spec_of(evaluation.by_group(table, MODELS, ["none", "2", "10–99"], UP)))  # noqa: RUF001
    assert svg.index(">none<") < svg.index(">2<") < svg.index(">10–99<")  # noqa: RUF001


def test_differences_show_where_there_is_none() -> None:
    table = pd.DataFrame(
        [("one", 0.1, 0.05, 0.15), ("two", -0.1, -0.2, 0.0)],
        columns=["model", "difference", "ci_low", "ci_high"],
    )
    svg = drawn(spec_of(evaluation.differences(table, MODELS, "difference")))
    assert "stroke-dasharray" in svg
    assert ">one<" in svg
