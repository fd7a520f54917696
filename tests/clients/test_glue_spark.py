"""Glue jobs on Spark as boto3 sees them: the movie workflow's script, one that raises, one that is stopped."""

import csv
import io
import os
import time
from pathlib import Path

import pytest

from log_groups import events_of
from usher_server import ROOT, UsherServer

SPARK_HOME = Path(os.environ.get("USHER_SPARK_HOME", ROOT / ".spark"))
pytestmark = pytest.mark.skipif(
    not (SPARK_HOME / "stamp").exists(), reason=f"Spark is not in {SPARK_HOME}: ./setup --spark"
)

GIVE_UP_SECONDS = 240
POLL_SECONDS = 0.1
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")
BUCKET = "films"

# Titles with quotes, commas and ends of words that a careless reader trims.
MOVIES = [
    ("1", "Toy Story (1995)", "Adventure|Comedy"),
    ("2", "American President, The (1995)", "Drama"),
    ("3", 'Misérables, Les ("1995")', "Drama|War"),
    ("4", "Nobody Saw It", "(no genres listed)"),
]
# Movie 9 is not in the catalogue, and one rating is there twice.
RATINGS = [
    ("10", "1", "4.0", "964982703"),
    ("10", "3", "5.0", "964981247"),
    ("11", "1", "0.5", "964982224"),
    ("11", "9", "3.0", "964983815"),
    ("12", "2", "3.5", "964982931"),
    ("12", "2", "1.0", "964982931"),
]

RAISING = """
import boto3
from awsglue.context import GlueContext
from pyspark.context import SparkContext

glue = GlueContext(SparkContext.getOrCreate())
print("rows", glue.spark_session.range(7).count())
name = boto3.client("s3").list_objects(Bucket="films", Prefix="nothing/")["Contents"][0]["Key"]
"""

ENDLESS = """
import threading
from pyspark.context import SparkContext

SparkContext.getOrCreate()
print("at work", flush=True)
threading.Event().wait()
"""


