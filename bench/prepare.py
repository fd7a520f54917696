#!/usr/bin/env python3
"""How long the built-in job prepare_interactions takes as a job of Glue, and how much memory its process needs.

    bench/prepare.py                         25 million made-up ratings, kept in .cache/bench/
    bench/prepare.py --rows 1000000          fewer
    bench/prepare.py --movielens FOLDER      ratings.csv and movies.csv of your own

Starts a server of its own on a fresh data folder, puts both files into a bucket and starts the job --rounds times. Times are from
StartJobRun to the moment when GetJobRun says SUCCEEDED, asked every 20 ms; objects read and written included. The figure of Spark for the
same job is bench/spark.py's.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile
import time

import boto3

from served import ROLE, ROOT, clients, made_up, peak_of_children, start

ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")


def run(glue, server, number):
    """Seconds and peak bytes of one run."""
    begin = time.perf_counter()
    arguments = {"--OUTPUT": f"s3://bench/prepared/{number}/"}
    run_id = glue.start_job_run(JobName="prepare", Arguments=arguments)["JobRunId"]
    peak = 0
    while True:
        peak = peak_of_children(server, peak)
        found = glue.get_job_run(JobName="prepare", RunId=run_id)["JobRun"]
        if found["JobRunState"] in ENDED:
            break
        time.sleep(0.02)
    seconds = time.perf_counter() - begin
    if found["JobRunState"] != "SUCCEEDED":
        sys.exit(f"{found['JobRunState']}: {found.get('ErrorMessage')}")
    return seconds, peak


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=25_000_000)
    arguments.add_argument("--movielens", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--usher", default=ROOT / "build/release/bin/usher")
    arguments = arguments.parse_args()
    data = arguments.movielens or made_up(arguments.usher, arguments.rows).parent

    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/server.log", "w") as log:
        server = start(arguments.usher, f"{folder}/data", log)
        try:
            s3, _ = clients()
            s3.create_bucket(Bucket="bench")
            for name in ("movies.csv", "ratings.csv"):
                begin = time.perf_counter()
                s3.upload_file(str(data / name), "bench", f"raw/{name}")
            size = (data / "ratings.csv").stat().st_size
            print(f"upload   {time.perf_counter() - begin:6.2f} s   ratings.csv, {size / 1e6:.0f} MB", flush=True)
            glue = boto3.client("glue")
            glue.create_job(
                Name="prepare",
                Role=ROLE,
                Command={"Name": "usher", "ScriptLocation": "usher:prepare_interactions"},
                DefaultArguments={"--RATINGS": "s3://bench/raw/ratings.csv", "--MOVIES": "s3://bench/raw/movies.csv"},
            )
            times = []
            for number in range(arguments.rounds):
                seconds, peak = run(glue, server, number)
                times.append(seconds)
                print(f"prepare  {seconds:6.2f} s   peak memory of its process {peak / 1e6:.0f} MB", flush=True)
            written = s3.head_object(Bucket="bench", Key="prepared/0/model_input/interactions.csv")["ContentLength"]
            print(f"median   {statistics.median(times):6.2f} s   interactions.csv has {written / 1e6:.0f} MB")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
