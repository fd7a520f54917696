#!/usr/bin/env python3
"""How long a dataset import job takes from its creation to ACTIVE, and how much memory its process needs.

  bench/import.py                          25 million made-up interactions, kept in .cache/bench/
  bench/import.py --rows 1000000           fewer
  bench/import.py --csv ratings.csv        a MovieLens ratings.csv of your own
  bench/import.py --train                  then also trains the default recipe, deploys it without exploration and with
                                           the default one, and measures GetRecommendations of both

Starts a server of its own on a fresh data folder, puts the CSV into a bucket and imports it.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

from served import ROLE, ROOT, clients, create_dataset, deploy, made_up, peak_of_children, start, train, wait, with_service_header

def train_and_ask(personalize, group, users):
    begin = time.perf_counter()
    version = train(personalize, group)
    print(f"train     {time.perf_counter() - begin:6.1f} s   metrics on a hold-out included")
    campaigns = []
    for name, weight in (("greedy", "0"), ("exploring", "0.3")):
        begin = time.perf_counter()
        config = {"itemExplorationConfig": {"explorationWeight": weight}}
        campaign = deploy(personalize, version, name, campaignConfig=config)
        print(f"campaign  {time.perf_counter() - begin:6.1f} s   {name}", flush=True)
        campaigns += ["--campaign", f"{name}={campaign}"]
    subprocess.run([sys.executable, ROOT / "bench/latency.py", *campaigns, "--users", ",".join(users)], check=True)


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
            s3, personalize = clients()
            s3.create_bucket(Bucket="bench")
            begin = time.perf_counter()
            s3.upload_file(str(interactions), "bench", "interactions.csv")
            print(f"upload    {time.perf_counter() - begin:6.1f} s   {interactions.stat().st_size / 1e6:.0f} MB")
            group, dataset = create_dataset(personalize)

            begin = time.perf_counter()
            job = personalize.create_dataset_import_job(
                jobName="bench",
                datasetArn=dataset,
                dataSource={"dataLocation": "s3://bench/interactions.csv"},
                roleArn=ROLE,
            )["datasetImportJobArn"]
            peak = 0
            while True:
                peak = peak_of_children(server, peak)
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
