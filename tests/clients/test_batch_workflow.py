"""A file dropped in a bucket ends in a Parquet file and an e-mail; and whatever kills the server, no event is lost."""

import io
import json
import os
import random
import threading

import botocore.exceptions
import pyarrow.parquet
import pytest

import batch_workflow as batch
import lambda_code
import log_groups
import movies_workflow as workflow

# Every kill costs about a second: a few in each run, many with USHER_KILLS=100.
KILLS = int(os.environ.get("USHER_KILLS", "4"))


def run_trainings(prepared, recipes):
    versions = {}
    for recipe in recipes:
        solution = prepared.personalize.create_solution(
            name=recipe,
            datasetGroupArn=prepared.group_arn,
            recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
        )["solutionArn"]
        versions[recipe] = prepared.personalize.create_solution_version(solutionArn=solution)[
            "solutionVersionArn"
        ]
    for version in versions.values():
        workflow.wait_for(
            lambda version=version: prepared.personalize.describe_solution_version(
                solutionVersionArn=version
            )["solutionVersion"]
        )
    return versions


@pytest.fixture(scope="module")
def versions(prepared):
    return run_trainings(prepared, ["aws-user-personalization", "aws-item-affinity"])


@pytest.fixture(scope="module")
def personalize_role(prepared):
    prepared.server.client("iam").create_role(
        RoleName="PersonalizeRole", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Service": "personalize.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }],
        }),
    )


def object_at(s3, bucket, key):
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


def test_a_dropped_file_of_users_ends_in_a_parquet_file_and_a_mail(
    prepared, personalize_role, versions, movielens
):
    server, s3, bucket = prepared.server, prepared.s3, "drop"
    s3.create_bucket(Bucket=bucket)
    s3.upload_file(str(movielens.movies), bucket, "raw/movies.csv")
    topic = batch.mailing_topic(server, "batch-done", "reader@example.com")
    trigger = batch.create_builtin(
        server,
        "Trigger",
        "batch_trigger",
        {
            "SOLUTION_ARN": versions["aws-user-personalization"],
            # Ends in a slash: the results' keys then have two in a row.
            "BATCH_RESULTS_KEY": "batch/results/",
            "NUM_RESULTS": "5",
        },
    )
    transform = batch.create_builtin(
        server,
        "Transform",
        "batch_transform",
        {"BATCH_RESULTS_KEY": "batch/results/", "METADATA_KEY": "raw/movies.csv"},
        on_success=topic,
    )
    batch.set_rules(
        server,
        bucket,
        batch.rule("Trigger", trigger, "batch/input/", ".json"),
        batch.rule("Transform", transform, "batch/results/", ".out"),
    )

    # No final line end; a user whom the model does not know; a line that is no query.
    users = ['{"userId":"15"}', '{"userId":"stranger"}', "not json", '{"userId":"3"}']
    s3.put_object(Bucket=bucket, Key="batch/input/users.json", Body="\n".join(users).encode())

    body = batch.wait_until(
        lambda: object_at(s3, bucket, "batch/results//inference/transformed.parquet"),
        "the Parquet file",
    )
    file = pyarrow.parquet.ParquetFile(io.BytesIO(body))
    assert {file.metadata.row_group(0).column(i).compression for i in range(2)} == {"SNAPPY"}
    table = file.read()
    assert table.column_names == ["userId", "Recommendations"]
    assert table["userId"].to_pylist() == ["15", "stranger", "3"]
    for text in table["Recommendations"].to_pylist():
        titles = text.split(" | ")
        assert len(titles) == 5
        assert all(title.endswith(")") for title in titles)

    mail = batch.wait_until(
        lambda: [
            mail for mail in batch.mails(server) if mail["Subject"] == "AWS Notification Message"
        ],
        "the mail",
    )[0]
    record = json.loads(mail.get_content().split("\n\n")[0].strip().splitlines()[0])
    assert record["requestContext"]["condition"] == "Success"
    source = record["requestPayload"]["Records"][0]["s3"]["object"]["key"]
    assert source == "batch/results//inference/users.json.out"
    # Nothing but these: no marker, no second transform of the transform's own file.
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="batch/results")["Contents"]
    assert [item["Key"] for item in listed] == [
        "batch/results//inference/transformed.parquet",
        "batch/results//inference/users.json.out",
    ]


