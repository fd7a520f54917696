#!/usr/bin/env python3
"""How long ALS trains until its lists are as good as implicit's.

  python bench/als_race.py --ratings ratings.csv                         20,000 users, rank 64, 12 sweeps of implicit
  python bench/als_race.py --ratings ratings.csv --sweeps 2,3,4 --rounds 3

Of --users users chosen at random the newest tenth is held out, the rest of the file is trained on. implicit
trains with its defaults (conjugate gradient, weight 1, regularisation 0.01), Usher with --unobserved,
--regularization and --start. Training times exclude reading the file for both; programs run in turns;
medians of wall time and of CPU time are shown.
For each number of sweeps: NDCG@10, its difference to implicit's paired by user with the standard error, and
the time as a share of implicit's. Exit status 1 when no number of sweeps gets within one standard error.

Needs: pip install implicit polars numpy scipy
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

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit runs its own threads
import numpy as np
import polars as pl
import scipy.sparse as sp

from als_quality import TOP, newest_tenth, read_ratings


def codes_first_seen(ids):
    """Numbers in the order in which ids are first seen, as in the rows of Usher's factors."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


class Task:
    def __init__(self, path, user_count, folder):
        user, item, timestamp = read_ratings(path)
        users = np.unique(user)
        chosen = np.random.default_rng(3).choice(users, min(user_count, len(users)), replace=False)
        held = np.zeros(len(user), bool)
        some = np.flatnonzero(np.isin(user, chosen))
        held[some] = newest_tenth(user[some], item[some], timestamp[some])
        self.path = folder / "train.csv"
        pl.DataFrame(dict(userId=user[~held], movieId=item[~held], timestamp=timestamp[~held])).write_csv(self.path)
        row, column = codes_first_seen(user[~held]), codes_first_seen(item[~held])
        self.seen = sp.csr_matrix((np.ones(len(row), np.float32), (row, column)))
        row_of, column_of = np.full(user.max() + 1, -1), np.full(item.max() + 1, -1)
        row_of[user[~held]], column_of[item[~held]] = row, column
        self.relevant = {}
        for user_row, item_column in zip(row_of[user[held]].tolist(), column_of[item[held]].tolist()):
            self.relevant.setdefault(user_row, set()).add(item_column)
        self.users = np.array(sorted(user_row for user_row in self.relevant if user_row >= 0))

    def ndcg(self, model):
        discount = 1 / np.log2(np.arange(2, TOP + 2))
        values = []
        for begin in range(0, len(self.users), 1000):
            rows = self.users[begin : begin + 1000]
            lists, _ = model.recommend(rows, self.seen[rows], N=TOP, filter_already_liked_items=True)
            for user_row, items in zip(rows.tolist(), lists.tolist()):
                relevant = self.relevant[user_row]
                hits = np.array([item in relevant for item in items])
                values.append((discount * hits).sum() / discount[: min(TOP, len(relevant))].sum())
        return np.array(values)


def model_of(factors):
    from implicit.cpu.als import AlternatingLeastSquares

    return AlternatingLeastSquares(factors=factors, regularization=0.01, alpha=1.0, random_state=7)


def train_implicit(task, factors, iterations):
    model = model_of(factors)
    model.iterations = iterations
    begin, used = time.perf_counter(), os.times()
    model.fit(task.seen, show_progress=False)
    now = os.times()
    return model, (time.perf_counter() - begin, now.user + now.system - used.user - used.system)


def train_usher(task, bench, factors, sweeps, options, folder):
    path = folder / "factors.bin"
    command = [bench, task.path, f"rank={factors}", f"sweeps={sweeps}", "single=1", f"factors={path}", *options]
    output = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout
    step = next(step for step in map(json.loads, output.splitlines()) if step["step"] == "train")
    model = model_of(factors)
    with open(path, "rb") as file:
        users, items = np.fromfile(file, np.uint64, 2).astype(int)
        values = np.fromfile(file, np.float32)
    model.user_factors = values[: users * factors].reshape(users, factors)
    model.item_factors = values[users * factors :].reshape(items, factors)
    return model, (step["wall_s"], step["cpu_s"])


def median(times):
    """Wall and CPU seconds, each its own median."""
    return [statistics.median(values) for values in zip(*times)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--bench", default="build/release/bin/engine_bench")
    parser.add_argument("--users", type=int, default=20000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--iterations", type=int, default=12, help="of implicit")
    parser.add_argument("--sweeps", type=lambda text: list(map(int, text.split(","))), default=[2, 3])
    parser.add_argument("--unobserved", type=float, default=1.0)
    parser.add_argument("--regularization", type=float, default=1e-5)
    parser.add_argument("--start", type=int, default=12, help="power iterations before the sweeps")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    options = [f"unobserved={arguments.unobserved}", f"regularization={arguments.regularization}",
               f"start={arguments.start}"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        task = Task(arguments.ratings, arguments.users, folder)
        seconds = {}
        quality = {}
        for _ in range(arguments.rounds):
            model, taken = train_implicit(task, arguments.factors, arguments.iterations)
            seconds.setdefault("implicit", []).append(taken)
            if "implicit" not in quality:
                quality["implicit"] = task.ndcg(model)
            for sweeps in arguments.sweeps:
                model, taken = train_usher(task, arguments.bench, arguments.factors, sweeps, options, folder)
                seconds.setdefault(sweeps, []).append(taken)
                if sweeps not in quality:
                    quality[sweeps] = task.ndcg(model)
    peer = median(seconds["implicit"])
    print(f"implicit, {arguments.iterations} sweeps: NDCG@10 {quality['implicit'].mean():.4f}, "
          f"{peer[0]:.1f} s ({peer[1]:.1f} s of CPU time)")
    reached = False
    for sweeps in arguments.sweeps:
        difference = quality[sweeps] - quality["implicit"]
        error = difference.std() / np.sqrt(len(difference))
        good = difference.mean() >= -error
        reached = reached or good
        ours = median(seconds[sweeps])
        print(f"usher, {sweeps} sweeps: NDCG@10 {quality[sweeps].mean():.4f}, difference {difference.mean():+.4f} "
              f"(standard error {error:.4f}){', as good' if good else ''}; {ours[0]:.1f} s, {ours[0] / peer[0]:.2f} of the time "
              f"({ours[1]:.1f} s of CPU time, {ours[1] / peer[1]:.2f})")
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
