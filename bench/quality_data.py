"""Public sets as tables of ratings, the cuts into train and test part, and the files that `usher` reads."""
import csv
import gzip
import pathlib
import re
from dataclasses import dataclass

import numpy as np


@dataclass
class Ratings:
    """Rows in the order of the file; ids are whole numbers."""
    user: np.ndarray
    item: np.ndarray
    value: np.ndarray
    time: np.ndarray

    def __len__(self):
        return len(self.user)

    def __getitem__(self, rows):
        return Ratings(self.user[rows], self.item[rows], self.value[rows], self.time[rows])


@dataclass
class Catalogue:
    """What is known of items: a row for each, [id, cell, ...]."""
    columns: list
    rows: list


def read_set(path):
    """Ratings, and the catalogue (None without one). What file it is shows in its name and header:
         ratings.csv of MovieLens, with movies.csv beside it if wanted;
         ratings.dat[.gz] of MovieTweetings or MovieLens 1M, with movies.dat[.gz] beside it if wanted;
         Online Retail as .xlsx (needs openpyxl and pandas), .parquet (pyarrow) or .csv."""
    path = pathlib.Path(path)
    if ".dat" in path.suffixes:
        return read_dat(path)
    if path.suffix == ".csv":
        with open(path, newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file))
        if "InvoiceNo" not in header:
            return read_movielens(path)
    return read_retail(path)


def read_movielens(path):
    user, item, value, time = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(4)).T
    ratings = Ratings(user.astype(np.int64), item.astype(np.int64), value, time.astype(np.int64))
    movies = path.with_name("movies.csv")
    if not movies.exists():
        return ratings, None
    with open(movies, newline="", encoding="utf-8") as file:
        rows = [movie_row(int(row["movieId"]), row["title"], row["genres"]) for row in csv.DictReader(file)]
    return ratings, Catalogue(["title", "year", "genres"], rows)


def movie_row(item, title, genres):
    year = re.search(r"\((\d{4})\)\s*$", title)
    return [item, re.sub(r"\s*\(\d{4}\)\s*$", "", title), year[1] if year else "", genres.replace("(no genres listed)", "")]


def read_dat(path):
    numbers = {}
    lines = [line.split("::") for line in open_text(path).read().splitlines()]
    user, item, value, time = [], [], [], []
    for one in lines:
        user.append(int(one[0]))
        item.append(numbers.setdefault(one[1], len(numbers) + 1))
        value.append(float(one[2]))
        time.append(int(one[3]))
    ratings = Ratings(np.array(user), np.array(item), np.array(value), np.array(time))
    movies = path.with_name(path.name.replace("ratings", "movies"))
    if not movies.exists() or movies == path:
        return ratings, None
    known = [line.split("::") for line in open_text(movies).read().splitlines()]
    return ratings, Catalogue(["title", "year", "genres"],
                              [movie_row(numbers[movie], title, genres) for movie, title, genres in known if movie in numbers])


def open_text(path):
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")


def read_retail(path):
    """The first purchase of each (customer, product): no cancellations, no unknown customers. Oldest first."""
    if path.suffix == ".csv":
        with open(path, newline="", encoding="utf-8-sig") as file:
            table = list(csv.DictReader(file))
    elif path.suffix == ".parquet":
        import pyarrow.parquet
        table = pyarrow.parquet.read_table(path).to_pylist()
    else:
        import pandas
        table = pandas.read_excel(path).to_dict("records")
    bought = []
    for row in table:
        customer = str(row["CustomerID"])
        if customer in ("", "nan", "None") or str(row["InvoiceNo"]).startswith("C"):
            continue
        seconds = int(np.datetime64(str(row["InvoiceDate"]).replace(" ", "T"), "s").astype(np.int64))
        bought.append((seconds, int(float(customer)), str(row["StockCode"]), row["Description"]))
    bought.sort(key=lambda row: row[0])
    numbers, texts, seen, rows = {}, {}, set(), []
    for seconds, customer, product, text in bought:
        item = numbers.setdefault(product, len(numbers) + 1)
        texts.setdefault(item, str(text).strip())
        if (customer, item) not in seen:
            seen.add((customer, item))
            rows.append((customer, item, seconds))
    user, item, time = np.array(rows).T
    return Ratings(user, item, np.ones(len(rows)), time), Catalogue(["description"], [[i, t] for i, t in texts.items()])


def cut(ratings, kind):
    """(train, test). `user`: of each user with two or more rows the newest 10 % (rounded down, at least 1; ties by item id).
    `global`: the newest 10 % of all rows, of users who have older ones (ties in the order of the file)."""
    held = np.zeros(len(ratings), bool)
    if kind == "user":
        order = np.lexsort((ratings.item, ratings.time, ratings.user))
        _, first, length = np.unique(ratings.user[order], return_index=True, return_counts=True)
        for begin, rows in zip(first, length):
            if rows >= 2:
                held[order[begin + rows - max(1, rows // 10):begin + rows]] = True
        return ratings[~held], ratings[held]
    order = np.argsort(ratings.time, kind="stable")
    held[order[len(ratings) * 9 // 10:]] = True
    return ratings[~held], ratings[held & np.isin(ratings.user, ratings.user[~held])]


def write_ratings(path, ratings):
    with open(path, "w", encoding="utf-8") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for row in zip(ratings.user.tolist(), ratings.item.tolist(), ratings.value.tolist(), ratings.time.tolist()):
            file.write("%d,%d,%.1f,%d\n" % row)


def write_catalogue(path, catalogue):
    def cell(value):
        text = str(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"' if re.search('[",\\\\]', text) else text

    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(["movieId"] + catalogue.columns) + "\n")
        for row in catalogue.rows:
            file.write(",".join(map(cell, row)) + "\n")
