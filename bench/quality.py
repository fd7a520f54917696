#!/usr/bin/env python3
"""Held-out quality of `usher train` beside popularity, recent trend, item kNN, implicit's ALS and EASE, on public sets.

    bench/quality.py --set ml=ml-latest-small/ratings.csv --set tweets=MovieTweetings/snapshots/100K/ratings.dat
                     --set retail="Online Retail.xlsx" [--cut user|global] [--seeds 3] [--usher ./usher]
                     [--variant "HPO=--hpo --hpo-trials 20"] [--variant "metadata=--items {items}"]
                     [--peers popularity,trend,knn,als,ease | --peers ""] [--keep FOLDER] [--json out.json]

What files it takes says quality_data.py. Protocols:
  user    of each user with two or more rows the newest 10 % (rounded down, at least 1; ties by item id) are the test part;
  global  the newest 10 % of all rows are, of users who have older ones.
All items of the file are candidates, a user's train items are left out, every row is a positive, gain is binary; a user without
a list counts 0. The best point of each peer's grid is taken on the test part itself, which flatters the peers. Usher's settings
are chosen by `usher train` from the train part alone; the test part is looked at once a seed. A variant is the same command
with further arguments, {items} in them being a file of the set's catalogue. Differences are paired by user: to the peer with the
best NDCG@10, and of a variant to the plain command; their standard error is over users, with each user's mean over the seeds.

Needs: pip install numpy scipy; implicit for its ALS; pandas and openpyxl for .xlsx, pyarrow for .parquet
"""
import argparse
import json
import math
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "2")

import numpy as np

import quality_data
import quality_peers

LIST = 25
METRICS = ("ndcg@10", "ndcg@25", "recall@20", "mrr@25", "precision@10")
DISCOUNT = 1 / np.log2(np.arange(2, LIST + 2))


def judge_one(shown, relevant):
    """The METRICS of one list."""
    hits = np.zeros(LIST)
    hits[:len(shown)] = [item in relevant for item in shown]
    gains = np.cumsum(hits * DISCOUNT)
    ideal = np.cumsum(DISCOUNT)
    first = np.flatnonzero(hits)
    return [gains[9] / ideal[min(10, len(relevant)) - 1], gains[24] / ideal[min(25, len(relevant)) - 1],
            hits[:20].sum() / len(relevant), 1 / (first[0] + 1) if len(first) else 0.0, hits[:10].sum() / 10]


def judge(lists, held_out):
    """[users x METRICS], users in the order of held_out."""
    return np.array([judge_one(lists.get(user, [])[:LIST], items) for user, items in held_out.items()])


def coverage(lists, held_out, catalogue):
    return len({item for user in held_out for item in lists.get(user, [])[:LIST]}) / catalogue


def mean_and_error(values):
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))


def by_user(ratings):
    held_out = {}
    for user, item in zip(ratings.user.tolist(), ratings.item.tolist()):
        held_out.setdefault(user, set()).add(item)
    return dict(sorted(held_out.items()))


