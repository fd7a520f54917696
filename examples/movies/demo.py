#!/usr/bin/env python3
"""From a file of ratings to movie recommendations, to a table of titles and to an e-mail, with boto3.

Every call below is one that works against AWS as well, but for the two functions, which are built
in (examples/movies/functions/ has them in Python). What points boto3 at Usher is the environment
alone (AWS_ENDPOINT_URL and a key pair), as `usher env` prints it:

    eval "$(./usher env)"
    .venv/bin/python examples/movies/demo.py --movielens FOLDER

FOLDER holds MovieLens' ratings.csv and movies.csv. `./demo` does all of this, server included.
"""

import argparse
import collections
import csv
import io
import json
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
import botocore.exceptions
import pyarrow.parquet

import show

BUCKET = "usher-demo"
NAME = "movies"
LIST_LENGTH = 10
BATCH_USERS = 100
RESULT_KEY = "batch/results/inference/transformed.parquet"
EMAIL = "you@example.com"
CONFIRMATION = "AWS Notification - Subscription Confirmation"
NOTIFICATION = "AWS Notification Message"
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

    show.heading("4. Batch: a file dropped into the bucket ends in a table and an e-mail")
    mailbox = Mailbox(options.mail_command)
    topic_arn = subscribe(boto3.client("sns"), mailbox)
    deploy_functions(boto3.client("lambda"), s3, version_arn, topic_arn)
    run_batch(s3, personalize, mailbox, version_arn, sorted(ratings, key=number_or_text))

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
        RoleName="PersonalizeRole", AssumeRolePolicyDocument=json.dumps(TRUST_PERSONALIZE)
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


class Mailbox:
    """The mails that the server has sent, as `usher mail` shows them."""

    def __init__(self, command):
        self.command = command.split()

    def numbers(self, subject):
        """The numbers of the mails whose subject begins so."""
        lines = [line.split(maxsplit=3) for line in self._run("list").splitlines()[1:]]
        return [line[0] for line in lines if line[3].startswith(subject)]

    def show(self, number):
        return self._run("show", number)

    def wait_for(self, subject, known, text):
        """The number of a mail with this subject that is none of the `known`."""
        started = time.monotonic()
        while time.monotonic() - started < GIVE_UP_SECONDS:
            for number in self.numbers(subject)[len(known) :]:
                show.done(text, started)
                return number
            show.waiting(text, "no mail yet", started)
            time.sleep(POLL_SECONDS)
        raise DemoError(f"{text}: no mail after {GIVE_UP_SECONDS} s")

    def _run(self, *arguments):
        result = subprocess.run(
            [*self.command, *arguments], capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise DemoError(f"{' '.join(self.command)}: {result.stderr.strip()}")
        return result.stdout


def subscribe(sns, mailbox):
    """A topic that mails to you, once you have opened the link in the first mail."""
    topic_arn = sns.create_topic(Name=f"{NAME}-batch")["TopicArn"]
    known = mailbox.numbers(CONFIRMATION)
    sns.subscribe(TopicArn=topic_arn, Protocol="email", Endpoint=EMAIL)
    number = mailbox.wait_for(
        CONFIRMATION, known, f"Subscribed {EMAIL} to a topic"
    )
    link = re.search(r"^Confirm:\s+(\S+)", mailbox.show(number), re.MULTILINE)
    with urllib.request.urlopen(link.group(1)) as answer:
        answer.read()
    show.note(f"opened the link of mail {number}: {link.group(1)[:90]}…")
    return topic_arn


def deploy_functions(lambda_, s3, version_arn, topic_arn):
    """One function starts a batch job for each file of users, the other writes its answers down."""
    started = time.monotonic()
    functions = {
        "BatchTrigger": {
            "Handler": "batch_trigger",
            "variables": {
                "SOLUTION_ARN": version_arn,
                "BATCH_RESULTS_KEY": "batch/results",
                "NUM_RESULTS": str(LIST_LENGTH),
            },
        },
        "BatchTransform": {
            "Handler": "batch_transform",
            "variables": {
                "BATCH_RESULTS_KEY": "batch/results",
                "METADATA_KEY": "raw/movies.csv",
            },
        },
    }
    arns = {}
    for name, function in functions.items():
        arns[name] = lambda_.create_function(
            FunctionName=name,
            Runtime="usher",
            Role="arn:aws:iam::000000000000:role/PersonalizeRole",
            Handler=function["Handler"],
            Code={},
            Timeout=60,
            Environment={"Variables": function["variables"]},
        )["FunctionArn"]
        lambda_.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    lambda_.put_function_event_invoke_config(
        FunctionName="BatchTransform", DestinationConfig={"OnSuccess": {"Destination": topic_arn}}
    )

    def rule(function, prefix, suffix):
        return {
            "Id": function,
            "LambdaFunctionArn": arns[function],
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {
                "Key": {
                    "FilterRules": [
                        {"Name": "prefix", "Value": prefix},
                        {"Name": "suffix", "Value": suffix},
                    ]
                }
            },
        }

    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                rule("BatchTrigger", "batch/input/", ".json"),
                rule("BatchTransform", "batch/results/", ".out"),
            ]
        },
    )
    show.done("Deployed two functions, with a rule each for what lands in the bucket", started)


