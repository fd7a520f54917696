#!/usr/bin/env python3
"""How long a batch inference job and a batch segment job take, file to file, and how much memory their process needs.

  bench/batch.py                           all users of 25 million made-up interactions, kept in .cache/bench/
  bench/batch.py --rows 1000000            fewer

Starts a server of its own on a fresh data folder, imports the interactions, trains, puts a file with every user into the bucket and
runs the job over it; then the same for segments of 100 users for each of the first 500 items.
"""
import argparse
import json
import tempfile
import time

from served import ROLE, ROOT, clients, create_dataset, made_up, peak_of_children, start, train, wait, with_service_header


def column(path, place, limit=None):
    """The distinct values of a CSV column, in the order in which they come."""
    values = {}
    with open(path, encoding="utf-8") as rows:
        next(rows)
        for row in rows:
            values[row.split(",", place + 1)[place]] = None
            if limit and len(values) == limit:
                break
    return list(values)


def run(server, s3, create, describe, name, lines):
    """One job over these lines. Prints its time and its process's peak memory."""
    s3.put_object(Bucket="bench", Key=f"in/{name}", Body="\n".join(lines).encode())
    begin = time.perf_counter()
    arn = create(
        jobName=name.split(".")[0],
        jobInput={"s3DataSource": {"path": f"s3://bench/in/{name}"}},
        jobOutput={"s3DataDestination": {"path": "s3://bench/out/"}},
        roleArn=ROLE,
    )
    peak = 0
    while (job := describe(arn))["status"] not in ("ACTIVE", "CREATE FAILED"):
        peak = peak_of_children(server, peak)
        time.sleep(0.05)
    took = time.perf_counter() - begin
    size = s3.head_object(Bucket="bench", Key=f"out/{name}.out")["ContentLength"] if job["status"] == "ACTIVE" else 0
    print(
        f"{name:10} {took:6.1f} s   {len(lines):,} lines in, {size / 1e6:.0f} MB out   "
        f"peak memory of its process {peak / 1e6:.0f} MB   {job['status']} {job.get('failureReason', '')}",
        flush=True,
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=25_000_000)
    arguments.add_argument("--usher", default=ROOT / "build/release/bin/usher")
    arguments = arguments.parse_args()
    ratings = made_up(arguments.usher, arguments.rows)
    users, items = column(ratings, 0), column(ratings, 1, limit=500)

    with tempfile.TemporaryDirectory() as folder:
        with_service_header(ratings, f"{folder}/interactions.csv")
        with open(f"{folder}/server.log", "w") as log:
            server = start(arguments.usher, f"{folder}/data", log)
        try:
            s3, personalize = clients()
            s3.create_bucket(Bucket="bench")
            s3.upload_file(f"{folder}/interactions.csv", "bench", "interactions.csv")
            group, dataset = create_dataset(personalize)
            job = personalize.create_dataset_import_job(
                jobName="bench", datasetArn=dataset, dataSource={"dataLocation": "s3://bench/interactions.csv"}, roleArn=ROLE
            )["datasetImportJobArn"]
            wait(lambda: personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"], "import")

            version = train(personalize, group)
            run(
                server,
                s3,
                lambda **job: personalize.create_batch_inference_job(solutionVersionArn=version, numResults=25, **job)["batchInferenceJobArn"],
                lambda arn: personalize.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"],
                "users.json",
                [json.dumps({"userId": user}) for user in users],
            )
            segments = train(personalize, group, "aws-item-affinity")
            run(
                server,
                s3,
                lambda **job: personalize.create_batch_segment_job(solutionVersionArn=segments, numResults=100, **job)["batchSegmentJobArn"],
                lambda arn: personalize.describe_batch_segment_job(batchSegmentJobArn=arn)["batchSegmentJob"],
                "items.json",
                [json.dumps({"itemId": item}) for item in items],
            )
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
