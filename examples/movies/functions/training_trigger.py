"""Starts the state machine that trains when a file of ratings lands in a bucket."""

import json
import os
from urllib.parse import unquote_plus

import boto3

states = boto3.client("stepfunctions")


def start(bucket, key, sequencer):
    """The answer of the call; None when nothing is to be started, or has been by this event."""
    if key.rsplit("/", 1)[-1] != "ratings.csv":
        print(f"nothing to start for s3://{bucket}/{key}")
        return None
    # The name makes an event that comes twice start one execution.
    name = {"name": f"ratings-{sequencer}"} if sequencer else {}
    try:
        answer = states.start_execution(
            stateMachineArn=os.environ["STATE_MACHINE_ARN"],
            input=json.dumps({"Bucket": bucket, "Key": key}),
            **name,
        )
    except states.exceptions.ExecutionAlreadyExists:
        print(f"this event has started {name['name']} before")
        return None
    return {"executionArn": answer["executionArn"]}


def lambda_handler(event, context):
    answers = [
        start(
            record["s3"]["bucket"]["name"],
            unquote_plus(record["s3"]["object"]["key"]),
            record["s3"]["object"].get("sequencer"),
        )
        for record in event["Records"]
    ]
    answers = [answer for answer in answers if answer]
    return answers if len(answers) > 1 else answers[0] if answers else None
