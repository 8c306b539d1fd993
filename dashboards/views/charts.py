"""Charts drawn as SVG: readable in the light, in the dark, on paper and without colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

# Okabe and Ito's palette, which people with any colour vision tell apart
# (https://jfly.uni-koeln.de/color/).
BLUE, SKY, GREEN, ORANGE, VERMILLION, GREY = (
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#E69F00",
    "#D55E00",
    "#8C8C8C",
)
BANDS = {"red": VERMILLION, "yellow": ORANGE, "green": GREEN, "unknown": GREY}
WIDTH, HEIGHT = 760, 240
# The page's own colour of text, in the light and in the dark.
INK = "currentColor"
CONFIG = {
    "background": None,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": INK,
        "tickColor": INK,
        "gridColor": INK,
        "gridOpacity": 0.15,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    },
    "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": True},
    "legend": {
        "labelColor": INK,
        "titleColor": INK,
        "orient": "top",
        "title": None,
        "labelFontSize": 11,
        "labelLimit": 0,
        "symbolStrokeWidth": 2,
    },
}


def bars(
    rows: Sequence[Mapping[str, Any]],
    *,
    along: str,
    value: str,
    part: str,
    colours: Mapping[str, str],
    value_title: str,
) -> str:
    """Draw stacked bars, what is negative downwards.

    Args:
        rows: One per bar and part of it; `is_open` where the period is not over.
        along: The key of the bar's label, in the order of the rows.
        value: The key of its amount.
        part: The key of the part.
        colours: The parts, from the axis outwards, and their colours.
        value_title: What the amounts are.
    """
    order = list(colours)
    data = [dict(row) | {"order": order.index(row[part])} for row in rows]
    chart = (
        alt.Chart(alt.Data(values=data))
        .mark_bar()
        .encode(
            x=alt.X(f"{along}:N", sort=None, title=None),
            y=alt.Y(f"{value}:Q", title=value_title, axis=alt.Axis(format="~s", tickCount=5)),
            color=alt.Color(f"{part}:N", scale=_scale(colours), sort=order),
            order=alt.Order("order:Q"),
            opacity=alt.condition("datum.is_open", alt.value(0.55), alt.value(1)),
        )
    )
    return _svg(chart)


def lines(
    rows: Sequence[Mapping[str, Any]],
    *,
    along: str,
    value: str,
    part: str,
    colours: Mapping[str, str],
) -> str:
    """Draw a line for each part, of shares of 1; a dash of its own tells each without colours."""
    order = list(colours)
    dashes = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
    chart = (
        alt.Chart(alt.Data(values=[dict(row) for row in rows]))
        .mark_line(point={"size": 18, "filled": True}, strokeWidth=2)
        .encode(
            x=alt.X(f"{along}:N", sort=None, title=None),
            y=alt.Y(
                f"{value}:Q",
                title=None,
                scale=alt.Scale(zero=False),
                axis=alt.Axis(format=".0%", tickCount=5),
            ),
            color=alt.Color(f"{part}:N", scale=_scale(colours), sort=order),
            strokeDash=alt.StrokeDash(
                f"{part}:N",
                scale=alt.Scale(domain=order, range=[list(dashes[n]) for n in range(len(order))]),
                sort=order,
            ),
        )
    )
    return _svg(chart)


def _scale(colours: Mapping[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def _svg(chart: alt.Chart) -> str:
    specification = chart.properties(width=WIDTH, height=HEIGHT).to_dict()
    specification["config"] = CONFIG
    return vl_convert.vegalite_to_svg(specification)
