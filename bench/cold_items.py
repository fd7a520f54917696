#!/usr/bin/env python3
"""How well items that nobody has met are placed by their metadata.

Holds out a fifth of the items with all their ratings, trains aws-item-affinity on the rest with
--items, and ranks the held-out items for each user by the product of their factors, which come from
the metadata alone: recall@20 among the held-out items, beside a random order and beside the order
of their true popularity, which nobody can know. The mean over users, with its standard error.

    .venv/bin/python bench/cold_items.py --usher build/release/bin/usher --data $MOVIELENS_DIR
"""

import argparse
import csv
import pathlib
import re
import subprocess
import tempfile

import numpy as np
import pyarrow as pa

LENGTH = 20


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, header, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(header) + "\n")
        for row in rows:
            cells = [str(cell).replace("\\", "\\\\").replace('"', '\\"') for cell in row]
            file.write(",".join(f'"{cell}"' if re.search('[",\\\\]', cell) else cell for cell in cells) + "\n")


def catalogue(folder, columns):
    """Rows of the chosen columns of each movie: title, genres, year, tags."""
    tags = {}
    if (folder / "tags.csv").exists():
        for row in read(folder / "tags.csv"):
            tags.setdefault(row["movieId"], []).append(row["tag"].replace("|", " "))
    rows = []
    for movie in read(folder / "movies.csv"):
        year = re.search(r"\((\d{4})\)\s*$", movie["title"])
        cells = {
            "title": re.sub(r"\s*\(\d{4}\)\s*$", "", movie["title"]),
            "genres": movie["genres"].replace("(no genres listed)", ""),
            "year": year[1] if year else "",
            "tags": "|".join(sorted(set(tags.get(movie["movieId"], [])))[:100]),
        }
        rows.append([movie["movieId"]] + [cells[column] for column in columns])
    return rows


def strings(array):
    return array.values.to_pylist() if hasattr(array, "values") else array.to_pylist()


def arrays(path):
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def matrix(table, name):
    values = table.column(name).chunk(0).values
    return values.values.to_numpy().reshape(len(values), -1)


def recall(scores, relevant):
    """scores [users x items]; relevant: for each user the set of held-out items."""
    values = []
    for user, items in enumerate(relevant):
        if not items:
            continue
        top = np.argsort(-scores[user], kind="stable")[:LENGTH]
        values.append(len(items.intersection(top.tolist())) / min(len(items), LENGTH))
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--usher", required=True, type=pathlib.Path)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder with ratings.csv and movies.csv")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    ratings = read(args.data / "ratings.csv")
    items = sorted({row["movieId"] for row in ratings})

    sets = [["genres"], ["genres", "year"], ["genres", "year", "title"], ["genres", "year", "title", "tags"]]
    print(f"{'columns':28} {'seed':>4} {'recall@' + str(LENGTH):>16} {'random':>8} {'popularity':>11}")
    for seed in range(1, args.seeds + 1):
        random = np.random.default_rng(seed)
        cold = set(random.choice(items, len(items) // 5, replace=False).tolist())
        for columns in sets:
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                write(folder / "train.csv", ["userId", "movieId", "timestamp"],
                      [[row["userId"], row["movieId"], row["timestamp"]] for row in ratings if row["movieId"] not in cold])
                write(folder / "items.csv", ["movieId"] + columns, catalogue(args.data, columns))
                subprocess.run([args.usher, "train", "--interactions", folder / "train.csv", "--items", folder / "items.csv",
                                "--recipe", "aws-item-affinity", "--out", folder / "model"], check=True, capture_output=True)
                ids = arrays(folder / "model" / "vocabulary.arrow")
                factors = arrays(folder / "model" / "factors.arrow")
                users = {user: at for at, user in enumerate(strings(ids.column("user_ids").chunk(0)))}
                known = {item: at for at, item in enumerate(strings(ids.column("item_ids").chunk(0)))}
                shown = [item for item in sorted(cold) if item in known]
                U = matrix(factors, "user_factors")
                V = matrix(factors, "item_factors")[[known[item] for item in shown]]
                place = {item: at for at, item in enumerate(shown)}
                relevant = [set() for _ in users]
                for row in ratings:
                    if row["movieId"] in place and row["userId"] in users:
                        relevant[users[row["userId"]]].add(place[row["movieId"]])
                popularity = np.zeros(len(shown))
                for chosen in relevant:
                    popularity[list(chosen)] += 1
                mean, error = recall(U @ V.T, relevant)
                by_chance, _ = recall(random.random((len(users), len(shown))), relevant)
                by_popularity, _ = recall(np.tile(popularity, (len(users), 1)), relevant)
                print(f"{'+'.join(columns):28} {seed:4} {mean:9.4f} ±{error:.4f} {by_chance:8.4f} {by_popularity:11.4f}")


if __name__ == "__main__":
    main()
