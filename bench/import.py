#!/usr/bin/env python3
"""How long a dataset import job takes from its creation to ACTIVE, and how much memory its process needs.

  bench/import.py                          25 million made-up interactions, kept in .cache/bench/
  bench/import.py --rows 1000000           fewer
  bench/import.py --csv ratings.csv        a MovieLens ratings.csv of your own
  bench/import.py --train                  then also trains at rank 64, deploys, and measures GetRecommendations

Starts a server of its own on a fresh data folder, puts the CSV into a bucket and imports it.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"}, {"name": "TIMESTAMP", "type": "long"}],
    "version": "1.0",
}


def made_up(usher, rows):
    folder = ROOT / ".cache" / "bench" / f"ratings-{rows}"
    if not (folder / "movies.csv").exists():
        begin = time.perf_counter()
        subprocess.run([usher, "generate", "--rows", str(rows), "--out", folder], check=True)
        print(f"generated in {time.perf_counter() - begin:.1f} s")
    return folder / "ratings.csv"


def with_service_header(ratings, target):
    """The same rows under the column names of the service; the rating is a column that is ignored."""
    with open(ratings, "rb") as source, open(target, "wb") as out:
        names = source.readline().strip().split(b",")
        known = {b"userId": b"USER_ID", b"movieId": b"ITEM_ID", b"timestamp": b"TIMESTAMP"}
        out.write(b",".join(known.get(name, name) for name in names) + b"\n")
        while block := source.read(1 << 24):
            out.write(block)


def start(usher, folder, log):
    command = [usher, "serve", "--data", folder, "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    banner = server.stdout.readline()
    if not banner:
        sys.exit("import.py: the server did not start: " + pathlib.Path(log.name).read_text())
    address = banner.split()[-1].removeprefix("http://")
    exports = subprocess.run([usher, "env", "--data", folder, "--listen", address], check=True, capture_output=True, text=True).stdout
    settings = dict(line.removeprefix("export ").split("=", 1) for line in exports.splitlines() if line.startswith("export "))
    os.environ.update({name: value.strip("'\"") for name, value in settings.items()})
    return server


def peak_of_import_process(server, peak):
    """The largest resident memory that a child of the server has had so far, in bytes."""
    for child in pathlib.Path(f"/proc/{server.pid}/task").glob("*/children"):
        for pid in child.read_text().split():
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            for line in status.splitlines():
                if line.startswith("VmHWM:"):
                    peak = max(peak, int(line.split()[1]) * 1024)
    return peak


def wait(describe, what):
    """Asks until the resource is ACTIVE. Ends the program with its reason when it fails."""
    while (resource := describe())["status"] != "ACTIVE":
        if resource["status"] == "CREATE FAILED":
            sys.exit(f"{what}: {resource.get('failureReason')}")
        time.sleep(0.05)


def train_and_ask(personalize, group, users):
    begin = time.perf_counter()
    solution = personalize.create_solution(
        name="bench",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-user-personalization",
        solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "64"}},
    )["solutionArn"]
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    wait(lambda: personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"], "training")
    print(f"train     {time.perf_counter() - begin:6.1f} s   rank 64, metrics on a hold-out included")
    begin = time.perf_counter()
    campaign = personalize.create_campaign(name="bench", solutionVersionArn=version)["campaignArn"]
    wait(lambda: personalize.describe_campaign(campaignArn=campaign)["campaign"], "campaign")
    print(f"campaign  {time.perf_counter() - begin:6.1f} s", flush=True)
    subprocess.run([sys.executable, ROOT / "bench/latency.py", "--campaign", campaign, "--users", ",".join(users)], check=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=25_000_000)
    arguments.add_argument("--csv", help="ratings.csv to import instead of made-up rows")
    arguments.add_argument("--train", action="store_true", help="go on to train, deploy and ask")
    arguments.add_argument("--usher", default=ROOT / "build/release/bin/usher")
    arguments = arguments.parse_args()
    ratings = pathlib.Path(arguments.csv) if arguments.csv else made_up(arguments.usher, arguments.rows)

    with tempfile.TemporaryDirectory() as folder:
        interactions = pathlib.Path(folder) / "interactions.csv"
        with_service_header(ratings, interactions)
        log = open(f"{folder}/server.log", "w")
        server = start(arguments.usher, f"{folder}/data", log)
        try:
            config = Config(request_checksum_calculation="when_required", s3={"addressing_style": "path"})
            s3 = boto3.client("s3", config=config)
            personalize = boto3.client("personalize")
            s3.create_bucket(Bucket="bench")
            begin = time.perf_counter()
            s3.upload_file(str(interactions), "bench", "interactions.csv")
            print(f"upload    {time.perf_counter() - begin:6.1f} s   {interactions.stat().st_size / 1e6:.0f} MB")
            group = personalize.create_dataset_group(name="bench")["datasetGroupArn"]
            schema = personalize.create_schema(name="bench", schema=json.dumps(SCHEMA))["schemaArn"]
            wait(lambda: personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"], "dataset group")
            dataset = personalize.create_dataset(name="bench", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions")["datasetArn"]
            wait(lambda: personalize.describe_dataset(datasetArn=dataset)["dataset"], "dataset")

            begin = time.perf_counter()
            job = personalize.create_dataset_import_job(
                jobName="bench",
                datasetArn=dataset,
                dataSource={"dataLocation": "s3://bench/interactions.csv"},
                roleArn="arn:aws:iam::000000000000:role/bench",
            )["datasetImportJobArn"]
            peak = 0
            while True:
                peak = peak_of_import_process(server, peak)
                described = personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
                if described["status"] in ("ACTIVE", "CREATE FAILED"):
                    break
                time.sleep(0.05)
            print(f"import    {time.perf_counter() - begin:6.1f} s   peak memory of its process {peak / 1e6:.0f} MB   {described['status']}")
            if described["status"] != "ACTIVE":
                sys.exit(described.get("failureReason"))
            if arguments.train:
                train_and_ask(personalize, group, [str(user) for user in range(1, 501)])
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
