"""How long an update takes beside a full training, and how good its lists are.

The newest tenth of each user's ratings is held out for judging. Of the rest, the newest --new share
of all rows are the new ones: a model is trained without them, then updated with them, and another
is trained on everything from the beginning. Rounds alternate between the two; times are medians of
the whole process, reading and writing included. NDCG@10 ranks all items, seen ones left out.

    python bench/update.py --ratings ratings.csv --rounds 3
"""

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict


def read(path):
    """Rows (user, item, time) of a CSV in MovieLens' columns or the service's."""
    with open(path, encoding="utf-8") as file:
        header = next(file).strip().split(",")
        lower = [name.lower() for name in header]
        places = [
            next(lower.index(name) for name in names if name in lower)
            for names in (("userid", "user_id"), ("movieid", "item_id"), ("timestamp",))
        ]
        for line in file:
            fields = line.rstrip("\n").split(",")
            yield fields[places[0]], fields[places[1]], int(float(fields[places[2]]))


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write("USER_ID,ITEM_ID,TIMESTAMP\n")
        file.writelines(f"{user},{item},{when}\n" for user, item, when in rows)


def hold_out(rows):
    """Each user's newest tenth, at least one of two or more, apart from the rest."""
    by_user = defaultdict(list)
    for row in rows:
        by_user[row[0]].append(row)
    rest, held_out = [], {}
    shuffle = random.Random(1).shuffle
    for user, own in by_user.items():
        shuffle(own)  # rows of one time lie in an order that gives them away
        own.sort(key=lambda row: row[2])
        count = 0 if len(own) < 2 else max(1, len(own) // 10)
        rest += own[: len(own) - count]
        seen = {row[1] for row in own[: len(own) - count]}
        relevant = {row[1] for row in own[len(own) - count :]} - seen
        if relevant:
            held_out[user] = relevant
    return rest, held_out


def run(usher, *arguments):
    began = time.monotonic()
    done = subprocess.run([usher, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return time.monotonic() - began


def ndcg(usher, model, held_out, folder):
    """NDCG@10 of each user with held-out items."""
    out = os.path.join(folder, "lists.jsonl")
    run(usher, "recommend", "--model", model, "--users", "all", "--num-results", "10", "--out", out)
    values = {}
    with open(out, encoding="utf-8") as file:
        for line in file:
            answer = json.loads(line)
            relevant = held_out.get(answer["input"]["userId"])
            if not relevant:
                continue
            items = answer["output"]["recommendedItems"]
            gain = sum(1 / math.log2(place + 2) for place, i in enumerate(items) if i in relevant)
            best = sum(1 / math.log2(place + 2) for place in range(min(10, len(relevant))))
            values[answer["input"]["userId"]] = gain / best
    os.remove(out)
    return values


def difference(ours, theirs):
    """Mean paired difference with its standard error; users that one does not know count as 0."""
    values = [
        ours.get(user, 0.0) - theirs.get(user, 0.0) for user in sorted(ours.keys() | theirs.keys())
    ]
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return statistics.fmean(values), error


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--usher", default="build/release/bin/usher")
    parser.add_argument("--new", type=float, default=0.1, help="share of the rows that are new")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    rest, held_out = hold_out(read(options.ratings))
    rest.sort(key=lambda row: row[2])
    old = rest[: round(len(rest) * (1 - options.new))]
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("old.csv", "all.csv", "before")}
        write(paths["old.csv"], old)
        write(paths["all.csv"], rest)
        run(options.usher, "train", "--interactions", paths["old.csv"], "--out", paths["before"])
        full, update = [], []
        for number in range(options.rounds):
            models = [os.path.join(folder, f"{name}{number}") for name in ("full", "update")]
            train = ("train", "--interactions", paths["all.csv"], "--out")
            full.append(run(options.usher, *train, models[0]))
            update.append(run(options.usher, *train, models[1], "--update-from", paths["before"]))
        scores = [
            ndcg(options.usher, model, held_out, folder) for model in (*models, paths["before"])
        ]

    print(f"{len(rest)} rows, {len(rest) - len(old)} of them new; {len(held_out)} users judged")
    ratio = statistics.median(u / f for u, f in zip(update, full, strict=True))
    print(
        f"full {statistics.median(full):.2f} s, update {statistics.median(update):.2f} s, "
        f"update / full {ratio:.3f}"
    )
    for name, values in zip(("full", "update", "before the update"), scores, strict=True):
        mean = sum(values.values()) / len(held_out)
        print(f"NDCG@10 {name:18} {mean:.4f}")
    for name, values in (("update", scores[1]), ("before", scores[2])):
        mean, error = difference(values, scores[0])
        print(f"  {name} minus full: {mean:+.4f}, standard error {error:.4f}")


if __name__ == "__main__":
    main()
