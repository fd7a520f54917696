"""Asynchronous invocations: none is lost, their results and logs arrive, and concurrency is a cap."""

import json
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from lambda_code import create, eventually, invoke
from log_groups import events_of

COUNT = """
import os
def lambda_handler(event, context):
    with open(event["out"] + "/" + str(event["n"]), "w"):
        pass
"""
# Says that it is there, then waits until the test makes the file that it is told.
GATE = """
import os, time
def lambda_handler(event, context):
    open(event + ".waits", "w").close()
    while not os.path.exists(event):
        time.sleep(0.01)
    return "through"
"""
KEEP = """
import boto3, json
def lambda_handler(event, context):
    boto3.client("s3").put_object(Bucket="records", Key="record", Body=json.dumps(event))
"""


def test_no_event_is_lost_over_kills_of_the_server(make_server, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    server = make_server()
    create(server.client("lambda"), "count", COUNT)
    accepted = []

    def send(first):
        client = server.client("lambda", read_timeout=5, connect_timeout=5)
        for n in range(first, 400, 4):
            payload = json.dumps({"out": str(out), "n": n}).encode()
            try:
                client.invoke(FunctionName="count", InvocationType="Event", Payload=payload)
                accepted.append(n)
            except (BotoCoreError, ClientError):
                pass  # the server was gone: nothing was promised

    threads = [threading.Thread(target=send, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for wanted in (40, 120, 220):
        eventually(lambda wanted=wanted: len(accepted) >= wanted or not any_alive(threads))
        server.kill()
        server.restart()
    for thread in threads:
        thread.join()

    assert len(accepted) > 100
    eventually(lambda: {str(n) for n in accepted} <= {path.name for path in out.iterdir()})


def any_alive(threads):
    return any(thread.is_alive() for thread in threads)


def test_a_record_goes_to_the_function_that_is_the_destination(server):
    functions, s3 = server.client("lambda"), server.client("s3")
    s3.create_bucket(Bucket="records")
    arn = create(functions, "keep", KEEP)["FunctionArn"]
    create(functions, "asked", "def lambda_handler(event, context): return None")
    functions.put_function_event_invoke_config(
        FunctionName="asked", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    answer = functions.invoke(FunctionName="asked", InvocationType="Event", Payload=b'{"k": [1]}')

    def record():
        try:
            return s3.get_object(Bucket="records", Key="record")["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None

    kept = json.loads(eventually(record))
    assert kept.pop("timestamp").endswith("Z")
    assert kept == {
        "version": "1.0",
        "requestContext": {
            "requestId": answer["ResponseMetadata"]["RequestId"],
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:asked:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"k": [1]},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": None,
    }


def new_queue(sqs, name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, attributes["QueueArn"]


def receive(sqs, url):
    return eventually(
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages")
    )[0]["Body"]


def test_records_go_to_a_queue_on_success_and_by_a_topic_on_failure(server):
    functions, sqs, sns = (server.client(name) for name in ("lambda", "sqs", "sns"))
    good, good_arn = new_queue(sqs, "good")
    bad, bad_arn = new_queue(sqs, "bad")
    letters, letters_arn = new_queue(sqs, "letters")
    topic = sns.create_topic(Name="failures")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=bad_arn)
    source = "def lambda_handler(event, context): return 10 / event"
    create(functions, "dividing", source, DeadLetterConfig={"TargetArn": letters_arn})
    functions.put_function_event_invoke_config(
        FunctionName="dividing",
        MaximumRetryAttempts=0,
        DestinationConfig={
            "OnSuccess": {"Destination": good_arn},
            "OnFailure": {"Destination": topic},
        },
    )
    for payload in (b"4", b"0"):
        functions.invoke(FunctionName="dividing", InvocationType="Event", Payload=payload)

    success = json.loads(receive(sqs, good))
    assert success["requestContext"]["condition"] == "Success"
    assert success["requestPayload"] == 4 and success["responsePayload"] == 2.5
    notification = json.loads(receive(sqs, bad))
    assert notification["TopicArn"] == topic and "Subject" not in notification
    failure = json.loads(notification["Message"])
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["responseContext"]["functionError"] == "Unhandled"
    assert failure["responsePayload"]["errorType"] == "ZeroDivisionError"
    assert receive(sqs, letters) == "0"


def test_the_log_of_a_function_is_in_cloudwatch_logs(server):
    functions, logs = server.client("lambda"), server.client("logs")
    create(functions, "telling", "def lambda_handler(event, context): print('told', event)")
    _, answer = invoke(functions, "telling", 7)
    request_id = answer["ResponseMetadata"]["RequestId"]

    def events():
        found = events_of(logs, "/aws/lambda/telling")
        return found if len(found) >= 5 else None

    messages = [one["message"] for one in eventually(events)]
    assert messages[0].startswith("INIT_START Runtime Version: python:3")
    assert messages[1:4] == [
        f"START RequestId: {request_id} Version: $LATEST",
        "told 7",
        f"END RequestId: {request_id}",
    ]
    assert messages[4].startswith(f"REPORT RequestId: {request_id}\tDuration: ")


def test_one_more_than_the_reserved_concurrency_is_refused_and_an_event_waits(server, tmp_path):
    functions = server.client("lambda")
    create(functions, "gate", GATE)
    functions.put_function_concurrency(FunctionName="gate", ReservedConcurrentExecutions=1)
    gate, waits = tmp_path / "gate", tmp_path / "gate.waits"
    seen = []
    first = threading.Thread(
        target=lambda: seen.append(invoke(server.client("lambda"), "gate", str(gate))[0])
    )
    first.start()
    eventually(waits.exists)
    with pytest.raises(functions.exceptions.TooManyRequestsException) as caught:
        invoke(functions, "gate", str(gate))
    reason = caught.value.response["Reason"]
    assert reason == "ReservedFunctionConcurrentInvocationLimitExceeded"

    waits.unlink()
    functions.invoke(FunctionName="gate", InvocationType="Event", Payload=json.dumps(str(gate)))
    gate.touch()
    first.join()
    assert seen == ["through"]
    eventually(waits.exists)  # the event had its turn afterwards


def test_invocations_at_the_same_time_run_at_the_same_time(server, tmp_path):
    functions = server.client("lambda")
    create(functions, "together", GATE)
    gate, is_open = tmp_path / "gate", tmp_path / "open"
    is_open.touch()
    threads = [
        threading.Thread(target=lambda: invoke(server.client("lambda"), "together", str(gate)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    assert invoke(functions, "together", str(is_open))[0] == "through"
    gate.touch()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize("size, accepted", [(1 << 20, True), ((1 << 20) + 1, False)])
def test_an_event_may_have_a_mebibyte(server, size, accepted):
    functions = server.client("lambda")
    name = f"size-{size}"
    create(functions, name)
    payload = b'"' + b"x" * (size - 2) + b'"'
    if accepted:
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        return
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    assert caught.value.response["Error"]["Code"] == "RequestTooLargeException"
