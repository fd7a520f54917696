"""Makes a C++ source of the console's built files: usher::console::Pages()."""

import argparse
import gzip
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def array(name, data):
    """The bytes as a constant; one more, so that none is empty."""
    numbers = ",".join(map(str, data + b"\0"))
    return f"constexpr unsigned char {name}[] = {{{numbers}}};\n"


def view(name, size):
    return f"std::string_view(reinterpret_cast<const char*>({name}), {size})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dist", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()

    arrays, rows = [], []
    files = sorted(path for path in arguments.dist.rglob("*") if path.suffix in TYPES)
    if not files:
        raise SystemExit(f"there are no pages in {arguments.dist}")
    for number, path in enumerate(files):
        plain = path.read_bytes()
        small = gzip.compress(plain, 9, mtime=0)
        arrays += [array(f"kPlain{number}", plain), array(f"kSmall{number}", small)]
        rows.append(
            f'      {{"/{path.relative_to(arguments.dist).as_posix()}", "{TYPES[path.suffix]}",\n'
            f"       {view(f'kPlain{number}', len(plain))},\n"
            f"       {view(f'kSmall{number}', len(small))}}},\n"
        )
    arguments.out.write_text(
        '#include <array>\n\n#include "console/pages.h"\n\nnamespace usher::console {\nnamespace {\n\n'
        + "".join(arrays)
        + "\n}  // namespace\n\nstd::span<const Page> Pages() {\n"
        + f"  static const std::array<Page, {len(files)}> kPages{{{{\n"
        + "".join(rows)
        + "  }};\n  return kPages;\n}\n\n}  // namespace usher::console\n"
    )


main()
