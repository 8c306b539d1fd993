"""Charts: readable in the light, in the dark, on paper and without colours.

Altair says what is drawn, and checks it, once for each kind of chart; the rows are put into that.
To check each row of each drawing would take longer than all else on a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
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
# What Vega-Lite draws, rows and all.
Drawing = dict[str, Any]
Key = tuple[tuple[str, str], ...]
NO_ROWS = alt.Data(values=[])
WIDTH, HEIGHT = 760, 240
# Labels up to this length stand side by side.
SHORT = 8
# The page's own colour of text, in the light and in the dark.
INK = "currentColor"
INKED = {part: {"labelColor": INK, "titleColor": INK} for part in ("axis", "legend")}
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
        "labelFontSize": 11,
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
) -> Drawing:
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
    return _ordered(_bars(along, value, part, _key(colours), value_title), data, x=along)


@cache
def _bars(along: str, value: str, part: str, key: Key, value_title: str) -> Drawing:
    colours = dict(key)
    chart = (
        alt.Chart(NO_ROWS)
        .mark_bar()
        .encode(
            x=_along(along),
            y=alt.Y(f"{value}:Q", title=value_title, axis=alt.Axis(format="~s", tickCount=5)),
            color=_colour(part, colours),
            order=alt.Order("order:Q"),
            opacity=alt.condition("datum.is_open", alt.value(0.55), alt.value(1)),
            tooltip=[
                alt.Tooltip(f"{along}:N", title=" "),
                alt.Tooltip(f"{part}:N", title="  "),
                alt.Tooltip(f"{value}:Q", title=value_title, format=",.0f"),
            ],
        )
    )
    return chart.to_dict()


def lines(
    rows: Sequence[Mapping[str, Any]],
    *,
    along: str,
    value: str,
    part: str,
    colours: Mapping[str, str],
    form: str = ".0%",
) -> Drawing:
    """Draw a line for each part, of shares of 1 or in another form (d3's); each has its dash."""
    return _ordered(_lines(along, value, part, _key(colours), form), rows, x=along)


@cache
def _lines(along: str, value: str, part: str, key: Key, form: str) -> Drawing:
    colours = dict(key)
    order = list(colours)
    dashes = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
    chart = (
        alt.Chart(NO_ROWS)
        .mark_line(point={"size": 18, "filled": True}, strokeWidth=2)
        .encode(
            x=_along(along),
            y=alt.Y(
                f"{value}:Q",
                title=None,
                scale=alt.Scale(zero="%" not in form),
                axis=alt.Axis(format=form, tickCount=5),
            ),
            color=_colour(part, colours, "stroke"),
            strokeDash=alt.StrokeDash(
                f"{part}:N",
                scale=alt.Scale(domain=order, range=[list(dashes[n]) for n in range(len(order))]),
                sort=order,
                legend=_legend("stroke"),
            ),
            tooltip=[
                alt.Tooltip(f"{along}:N", title=" "),
                alt.Tooltip(f"{part}:N", title="  "),
                alt.Tooltip(f"{value}:Q", title="   ", format=".1%" if "%" in form else form),
            ],
        )
    )
    return chart.to_dict()


def heat(
    rows: Sequence[Mapping[str, Any]],
    *,
    along: str,
    across: str,
    value: str,
    value_title: str,
    along_title: str | None = None,
) -> Drawing:
    """Draw a field of shares of 1 in cividis, which people with any colour vision read alike.

    Args:
        rows: One per field; a field without a row stays empty.
        along: The key of its column.
        across: The key of its line, in the order of the rows.
        value: The key of its share.
        value_title: What the shares are.
        along_title: What the columns are, if they do not say it.
    """
    lines_of = len({row[across] for row in rows})
    longest = max((len(str(row[along])) for row in rows), default=0)
    angle = 0 if longest <= SHORT else -35
    drawing = _heat(along, across, value, (value_title, along_title), angle)
    height = {"height": 145 + 22 * lines_of}
    return _ordered(drawing, rows, x=along, y=across) | height


@cache
def _heat(
    along: str, across: str, value: str, titles: tuple[str, str | None], angle: int
) -> Drawing:
    chart = (
        alt.Chart(NO_ROWS)
        .mark_rect()
        .encode(
            x=alt.X(
                f"{along}:O",
                title=titles[1],
                sort=None,
                axis=alt.Axis(labelAngle=angle, labelOverlap=not angle, labelLimit=0),
            ),
            y=alt.Y(
                f"{across}:N",
                title=None,
                sort=None,
                axis=alt.Axis(labelLimit=0, labelOverlap=False),
            ),
            color=alt.Color(
                f"{value}:Q",
                scale=alt.Scale(scheme="cividis"),
                legend=alt.Legend(orient="top", title=titles[0], format=".0%", titleLimit=0),
            ),
            tooltip=[
                alt.Tooltip(f"{across}:N", title=" "),
                alt.Tooltip(f"{along}:O", title="  "),
                alt.Tooltip(f"{value}:Q", title=titles[0], format=".1%"),
            ],
        )
    )
    return chart.to_dict()


def against(
    rows: Sequence[Mapping[str, Any]],
    *,
    said: str,
    happened: str,
    part: str,
    colours: Mapping[str, str],
    titles: tuple[str, str],
) -> Drawing:
    """Draw what was said against what happened; on the dashed line they are the same.

    Args:
        rows: One per point.
        said: The key of the share that was said.
        happened: The key of the share that came about.
        part: The key of who said it.
        colours: Who says something, and their colours.
        titles: Of the two axes.
    """
    top = max((float(row[key]) for row in rows for key in (said, happened)), default=0.0)
    line = [{said: 0.0, happened: 0.0}, {said: top, happened: top}]
    drawing = _against(said, happened, part, _key(colours), titles)
    data = ({"values": line}, {"values": [dict(row) for row in rows]})
    layers = [one | {"data": each} for one, each in zip(drawing["layer"], data, strict=True)]
    return drawing | {"layer": layers}


@cache
def _against(said: str, happened: str, part: str, key: Key, titles: tuple[str, str]) -> Drawing:
    colours = dict(key)
    x = alt.X(f"{said}:Q", title=titles[0], axis=alt.Axis(format="~%", tickCount=5))
    y = alt.Y(f"{happened}:Q", title=titles[1], axis=alt.Axis(format="~%", tickCount=5))
    same = (
        alt.Chart(NO_ROWS)
        .mark_line(strokeDash=[4, 4], color=GREY, strokeWidth=1.5)
        .encode(x=x, y=y)
    )
    points = (
        alt.Chart(NO_ROWS)
        .mark_point(size=90, filled=True, opacity=1)
        .encode(
            x=x,
            y=y,
            color=_colour(part, colours),
            shape=alt.Shape(f"{part}:N", sort=list(colours), legend=_legend()),
            tooltip=[
                alt.Tooltip(f"{part}:N", title=" "),
                alt.Tooltip(f"{said}:Q", title=titles[0], format=".1%"),
                alt.Tooltip(f"{happened}:Q", title=titles[1], format=".1%"),
            ],
        )
    )
    return (same + points).to_dict()


def _ordered(drawing: Drawing, rows: Sequence[Mapping[str, Any]], **axes: str) -> Drawing:
    """Put rows into a drawing, and the labels of its axes in their order.

    Vega keeps a chart and the labels it has when only rows change, and puts new ones behind them.
    """
    encoding = dict(drawing["encoding"])
    for axis, key in axes.items():
        labels = list(dict.fromkeys(row[key] for row in rows))
        encoding[axis] = encoding[axis] | {"scale": {"domain": labels}}
    return drawing | {"encoding": encoding, "data": {"values": [dict(row) for row in rows]}}


def _key(colours: Mapping[str, str]) -> Key:
    return tuple(colours.items())


def _along(along: str) -> alt.X:
    axis = alt.Axis(labelAngle=0, labelOverlap=True)
    return alt.X(f"{along}:N", sort=None, title=None, axis=axis)


def _colour(part: str, colours: Mapping[str, str], symbol: str | None = None) -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{part}:N", scale=scale, sort=list(colours), legend=_legend(symbol))


def _legend(symbol: str | None = None) -> alt.Legend:
    told = {"symbolType": symbol} if symbol else {}
    return alt.Legend(orient="top", title=None, labelLimit=0, **told)


def svg(drawing: Drawing) -> str:
    """Return a drawing as SVG, in the colour of the text around it."""
    size = {"width": WIDTH, "height": HEIGHT}
    return vl_convert.vegalite_to_svg(drawing | size | {"config": CONFIG})
