"""Peers for quality.py, each on a grid: popularity, recent trend, item kNN, implicit's ALS, EASE."""
import time

import numpy as np
import scipy.linalg
import scipy.sparse as sp

LENGTH = 25
DAY = 86400
KNN_GRID = [(20, 10), (50, 10), (100, 10), (200, 10), (100, 50), (100, 0)]  # neighbours, shrinkage
ALS_GRID = [(factors, ridge, alpha) for factors in (16, 32, 64, 128) for ridge in (0.1, 1, 10, 30, 100) for alpha in (1, 5, 20)]
EASE_GRID = (50, 100, 200, 400, 800)
TREND_GRID = (1, 3, 7, 14, 30, 90)  # days


class Histories:
    """The train part as a matrix of ones [users x items], with the ids of rows and columns."""

    def __init__(self, train, test, cut):
        self.users = np.unique(np.concatenate([train.user, test.user]))
        self.items = np.unique(np.concatenate([train.item, test.item]))
        self.row = np.searchsorted(self.users, train.user)
        self.column = np.searchsorted(self.items, train.item)
        self.time = train.time
        self.X = sp.csr_matrix((np.ones(len(train), np.float32), (self.row, self.column)), (len(self.users), len(self.items)))
        self.asked = np.searchsorted(self.users, np.unique(test.user))  # rows that want a list
        # When each user asks: after the last event of theirs that may be known; with one cut for all, at the cut.
        self.now = np.full(len(self.users), train.time.max())
        if cut == "user":
            self.now[:] = 0
            np.maximum.at(self.now, self.row, train.time)

    def lists(self, score, block=512):
        """user id -> item ids, best first. score(rows) gives [rows x items]."""
        lists = {}
        for begin in range(0, len(self.asked), block):
            rows = self.asked[begin:begin + block]
            scores = np.asarray(score(rows), np.float32)
            scores[self.X[rows].nonzero()] = -np.inf
            best = np.argpartition(-scores, LENGTH, axis=1)[:, :LENGTH]
            order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
            for row, columns in zip(rows, np.take_along_axis(best, order, axis=1)):
                lists[int(self.users[row])] = self.items[columns].tolist()
        return lists


def popularity(data):
    counts = np.asarray(data.X.sum(axis=0)).ravel()
    yield "Popularity", lambda: lambda rows: np.tile(counts, (len(rows), 1))


def trend(data):
    """Events before the user's own now, each weighing exp(-age / days)."""
    order = np.argsort(data.time)
    times, columns = data.time[order], data.column[order]

    def scorer(days):
        def score(rows):
            scores = np.zeros((len(rows), len(data.items)), np.float32)
            for place, row in enumerate(rows):
                recent = slice(np.searchsorted(times, data.now[row] - days * DAY), np.searchsorted(times, data.now[row], "right"))
                np.add.at(scores[place], columns[recent], np.exp((times[recent] - data.now[row]) / (days * DAY)))
            return scores
        return score

    for days in TREND_GRID:
        yield f"Trend {days} days", lambda days=days: scorer(days)


def item_knn(data):
    """Cosine of the items' columns, shrunk, the nearest of each item."""
    def fit(neighbours, shrink):
        S = (data.X.T @ data.X).tocsr()
        norms = np.sqrt(S.diagonal()) + 1e-9
        rows = np.repeat(np.arange(S.shape[0]), np.diff(S.indptr))
        S.data /= norms[rows] * norms[S.indices] + shrink
        S.data[rows == S.indices] = 0
        S.eliminate_zeros()
        for begin, end in zip(S.indptr[:-1], S.indptr[1:]):
            if end - begin > neighbours:
                S.data[begin:end][np.argpartition(S.data[begin:end], end - begin - neighbours)[:end - begin - neighbours]] = 0
        S.eliminate_zeros()
        by_source = S.T.tocsr()
        return lambda rows: (data.X[rows] @ by_source).toarray()

    for neighbours, shrink in KNN_GRID:
        yield f"ItemKNN cosine k={neighbours} shrink={shrink}", lambda k=neighbours, s=shrink: fit(k, s)


def implicit_als(data):
    from implicit.cpu.als import AlternatingLeastSquares

    def fit(factors, ridge, alpha):
        model = AlternatingLeastSquares(factors=factors, regularization=ridge, alpha=alpha, iterations=15, num_threads=2,
                                        random_state=7)
        model.fit(data.X, show_progress=False)
        return lambda rows: model.user_factors[rows] @ model.item_factors.T

    for factors, ridge, alpha in ALS_GRID:
        yield f"ALS(implicit) f={factors} reg={ridge} alpha={alpha}", lambda f=factors, r=ridge, a=alpha: fit(f, r, a)


def ease(data):
    """Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019: B = -P / diag(P), P = (X^T X + lambda I)^-1."""
    def fit(ridge):
        G = (data.X.T @ data.X).toarray(order="F")
        G[np.diag_indices(len(G))] += np.float32(ridge)
        factor, failed = scipy.linalg.lapack.spotrf(G, lower=1, clean=0, overwrite_a=1)
        assert not failed
        P, failed = scipy.linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
        assert not failed
        P = np.tril(P) + np.tril(P, -1).T
        B = -P / np.diag(P)
        B[np.diag_indices(len(B))] = 0
        return lambda rows: data.X[rows] @ B

    for ridge in EASE_GRID:
        yield f"EASE lambda={ridge}", lambda r=ridge: fit(r)


KINDS = {"popularity": popularity, "trend": trend, "knn": item_knn, "als": implicit_als, "ease": ease}


def fit_all(data, kinds, judge, report=print):
    """The point of each kind's grid with the best judge(lists): dicts of label, lists, seconds to fit."""
    chosen = []
    for kind in kinds:
        best, best_value = None, -1.0
        try:
            for label, fit in KINDS[kind](data):
                started = time.monotonic()
                score = fit()
                seconds = time.monotonic() - started
                lists = data.lists(score)
                value = judge(lists)
                report(f"{label}: NDCG@10 {value:.5f}, {seconds:.1f} s")
                if value > best_value:
                    best, best_value = {"label": label, "lists": lists, "seconds": seconds}, value
        except ImportError as missing:
            report(f"{kind} is left out: {missing}")
        if best:
            chosen.append(best)
    return chosen