def test_a_dropped_file_of_items_ends_in_segments(prepared, personalize_role, versions):
    server, s3, bucket = prepared.server, prepared.s3, "segments"
    s3.create_bucket(Bucket=bucket)
    trigger = batch.create_builtin(
        server,
        "SegmentTrigger",
        "batch_trigger",
        {
            "SOLUTION_ARN": versions["aws-item-affinity"],
            "BATCH_RESULTS_KEY": "batch/results",
            "NUM_USERS": "7",
        },
    )
    batch.set_rules(server, bucket, batch.rule("Trigger", trigger, "batch/input/", ".json"))
    s3.put_object(Bucket=bucket, Key="batch/input/items.json", Body=b'{"itemId":"1"}\n\n')
    body = batch.wait_until(
        lambda: object_at(s3, bucket, "batch/results/segment/items.json.out"), "the segments"
    )
    (line,) = body.decode().splitlines()
    answer = json.loads(line)
    assert answer["input"] == {"itemId": "1"}
    assert len(answer["output"]["usersList"]) == 7
    assert answer["error"] is None


def test_a_wrong_recipe_is_said_where_the_function_logs(prepared, personalize_role, versions):
    server, s3, bucket = prepared.server, prepared.s3, "wrong-recipe"
    s3.create_bucket(Bucket=bucket)
    trigger = batch.create_builtin(
        server,
        "WrongTrigger",
        "batch_trigger",
        {
            "SOLUTION_ARN": versions["aws-user-personalization"],
            "BATCH_RESULTS_KEY": "batch/results",
        },
    )
    batch.set_rules(server, bucket, batch.rule("Trigger", trigger, "batch/input/", ".json"))
    s3.put_object(Bucket=bucket, Key="batch/input/items.json", Body=b'{"itemId":"1"}')
    logs = server.client("logs")

    def complaint():
        return log_groups.events_of(logs, "/aws/lambda/WrongTrigger", filterPattern='"aws-item-affinity"')

    event = batch.wait_until(complaint, "the complaint in the log")[0]
    assert "USER_SEGMENTATION" in event["message"]


def test_no_event_of_an_acknowledged_upload_is_lost_when_the_server_is_killed(make_server):
    """Upload, event, invocation, destination, mail: the server is killed at random moments of all of these."""
    server = make_server()
    server.client("s3").create_bucket(Bucket="drops")
    topic = batch.mailing_topic(server, "done", "reader@example.com")
    function = batch.create_builtin(
        server,
        "Noted",
        "batch_trigger",  # takes any other file with a line in its log: the shortest way through
        {"SOLUTION_ARN": "arn:aws:personalize:::none", "BATCH_RESULTS_KEY": "results"},
        on_success=topic,
    )
    batch.set_rules(server, "drops", batch.rule("Noted", function, "in/", ""))
    chance = random.Random(11)
    acknowledged = set()

    def upload(client, kill, worker):
        for number in range(100_000):
            key = f"in/{kill}/{worker}/{number}"
            try:
                client.put_object(Bucket="drops", Key=key, Body=b"x")
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                return  # the server is gone
            acknowledged.add(key)

    for kill in range(KILLS):
        before = len(acknowledged)
        workers = [
            threading.Thread(target=upload, args=(server.client("s3"), kill, worker))
            for worker in range(2)
        ]
        for worker in workers:
            worker.start()
        batch.wait_until(lambda: len(acknowledged) > before, "an upload")
        threading.Event().wait(chance.uniform(0, 0.4))
        server.kill()
        for worker in workers:
            worker.join()
        server.restart()

    def told():
        keys = set()
        for mail in batch.mails(server):
            if mail["Subject"] == "AWS Notification Message":
                record = json.loads(mail.get_content().strip().splitlines()[0])
                keys.add(record["requestPayload"]["Records"][0]["s3"]["object"]["key"])
        return keys

    batch.wait_until(lambda: acknowledged <= told(), f"{len(acknowledged)} mails")
    ids = [mail["Message-ID"] for mail in batch.mails(server)]
    assert len(ids) == len(set(ids))


def test_a_function_that_writes_where_it_is_triggered_is_stopped(make_server):
    server = make_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="circle")
    function = lambda_code.create(
        server.client("lambda"),
        "Circle",
        """
import boto3

s3 = boto3.client("s3")

def lambda_handler(event, context):
    key = event["Records"][0]["s3"]["object"]["key"]
    s3.put_object(Bucket="circle", Key=key + "x", Body=b"again")
""",
    )
    batch.set_rules(server, "circle", batch.rule("Circle", function["FunctionArn"], "in/", ""))
    s3.put_object(Bucket="circle", Key="in/", Body=b"begin")
    # Cut after sixteen functions; the seventeenth object raises no event.
    last = batch.wait_until(lambda: object_at(s3, "circle", "in/" + 16 * "x"), "the last object")
    assert last == b"again"
    batch.wait_until(lambda: "circle of events cut" in server.log_end(200), "a line in the log")
    assert len(s3.list_objects_v2(Bucket="circle")["Contents"]) == 17
