"""kill -9 at the worst moment, then a restart: nothing acknowledged is missing, and jobs finish."""

import contextlib
import hashlib
import os
import random
import signal
import socket
import threading
import time

import botocore.exceptions
import pytest

import movies_workflow as workflow
from conftest import Prepared
from usher_server import POLL_SECONDS, wait_for

GIVE_UP_SECONDS = 120


def until(condition, what):
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"{what}: not after {GIVE_UP_SECONDS} s"
        time.sleep(POLL_SECONDS)


def kill_at_work(server, describe):
    """Kills the server while the job behind the resource is at work in its process."""
    until(
        lambda: describe()["status"] == "CREATE IN_PROGRESS" and server.child_processes(),
        "the job's process",
    )
    assert describe()["status"] == "CREATE IN_PROGRESS"
    server.kill()
    until(lambda: not server.child_processes(), "the end of the job's process")


def test_objects_that_were_acknowledged_survive(make_server):
    server = make_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="crash")
    acknowledged = {}
    under_way = threading.Event()

    def upload(worker):
        client = server.client("s3")
        for number in range(100_000):
            body = random.Random(f"{worker}/{number}").randbytes(1 + (number * 7919) % 300_000)
            try:
                client.put_object(Bucket="crash", Key=f"{worker}/{number}", Body=body)
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                return  # the server is gone
            acknowledged[f"{worker}/{number}"] = hashlib.md5(body).hexdigest()
            if len(acknowledged) >= 60:
                under_way.set()

    workers = [threading.Thread(target=upload, args=(name,)) for name in "abc"]
    for worker in workers:
        worker.start()
    assert under_way.wait(GIVE_UP_SECONDS)
    server.kill()
    for worker in workers:
        worker.join()
    server.restart()

    listed = {
        item["Key"]: item["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="crash")
        for item in page["Contents"]
    }
    assert acknowledged.items() <= listed.items()
    # An object whose acknowledgement was lost is there whole or not at all.
    assert len(listed) <= len(acknowledged) + len(workers)
    for key, digest in listed.items():
        body = s3.get_object(Bucket="crash", Key=key)["Body"].read()
        assert hashlib.md5(body).hexdigest() == digest


def test_an_upload_cut_off_by_the_crash_leaves_nothing(make_server):
    server = make_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="crash")
    s3.put_object(Bucket="crash", Key="kept", Body=b"old")
    url = server.client("s3", signature_version="s3v4").generate_presigned_url(
        "put_object", Params={"Bucket": "crash", "Key": "kept"}
    )

    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = (
            f"PUT {url.split(server.listen, 1)[1]} HTTP/1.1\r\nHost: {server.listen}\r\n"
            f"Content-Length: {8 << 20}\r\n\r\n"
        )
        connection.sendall(head.encode() + b"x" * (4 << 20))
        until(lambda: bytes_being_written(server) > 2 << 20, "half of the body on disk")
        server.kill()
    server.restart()

    assert s3.get_object(Bucket="crash", Key="kept")["Body"].read() == b"old"
    until(lambda: bytes_on_disk(server.data) < 2 << 20, "the removal of what the crash left")


def bytes_being_written(server):
    """Sizes of the files that the server has open in its data folder, also of those without a name."""
    total = 0
    folder = f"/proc/{server.process.pid}/fd"
    for fd in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"{folder}/{fd}").startswith(f"{server.data}/objects"):
                total += os.stat(f"{folder}/{fd}").st_size
    return total


def bytes_on_disk(folder):
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(os.path.join(path, name)).st_blocks * 512
    return total


def test_an_import_goes_on_after_a_crash(make_server, interactions_csv, big_interactions):
    server = make_server()
    prepared = Prepared(server, interactions_csv)
    prepared.s3.put_object(Bucket=workflow.BUCKET, Key="big.csv", Body=big_interactions)
    arn = workflow.start_import(
        prepared.personalize, prepared.dataset_arn, prepared.role_arn, "big.csv", "big"
    )
    describe = workflow.describe_import(prepared.personalize, arn)

    kill_at_work(server, describe)
    server.restart()

    wait_for(describe)
    version = workflow.train(
        prepared.personalize, prepared.group_arn, "after", "aws-popularity-count"
    )
    campaign = workflow.create_campaign(prepared.personalize, version, "after")
    items = prepared.runtime.get_recommendations(campaignArn=campaign, userId="x", numResults=500)
    # Only the big file's items are numbers below 30,000 with 66 users and more each.
    assert len(items["itemList"]) == 500


def test_a_training_goes_on_after_a_crash(make_server, interactions_csv):
    server = make_server()
    prepared = Prepared(server, interactions_csv)
    solution = workflow.create_solution(prepared.personalize, prepared.group_arn, "slow")
    arn = prepared.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    describe = workflow.describe_version(prepared.personalize, arn)

    kill_at_work(server, describe)
    server.restart()

    wait_for(describe)
    campaign = workflow.create_campaign(prepared.personalize, arn, "slow")
    server.kill()
    server.restart()
    # A deployed campaign answers as soon as the server says that it is ready.
    answer = prepared.runtime.get_recommendations(campaignArn=campaign, userId="1")
    assert len(answer["itemList"]) == 25


def test_a_job_that_is_killed_fails_alone_and_says_why(make_server, interactions_csv):
    server = make_server()
    prepared = Prepared(server, interactions_csv)
    solution = workflow.create_solution(prepared.personalize, prepared.group_arn, "killed")
    arn = prepared.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    describe = workflow.describe_version(prepared.personalize, arn)
    until(server.child_processes, "the job's process")

    for pid in server.child_processes():
        os.kill(pid, signal.SIGKILL)

    version = wait_for(describe, wanted="CREATE FAILED")
    assert "kill" in version["failureReason"].lower()
    assert server.is_ready()
    again = prepared.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    wait_for(workflow.describe_version(prepared.personalize, again))


@pytest.mark.parametrize("round_number", range(3))
def test_acknowledged_resources_survive_a_crash_at_any_time(make_server, round_number):
    server = make_server()
    personalize = server.client("personalize")
    acknowledged = []

    def create():
        for number in range(100_000):
            try:
                acknowledged.append(workflow.create_schema(personalize, f"schema-{number}"))
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                return

    worker = threading.Thread(target=create)
    worker.start()
    until(lambda: len(acknowledged) > 20 * (1 + round_number), "some schemas")
    server.kill()
    worker.join()
    server.restart()

    found = [
        schema["schemaArn"]
        for page in personalize.get_paginator("list_schemas").paginate()
        for schema in page["schemas"]
    ]
    assert set(acknowledged) <= set(found)
    assert len(found) <= len(acknowledged) + 1
