#!/usr/bin/env python3
"""Reading a ratings.csv, ALS sweeps, and the best 25 for everyone and for one: Usher and its peers in turns.

  bench/ratings.py --ratings ratings.csv                       reading: pyarrow, polars; models: implicit
  bench/ratings.py --ratings ratings.csv --ranks 64 --rounds 5 --only models

Each round runs every program once in a process of its own, so that a noisy spell hits all alike; shown are
medians over the rounds and what they are as a share of the peer's. Wall time depends on what else runs; CPU
time stands beside it. Answers are asked of the same factors (those that Usher trained), seen items left out,
so the search problem is the same for both; Usher's include softmax scores, implicit's are plain products.
The file has the columns userId, movieId, rating, timestamp.

Needs for --peers PYTHON: pip install numpy scipy pyarrow polars implicit
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TOP = 25


def cpu():
    t = os.times()
    return t.user + t.system


class Step:
    """Prints a line when its time is over, in the form of engine_bench."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.wall, self.cpu = time.perf_counter(), cpu()

    def __exit__(self, *_):
        import resource

        print(json.dumps(dict(step=self.name, wall_s=time.perf_counter() - self.wall, cpu_s=cpu() - self.cpu,
                              peak_rss_gb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)), flush=True)


def read(path, tool):
    """user, item as numpy arrays, rating too, with the tool's own parser."""
    if tool == "pyarrow":
        import pyarrow as pa
        import pyarrow.csv

        types = {"userId": pa.int32(), "movieId": pa.int32(), "rating": pa.float32()}
        table = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(types), column_types=types))
        return [table.column(name).to_numpy() for name in types]
    import polars as pl

    table = pl.read_csv(path, columns=["userId", "movieId", "rating"],
                        schema_overrides={"userId": pl.Int32, "movieId": pl.Int32, "rating": pl.Float32})
    return [table[name].to_numpy() for name in table.columns]


def csr(user, item, value):
    import numpy as np
    import scipy.sparse as sp

    def dense(ids):
        seen = np.zeros(int(ids.max()) + 1, bool)
        seen[ids] = True
        code = np.cumsum(seen, dtype=np.int32) - 1
        return code[ids], int(code[-1]) + 1

    rows, row_count = dense(user)
    columns, column_count = dense(item)
    return sp.csr_matrix((np.asarray(value, np.float32), (rows, columns)), shape=(row_count, column_count))


def child_read(path, tool):
    import numpy  # noqa: F401
    import scipy.sparse  # noqa: F401

    __import__(tool)
    with Step("read"):
        csr(*read(path, tool))


def child_models(path, rank, factors):
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit runs its own threads
    import numpy as np
    from implicit.cpu.als import AlternatingLeastSquares

    # Rows in the order of Usher's factors: ids as they are first seen in the file.
    user, item, _ = read(path, "polars")
    first_seen = lambda ids: np.argsort(np.argsort(np.unique(ids, return_index=True)[1]))[
        np.unique(ids, return_inverse=True)[1]]
    seen = csr(first_seen(user), first_seen(item), np.ones(len(user), np.float32))
    for name, direct, sweeps in (("sweep, conjugate gradient", False, 2), ("sweep, direct", True, 1)):
        model = AlternatingLeastSquares(factors=rank, regularization=0.01, alpha=1.0, iterations=sweeps,
                                        random_state=7, use_cg=not direct)
        last = [time.perf_counter(), cpu()]

        def after_sweep(*_):
            print(json.dumps(dict(step=name, wall_s=time.perf_counter() - last[0], cpu_s=cpu() - last[1])), flush=True)
            last[:] = time.perf_counter(), cpu()

        model.fit(seen, show_progress=False, callback=after_sweep)

    with open(factors, "rb") as file:
        users, items = np.fromfile(file, np.uint64, 2).astype(int)
        values = np.fromfile(file, np.float32)
    model.user_factors = values[: users * rank].reshape(users, rank)
    model.item_factors = values[users * rank :].reshape(items, rank)
    with Step("top 25 for all users"):
        for begin in range(0, users, 1000):
            chunk = np.arange(begin, min(users, begin + 1000))
            model.recommend(chunk, seen[chunk], N=TOP, filter_already_liked_items=True)
    some = np.random.default_rng(1).choice(users, min(users, 600), replace=False)
    for name, options in (("one user, fold-in + top 25", dict(recalculate_user=True)), ("one user, known, top 25", {})):
        times = []
        for user in some:
            row = seen[user]
            begin = time.perf_counter()
            model.recommend(user, row, N=TOP, **options)
            times.append(1e3 * (time.perf_counter() - begin))
        at = lambda share: float(np.quantile(times[20:], share))
        print(json.dumps(dict(step=name, p50_ms=at(0.5), p90_ms=at(0.9), p99_ms=at(0.99))), flush=True)