def run_usher(usher, folder, seed, arguments):
    """(lists, seconds of the training)."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        model, answers = pathlib.Path(place) / "model", pathlib.Path(place) / "answers.jsonl"
        recipe = [] if "--recipe" in arguments else ["--recipe", "aws-user-personalization"]
        started = time.monotonic()
        run([usher, "train", "--interactions", folder / "train.csv", *recipe, "--seed", str(seed), "--out", model, *arguments])
        seconds = time.monotonic() - started
        run([usher, "recommend", "--model", model, "--users", "all", "--num-results", str(LIST), "--out", answers])
        lists = {}
        for line in open(answers):
            record = json.loads(line)
            shown = (record.get("output") or {}).get("recommendedItems", [])
            lists[int(record["input"]["userId"])] = [int(item) for item in shown]
        return lists, seconds


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")


def peers_of(name, train, test, held_out, arguments):
    kinds = [kind for kind in arguments.peers.split(",") if kind]
    kept = pathlib.Path(arguments.keep) / f"{name}-{arguments.cut}.json" if arguments.keep else None
    chosen = json.loads(kept.read_text()) if kept and kept.exists() else None
    if chosen is None:
        data = quality_peers.Histories(train, test, arguments.cut)
        chosen = quality_peers.fit_all(data, kinds, lambda lists: judge(lists, held_out)[:, 0].mean(),
                                       lambda line: print(line, file=sys.stderr, flush=True))
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(chosen))
    for peer in chosen:
        peer["lists"] = {int(user): shown for user, shown in peer["lists"].items()}
    return chosen


class Table:
    """Rows of results of one set."""

    def __init__(self, known, held_out, new, catalogue):
        self.known, self.held_out, self.catalogue = known, held_out, catalogue
        self.new = {user: fresh for user, items in held_out.items() if (fresh := items & new)}
        self.rows = []
        self.ndcg = {}  # by user

    def add(self, label, runs):
        """runs: (lists, seconds) of each seed."""
        for lists, _ in runs:
            self.check(label, lists)
        values = [judge(lists, self.held_out) for lists, _ in runs]
        mean = np.mean(values, axis=0)
        new = [[len(items.intersection(lists.get(user, [])[:LIST])) / len(items) for user, items in self.new.items()]
               for lists, _ in runs]
        self.ndcg[label] = mean[:, 0]
        self.rows.append({"model": label, **dict(zip(METRICS, mean.mean(axis=0).tolist())),
                          "ndcg@10_se": mean_and_error(mean[:, 0])[1],
                          "coverage@25": float(np.mean([coverage(lists, self.held_out, self.catalogue) for lists, _ in runs])),
                          "train_s": float(np.mean([seconds for _, seconds in runs])),
                          "new_items_recall@25": float(np.mean(new)) if self.new else None,
                          "ndcg@10_by_seed": [float(one[:, 0].mean()) for one in values]})
        return self.rows[-1]

    def check(self, label, lists):
        for user in self.held_out:
            shown = lists.get(user, [])
            if len(set(shown)) < len(shown) or self.known.get(user, set()).intersection(shown):
                sys.exit(f"{label}: the list of user {user} names an item twice or one of the train part")

    def difference(self, label, other):
        return mean_and_error(self.ndcg[label] - self.ndcg[other])


def measure(name, path, arguments, folder):
    ratings, catalogue = quality_data.read_set(path)
    train, test = quality_data.cut(ratings, arguments.cut)
    quality_data.write_ratings(folder / "train.csv", train)
    if catalogue:
        quality_data.write_catalogue(folder / "items.csv", catalogue)
    held_out = by_user(test)
    items = set(train.item.tolist()) | set(test.item.tolist())
    table = Table(by_user(train), held_out, items - set(train.item.tolist()), len(items))
    for peer in peers_of(name, train, test, held_out, arguments):
        table.add(peer["label"], [(peer["lists"], peer["seconds"])])
    peers = list(table.rows)
    print(f"\n### {name}, {arguments.cut} cut\n\n{len(train)} rows to learn from, {len(test)} held out of {len(held_out)} users, "
          f"{len(items)} items.\n")
    notes = []
    for variant in ["Usher=", *arguments.variant]:
        label, _, further = variant.partition("=")
        if "{items}" in further and not catalogue:
            continue
        label = label if label == "Usher" else f"Usher, {label}"
        further = shlex.split(further.replace("{items}", str(folder / "items.csv")))
        row = table.add(label, [run_usher(arguments.usher, folder, seed, further) for seed in range(1, arguments.seeds + 1)])
        rivals = [max(peers, key=lambda peer: peer["ndcg@10"])["model"]] if peers else []
        for rival in rivals + (["Usher"] if label != "Usher" else []):
            mean, error = table.difference(label, rival)
            row[f"over {rival}"] = [mean, error]
            ratio = row["ndcg@10"] / next(other["ndcg@10"] for other in table.rows if other["model"] == rival)
            notes.append(f"{label} over {rival}: {ratio:.2f} x, paired difference {mean:+.4f}, standard error {error:.4f}; "
                         f"by seed {', '.join(f'{value:.4f}' for value in row['ndcg@10_by_seed'])}.")
        if label != "Usher" and table.new:
            notes.append(f"Recall@25 of held-out items without a train row ({sum(map(len, table.new.values()))} of "
                         f"{len(table.new)} users): {row['new_items_recall@25']:.4f}, Usher "
                         f"{next(r for r in table.rows if r['model'] == 'Usher')['new_items_recall@25']:.4f}.")
    print("| model | NDCG@10 (s.e.) | NDCG@25 | Recall@20 | MRR@25 | precision@10 | coverage@25 | train s |")
    print("|---|---|---|---|---|---|---|---|")
    for row in table.rows:
        print(f"| {row['model']} | {row['ndcg@10']:.4f} ({row['ndcg@10_se']:.4f}) | {row['ndcg@25']:.4f} | {row['recall@20']:.4f} | "
              f"{row['mrr@25']:.4f} | {row['precision@10']:.4f} | {row['coverage@25']:.3f} | {row['train_s']:.1f} |")
    print("\n" + "\n".join(notes), flush=True)
    return {"set": name, "cut": arguments.cut, "train": len(train), "test": len(test), "test_users": len(held_out),
            "items": len(items), "rows": table.rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--usher", default=str(pathlib.Path(__file__).parent.parent / "usher"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cut", choices=["user", "global"], default="user")
    parser.add_argument("--variant", action="append", default=[], metavar="LABEL=ARGUMENTS", help="of `usher train`")
    parser.add_argument("--peers", default=",".join(quality_peers.KINDS), help="which to fit; '' for none")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the peers' lists there and use those that are there already")
    parser.add_argument("--json", help="all figures, in full")
    arguments = parser.parse_args()
    results = []
    for one in arguments.set:
        name, _, path = one.partition("=")
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(name, path, arguments, pathlib.Path(folder)))
        if arguments.json:
            pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
