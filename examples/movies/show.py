"""How the demo looks on the screen: headings, a waiting line, tables. Nothing here knows of AWS."""

import shutil
import sys
import time

_TTY = sys.stdout.isatty()
_BOLD, _DIM, _GREEN, _RESET = ("\033[1m", "\033[2m", "\033[32m", "\033[0m") if _TTY else ("",) * 4
_CLEAR = "\r\033[K" if _TTY else ""
_BAR = 40  # characters
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def heading(text):
    print(f"\n{_BOLD}{text}{_RESET}")


def note(text):
    print(f"  {_DIM}{text}{_RESET}")


def done(text, seconds=None):
    took = f" {_DIM}({seconds:.1f} s){_RESET}" if seconds is not None else ""
    print(f"{_CLEAR}{_GREEN}✓{_RESET} {text}{took}", flush=True)


def waiting(text, status, started):
    """The line that is written over while something is under way; silent when nobody watches."""
    if not _TTY:
        return
    seconds = time.monotonic() - started
    turn = _SPINNER[int(seconds * 10) % len(_SPINNER)]
    print(f"{_CLEAR}{turn} {text}  {_DIM}{status}, {seconds:.1f} s{_RESET}", end="", flush=True)


def table(rows, header):
    """Rows of cells, the first column to the left and the others to the right."""
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for index, row in enumerate(cells):
        line = "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        )
        print(f"  {_BOLD if index == 0 else ''}{line}{_RESET if index == 0 else ''}")


def side_by_side(columns):
    """Lists under their headings, next to each other: [(heading, lines), ...]."""
    room = (shutil.get_terminal_size((110, 24)).columns - 2) // len(columns) - 2
    width = max(24, min(room, 44))
    height = max(len(lines) for _, lines in columns)
    print("  " + "  ".join(f"{_BOLD}{_fit(heading, width)}{_RESET}" for heading, _ in columns))
    for row in range(height):
        print(
            "  "
            + "  ".join(
                _fit(lines[row] if row < len(lines) else "", width) for _, lines in columns
            ).rstrip()
        )


def timeline(rows):
    """Bars for spans of time: [(depth, name, begin, end), ...] in seconds from the first one's begin."""
    if not rows:
        return
    whole = max(end for *_, end in rows)
    step = whole / _BAR if whole > 0 else 1
    for depth, name, begin, end in rows:
        before = min(int(begin / step), _BAR - 1)
        length = max(1, min(_BAR - before, round((end - begin) / step)))
        bar = (" " * before + "▬" * length).ljust(_BAR)
        print(f"  {_fit('  ' * depth + name, 40)} {_DIM}{bar}{_RESET} {1000 * (end - begin):7.2f} ms")


def _fit(text, width):
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