def steps_of(command):
    output = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


class Table:
    def __init__(self):
        self.values = {}

    def add(self, who, prefix, steps):
        for step in steps:
            for unit in ("wall_s", "cpu_s", "peak_rss_gb", "p50_ms", "p99_ms"):
                if unit in step:
                    self.values.setdefault((prefix + step["step"], unit), {}).setdefault(who, []).append(step[unit])

    def show(self, what, unit, peer_what=None):
        ours = statistics.median(self.values[what, unit]["usher"])
        line = f"{what:42s} {unit:11s} usher {ours:8.3f}"
        for who, values in self.values.get((peer_what or what, unit), {}).items():
            if who != "usher":
                peer = statistics.median(values)
                line += f"   {who} {peer:8.3f} ({ours / peer:.2f} of it)"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--bench", default="build/release/bin/engine_bench")
    parser.add_argument("--peers", default=sys.executable, help="Python that has the peers")
    parser.add_argument("--ranks", type=lambda text: list(map(int, text.split(","))), default=[64, 128])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("read", "models"))
    parser.add_argument("--child", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        if arguments.child[0] == "read":
            return child_read(arguments.ratings, arguments.child[1])
        return child_models(arguments.ratings, int(arguments.child[1]), arguments.child[2])

    table = Table()
    peer = lambda *child: [arguments.peers, __file__, "--ratings", arguments.ratings, "--child", *child]
    with tempfile.TemporaryDirectory() as folder:
        factors = pathlib.Path(folder) / "factors.bin"
        for _ in range(arguments.rounds):
            if arguments.only != "models":
                table.add("usher", "", [s for s in steps_of([arguments.bench, arguments.ratings]) if s["step"] == "read"])
                for tool in ("pyarrow", "polars"):
                    table.add(tool, "", steps_of(peer("read", tool)))
            if arguments.only != "read":
                for rank in arguments.ranks:
                    ours = steps_of([arguments.bench, arguments.ratings, f"rank={rank}", "sweeps=3", f"factors={factors}"])
                    table.add("usher", f"rank {rank}: ", [s for s in ours if s["step"] not in ("parse", "read")])
                    table.add("implicit", f"rank {rank}: ", steps_of(peer("models", rank, factors)))
    if arguments.only != "models":
        for unit in ("wall_s", "cpu_s", "peak_rss_gb"):
            table.show("read", unit)
    for rank in arguments.ranks if arguments.only != "read" else ():
        prefix = f"rank {rank}: "
        for unit in ("wall_s", "cpu_s"):
            for solver in ("sweep, direct", "sweep, conjugate gradient"):
                table.show(prefix + "sweep", unit, prefix + solver)
            table.show(prefix + "top 25 for all users", unit)
        for unit in ("p50_ms", "p99_ms"):
            for step in ("one user, fold-in + top 25", "one user, known, top 25"):
                table.show(prefix + step, unit)
        table.show(prefix + "train", "peak_rss_gb")


if __name__ == "__main__":
    main()
