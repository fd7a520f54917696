#!/usr/bin/env python3
"""Finds MovieLens ratings to work with, and prints the folder that holds them.

In this order: the folder asked for (--data), $MOVIELENS_DIR, a download of ml-latest-small from its
publisher, the MovieLens set inside Debian's package r-cran-dslabs, and, only when all of these
fail, ratings that `usher generate` makes up. The folder holds `ratings.csv`
(userId,movieId,rating,timestamp) and `movies.csv` (movieId,title,genres). What was fetched or made
is kept in .cache/movielens/.

Needs nothing but Python's own library; the messages go to standard error.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import rdata  # noqa: E402  (a sibling, found by the line above)

CACHE = ROOT / ".cache" / "movielens"
USHER = ROOT / "build" / "release" / "bin" / "usher"

PUBLISHER = "https://files.grouplens.org/datasets/movielens/ml-latest-small.zip"
DOWNLOAD_TIMEOUT_S = 4
MAX_DOWNLOAD_BYTES = 32 << 20
MAX_UNPACKED_BYTES = 128 << 20

DEBIAN_PACKAGE = "r-cran-dslabs"
DEBIAN_COUNTS = {"ratings": 100_004, "users": 671, "movies": 9_066}

GENERATED_ROWS = 100_000
MIN_RATINGS = 1_000  # an import of fewer interactions is refused by the service

RATING_COLUMNS = ("userId", "movieId", "rating", "timestamp")
MOVIE_COLUMNS = ("movieId", "title", "genres")


class MovieLensError(Exception):
    """Why one source could not be used, in words for the person at the terminal."""


@dataclass(frozen=True)
class MovieLens:
    folder: Path
    description: str
    synthetic: bool = False

    @property
    def ratings(self):
        return self.folder / "ratings.csv"

    @property
    def movies(self):
        return self.folder / "movies.csv"

    def titles(self):
        """Titles (with year) by movie id."""
        with open(self.movies, newline="", encoding="utf-8") as file:
            return {row["movieId"]: row["title"] for row in csv.DictReader(file)}


def find(data=None, sources=("folder", "publisher", "debian", "generated"), say=lambda line: None):
    """The first source that works. A folder that was asked for by name must work."""
    asked_for = data or (os.environ.get("MOVIELENS_DIR") if "folder" in sources else None)
    if asked_for:
        return _from_folder(Path(asked_for).expanduser().resolve())
    makers = {"publisher": _from_publisher, "debian": _from_debian, "generated": _from_generator}
    wanted = [name for name in sources if name in makers]
    for name in wanted:
        if (CACHE / name / "complete").exists():
            return _described(name)
    failures = []
    for name in wanted:
        try:
            _make(name, makers[name], say)
            return _described(name)
        except MovieLensError as error:
            failures.append(f"{name}: {error}")
            say(f"{name}: {error}")
    raise MovieLensError("no MovieLens data to be had; tried " + "; ".join(failures))


def _described(name):
    folder = CACHE / name
    ratings = check_ratings(folder / "ratings.csv")
    movies = check_movies(folder / "movies.csv")
    origin = {
        "publisher": "MovieLens ml-latest-small from GroupLens",
        "debian": f"MovieLens as Debian's {DEBIAN_PACKAGE} carries it",
        "generated": "SYNTHETIC ratings, made by `usher generate`",
    }[name]
    text = f"{origin}: {ratings:,} ratings of {movies:,} movies"
    return MovieLens(folder, text, synthetic=name == "generated")


def _make(name, maker, say):
    """Runs `maker` on a temporary folder and puts the result in the cache in one step."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=f"{name}-") as temporary:
        out = Path(temporary) / "set"
        out.mkdir()
        maker(out, say)
        (out / "complete").touch()
        shutil.rmtree(CACHE / name, ignore_errors=True)
        out.rename(CACHE / name)


def _from_folder(folder):
    for name in ("ratings.csv", "movies.csv"):
        if not (folder / name).is_file():
            raise MovieLensError(
                f"{folder} has no {name}; give a folder with MovieLens' ratings.csv and movies.csv"
            )
    ratings = check_ratings(folder / "ratings.csv")
    movies = check_movies(folder / "movies.csv")
    return MovieLens(folder, f"{folder}: {ratings:,} ratings of {movies:,} movies")


def _from_publisher(out, say):
    say(f"asking the publisher for ml-latest-small (waits {DOWNLOAD_TIMEOUT_S} s at most)")
    archive = out / "ml-latest-small.zip"
    try:
        with urllib.request.urlopen(PUBLISHER, timeout=DOWNLOAD_TIMEOUT_S) as answer:
            body = answer.read(MAX_DOWNLOAD_BYTES + 1)
    except (urllib.error.URLError, OSError) as error:
        raise MovieLensError(
            f"not reachable from here ({getattr(error, 'reason', error)})"
        ) from error
    if len(body) > MAX_DOWNLOAD_BYTES:
        raise MovieLensError("the download is larger than ml-latest-small can be")
    archive.write_bytes(body)
    try:
        with zipfile.ZipFile(archive) as unpacked:
            for name in ("ratings.csv", "movies.csv", "README.txt"):
                entry = unpacked.getinfo(f"ml-latest-small/{name}")
                if entry.file_size > MAX_UNPACKED_BYTES:
                    raise MovieLensError(f"{name} in the download is too large")
                (out / name).write_bytes(unpacked.read(entry))
    except (zipfile.BadZipFile, KeyError) as error:
        raise MovieLensError(f"the download is not ml-latest-small ({error})") from error
    archive.unlink()
    check_ratings(out / "ratings.csv")
    check_movies(out / "movies.csv")