def run_batch(s3, personalize, mailbox, version_arn, users):
    """Nothing is called here but the upload: all that follows starts by itself."""
    known = mailbox.numbers(NOTIFICATION)
    count = min(BATCH_USERS, len(users))
    lines = "".join(json.dumps({"userId": user}) + "\n" for user in users[:count])
    started = time.monotonic()
    s3.put_object(Bucket=BUCKET, Key="batch/input/users.json", Body=lines.encode())
    show.done("Dropped users.json into s3://" + BUCKET + "/batch/input/")
    job = wait_until(
        "Its event has started a batch job",
        lambda: personalize.list_batch_inference_jobs(solutionVersionArn=version_arn)[
            "batchInferenceJobs"
        ],
    )[0]
    wait(
        f"Recommended for {count} users",
        lambda: personalize.describe_batch_inference_job(
            batchInferenceJobArn=job["batchInferenceJobArn"]
        )["batchInferenceJob"],
    )
    table = wait_until(
        "Its results have become a Parquet file", lambda: read_parquet(s3, RESULT_KEY)
    )
    number = mailbox.wait_for(NOTIFICATION, known, f"A mail has gone to {EMAIL}")
    show.note(f"{time.monotonic() - started:.1f} s from the upload to the mail")
    show_parquet(table)
    show_mail(mailbox.show(number))


def read_parquet(s3, key):
    """The table, once the object is there."""
    try:
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return pyarrow.parquet.read_table(io.BytesIO(body))


def show_parquet(table):
    print()
    show.note(f"s3://{BUCKET}/{RESULT_KEY}, {table.num_rows} rows, of which the first:")
    rows = [
        (str(user), text if len(text) <= 100 else text[:99] + "…")
        for user, text in zip(
            table["userId"][:5].to_pylist(), table["Recommendations"][:5].to_pylist()
        )
    ]
    show.table([(user, text.ljust(100)) for user, text in rows], header=("userId", "Recommendations".ljust(100)))


def show_mail(text):
    print()
    show.note("the mail:")
    for line in text.splitlines()[:16]:
        print(f"  │ {line if len(line) <= 104 else line[:103] + '…'}")


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


def wait_until(text, look):
    """Polls until there is something, and gives it."""
    started = time.monotonic()
    while time.monotonic() - started < GIVE_UP_SECONDS:
        found = look()
        if found:
            show.done(text, started)
            return found
        show.waiting(text, "not yet", started)
        time.sleep(POLL_SECONDS)
    raise DemoError(f"{text}: not after {GIVE_UP_SECONDS} s; the functions' logs say why")


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
    parser.add_argument(
        "--mail-command",
        default="./usher mail",
        help="how to read the server's mails: usher mail --data with its data folder",
    )
    parser.add_argument("--campaign-file", type=Path, help="the campaign's ARN is written here")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except (DemoError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        sys.exit(f"\ndemo: {error}")
