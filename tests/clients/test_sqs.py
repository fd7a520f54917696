"""SQS as boto3 and the aws command see it. botocore itself checks the MD5 of every message that it receives."""

import concurrent.futures
import json
import time
import uuid

import botocore.exceptions
import pytest


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs", max_pool_connections=40)


@pytest.fixture
def queue(sqs):
    """A queue of the test's own."""
    return sqs.create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def bodies(answer):
    return [m["Body"] for m in answer.get("Messages", [])]


def test_a_queue_lives_from_creation_to_deletion(server, sqs):
    url = sqs.create_queue(QueueName="life", tags={"team": "films"})["QueueUrl"]

    assert url == f"{server.endpoint}/000000000000/life"
    assert sqs.get_queue_url(QueueName="life")["QueueUrl"] == url
    assert url in sqs.list_queues(QueueNamePrefix="li")["QueueUrls"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "films"}
    sqs.tag_queue(QueueUrl=url, Tags={"a": "1"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "1"}
    sqs.delete_queue(QueueUrl=url)
    assert error_of(sqs.get_queue_url, QueueName="life") == (
        "AWS.SimpleQueueService.NonExistentQueue",
        400,
    )
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="life")


def test_a_message_travels_with_its_attributes(sqs, queue):
    attributes = {
        "city": {"DataType": "String", "StringValue": "Zürich"},
        "n": {"DataType": "Number", "StringValue": "3.50"},
        "raw.thing": {"DataType": "Binary.png", "BinaryValue": bytes(range(256))},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-0-0"}}
    sent = sqs.send_message(
        QueueUrl=queue,
        MessageBody="hello, „Welt“ 🎬",
        MessageAttributes=attributes,
        MessageSystemAttributes=trace,
    )

    (message,) = sqs.receive_message(
        QueueUrl=queue, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]

    assert message["Body"] == "hello, „Welt“ 🎬"
    assert message["MessageAttributes"] == attributes
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-0-0"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_only_the_attributes_that_were_asked_for_are_given(sqs, queue):
    names = ["film.year", "film.title", "other"]
    sqs.send_message(
        QueueUrl=queue,
        MessageBody="x",
        MessageAttributes={n: {"DataType": "String", "StringValue": n} for n in names},
    )

    (message,) = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["film.*"])["Messages"]

    assert set(message["MessageAttributes"]) == {"film.year", "film.title"}
    assert "Attributes" not in message


def test_a_batch_is_told_of_each_entry(sqs, queue):
    answer = sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": "one", "MessageBody": "1"},
            {"Id": "bad", "MessageBody": "\x01"},
            {"Id": "two", "MessageBody": "2"},
        ],
    )

    assert [e["Id"] for e in answer["Successful"]] == ["one", "two"]
    assert [(e["Id"], e["Code"]) for e in answer["Failed"]] == [("bad", "InvalidMessageContents")]
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [m["Body"] for m in got] == ["1", "2"]
    hidden = sqs.change_message_visibility_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": "a", "ReceiptHandle": got[0]["ReceiptHandle"], "VisibilityTimeout": 0},
            {"Id": "b", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0},
        ],
    )
    assert [e["Id"] for e in hidden["Successful"]] == ["a"]
    assert [(e["Id"], e["Code"]) for e in hidden["Failed"]] == [("b", "ReceiptHandleIsInvalid")]
    (again,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    deleted = sqs.delete_message_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": "a", "ReceiptHandle": again["ReceiptHandle"]},
            {"Id": "b", "ReceiptHandle": got[1]["ReceiptHandle"]},
        ],
    )
    assert len(deleted["Successful"]) == 2
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == "0"
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"


@pytest.mark.parametrize(
    "entries, code",
    [
        ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
        ([("a", "x")] * 2, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
        (
            [(str(i), "x") for i in range(11)],
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        ),
        ([("a b", "x")], "AWS.SimpleQueueService.InvalidBatchEntryId"),
        ([("a", "x" * (1 << 19)), ("b", "x" * (1 << 19)), ("c", "x")], "AWS.SimpleQueueService.BatchRequestTooLong"),
    ],
)
def test_batches_that_break_a_rule_are_refused(sqs, queue, entries, code):
    entries = [{"Id": i, "MessageBody": body} for i, body in entries]

    assert error_of(sqs.send_message_batch, QueueUrl=queue, Entries=entries) == (code, 400)


def test_a_long_poll_ends_as_soon_as_there_is_a_message(sqs, queue):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        while not waiting.running():
            time.sleep(0.01)
        sqs.send_message(QueueUrl=queue, MessageBody="at last")

        assert bodies(waiting.result(timeout=60)) == ["at last"]


def test_many_waiting_receivers_leave_room_for_others(sqs, queue, server):
    other = server.client("sqs")
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        waiting = [
            pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=5) for _ in range(40)
        ]
        for i in range(40):
            other.send_message(QueueUrl=queue, MessageBody=str(i))

        got = [body for one in waiting for body in bodies(one.result(timeout=60))]

    rest = []
    while len(got) + len(rest) < 40:
        rest += bodies(other.receive_message(QueueUrl=queue, MaxNumberOfMessages=10))
    assert sorted(map(int, got + rest)) == list(range(40))


def test_the_server_stops_while_receivers_wait(make_server):
    server = make_server()
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="waiting")["QueueUrl"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        while not waiting.running():
            time.sleep(0.01)

        assert server.stop() == 0

        waiting.exception(timeout=60)
    assert "some were cut" not in server.log_end()


def test_nothing_that_was_sent_is_lost_and_nothing_deleted_comes_back(make_server):
    server = make_server()
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="crash")["QueueUrl"]
    sent, deleted = set(), set()
    for round_number in range(4):
        for i in range(30):
            sqs.send_message(QueueUrl=url, MessageBody=f"{round_number}-{i}")
            sent.add(f"{round_number}-{i}")
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            deleted.add(message["Body"])
        server.kill()
        server.restart()

    rest = []
    while got := bodies(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)):
        rest += got

    assert len(rest) == len(set(rest))
    assert set(rest) == sent - deleted


def test_purge_empties_a_queue(sqs, queue):
    for i in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=str(i))

    sqs.purge_queue(QueueUrl=queue)

    assert bodies(sqs.receive_message(QueueUrl=queue)) == []


def test_attributes_can_be_set(sqs, queue):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=queue, MessageBody="x")

    first = sqs.receive_message(QueueUrl=queue)
    second = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)

    assert bodies(first) == bodies(second) == ["x"]
    assert error_of(
        sqs.change_message_visibility,
        QueueUrl=queue,
        ReceiptHandle=second["Messages"][0]["ReceiptHandle"],
        VisibilityTimeout=10,
    ) == ("AWS.SimpleQueueService.MessageNotInflight", 400)
    assert error_of(
        sqs.set_queue_attributes, QueueUrl=queue, Attributes={"VisibilityTimeout": "x"}
    ) == ("InvalidAttributeValue", 400)


def test_the_aws_command_sends_and_receives(server, sqs):
    def aws(*words):
        # For SQS version 1 of the command knows its own address better than AWS_ENDPOINT_URL.
        return server.aws("sqs", *words, "--endpoint-url", server.endpoint).stdout

    url = json.loads(aws("create-queue", "--queue-name", "command"))["QueueUrl"]
    aws("send-message", "--queue-url", url, "--message-body", "from the shell")

    got = json.loads(aws("receive-message", "--queue-url", url))

    assert bodies(got) == ["from the shell"]
