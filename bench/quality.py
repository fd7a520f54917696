#!/usr/bin/env python3
"""Held-out quality of `usher train` beside popularity, item kNN, implicit's ALS and EASE, on files of ratings.

    bench/quality.py --script quality.py --set ml=ratings.csv [--set NAME=FILE ...] [--usher ./usher] [--seeds 3]
                     [--cut user|global] [--train-args "..."] [--keep FOLDER] [--json out.json]

Each FILE has the columns userId,movieId,rating,timestamp with whole-numbered ids. Protocols:
  user    of each user with two or more rows the newest 10 % (rounded down, at least 1; ties by item id) are the test part;
  global  the newest 10 % of all rows are, of users who have older ones.
All items of the file are candidates, a user's train items are left out, every row is a positive, gain is binary.
Peers are fitted on a grid by the script's command `peers` and the best point of each is taken on the test part itself, which
flatters them. Usher's settings are chosen by `usher train` from the train part alone; the test part is looked at once a seed.
The difference is paired by user, against the peer with the best NDCG@10; its standard error is over users, with each user's
mean over the seeds. --script names a scorer with the commands `peers --train --test --grid --dump DIR --json FILE`.
Needs: pip install numpy polars scipy implicit
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

import numpy as np
import polars as pl

LENGTHS = {"ndcg@10": 10, "ndcg@25": 25, "recall@20": 20, "mrr@25": 25, "precision@10": 10}


def cut_per_user(table):
    table = table.sort(["userId", "timestamp", "movieId"], maintain_order=True)
    place = pl.int_range(pl.len()).over("userId")
    length = pl.len().over("userId")
    held = pl.when(length >= 2).then(pl.max_horizontal(1, length // 10)).otherwise(0)
    return table.with_columns(test=place >= length - held)


def cut_globally(table):
    table = table.sort("timestamp", maintain_order=True)
    rows = len(table) * 9 // 10
    table = table.with_columns(test=pl.int_range(pl.len()) >= rows)
    known = table.filter(~pl.col("test"))["userId"].unique()
    return table.filter(~pl.col("test") | pl.col("userId").is_in(known.implode()))


def split(path, cut, folder):
    """Writes train.csv in the order of the file, and test.csv."""
    table = pl.read_csv(path).with_row_index("row")
    table = (cut_per_user if cut == "user" else cut_globally)(table).sort("row")
    parts = []
    for name, part in (("train", ~pl.col("test")), ("test", pl.col("test"))):
        rows = table.filter(part).drop("row", "test")
        rows.write_csv(folder / f"{name}.csv", float_precision=1)
        parts.append(rows)
    return parts


def judge(lists, held_out, catalogue):
    """Metrics of each user, and coverage. lists: user -> items best first."""
    metrics = {name: [] for name in LENGTHS}
    shown = set()
    for user, items in held_out.items():
        hits = [item in items for item in lists.get(user, [])[:25]]
        shown.update(lists.get(user, [])[:25])
        gain = [hit / math.log2(place + 2) for place, hit in enumerate(hits)]
        for k in (10, 25):
            best = sum(1 / math.log2(place + 2) for place in range(min(k, len(items))))
            metrics[f"ndcg@{k}"].append(sum(gain[:k]) / best)
        metrics["recall@20"].append(sum(hits[:20]) / len(items))
        metrics["precision@10"].append(sum(hits[:10]) / 10)
        metrics["mrr@25"].append(1 / (hits.index(True) + 1) if True in hits else 0.0)
    return {name: np.array(values) for name, values in metrics.items()}, len(shown) / catalogue


def read_lists(path):
    lists = {}
    for line in open(path):
        record = json.loads(line)
        output = record.get("output") or {}
        lists[int(record["input"]["userId"])] = [int(item) for item in output.get("recommendedItems", [])]
    return lists


def run_usher(usher, folder, seed, train_args):
    model, answers = folder / f"model{seed}", folder / f"usher{seed}.jsonl"
    started = time.monotonic()
    subprocess.run([usher, "train", "--interactions", folder / "train.csv", "--recipe", "aws-user-personalization",
                    "--seed", str(seed), "--out", model, *train_args], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    subprocess.run([usher, "recommend", "--model", model, "--users", "all", "--num-results", "25", "--out", answers],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return read_lists(answers), seconds


def run_peers(script, folder, kept):
    """Best grid point of each model: name -> (label, lists, seconds to fit). What is in `kept` is not fitted again."""
    kept.mkdir(parents=True, exist_ok=True)
    report = kept / "peers.json"
    if not report.exists():
        subprocess.run([sys.executable, script, "peers", "--train", folder / "train.csv", "--test", folder / "test.csv",
                        "--grid", "--dump", kept / "peers", "--json", report], check=True, stdout=subprocess.DEVNULL)
    best = {}
    for row in json.load(open(report)):
        kind = row["name"].split()[0].split("(")[0]
        if kind not in best or row["ndcg@10"] > best[kind]["ndcg@10"]:
            best[kind] = row
    return {kind: (row["name"], read_lists(kept / "peers" / (row["name"].replace(" ", "_") + ".jsonl")), row["fit_s"])
            for kind, row in best.items()}


def mean_and_error(values):
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))


def measure(name, path, arguments, folder):
    train, test = split(path, arguments.cut, folder)
    catalogue = len(set(train["movieId"]) | set(test["movieId"]))
    held_out = {user: set(items) for user, items in test.group_by("userId").agg("movieId").iter_rows()}
    rows, by_user = [], {}

    def note(label, judged, seconds):
        metrics, coverage = judged
        mean, error = mean_and_error(metrics["ndcg@10"])
        rows.append({"model": label, "ndcg@10_se": error, "coverage@25": coverage, "train_s": seconds,
                     **{metric: float(values.mean()) for metric, values in metrics.items()}})
        by_user[label] = metrics["ndcg@10"]

    if arguments.script:
        kept = pathlib.Path(arguments.keep) / f"{name}-{arguments.cut}" if arguments.keep else folder
        for label, lists, seconds in run_peers(arguments.script, folder, kept).values():
            note(label, judge(lists, held_out, catalogue), seconds)
    peers = list(rows)
    runs = []
    for seed in range(1, arguments.seeds + 1):
        lists, seconds = run_usher(arguments.usher, folder, seed, shlex.split(arguments.train_args))
        runs.append((judge(lists, held_out, catalogue), seconds))
    note("Usher" + (f" {arguments.train_args}" if arguments.train_args else ""),
         ({metric: np.mean([run[0][0][metric] for run in runs], axis=0) for metric in LENGTHS},
          float(np.mean([run[0][1] for run in runs]))), float(np.mean([run[1] for run in runs])))
    ours = rows[-1]
    ours["ndcg@10_by_seed"] = [float(run[0][0]["ndcg@10"].mean()) for run in runs]
    result = {"set": name, "cut": arguments.cut, "train": len(train), "test": len(test), "test_users": len(held_out),
              "items": catalogue, "rows": rows}
    print(f"\n{name} ({arguments.cut} cut): {len(train)} rows to learn from, {len(test)} held out of {len(held_out)} users, "
          f"{catalogue} items")
    print("| model | NDCG@10 (s.e.) | NDCG@25 | Recall@20 | MRR@25 | precision@10 | coverage@25 | train s |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {row['model']} | {row['ndcg@10']:.4f} ({row['ndcg@10_se']:.4f}) | {row['ndcg@25']:.4f} | {row['recall@20']:.4f} | "
              f"{row['mrr@25']:.4f} | {row['precision@10']:.4f} | {row['coverage@25']:.3f} | {row['train_s']:.1f} |")
    if peers:
        best = max(peers, key=lambda row: row["ndcg@10"])
        mean, error = mean_and_error(by_user[ours["model"]] - by_user[best["model"]])
        result |= {"best_peer": best["model"], "paired_difference": mean, "paired_difference_se": error}
        print(f"over {best['model']}: {ours['ndcg@10'] / best['ndcg@10']:.2f} x, paired difference {mean:+.4f}, standard error "
              f"{error:.4f}; by seed {', '.join(f'{value:.4f}' for value in ours['ndcg@10_by_seed'])}", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", required=True, metavar="NAME=FILE")
    parser.add_argument("--script", help="scorer with the peers; without it only Usher is measured")
    parser.add_argument("--usher", default=str(pathlib.Path(__file__).parent.parent / "usher"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cut", choices=["user", "global"], default="user")
    parser.add_argument("--train-args", default="", help="further arguments of `usher train`")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the peers' lists there and use those that are there already")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")
    results = []
    for one in arguments.set:
        name, _, path = one.partition("=")
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(name, path, arguments, pathlib.Path(folder)))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
