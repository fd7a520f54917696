#!/usr/bin/env python3
"""One stack, one upload: from a file of ratings to recommendations by HTTP, a table of titles and an e-mail.

all.yaml beside this file describes everything that the recommender is made of. What is done here, with boto3, is
what a person would do: create the stack, confirm the subscription of the mails, upload the ratings. All else
happens by itself, and is looked at. Nothing here knows of Usher: what points boto3 at it is the environment alone
(AWS_ENDPOINT_URL and a key pair), as `usher env` prints it:

    eval "$(./usher env)"
    .venv/bin/python examples/movies/demo.py --movielens FOLDER

FOLDER holds MovieLens' ratings.csv and movies.csv. `./demo` does all of this, server included.
"""

import argparse
import collections
import csv
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import boto3
import botocore.exceptions
import pyarrow.parquet

import show

HERE = Path(__file__).resolve().parent
STACK = "movies"
ASSETS = "usher-demo-assets"
BUCKET = "usher-demo"
LIST_LENGTH = 10
BATCH_USERS = 100
RESULT_KEY = "batch/results/inference/transformed.parquet"
EMAIL = "you@example.com"
CONFIRMATION = "AWS Notification - Subscription Confirmation"
NOTIFICATION = "AWS Notification Message"
EXPLORATION = {"explorationWeight": "0.1", "explorationItemAgeCutOff": "30"}
POLL_SECONDS = 0.1
GIVE_UP_SECONDS = 1800

# What the state machine does, by the states that begin it (train.yaml).
STAGES = {
    "Prepare": "Prepared interactions: ratings of known movies, without duplicates",
    "Import": "Imported them into a dataset",
    "Train": "Trained a model",
    "Metrics": "Read its metrics",
    "Is there a campaign?": "Made a campaign, which serves it",
    "What functions ask": "Told the functions of the API and of batches",
    "Start a first batch": "Started a batch of the users in users.json",
}


class DemoError(Exception):
    """A step that did not end as it should, in words for the person at the terminal."""


def main():
    options = parse_arguments()
    movies = read_movies(options.movielens / "movies.csv")
    ratings = read_ratings(options.movielens / "ratings.csv")
    s3 = boto3.client("s3")
    mailbox = Mailbox(options.mail_command)

    show.heading("1. One stack: all that a recommender is made of")
    upload_templates(s3)
    outputs = create_stack(boto3.client("cloudformation"))
    confirm_subscription(mailbox)

    show.heading("2. One upload: the state machine goes from ratings to a campaign")
    known = mailbox.numbers(NOTIFICATION)
    upload(s3, options.movielens, ratings)
    output = follow(boto3.client("stepfunctions"), outputs["MachineArn"])
    show_metrics(boto3.client("personalize"), output["Metrics"], outputs["DatasetGroupArn"])

    show.heading("3. Real time: the API answers for three people with different tastes")
    trace = ask_for(three_different_people(ratings, movies), outputs["ApiUrl"], ratings, movies)
    show_trace(boto3.client("xray"), trace)

    show.heading("4. Batch: users.json has become a table and an e-mail")
    show_parquet(wait_until("Its answers have become a Parquet file", lambda: read_parquet(s3)))
    show_mail(mailbox.show(mailbox.wait_for(NOTIFICATION, known, f"A mail has gone to {EMAIL}")))

    if options.outputs_file:
        options.outputs_file.write_text(json.dumps(outputs), encoding="utf-8")


# --- 1. The stack --------------------------------------------------------------------------------


def upload_templates(s3):
    """A stack within a stack is read from a bucket."""
    s3.create_bucket(Bucket=ASSETS)
    for name in ("train.yaml", "predict.yaml"):
        s3.upload_file(str(HERE / name), ASSETS, name)
    show.done(f"Uploaded train.yaml and predict.yaml to s3://{ASSETS}/")


