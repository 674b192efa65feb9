"""Plots as SVG files that need nothing else: no script, no font; readable on a light page and on a dark one."""

import math
from dataclasses import dataclass
from html import escape

# In the middle between black and white; the colours can be told apart by who sees no red or no green, too.
INK, GRID = "#808890", "#80889055"
COLOURS = "#0a84d6", "#e08a00", "#12a07c", "#c05ab0"
FONT = "font-family='system-ui,sans-serif' font-size='12'"
WIDTH = 720


@dataclass
class Line:
    name: str
    points: list    # (x, y)


def size_name(size):
    for unit, name in (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} B"


def memory(lines, program):
    """Resident memory against the size of a body, which is drawn by its logarithm."""
    left, top, width, height = 48, 46, WIDTH - 64, 220
    sizes = [size for size, _ in lines[0].points]
    most = 2 * math.ceil(max(value for line in lines for _, value in line.points) * 1.1 / 2)
    def at(size, value):
        across = math.log2(size / sizes[0]) / math.log2(sizes[-1] / sizes[0])
        return f"{left + across * width:.1f},{top + height - value / most * height:.1f}"

    parts = [_text(left, 16, f"Resident memory at its most (MiB), by the size of the body; countersign: {program}")]
    for value in range(0, most + 1, max(1, most // 4)):
        x, y = at(sizes[0], value).split(",")
        parts.append(f"<path d='M{x},{y}h{width}' stroke='{GRID}'/>" + _text(left - 6, float(y) + 4, value, "end"))
    for size in sizes:
        x = at(size, 0).partition(",")[0]
        parts.append(_text(x, top + height + 18, size_name(size), "middle", size=10))
    for number, (line, colour) in enumerate(zip(lines, COLOURS)):
        dashes = " stroke-dasharray='6 4'" if line.name.endswith("PUT") else ""
        path = "L".join(at(size, value) for size, value in line.points)
        parts.append(f"<path d='M{path}' fill='none' stroke='{colour}' stroke-width='2'{dashes}/>")
        parts.append(f"<path d='M{left + 165 * number},32h24' stroke='{colour}' stroke-width='3'{dashes}/>")
        parts.append(_text(left + 165 * number + 30, 36, line.name))
    return _svg(top + height + 30, parts)


def cold_start(bars):
    """From exec to the first object, a bar for each way: (name, ms), the program's own first colour."""
    left, row, width = 250, 26, WIDTH - 340
    most = max(value for _, value in bars)
    parts = [_text(8, 16, "From exec to the first object (ms)")]
    for number, (name, value) in enumerate(bars):
        y = 30 + number * row
        colour = COLOURS[0] if "countersign" in name else COLOURS[1]
        parts.append(_text(left - 8, y + 14, name, "end"))
        parts.append(f"<rect x='{left}' y='{y}' width='{max(1, value / most * width):.1f}' height='18' fill='{colour}'/>")
        parts.append(_text(left + value / most * width + 6, y + 14, f"{value:.1f}" if value < 100 else f"{value:.0f}"))
    return _svg(36 + len(bars) * row, parts)


def _text(x, y, said, anchor="start", size=12):
    return f"<text x='{x}' y='{y}' text-anchor='{anchor}' font-size='{size}' fill='{INK}'>{escape(str(said))}</text>"


def _svg(height, parts):
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' {FONT}>"
    return "\n".join([head, *parts, "</svg>", ""])
