"""Bar charts as SVG, one per row. Readable on a light page and on a dark one."""

from __future__ import annotations

from html import escape

from results import Entry, Table

WIDTH = 760
LABELS = 230
VALUES = 90
LINE = 22
BAR = 14
TOP = 46
MOST_OTHERS = 16

# More is better of requests per second only.
MEANING = {
    "requests_per_s": ("requests per second, more is better", 1.0, ",.0f"),
    "cpu_ms_each": ("processor time per request in ms, less is better", 1.0, ",.0f"),
    "wall_s": ("time in ms, less is better", 1000.0, ",.0f"),
    "first_s": ("time in ms, less is better", 1000.0, ",.1f"),
    "all_us": ("time in µs, less is better", 1.0, ",.1f"),
    "p50_us": ("median time of a request in µs, less is better", 1.0, ",.0f"),
    "p99_us": ("99th percentile of a request's time in ms, less is better", 0.001, ",.1f"),
}

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #3d444d }
.title { font-weight: 600; font-size: 14px }
.note { font-size: 12px; fill: #6e7781 }
.ours { fill: #d9541e } .python { fill: #5b8db8 } .rust { fill: #8a7fb5 } .limit { fill: #a3a9b0 }
text.ours { fill: #c2410c; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #d1d7e0 } .note { fill: #9198a1 } text.ours { fill: #fb923c }
}
"""


def chart(table: Table) -> str:
    """The clients of a row, the best on top."""
    meaning, scale, form = MEANING[table.rank]
    shown, hidden = chosen(table)
    bars = [(entry, value * scale) for entry in shown if (value := entry.median(table.rank)) is not None]
    longest = max((value for _, value in bars), default=1)
    height = TOP + LINE * len(bars) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(table.title)}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="16">{escape(table.title)}</text>',
        f'<text class="note" x="0" y="34">{meaning}{hidden}</text>',
    ]
    for number, (entry, value) in enumerate(bars):
        parts.append(bar(entry, TOP + LINE * number, value / longest, format(value, form)))
    parts.append(legend(height - 10, {entry.kind for entry, _ in bars}))
    return "\n".join([*parts, "</svg>", ""])


def chosen(table: Table) -> tuple[list[Entry], str]:
    """Ours, the limits, and the best of the others; and a note on those that have no room."""
    ranked = table.ranked()
    others = [entry for entry in ranked if entry.kind in ("python", "rust")]
    hidden = others[MOST_OTHERS:]
    note = f"; {len(hidden)} slower ones are in the table" if hidden else ""
    return [entry for entry in ranked if entry not in hidden], note


def bar(entry: Entry, top: int, share: float, shown: str) -> str:
    """One client's line."""
    width = max(1.0, share * (WIDTH - LABELS - VALUES))
    baseline = top + BAR - 2
    kind = " ours" if entry.kind == "ours" else ""
    label = escape(entry.title) + (" †" if entry.failures else "")
    return (
        f'<text class="label{kind}" x="{LABELS - 8}" y="{baseline}" text-anchor="end">{label}</text>'
        f'<rect class="{entry.kind}" x="{LABELS}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        f'<text class="value{kind}" x="{LABELS + width + 6:.1f}" y="{baseline}">{shown}</text>'
    )


def legend(baseline: int, kinds: set[str]) -> str:
    """What the colours mean."""
    names = {"ours": "httparallel", "python": "Python clients", "rust": "Rust clients", "limit": "limits"}
    parts = []
    left = LABELS
    for kind, name in names.items():
        if kind in kinds:
            parts.append(
                f'<rect class="{kind}" x="{left}" y="{baseline - 9}" width="10" height="10" rx="2"/>'
            )
            parts.append(f'<text class="note" x="{left + 15}" y="{baseline}">{name}</text>')
            left += 34 + 7 * len(name)
    return "".join(parts)
