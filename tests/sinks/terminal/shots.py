"""Make docs/images/terminal.png anew: what `gauge-mqtt watch` draws of the tape of hard work, in a window of 110 x 32.

.venv/bin/python -m tests.sinks.terminal.shots
"""

from html import escape
from pathlib import Path

import pyte

from gauge_mqtt.contract.usage import values
from gauge_mqtt.sinks.terminal.cluster import drawn, frame
from tests.support.browser import Tab
from tests.support.tapes import AT_WORK, last_snapshot
from tests.support.terminal import seen

IMAGE = Path(__file__).resolve().parents[3] / "docs/images/terminal.png"
COLUMNS, ROWS = 110, 32
CELL = (10, 20)
"""Pixels, at a scale of 1."""


def cells(screen: pyte.Screen) -> str:
    """Each in a box of its own: a browser's Braille patterns may be wider than its letters."""
    found = []
    for row in range(screen.lines):
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            if cell.data != " " or cell.bg != screen.buffer[0][0].bg:
                place = f"left:{column * CELL[0]}px;top:{row * CELL[1]}px"
                found.append(f"<i style='{place};color:#{cell.fg};background:#{cell.bg}'>{escape(cell.data)}</i>")
    return "".join(found)


def main() -> None:
    usage = last_snapshot(AT_WORK).model_copy(update={"source": "jsonl+quota"})  # whose readings it holds
    lines = drawn(frame(values(usage), usage.updated_at), COLUMNS, ROWS).lines(coloured=True)
    screen = seen("\r\n".join(lines), COLUMNS, ROWS)
    style = (
        f"body {{ margin: 12px; background: #{screen.buffer[0][0].bg}; }} i {{ position: absolute; width: {CELL[0]}px;"
        f" height: {CELL[1]}px; font: 16.6px/{CELL[1]}px 'DejaVu Sans Mono', monospace; text-align: center; }}"
        " main { position: relative; }"
    )
    with Tab(width=COLUMNS * CELL[0] + 24, height=ROWS * CELL[1] + 24, scale=1.5) as tab:
        frames = tab.do("Page.getFrameTree")["frameTree"]["frame"]["id"]
        page = f"<!doctype html><style>{style}</style><main>{cells(screen)}</main>"
        tab.do("Page.setDocumentContent", frameId=frames, html=page)
        IMAGE.write_bytes(tab.screenshot())


if __name__ == "__main__":
    main()
