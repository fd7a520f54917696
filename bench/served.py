"""What the benchmarks that speak to a server share: made-up data, a server of their own, a dataset with interactions."""
import json
import os
import pathlib
import subprocess
import sys
import time

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROLE = "arn:aws:iam::000000000000:role/bench"
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


def start(usher, folder, log, *options):
    command = [usher, "serve", "--data", folder, "--listen", "127.0.0.1:0", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    banner = server.stdout.readline()
    if not banner:
        sys.exit("the server did not start: " + pathlib.Path(log.name).read_text())
    address = banner.split()[-1].removeprefix("http://")
    exports = subprocess.run([usher, "env", "--data", folder, "--listen", address], check=True, capture_output=True, text=True).stdout
    settings = dict(line.removeprefix("export ").split("=", 1) for line in exports.splitlines() if line.startswith("export "))
    os.environ.update({name: value.strip("'\"") for name, value in settings.items()})
    return server


def peak_of_children(server, peak):
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


def create_dataset(personalize):
    """An empty dataset of interactions in a group of its own. Gives both ARNs."""
    group = personalize.create_dataset_group(name="bench")["datasetGroupArn"]
    schema = personalize.create_schema(name="bench", schema=json.dumps(SCHEMA))["schemaArn"]
    wait(lambda: personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"], "dataset group")
    dataset = personalize.create_dataset(name="bench", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions")["datasetArn"]
    wait(lambda: personalize.describe_dataset(datasetArn=dataset)["dataset"], "dataset")
    return group, dataset


def import_interactions(s3, personalize, ratings, folder):
    """Puts the ratings into a bucket called bench and imports them. Gives the ARN of their dataset group."""
    interactions = pathlib.Path(folder) / "interactions.csv"
    with_service_header(ratings, interactions)
    s3.create_bucket(Bucket="bench")
    s3.upload_file(str(interactions), "bench", "interactions.csv")
    group, dataset = create_dataset(personalize)
    job = personalize.create_dataset_import_job(
        jobName="bench", datasetArn=dataset, dataSource={"dataLocation": "s3://bench/interactions.csv"}, roleArn=ROLE
    )["datasetImportJobArn"]
    wait(lambda: personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"], "import")
    return group


def deploy(personalize, version, name="bench", **config):
    """A campaign of the version. Gives its ARN."""
    campaign = personalize.create_campaign(name=name, solutionVersionArn=version, **config)["campaignArn"]
    wait(lambda: personalize.describe_campaign(campaignArn=campaign)["campaign"], "campaign")
    return campaign


def clients():
    """S3 and Personalize, by the environment that start() has set."""
    config = Config(request_checksum_calculation="when_required", s3={"addressing_style": "path"})
    return boto3.client("s3", config=config), boto3.client("personalize")


def train(personalize, group, recipe="aws-user-personalization"):
    """Trains the recipe at rank 64. Gives the version's ARN."""
    parameters = {"hidden_dimension": "64"} if recipe == "aws-user-personalization" else {}
    solution = personalize.create_solution(
        name=recipe,
        datasetGroupArn=group,
        recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
        solutionConfig={"algorithmHyperParameters": parameters},
    )["solutionArn"]
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    wait(lambda: personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"], "training")
    return version
