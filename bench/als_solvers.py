#!/usr/bin/env python3
"""Quality against training time of ALS' three solvers: direct, conjugate gradient, blocks (iALS++).

  python bench/als_solvers.py --ratings ratings.csv
  python bench/als_solvers.py --ratings ratings.csv --ranks 64,128 --sweeps 2,4 --runs direct "gradient steps=3" "blocks width=32"

Of --users users chosen at random the newest tenth is held out, the rest of the file is trained on. For each rank,
run and number of sweeps: training time (reading excluded, medians over --rounds in turns), NDCG@10, and its
difference to the direct solver's with the most sweeps, paired by user with the standard error.

Needs: pip install implicit polars numpy scipy   (implicit only looks for the best items of given factors)
"""
import argparse
import pathlib
import tempfile

import numpy as np

from als_race import Task, median, train_usher


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", required=True)
    parser.add_argument("--bench", default="build/release/bin/engine_bench")
    parser.add_argument("--users", type=int, default=20000)
    parser.add_argument("--ranks", type=lambda text: list(map(int, text.split(","))), default=[32, 64, 128, 256])
    parser.add_argument("--sweeps", type=lambda text: list(map(int, text.split(","))), default=[2, 4, 8])
    parser.add_argument("--runs", nargs="+", default=["direct", "gradient steps=3", "blocks width=32"])
    parser.add_argument("--unobserved", type=float, default=0.1)
    parser.add_argument("--regularization", type=float, default=0.003)
    parser.add_argument("--start", type=int, default=0, help="power iterations before the sweeps")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    common = [f"unobserved={arguments.unobserved}", f"regularization={arguments.regularization}",
              f"start={arguments.start}"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        task = Task(arguments.ratings, arguments.users, folder)
        for rank in arguments.ranks:
            seconds, quality = {}, {}
            for _ in range(arguments.rounds):
                for sweeps in arguments.sweeps:
                    for run in arguments.runs:
                        options = [*common, *f"solver={run}".split()]
                        model, taken = train_usher(task, arguments.bench, rank, sweeps, options, folder)
                        seconds.setdefault((run, sweeps), []).append(taken)
                        if (run, sweeps) not in quality:
                            quality[run, sweeps] = task.ndcg(model)
            reference = quality[arguments.runs[0], max(arguments.sweeps)]
            for (run, sweeps), values in quality.items():
                difference = values - reference
                wall, cpu = median(seconds[run, sweeps])
                print(f"rank {rank:3d}, {run:18s} {sweeps:2d} sweeps: {wall:6.2f} s ({cpu:6.2f} s of CPU time), NDCG@10 "
                      f"{values.mean():.4f}, difference {difference.mean():+.4f} "
                      f"(standard error {difference.std() / np.sqrt(len(difference)):.4f})", flush=True)


if __name__ == "__main__":
    main()
