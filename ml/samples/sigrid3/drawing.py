"""The egg of a polygon as SVG, as ice charts draw it."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from ml.samples.sigrid3.egg import Egg

_WIDTH: Final = 200
_HEIGHT: Final = 240
_RADII: Final = (64, 100)
_BASELINES: Final = (52, 102, 152, 202)
_RULES: Final = (70, 120, 170)
_SPACING: Final = 36


def egg_svg(egg: Egg) -> str:
    """A drawing of the egg, 200 x 240 pixels; So and Sd stand beside the oval."""
    total, partials, stages, forms = egg.rows()
    inside = (total, partials, stages[1:-1], forms)
    middle = _WIDTH / 2
    texts = [
        text
        for cells, y in zip(inside, _BASELINES, strict=True)
        for text in _texts(cells, y)
    ]
    beside = [
        _text(cell, x, _BASELINES[2])
        for cell, x in ((stages[0], 16), (stages[-1], 184))
    ]
    lines = [_rule(y) for y in _RULES]
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" '
                f'height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
                'font-family="sans-serif" font-size="20" text-anchor="middle">'
            ),
            f"<title>{escape(' / '.join(' '.join(row) for row in inside))}</title>",
            (
                f'<ellipse cx="{middle:g}" cy="{_HEIGHT / 2:g}" rx="{_RADII[0]}" '
                f'ry="{_RADII[1]}" fill="white" stroke="black" stroke-width="2"/>'
            ),
            *lines,
            *filter(None, [*texts, *beside]),
            "</svg>\n",
        ]
    )


def _rule(y: int) -> str:
    """A line across the oval."""
    rise = (y - _HEIGHT / 2) / _RADII[1]
    half = _RADII[0] * (1 - rise**2) ** 0.5
    left, right = _WIDTH / 2 - half, _WIDTH / 2 + half
    return f'<path d="M{left:.1f} {y}H{right:.1f}" stroke="black"/>'


def _texts(cells: Sequence[str], y: int) -> Iterator[str]:
    first = _WIDTH / 2 - _SPACING * (len(cells) - 1) / 2
    for index, cell in enumerate(cells):
        yield _text(cell, first + index * _SPACING, y)


def _text(cell: str, x: float, y: int) -> str:
    return f'<text x="{x:g}" y="{y}">{escape(cell)}</text>' if cell else ""
