"""The plot: requests per second of all contenders, as bars on a logarithmic scale."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.measure import Sample, middle
from benchmarks.rows import TITLES, Row, Thing

LEFT, WIDTH, RIGHT = 230, 520, 90
BAR, GAP, TITLE, TOP, BOTTOM = 16, 3, 26, 44, 30
COLOURS = ("#1f6f8b", "#b8bec4")  # ours, theirs
INK, FAINT = "#22282e", "#dfe3e7"
STYLE = f"text {{ font: 12px sans-serif; fill: {INK} }} .title {{ font-weight: bold }} .axis {{ fill: #6b747c }}"


def bars(rows: Sequence[Row], samples: Mapping[Thing, Sequence[Sample]]) -> str:
    """An SVG document."""
    groups = [(TITLES[row.name], _rates(row, samples)) for row in rows]
    rates = [rate for _, group in groups for _, rate in group if rate > 0] or [1.0]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)) + 1e-9)

    def x(rate: float) -> float:
        return LEFT + WIDTH * (math.log10(rate) - low) / max(1, high - low) if rate > 0 else LEFT

    height = TOP + BOTTOM + sum(TITLE + len(group) * (BAR + GAP) for _, group in groups)
    lines = [_text(LEFT, 20, "Requests per second on one core (logarithmic)", "title")]
    for power in range(low, high + 1):
        at = x(10.0**power)
        lines.append(f'<line x1="{at:.1f}" y1="{TOP - 8}" x2="{at:.1f}" y2="{height - BOTTOM}" stroke="{FAINT}"/>')
        lines.append(_text(at, height - 10, f"{10.0**power:,g}", "axis", "middle"))
    y = TOP
    for title, group in groups:
        lines.append(_text(8, y + 12, title, "title"))
        y += TITLE - 6
        for number, (name, rate) in enumerate(group):
            colour, width = COLOURS[min(number, 1)], max(1.0, x(rate) - LEFT)
            lines.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour}"/>')
            lines.append(_text(LEFT - 8, y + 12, name, "", "end"))
            lines.append(_text(LEFT + width + 6, y + 12, f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"))
            y += BAR + GAP
        y += 6
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{height}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>Requests per second</title>'
    ground = f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#ffffff"/>'
    return "\n".join([opening, ground, *lines, "</svg>"]) + "\n"


def _rates(row: Row, samples: Mapping[Thing, Sequence[Sample]]) -> list[tuple[str, float]]:
    there = [(f"{other.contender}, {other.call}", samples[other]) for other in row.others if other in samples]
    return [(name, middle(found, lambda s: s.rate)) for name, found in [("authsvc", samples[row.ours]), *there]]


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(text)}</text>'
