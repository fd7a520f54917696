"""Starts a batch job of Personalize when a file of users or items lands in a bucket."""

import json
import os
import time
from urllib.parse import unquote_plus

import boto3

iam = boto3.client("iam")
personalize = boto3.client("personalize")


def count(name):
    return {"numResults": int(os.environ[name])} if os.environ.get(name) else {}


def job(bucket, key, kind):
    """What jobs of both kinds are asked for."""
    # At each invocation, not once for all that this process serves: names are taken for ever.
    name = f"{os.environ.get('JOB_NAME') or 'BatchMovies'}_{int(time.time())}"
    role = os.environ.get("ROLE_NAME") or "PersonalizeRole"
    results = f"s3://{bucket}/{os.environ['BATCH_RESULTS_KEY']}/{kind}/"
    return {
        "jobName": name,
        "solutionVersionArn": os.environ["SOLUTION_ARN"],
        "jobInput": {"s3DataSource": {"path": f"s3://{bucket}/{key}"}},
        "jobOutput": {"s3DataDestination": {"path": results}},
        "roleArn": iam.get_role(RoleName=role)["Role"]["Arn"],
    }


def start(bucket, key):
    """The answer of the call; None for a file that starts nothing."""
    file = key.rsplit("/", 1)[-1]
    if file == "users.json":
        config = os.environ.get("CONFIG")
        extra = {"batchInferenceJobConfig": json.loads(config)} if config else {}
        answer = personalize.create_batch_inference_job(
            **job(bucket, key, "inference"), **count("NUM_RESULTS"), **extra
        )
        return {"batchInferenceJobArn": answer["batchInferenceJobArn"]}
    if file == "items.json":
        answer = personalize.create_batch_segment_job(
            **job(bucket, key, "segment"), **count("NUM_USERS")
        )
        return {"batchSegmentJobArn": answer["batchSegmentJobArn"]}
    print(f"nothing to start for s3://{bucket}/{key}")
    return None


def lambda_handler(event, context):
    answers = [
        start(record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
        for record in event["Records"]
    ]
    answers = [answer for answer in answers if answer]
    return answers if len(answers) > 1 else answers[0] if answers else None