def text_of(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


class Jobs:
    """A server with three jobs, whose runs have been started together."""

    def __init__(self, server):
        self.server = server
        self.glue, self.s3, self.logs = map(server.client, ("glue", "s3", "logs"))
        self.s3.create_bucket(Bucket=BUCKET)
        self.put("raw/movies.csv", text_of([("movieId", "title", "genres"), *MOVIES]))
        self.put("raw/ratings.csv", text_of([("userId", "movieId", "rating", "timestamp"), *RATINGS]))
        prepare = ROOT / "examples" / "movies" / "glue" / "prepare_interactions.py"
        self.runs = {
            "prepare": self.start(
                "prepare",
                prepare.read_bytes(),
                **{
                    "--RATINGS": f"s3://{BUCKET}/raw/ratings.csv",
                    "--MOVIES": f"s3://{BUCKET}/raw/movies.csv",
                    "--OUTPUT": f"s3://{BUCKET}/prepared",
                    "--PARTITIONS": "2",
                },
            ),
            "raising": self.start("raising", RAISING.encode()),
            "endless": self.start("endless", ENDLESS.encode()),
        }

    def put(self, key, body):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def start(self, name, script, **arguments):
        self.put(f"scripts/{name}.py", script)
        self.glue.create_job(
            Name=name,
            Role="arn:aws:iam::000000000000:role/Glue",
            GlueVersion="3.0",
            WorkerType="G.1X",
            NumberOfWorkers=2,
            Command={
                "Name": "glueetl",
                "PythonVersion": "3",
                "ScriptLocation": f"s3://{BUCKET}/scripts/{name}.py",
            },
            DefaultArguments={
                "--enable-glue-datacatalog": "true",
                "--enable-metrics": "true",
                "--job-bookmark-option": "job-bookmark-disable",
                "--conf": "spark.sql.shuffle.partitions=2",
            },
        )
        return self.glue.start_job_run(JobName=name, Arguments=arguments)["JobRunId"]

    def state(self, name):
        return self.glue.get_job_run(JobName=name, RunId=self.runs[name])["JobRun"]

    def wait(self, name):
        def ended():
            run = self.state(name)
            return run if run["JobRunState"] in ENDED else None

        return wait_until(ended, f"the end of {name}")

    def lines(self, kind, name):
        events = events_of(
            self.logs, f"/aws-glue/jobs/{kind}", logStreamNames=[self.runs[name]]
        )
        return [event["message"].rstrip("\n") for event in events]

    def rows(self, key):
        body = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
        return [tuple(row) for row in csv.reader(io.StringIO(body))]


def wait_until(holds, what):
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not (result := holds()):
        assert time.monotonic() < give_up, f"gave up waiting for {what}"
        time.sleep(POLL_SECONDS)
    return result


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    data = tmp_path_factory.mktemp("usher") / "data"
    server = UsherServer(data, "--spark-home", str(SPARK_HOME)).start()
    yield Jobs(server)
    assert server.stop() == 0, server.log_end()


def test_the_movie_script_prepares_interactions_and_metadata(jobs):
    run = jobs.wait("prepare")
    assert run["JobRunState"] == "SUCCEEDED", jobs.lines("error", "prepare")

    header, *interactions = jobs.rows("prepared/model_input/interactions.csv")
    assert header == ("ITEM_ID", "USER_ID", "TIMESTAMP")
    known = {movie for movie, _, _ in MOVIES}
    assert sorted(interactions) == sorted({(m, u, t) for u, m, _, t in RATINGS if m in known})

    header, *metadata = jobs.rows("prepared/metadata/metadata.csv")
    assert header == ("TITLE", "GENRES", "ITEM_ID")
    watched = {movie for movie, _, _ in interactions}
    assert sorted(metadata) == sorted((t, g, m) for m, t, g in MOVIES if m in watched)

    listed = jobs.s3.list_objects_v2(Bucket=BUCKET, Prefix="prepared")["Contents"]
    assert [one["Key"] for one in listed] == [
        "prepared/metadata/metadata.csv",
        "prepared/model_input/interactions.csv",
    ]


def test_the_built_in_job_makes_the_same_of_it(jobs):
    assert jobs.wait("prepare")["JobRunState"] == "SUCCEEDED"
    command = {"Name": "usher", "ScriptLocation": "usher:prepare_interactions"}
    jobs.glue.create_job(Name="built-in", Role="Glue", Command=command)
    jobs.runs["built-in"] = jobs.glue.start_job_run(
        JobName="built-in",
        Arguments={
            "--RATINGS": f"s3://{BUCKET}/raw/ratings.csv",
            "--MOVIES": f"s3://{BUCKET}/raw/movies.csv",
            "--OUTPUT": f"s3://{BUCKET}/built-in",
        },
    )["JobRunId"]
    run = jobs.wait("built-in")
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    for name in ("model_input/interactions.csv", "metadata/metadata.csv"):
        of_spark, built_in = (jobs.rows(f"{folder}/{name}") for folder in ("prepared", "built-in"))
        assert built_in[0] == of_spark[0]
        assert sorted(built_in) == sorted(of_spark)


def test_what_the_script_prints_is_in_its_log_and_nothing_else(jobs):
    jobs.wait("prepare")
    last = f"wrote s3://{BUCKET}/prepared/model_input/interactions.csv"
    wait_until(lambda: last in jobs.lines("output", "prepare"), "the last line")
    lines = jobs.lines("output", "prepare")
    assert lines[0].startswith("Spark 3.5") and lines[-1] == last
    assert jobs.lines("error", "prepare") == []


def test_an_exception_is_the_runs_error_message(jobs):
    run = jobs.wait("raising")
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "KeyError: 'Contents'"
    wait_until(lambda: "rows 7" in jobs.lines("output", "raising"), "what it printed")

    def traceback():
        return [text for text in jobs.lines("error", "raising") if "KeyError: 'Contents'" in text]

    assert wait_until(traceback, "the traceback")


def test_a_stopped_run_ends_with_its_spark(jobs):
    wait_until(lambda: "at work" in jobs.lines("output", "endless"), "the script to be at work")
    stopped = jobs.glue.batch_stop_job_run(JobName="endless", JobRunIds=[jobs.runs["endless"]])
    assert [one["JobRunId"] for one in stopped["SuccessfulSubmissions"]] == [jobs.runs["endless"]]
    assert jobs.wait("endless")["JobRunState"] == "STOPPED"
    wait_until(lambda: not processes_of(jobs.runs["endless"]), "its processes to be gone")


def processes_of(run_id):
    """Pids whose command line names the run, which the driver's and Java's do."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if run_id.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
    return found
