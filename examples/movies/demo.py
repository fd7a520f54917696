#!/usr/bin/env python3
"""From a file of ratings to movie recommendations, with boto3.

Every call below is one that works against Amazon Personalize as well. What points boto3 at Usher is
the environment alone (AWS_ENDPOINT_URL and a key pair), as `usher env` prints it:

    eval "$(./usher env)"
    .venv/bin/python examples/movies/demo.py --movielens FOLDER

FOLDER holds MovieLens' ratings.csv and movies.csv. `./demo` does all of this, server included.
"""

import argparse
import collections
import csv
import io
import json
import sys
import time
from pathlib import Path

import boto3
import botocore.exceptions

import show

BUCKET = "usher-demo"
NAME = "movies"
LIST_LENGTH = 10
BATCH_USERS = 100
POLL_SECONDS = 0.2
GIVE_UP_SECONDS = 1800

INTERACTIONS_SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}

TRUST_PERSONALIZE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "personalize.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class DemoError(Exception):
    """A step that did not end as it should, in words for the person at the terminal."""


def main():
    options = parse_arguments()
    movies = read_movies(options.movielens / "movies.csv")
    ratings = read_ratings(options.movielens / "ratings.csv")
    people = three_different_people(ratings, movies)

    s3 = boto3.client("s3")
    personalize = boto3.client("personalize")
    runtime = boto3.client("personalize-runtime")

    show.heading("1. Data: ratings and movies into a bucket, ratings into interactions")
    upload(s3, options.movielens)
    prepare_interactions(s3)
    role_arn = create_role(boto3.client("iam"))
    group_arn = import_interactions(personalize, role_arn)

    show.heading("2. Training: a personal model, and plain popularity to compare it with")
    version_arn = train(personalize, group_arn, NAME, "aws-user-personalization")
    popular_arn = train(personalize, group_arn, f"{NAME}-popular", "aws-popularity-count")
    show_metrics(personalize, version_arn, popular_arn)

    show.heading("3. Real time: a campaign answers for three people with different tastes")
    campaign_arn = create_campaign(personalize, version_arn)
    show_recommendations(runtime, campaign_arn, people, ratings, movies)

    show.heading("4. Batch: a file of users in, a file of recommendations out")
    output_key = run_batch(
        s3, personalize, version_arn, role_arn, sorted(ratings, key=number_or_text)
    )
    show_batch(s3, output_key, movies)

    if options.campaign_file:
        options.campaign_file.write_text(campaign_arn + "\n", encoding="utf-8")


# --- 1. Data -------------------------------------------------------------------------------------


def upload(s3, folder):
    started = time.monotonic()
    s3.create_bucket(Bucket=BUCKET)
    for name in ("ratings.csv", "movies.csv"):
        s3.upload_file(str(folder / name), BUCKET, f"raw/{name}")
    sizes = sum(
        item["Size"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="raw/")["Contents"]
    )
    show.done(
        f"Uploaded ratings.csv and movies.csv to s3://{BUCKET}/raw/, {sizes / 1e6:.1f} MB", started
    )


def prepare_interactions(s3):
    """Personalize wants USER_ID, ITEM_ID and TIMESTAMP: who met what, and when."""
    started = time.monotonic()
    body = s3.get_object(Bucket=BUCKET, Key="raw/ratings.csv")["Body"]
    prepared = io.StringIO()
    prepared.write("USER_ID,ITEM_ID,TIMESTAMP\n")
    count = 0
    for row in csv.DictReader(io.TextIOWrapper(body, encoding="utf-8", newline="")):
        prepared.write(f"{row['userId']},{row['movieId']},{row['timestamp']}\n")
        count += 1
    s3.put_object(
        Bucket=BUCKET, Key="interactions/interactions.csv", Body=prepared.getvalue().encode()
    )
    show.done(f"Prepared {count:,} interactions", started)


