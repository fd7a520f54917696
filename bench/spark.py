#!/usr/bin/env python3
"""A Glue job on Spark: from StartJobRun to the script's first line with Spark there, and to the end.

  bench/spark.py [--rows 1000000] [--rounds 3]      wants ./setup --spark

Generates ratings and movies (`usher generate`), starts a server of its own on a fresh data folder, uploads them and runs
examples/movies/glue/prepare_interactions.py on all of them; then the built-in job of the same name on the same input. Prints the medians.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "clients"))

from usher_server import BINARY, UsherServer  # noqa: E402  (found by the line above)

BUCKET = "films"
SCRIPT = ROOT / "examples" / "movies" / "glue" / "prepare_interactions.py"
ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR")


def upload(s3, folder):
    s3.create_bucket(Bucket=BUCKET)
    for name in ("ratings.csv", "movies.csv"):
        s3.upload_file(str(folder / name), BUCKET, f"raw/{name}")
    s3.upload_file(str(SCRIPT), BUCKET, f"glue/{SCRIPT.name}")


def create_jobs(glue):
    spark = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{BUCKET}/glue/{SCRIPT.name}"}
    for name, command in {
        "spark": spark,
        "built-in": {"Name": "usher", "ScriptLocation": "usher:prepare_interactions"},
    }.items():
        glue.create_job(Name=name, Role="Glue", Command=command, GlueVersion="4.0")


def run(server, job):
    """Seconds until the first line of output, and until the run's end."""
    glue, logs = server.client("glue"), server.client("logs")
    started = time.time()
    run_id = glue.start_job_run(
        JobName=job,
        Arguments={
            "--RATINGS": f"s3://{BUCKET}/raw/ratings.csv",
            "--MOVIES": f"s3://{BUCKET}/raw/movies.csv",
            "--OUTPUT": f"s3://{BUCKET}/{job}/",
        },
    )["JobRunId"]
    while (state := glue.get_job_run(JobName=job, RunId=run_id)["JobRun"])["JobRunState"] not in ENDED:
        time.sleep(0.05)
    ended = time.time()
    if state["JobRunState"] != "SUCCEEDED":
        sys.exit(f"the run ended {state['JobRunState']}: {state.get('ErrorMessage')}\n{server.log_end()}")
    lines = logs.get_log_events(
        logGroupName="/aws-glue/jobs/output", logStreamName=run_id, startFromHead=True
    )["events"]
    return lines[0]["timestamp"] / 1000 - started, ended - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        generate = [BINARY, "generate", "--rows", str(arguments.rows), "--out", str(folder / "set")]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
        server = UsherServer(folder / "data").start()
        try:
            upload(server.client("s3"), folder / "set")
            create_jobs(server.client("glue"))
            for job in ("spark", "built-in"):
                first, whole = zip(*(run(server, job) for _ in range(arguments.rounds)))
                print(
                    f"{job}, {arguments.rows} rows: first line after {statistics.median(first):.1f} s,"
                    f" ended after {statistics.median(whole):.1f} s (medians of {arguments.rounds};"
                    f" longest {max(whole):.1f} s)",
                    flush=True,
                )
        finally:
            server.stop()


if __name__ == "__main__":
    main()
