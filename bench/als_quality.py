#!/usr/bin/env python3
"""Held-out quality of Usher's ALS beside that of the package `implicit`, on one MovieLens ratings file.

    bench/als_quality.py --ratings ratings.csv [--usher ./usher] [--seeds 3]

Protocol: of each user with two or more ratings the newest 10 % (rounded down, at least 1; ties in time by
item id) are the test part, the rest is train. All items of the file are candidates, a user's train items
are left out, every rating is a positive, gain is binary: NDCG@10, mean over users with test items.
Both search the same grid of (factors, regularisation, weight of observed pairs); the best point of each is
chosen on a validation part cut from train in the same way, then fitted again on all of train. The test part
is looked at once, with the mean over seeds. The two solvers minimise the same loss but for the scale of the
regularisation: with weight a and regularisation r of `implicit`, Usher's unobserved weight is w = 1 / (a - 1)
and its regularisation r w / (mean history + w items), so that an average user is regularised alike.

Exit status 1 when the paired difference is below minus one standard error.
Needs: pip install implicit polars numpy scipy
"""
import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit runs its own threads
import numpy as np
import polars as pl
import scipy.sparse as sp

FACTORS = (64, 128)
REGULARIZATION = (10.0, 30.0, 60.0)
OBSERVED_WEIGHT = (1.1, 2.0, 3.0, 5.0)
TOP = 10


def read_ratings(path):
    table = pl.read_csv(path, columns=["userId", "movieId", "timestamp"])
    return [table[name].to_numpy() for name in ("userId", "movieId", "timestamp")]


def newest_tenth(user, item, timestamp):
    """True where a row is held out."""
    order = np.lexsort((item, timestamp, user))
    sorted_user = user[order]
    start = np.flatnonzero(np.concatenate([[True], sorted_user[1:] != sorted_user[:-1]]))
    length = np.diff(np.append(start, len(user)))
    held = np.where(length >= 2, np.maximum(1, length // 10), 0)
    place = np.arange(len(user)) - np.repeat(start, length)
    mask = np.zeros(len(user), bool)
    mask[order] = place >= np.repeat(length - held, length)
    return mask


class Split:
    def __init__(self, rows, held):
        self.train = [column[~held] for column in rows]
        self.test = [column[held] for column in rows]
        self.items = np.unique(rows[1])
        self.users = np.unique(rows[0])
        self.test_users = np.unique(self.test[0])
        self.relevant = {}
        for user, item in zip(self.test[0].tolist(), self.test[1].tolist()):
            self.relevant.setdefault(user, set()).add(item)
        row = np.searchsorted(self.users, self.train[0])
        col = np.searchsorted(self.items, self.train[1])
        self.matrix = sp.csr_matrix((np.ones(len(row), np.float32), (row, col)),
                                    (len(self.users), len(self.items)))

    def ndcg(self, lists):
        """NDCG@10 of each test user, in the order of test_users."""
        discount = 1 / np.log2(np.arange(2, TOP + 2))
        values = []
        for user in self.test_users.tolist():
            relevant = self.relevant[user]
            hits = np.array([item in relevant for item in lists.get(user, [])[:TOP]], bool)
            values.append((discount[: len(hits)] * hits).sum() / discount[: min(TOP, len(relevant))].sum())
        return np.array(values)


def lists_of_implicit(split, factors, regularization, weight, seed):
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=factors, regularization=regularization, alpha=weight,
                                    iterations=15, random_state=seed)
    model.fit(split.matrix, show_progress=False)
    rows = np.searchsorted(split.users, split.test_users)
    items, _ = model.recommend(rows, split.matrix[rows], N=TOP, filter_already_liked_items=True)
    return {user: split.items[found[found >= 0]].tolist() for user, found in zip(split.test_users.tolist(), items)}


def lists_of_usher(usher, split, factors, regularization, weight, seed):
    unobserved = 1 / (weight - 1)
    mean_history = len(split.train[0]) / len(np.unique(split.train[0]))
    catalogue = len(np.unique(split.train[1]))
    hyperparameters = {
        "hidden_dimension": str(factors),
        "als_unobserved_weight": repr(unobserved),
        "als_regularization": repr(regularization * unobserved / (mean_history + unobserved * catalogue)),
        "als_sweeps": "15",
    }
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        pl.DataFrame(dict(userId=split.train[0], movieId=split.train[1],
                          timestamp=split.train[2])).write_csv(folder / "train.csv")
        run = lambda *command: subprocess.run([usher, *map(str, command)], check=True,
                                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        run("train", "--interactions", folder / "train.csv", "--out", folder / "model", "--seed", seed,
            "--hyperparameters", json.dumps(hyperparameters))
        run("recommend", "--model", folder / "model", "--users", "all", "--num-results", TOP,
            "--out", folder / "lists.jsonl")
        lists = {}
        for line in open(folder / "lists.jsonl"):
            answer = json.loads(line)
            lists[int(answer["input"]["userId"])] = [int(item) for item in answer["output"]["recommendedItems"]]
        return lists


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--usher", default="./usher")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--factors", type=lambda text: tuple(map(int, text.split(","))), default=FACTORS)
    arguments = parser.parse_args()

    rows = read_ratings(arguments.ratings)
    whole = Split(rows, newest_tenth(*rows))
    inner = Split(whole.train, newest_tenth(*whole.train))
    models = {
        "implicit": lists_of_implicit,
        "usher": lambda *given: lists_of_usher(arguments.usher, *given),
    }
    ndcg = {}
    for name, lists_of in models.items():
        tried = {}
        for point in itertools.product(arguments.factors, REGULARIZATION, OBSERVED_WEIGHT):
            tried[point] = inner.ndcg(lists_of(inner, *point, 1)).mean()
            print(f"{name:9s} factors={point[0]} regularization={point[1]:g} weight={point[2]:g}: "
                  f"validation NDCG@10 {tried[point]:.4f}", flush=True)
        best = max(tried, key=tried.get)
        begin = time.time()
        ndcg[name] = np.mean([whole.ndcg(lists_of(whole, *best, seed))
                              for seed in range(1, arguments.seeds + 1)], axis=0)
        print(f"{name:9s} best: factors={best[0]} regularization={best[1]:g} weight={best[2]:g}, "
              f"test NDCG@10 {ndcg[name].mean():.4f} "
              f"({(time.time() - begin) / arguments.seeds:.1f} s a seed)", flush=True)
    difference = ndcg["usher"] - ndcg["implicit"]
    error = difference.std() / np.sqrt(len(difference))
    print(f"usher - implicit, paired by user: {difference.mean():+.4f}, standard error {error:.4f}")
    sys.exit(0 if difference.mean() >= -error else 1)


if __name__ == "__main__":
    main()