def _from_debian(out, say):
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise MovieLensError("this is not a Debian system")
    say(f"fetching Debian's {DEBIAN_PACKAGE} (5 MB; unpacked, not installed)")
    with tempfile.TemporaryDirectory(dir=out) as temporary:
        _apt_download(DEBIAN_PACKAGE, temporary)
        package = next(Path(temporary).glob("*.deb"))
        _run(["dpkg-deb", "-x", str(package), temporary])
        data = Path(temporary) / "usr/lib/R/site-library/dslabs/data"
        try:
            write_movielens(rdata.read_lazy_data(data, "movielens"), out)
        except (rdata.RDataError, OSError, KeyError, ValueError, IndexError) as error:
            raise MovieLensError(f"the package's data cannot be read ({error})") from error
    counts = {
        "ratings": check_ratings(out / "ratings.csv"),
        "movies": check_movies(out / "movies.csv"),
        "users": _distinct(out / "ratings.csv", "userId"),
    }
    if counts != DEBIAN_COUNTS:
        raise MovieLensError(f"the package holds {counts}, {DEBIAN_COUNTS} were expected")


def _apt_download(package, folder):
    """`apt-get download`, which needs package lists: a bare system gets them first, when we may."""
    try:
        _run(["apt-get", "-q", "download", package], folder)
    except MovieLensError:
        if os.geteuid() != 0:
            raise
        _run(["apt-get", "-q", "update"], folder)
        _run(["apt-get", "-q", "download", package], folder)


def write_movielens(frame, out):
    """Writes the data frame (one row a rating, its movie repeated) as MovieLens' two files."""
    columns = {name: frame.column(name) for name in frame.names()}
    movies = {}
    with open(out / "ratings.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(RATING_COLUMNS)
        writer.writerows(zip(*(columns[name] for name in RATING_COLUMNS)))
    for movie, title, year, genres in zip(
        *(columns[n] for n in ("movieId", "title", "year", "genres"))
    ):
        movies[movie] = (
            f"{title or ''} ({year})" if year else title or "",
            genres or "(no genres listed)",
        )
    with open(out / "movies.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(MOVIE_COLUMNS)
        writer.writerows((movie, *movies[movie]) for movie in sorted(movies))


def _from_generator(out, say):
    if not USHER.exists():
        raise MovieLensError(f"{USHER} is not built, run ./setup")
    say(f"making {GENERATED_ROWS:,} synthetic ratings")
    _run([str(USHER), "generate", "--rows", str(GENERATED_ROWS), "--seed", "1", "--out", str(out)])
    check_ratings(out / "ratings.csv")
    check_movies(out / "movies.csv")


def check_ratings(path):
    """The number of ratings, after the header has been found right."""
    rows = _rows(path, RATING_COLUMNS)
    if rows < MIN_RATINGS:
        raise MovieLensError(f"{path} has {rows} ratings, at least {MIN_RATINGS} are needed")
    return rows


def check_movies(path):
    rows = _rows(path, MOVIE_COLUMNS)
    if rows == 0:
        raise MovieLensError(f"{path} has no movies")
    return rows


def _rows(path, columns):
    """Lines after the header (MovieLens breaks no line inside a field), counted in blocks."""
    with open(path, "rb") as file:
        header = file.readline().decode("utf-8-sig", "replace").strip()
        if tuple(header.split(","))[: len(columns)] != columns:
            raise MovieLensError(
                f"{path} starts with {header[:80]!r}, expected {','.join(columns)}"
            )
        lines, last = 0, b"\n"
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
        return lines + (last != b"\n")


def _distinct(path, column):
    with open(path, newline="", encoding="utf-8") as file:
        return len({row[column] for row in csv.DictReader(file)})


def _run(command, folder=None):
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise MovieLensError(f"{command[0]} cannot be run ({error})") from error
    if done.returncode != 0:
        why = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise MovieLensError(
            f"{' '.join(command[:3])} failed: {why[-1] if why else done.returncode}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--data", metavar="DIR", help="a folder with MovieLens' ratings.csv and movies.csv"
    )
    parser.add_argument(
        "--source",
        action="append",
        choices=("publisher", "debian", "generated"),
        help="use only this source (may be repeated)",
    )
    options = parser.parse_args()
    sources = (
        tuple(options.source) if options.source else ("folder", "publisher", "debian", "generated")
    )
    try:
        found = find(options.data, sources, say=lambda line: print(line, file=sys.stderr))
    except MovieLensError as error:
        sys.exit(f"movielens: {error}")
    print(found.description, file=sys.stderr)
    print(found.folder)


if __name__ == "__main__":
    main()
