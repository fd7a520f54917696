"""Whether the built pages in dist/ are those of the sources beside them.

dist/ is committed, so that building the server needs no Node. `npm run build` ends with --write, which keeps
the hashes of all sources and all built files in built.json; --check compares them, without Node.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BUILT = FOLDER / "built.json"
SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src/**/*")


def hash_of(files):
    digest = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(FOLDER).as_posix().encode()
        data = path.read_bytes()
        digest.update(b"%d %s %d\n" % (len(name), name, len(data)) + data)
    return digest.hexdigest()


def now():
    sources = {path for pattern in SOURCES for path in FOLDER.glob(pattern) if path.is_file()}
    built = {path for path in (FOLDER / "dist").rglob("*") if path.is_file()}
    return {"sources": hash_of(sources), "dist": hash_of(built)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the hashes of what is there")
    parser.add_argument("--check", action="store_true", help="compare what is there with what was kept")
    arguments = parser.parse_args()
    if arguments.write:
        BUILT.write_text(json.dumps(now(), indent=2) + "\n")
    if arguments.check:
        kept = json.loads(BUILT.read_text())
        for part, found in now().items():
            if kept[part] != found:
                sys.exit(
                    f"console: {part} changed since the pages were built: cd console && npm ci && npm run build"
                )


main()