def create_stack(cloudformation):
    """Gives the stack's outputs by their names."""
    started = time.monotonic()
    parameters = {
        "Bucket": BUCKET,
        "Assets": ASSETS,
        "Email": EMAIL,
        "NumResults": str(LIST_LENGTH),
        # Some new movies among what the model is sure of, by the campaign and in batches.
        "ExplorationWeight": EXPLORATION["explorationWeight"],
        "BatchConfig": json.dumps({"itemExplorationConfig": EXPLORATION}),
        "PollSeconds": "1",
        "Endpoint": os.environ.get("AWS_ENDPOINT_URL", "https://aws.amazon.com"),
    }
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=(HERE / "all.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],  # it gives names to the roles that it makes
    )
    while True:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            break
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            raise DemoError(f"the stack is {stack['StackStatus']}: {why(cloudformation)}")
        show.waiting("Creating the stack", stack["StackStatus"], started)
        time.sleep(POLL_SECONDS)
    count = sum(
        len(cloudformation.describe_stack_resources(StackName=name)["StackResources"])
        for name in names_of_stacks(cloudformation)
    )
    show.done(f"Created {count} resources: buckets, roles, functions, jobs, an API, …", time.monotonic() - started)
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def names_of_stacks(cloudformation):
    """This stack and those within."""
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    kind = "AWS::CloudFormation::Stack"
    return [STACK, *(r["PhysicalResourceId"] for r in resources if r["ResourceType"] == kind)]


def why(cloudformation):
    """The first failure, which the others follow from."""
    events = [
        event
        for name in names_of_stacks(cloudformation)
        for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        if event["ResourceStatus"].endswith("FAILED")
    ]
    first = min(events, key=lambda event: event["Timestamp"], default={})
    return first.get("ResourceStatusReason", "it does not say why")


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
        found = wait_until(text, lambda: self.numbers(subject)[len(known) :])
        return found[0]

    def _run(self, *arguments):
        result = subprocess.run(
            [*self.command, *arguments], capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise DemoError(f"{' '.join(self.command)}: {result.stderr.strip()}")
        return result.stdout


def confirm_subscription(mailbox):
    """Nothing is mailed to anybody who has not opened the link of a first mail."""
    number = mailbox.wait_for(CONFIRMATION, [], f"Subscribed {EMAIL} to what batches tell")
    link = re.search(r"^Confirm:\s+(\S+)", mailbox.show(number), re.MULTILINE)
    with urllib.request.urlopen(link.group(1)) as answer:
        answer.read()
    show.note(f"opened the link of mail {number}: {link.group(1)[:90]}…")


# --- 2. The upload -------------------------------------------------------------------------------


def upload(s3, folder, ratings):
    users = sorted(ratings, key=number_or_text)[:BATCH_USERS]
    lines = "".join(json.dumps({"userId": user}) + "\n" for user in users)
    s3.put_object(Bucket=BUCKET, Key="raw/users.json", Body=lines.encode())
    for name in ("movies.csv", "ratings.csv"):
        s3.upload_file(str(folder / name), BUCKET, f"raw/{name}")
    count = sum(map(len, ratings.values()))
    show.done(f"Uploaded users.json, movies.csv and {count:,} ratings to s3://{BUCKET}/raw/")


def follow(states, machine):
    """Shows the states of the execution that the upload has started. Gives its output."""
    execution = wait_until(
        "Its event has started the state machine",
        lambda: states.list_executions(stateMachineArn=machine)["executions"],
    )[0]["executionArn"]
    started = time.monotonic()
    shown = 0
    while True:
        ended = states.describe_execution(executionArn=execution)
        visits = visits_of(states, execution)
        stages = [(name, at) for name, at in visits if name in STAGES]
        ends = [at for _, at in stages[1:]]
        if ended["status"] == "SUCCEEDED":
            ends.append(ended["stopDate"])
        for (name, begin), end in list(zip(stages, ends))[shown:]:
            show.done(STAGES[name], seconds=(end - begin).total_seconds())
        shown = len(ends)
        if ended["status"] == "SUCCEEDED":
            return json.loads(ended["output"])
        if ended["status"] != "RUNNING":
            raise DemoError(f"{ended.get('error')}: {ended.get('cause')}")
        show.waiting("Now", visits[-1][0] if visits else "starting", started)
        time.sleep(POLL_SECONDS)


def visits_of(states, execution):
    """(state, time) of each that was entered, in order."""
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=execution, includeExecutionData=False
    )
    return [
        (event["stateEnteredEventDetails"]["name"], event["timestamp"])
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]


def show_metrics(personalize, model, group_arn):
    """Beside those of plain popularity: a second solution on the same data, for this comparison alone."""
    popular = metrics_of_popularity(personalize, group_arn)
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


def metrics_of_popularity(personalize, group_arn):
    solution = personalize.create_solution(
        name=f"{STACK}-popular",
        datasetGroupArn=group_arn,
        recipeArn="arn:aws:personalize:::recipe/aws-popularity-count",
        performAutoTraining=False,
    )["solutionArn"]
    wait(
        "Made another solution",
        lambda: personalize.describe_solution(solutionArn=solution)["solution"],
    )
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    wait(
        "Trained plain popularity, to compare the model with",
        lambda: personalize.describe_solution_version(solutionVersionArn=version)[
            "solutionVersion"
        ],
    )
    metrics = personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    personalize.delete_solution(solutionArn=solution)
    return metrics