def create_role(iam):
    """The role under which Personalize reads from and writes to the bucket."""
    role = iam.create_role(
        RoleName=f"{NAME}-personalize", AssumeRolePolicyDocument=json.dumps(TRUST_PERSONALIZE)
    )
    return role["Role"]["Arn"]


def import_interactions(personalize, role_arn):
    group_arn = personalize.create_dataset_group(name=NAME)["datasetGroupArn"]
    wait(
        "Creating the dataset group",
        lambda: personalize.describe_dataset_group(datasetGroupArn=group_arn)["datasetGroup"],
    )

    schema_arn = personalize.create_schema(
        name=f"{NAME}-interactions", schema=json.dumps(INTERACTIONS_SCHEMA)
    )["schemaArn"]
    dataset_arn = personalize.create_dataset(
        name=f"{NAME}-interactions",
        datasetGroupArn=group_arn,
        datasetType="Interactions",
        schemaArn=schema_arn,
    )["datasetArn"]
    wait(
        "Creating the interactions dataset",
        lambda: personalize.describe_dataset(datasetArn=dataset_arn)["dataset"],
    )

    job_arn = personalize.create_dataset_import_job(
        jobName=f"{NAME}-import",
        datasetArn=dataset_arn,
        dataSource={"dataLocation": f"s3://{BUCKET}/interactions/interactions.csv"},
        roleArn=role_arn,
    )["datasetImportJobArn"]
    wait(
        "Importing the interactions",
        lambda: personalize.describe_dataset_import_job(datasetImportJobArn=job_arn)[
            "datasetImportJob"
        ],
    )
    return group_arn


# --- 2. Training ---------------------------------------------------------------------------------


def train(personalize, group_arn, name, recipe):
    solution_arn = personalize.create_solution(
        name=name,
        datasetGroupArn=group_arn,
        recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
        performAutoTraining=False,
    )["solutionArn"]
    wait(
        f"Creating the solution {name}",
        lambda: personalize.describe_solution(solutionArn=solution_arn)["solution"],
    )
    version_arn = personalize.create_solution_version(solutionArn=solution_arn)[
        "solutionVersionArn"
    ]
    wait(
        f"Training {recipe}",
        lambda: personalize.describe_solution_version(solutionVersionArn=version_arn)[
            "solutionVersion"
        ],
    )
    return version_arn


def show_metrics(personalize, version_arn, popular_arn):
    """Both versions were scored on what the same held-out users did last."""
    model = personalize.get_solution_metrics(solutionVersionArn=version_arn)["metrics"]
    popular = personalize.get_solution_metrics(solutionVersionArn=popular_arn)["metrics"]
    rows = [
        (
            name.replace("normalized_discounted_cumulative_gain", "NDCG").replace("_", " "),
            f"{value:.4f}",
            f"{popular[name]:.4f}" if name in popular else "-",
        )
        for name, value in sorted(model.items())
    ]
    show.table(rows, header=("metric on the hold-out", "personal", "popularity"))
    key = "normalized_discounted_cumulative_gain_at_10"
    show.note(f"NDCG@10: {model[key]:.4f} for the model, {popular[key]:.4f} for plain popularity")


# --- 3. Real time --------------------------------------------------------------------------------


def create_campaign(personalize, version_arn):
    campaign_arn = personalize.create_campaign(name=NAME, solutionVersionArn=version_arn)[
        "campaignArn"
    ]
    wait(
        "Creating the campaign",
        lambda: personalize.describe_campaign(campaignArn=campaign_arn)["campaign"],
    )
    return campaign_arn


def show_recommendations(runtime, campaign_arn, people, ratings, movies):
    lists = {}
    columns = []
    for user, taste in people:
        started = time.monotonic()
        answer = runtime.get_recommendations(
            campaignArn=campaign_arn, userId=user, numResults=LIST_LENGTH
        )
        took_ms = 1000 * (time.monotonic() - started)
        lists[user] = [item["itemId"] for item in answer["itemList"]]
        best = sorted(ratings[user], key=lambda rated: -rated[1])[:3]
        columns.append(
            (
                f"User {user}: much {taste}",
                [f"♥ {movies[movie][0]}" for movie, _ in best]
                + ["", f"recommended in {took_ms:.1f} ms:"]
                + [
                    f"{rank:2} {movies[movie][0]}"
                    for rank, movie in enumerate(lists[user], start=1)
                ],
            )
        )
    show.side_by_side(columns)
    if len(set(map(tuple, lists.values()))) != len(people):
        raise DemoError("different people got the same recommendations")