# --- 3. The API ----------------------------------------------------------------------------------


def ask_for(people, url, ratings, movies):
    """Shows what each of them could watch next. Gives the id of the last request's trace."""
    lists = {}
    columns = []
    for user, taste in people:
        started = time.monotonic()
        answer, trace = get(f"{url}?{urllib.parse.urlencode({'user_id': user})}")
        took_ms = 1000 * (time.monotonic() - started)
        lists[user] = [movie["title"] for movie in answer["recommendations"]]
        best = sorted(ratings[user], key=lambda rated: -rated[1])[:3]
        columns.append(
            (
                f"User {user}: much {taste}",
                [f"♥ {movies[movie][0]}" for movie, _ in best if movie in movies]
                + ["", f"recommended in {took_ms:.1f} ms:"]
                + [f"{rank:2} {title}" for rank, title in enumerate(lists[user], start=1)],
            )
        )
    show.note(f"curl '{url}?user_id={people[0][0]}'")
    show.side_by_side(columns)
    if len(set(map(tuple, lists.values()))) != len(people):
        raise DemoError("different people got the same recommendations")
    return trace


def get(url):
    """The answer, and the id of its trace."""
    try:
        with urllib.request.urlopen(url) as answer:
            trace = re.search(r"Root=([^;]+)", answer.headers.get("x-amzn-trace-id", ""))
            return json.load(answer), trace and trace.group(1)
    except urllib.error.HTTPError as refused:
        raise DemoError(f"{url}: {refused.code} {refused.read().decode()}") from None


def show_trace(xray, trace_id):
    """Where the time of a request went: segments under those that called them."""

    def segments():
        traces = xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
        found = [json.loads(s["Document"]) for trace in traces for s in trace["Segments"]]
        return found if any(s.get("origin") == "AWS::Lambda::Function" for s in found) else None

    print()
    found = wait_until("Its trace shows where the time went", segments)
    begin = min(segment["start_time"] for segment in found)
    rows = []

    def add(segment, depth):
        rows.append((depth, segment["name"], segment["start_time"] - begin, segment["end_time"] - begin))
        below = [s for s in found if s.get("parent_id") == segment["id"]]
        for one in sorted([*segment.get("subsegments", []), *below], key=lambda s: s["start_time"]):
            add(one, depth + 1)

    ids = {part["id"] for segment in found for part in parts_of(segment)}
    for segment in found:
        if segment.get("parent_id") not in ids:
            add(segment, 0)
    show.timeline(rows)


def parts_of(segment):
    yield segment
    for one in segment.get("subsegments", []):
        yield from parts_of(one)


# --- 4. The batch --------------------------------------------------------------------------------


def read_parquet(s3):
    """The table, once the object is there."""
    try:
        body = s3.get_object(Bucket=BUCKET, Key=RESULT_KEY)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return pyarrow.parquet.read_table(io.BytesIO(body))


def show_parquet(table):
    show.note(f"s3://{BUCKET}/{RESULT_KEY}, {table.num_rows} rows, of which the first:")
    rows = [
        (str(user), text if len(text) <= 100 else text[:99] + "…")
        for user, text in zip(
            table["userId"][:5].to_pylist(), table["Recommendations"][:5].to_pylist()
        )
    ]
    show.table(
        [(user, text.ljust(100)) for user, text in rows],
        header=("userId", "Recommendations".ljust(100)),
    )


def show_mail(text):
    for line in text.splitlines()[:14]:
        print(f"  │ {line if len(line) <= 104 else line[:103] + '…'}")


# --- Shared --------------------------------------------------------------------------------------


def wait(text, describe):
    """Polls until the resource is ACTIVE; a failure ends the demo with the service's own reason."""

    def look():
        resource = describe()
        if resource["status"].endswith("FAILED"):
            reason = resource.get("failureReason", "failed, without a reason")
            raise DemoError(f"{text}: {reason}")
        return resource["status"] == "ACTIVE"

    wait_until(text, look)


def wait_until(text, look):
    """Polls until there is something, and gives it."""
    started = time.monotonic()
    while time.monotonic() - started < GIVE_UP_SECONDS:
        found = look()
        if found:
            show.done(text, time.monotonic() - started)
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
    parser.add_argument(
        "--outputs-file", type=Path, help="the stack's outputs are written here, as JSON"
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except (DemoError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        sys.exit(f"\ndemo: {error}")