# --- 4. Batch ------------------------------------------------------------------------------------


def run_batch(s3, personalize, version_arn, role_arn, users):
    lines = "".join(json.dumps({"userId": user}) + "\n" for user in users[:BATCH_USERS])
    s3.put_object(Bucket=BUCKET, Key="batch/input/users.json", Body=lines.encode())
    job_arn = personalize.create_batch_inference_job(
        jobName=f"{NAME}-batch",
        solutionVersionArn=version_arn,
        numResults=LIST_LENGTH,
        jobInput={"s3DataSource": {"path": f"s3://{BUCKET}/batch/input/users.json"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/batch/output/"}},
        roleArn=role_arn,
    )["batchInferenceJobArn"]
    wait(
        f"Recommending for {min(BATCH_USERS, len(users))} users",
        lambda: personalize.describe_batch_inference_job(batchInferenceJobArn=job_arn)[
            "batchInferenceJob"
        ],
    )
    return "batch/output/users.json.out"


def show_batch(s3, key, movies):
    text = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
    lines = text.splitlines()
    show.note(f"s3://{BUCKET}/{key}, {len(lines)} lines; the first three:")
    for line in lines[:3]:
        print(f"  {line if len(line) <= 150 else line[:149] + '…'}")
    first = json.loads(lines[0])
    titles = [movies[movie][0] for movie in first["output"]["recommendedItems"][:3]]
    show.note(f"that is, for user {first['input']['userId']}: {'; '.join(titles)} …")


# --- Shared --------------------------------------------------------------------------------------


def wait(text, describe):
    """Polls until the resource is ACTIVE; a failure ends the demo with the service's own reason."""
    started = time.monotonic()
    while time.monotonic() - started < GIVE_UP_SECONDS:
        resource = describe()
        if resource["status"] == "ACTIVE":
            show.done(text, started)
            return
        if resource["status"] == "CREATE FAILED":
            raise DemoError(f"{text}: {resource.get('failureReason', 'failed, without a reason')}")
        show.waiting(text, resource["status"], started)
        time.sleep(POLL_SECONDS)
    raise DemoError(f"{text}: not done after {GIVE_UP_SECONDS} s")


def read_movies(path):
    """Title and genres by movie id."""
    with open(path, newline="", encoding="utf-8") as file:
        return {row["movieId"]: (row["title"], row["genres"]) for row in csv.DictReader(file)}


def read_ratings(path):
    """What each user rated: user id to a list of (movie id, stars)."""
    ratings = collections.defaultdict(list)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            ratings[row["userId"]].append((row["movieId"], float(row["rating"])))
    return ratings


def three_different_people(ratings, movies, tastes=("Horror", "Animation", "War")):
    """For each genre the user, of those with a fair history, who watches most of it."""

    def share(user, genre):
        seen = ratings[user]
        return sum(genre in movies.get(movie, ("", ""))[1] for movie, _ in seen) / len(seen)

    candidates = [user for user, seen in ratings.items() if 40 <= len(seen) <= 400] or list(ratings)
    people = []
    for genre in tastes:
        best = max(candidates, key=lambda user: share(user, genre))
        candidates.remove(best)
        people.append((best, genre))
    return people


def number_or_text(user):
    return (0, int(user), "") if user.isdigit() else (1, 0, user)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--movielens",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="holds ratings.csv and movies.csv",
    )
    parser.add_argument("--campaign-file", type=Path, help="the campaign's ARN is written here")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except (DemoError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        sys.exit(f"\ndemo: {error}")
