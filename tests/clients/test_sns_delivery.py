"""What SNS brings to webhooks, queues and functions, and where it refuses to go."""

import base64
import concurrent.futures
import json
import subprocess
import urllib.request

import botocore.exceptions
import pytest

from lambda_code import create
from log_groups import events_of
from test_sns import error_of, mail_with_subject, mails_to, subscribe_by_mail, wait_until
from webhook import Webhook


@pytest.fixture
def webhook():
    running = Webhook()
    yield running
    running.stop()


@pytest.fixture
def open_server(make_server):
    """A server that may post to this machine."""
    return make_server("--allow-private-webhooks")


def subscribe_webhook(server, webhook, topic, path="/hook", **attributes):
    """Confirmed by the link that the endpoint was sent."""
    sns = server.client("sns")
    before = len(webhook.of_type("SubscriptionConfirmation"))
    sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=f"http://127.0.0.1:{webhook.port}{path}",
        Attributes=attributes,
    )
    wait_until(
        lambda: len(webhook.of_type("SubscriptionConfirmation")) > before, "the confirmation"
    )
    _, question = webhook.of_type("SubscriptionConfirmation")[-1]
    urllib.request.urlopen(question["SubscribeURL"], timeout=30).close()
    return question


def verify(server, tmp_path, message, names, digest="sha1"):
    """The signature of a message, by openssl and the certificate that it names."""
    signed = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    (tmp_path / "signed").write_text(signed)
    (tmp_path / "signature").write_bytes(base64.b64decode(message["Signature"]))
    with urllib.request.urlopen(message["SigningCertURL"], timeout=30) as answer:
        (tmp_path / "cert.pem").write_bytes(answer.read())
    key = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "cert.pem", "-pubkey", "-noout"],
        check=True,
        capture_output=True,
    ).stdout
    (tmp_path / "key.pem").write_bytes(key)
    return subprocess.run(
        ["openssl", "dgst", f"-{digest}", "-verify", tmp_path / "key.pem"]
        + ["-signature", tmp_path / "signature", tmp_path / "signed"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()


# --- Webhooks --------------------------------------------------------------------------------------


def test_a_webhook_is_asked_and_then_told(open_server, webhook, tmp_path):
    sns = open_server.client("sns")
    topic = sns.create_topic(Name="hook")["TopicArn"]
    question = subscribe_webhook(open_server, webhook, topic)

    sent = sns.publish(
        TopicArn=topic,
        Message="hello",
        Subject="Hi",
        MessageAttributes={"n": {"DataType": "Number", "StringValue": "3"}},
    )

    ((headers, message),) = wait_until(lambda: webhook.of_type("Notification"), "the notification")
    assert headers["Content-Type"].startswith("text/plain")
    assert headers["x-amz-sns-message-id"] == sent["MessageId"] == message["MessageId"]
    assert headers["x-amz-sns-topic-arn"] == topic == message["TopicArn"]
    assert headers["x-amz-sns-subscription-arn"].startswith(topic + ":")
    assert (message["Message"], message["Subject"]) == ("hello", "Hi")
    assert message["MessageAttributes"] == {"n": {"Type": "Number", "Value": "3"}}
    assert "Action=Unsubscribe" in message["UnsubscribeURL"]
    asked = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    told = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    assert verify(open_server, tmp_path, question, asked) == "Verified OK"
    assert verify(open_server, tmp_path, message, told) == "Verified OK"
    assert verify(open_server, tmp_path, message | {"Message": "hullo"}, told) != "Verified OK"


def test_signature_version_2_is_sha256(open_server, webhook, tmp_path):
    sns = open_server.client("sns")
    topic = sns.create_topic(Name="v2", Attributes={"SignatureVersion": "2"})["TopicArn"]
    subscribe_webhook(open_server, webhook, topic)
    sns.publish(TopicArn=topic, Message="hello")

    ((_, message),) = wait_until(lambda: webhook.of_type("Notification"), "the notification")

    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    assert message["SignatureVersion"] == "2"
    assert verify(open_server, tmp_path, message, names, "sha256") == "Verified OK"


def test_raw_delivery_posts_the_message_alone(open_server, webhook):
    sns = open_server.client("sns")
    topic = sns.create_topic(Name="raw")["TopicArn"]
    subscribe_webhook(open_server, webhook, topic, RawMessageDelivery="true")

    sns.publish(TopicArn=topic, Message="as it is", Subject="not there")

    ((headers, body),) = wait_until(lambda: webhook.of_type("Notification"), "the notification")
    assert body == "as it is"
    assert headers["x-amz-sns-rawdelivery"] == "true"


def test_a_webhook_that_fails_is_tried_again_and_one_that_refuses_is_not(open_server, webhook):
    sns = open_server.client("sns")
    topic = sns.create_topic(Name="again")["TopicArn"]
    subscribe_webhook(open_server, webhook, topic)
    webhook.answers = [(500, {}), (429, {}), (200, {})]
    sns.publish(TopicArn=topic, Message="again")
    notes = wait_until(lambda: len(n := webhook.of_type("Notification")) == 3 and n, "3 attempts")
    assert len({message["MessageId"] for _, message in notes}) == 1

    webhook.answers = [(403, {})]
    sns.publish(TopicArn=topic, Message="refused")

    wait_until(lambda: "has failed for good" in open_server.log_end(100), "the end")
    assert [m["Message"] for _, m in webhook.of_type("Notification")].count("refused") == 1


def test_redirects_are_not_followed(open_server, webhook):
    sns = open_server.client("sns")
    topic = sns.create_topic(Name="redirect")["TopicArn"]
    subscribe_webhook(open_server, webhook, topic)
    for number, status in enumerate((301, 302, 307, 308), start=1):
        webhook.answers = [(status, {"Location": f"http://127.0.0.1:{webhook.port}/secret"})]
        sns.publish(TopicArn=topic, Message=str(status))
        wait_until(
            lambda: open_server.log_end(200).count("redirects are not followed") == number,
            "the end",
        )

    assert "/secret" not in {path for path, _, _ in webhook.posts}


# --- Addresses that are not on the public internet -----------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "2852039166",  # 169.254.169.254 as one number
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:7f00:1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::a9fe:a9fe]",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_a_subscription_to_a_closed_address_is_refused_at_the_call(server, host):
    sns = server.client("sns")
    topic = sns.create_topic(Name="closed")["TopicArn"]

    assert error_of(
        sns.subscribe, TopicArn=topic, Protocol="http", Endpoint=f"http://{host}/latest/meta-data"
    ) == ("InvalidParameter", 400)


def test_a_name_of_a_closed_address_is_refused_when_it_is_connected_to(make_server, webhook):
    server = make_server()
    sns = server.client("sns")
    topic = sns.create_topic(Name="names")["TopicArn"]

    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://localhost:{webhook.port}/")

    wait_until(lambda: "is not on the public internet" in server.log_end(100), "the refusal")
    assert webhook.posts == []


def test_no_proxy_leads_around_the_guard(tmp_path, webhook, monkeypatch):
    import usher_server

    environment = usher_server.clean_environment
    proxied = {"http_proxy": f"http://127.0.0.1:{webhook.port}", "ALL_PROXY": "http://127.0.0.1:1"}
    monkeypatch.setattr(usher_server, "clean_environment", lambda: environment() | proxied)
    server = usher_server.UsherServer(tmp_path / "data").start()
    try:
        sns = server.client("sns", proxies={})
        topic = sns.create_topic(Name="proxy")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://localhost:9/hook")
        wait_until(lambda: "is not on the public internet" in server.log_end(100), "the refusal")
        assert webhook.posts == []
    finally:
        server.kill()


# --- Queues ------------------------------------------------------------------------------------------


def make_queue(server, name):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return sqs, url, arn["QueueArn"]


def receive(sqs, url, **arguments):
    got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, **arguments)
    (message,) = got["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return message


def test_a_queue_gets_the_envelope(server):
    sns = server.client("sns")
    sqs, url, arn = make_queue(server, "envelope")
    topic = sns.create_topic(Name="to-queue")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    assert subscription.startswith(topic + ":")  # confirmed at once

    sent = sns.publish(TopicArn=topic, Message="hello", Subject="Hi")

    envelope = json.loads(receive(sqs, url)["Body"])
    assert envelope["Type"] == "Notification"
    assert envelope["MessageId"] == sent["MessageId"]
    assert (envelope["Message"], envelope["Subject"]) == ("hello", "Hi")


def test_a_queue_gets_the_raw_message_with_its_attributes(server):
    sns = server.client("sns")
    sqs, url, arn = make_queue(server, "raw")
    topic = sns.create_topic(Name="raw-to-queue")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )

    sns.publish(
        TopicArn=topic,
        Message="hello",
        MessageAttributes={
            "city": {"DataType": "String", "StringValue": "Rome"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )

    message = receive(sqs, url, MessageAttributeNames=["All"])
    assert message["Body"] == "hello"
    assert message["MessageAttributes"] == {
        "city": {"DataType": "String", "StringValue": "Rome"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }


def test_filters_look_at_attributes_or_at_the_body(server):
    sns = server.client("sns")
    sqs, url, arn = make_queue(server, "filtered")
    topic = sns.create_topic(Name="filters")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": json.dumps({"film": {"year": [{"numeric": [">=", 1990]}]}}),
        },
    )
    for year in (1954, 1989):
        sns.publish(TopicArn=topic, Message=json.dumps({"film": {"year": year}}))
    sns.publish(TopicArn=topic, Message="no JSON")
    wanted = json.dumps({"film": {"year": 2001}})
    sns.publish(TopicArn=topic, Message=wanted)

    assert receive(sqs, url)["Body"] == wanted


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(server):
    sns = server.client("sns")
    sqs, url, arn = make_queue(server, "dead")
    topic = sns.create_topic(Name="dead-letters")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn.rsplit(":", 1)[0] + ":no-such-queue",
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn})},
    )

    sns.publish(TopicArn=topic, Message="nobody home")

    assert json.loads(receive(sqs, url)["Body"])["Message"] == "nobody home"


def test_a_failure_stands_in_the_log_group_of_the_topic(server):
    sns = server.client("sns")
    logs = server.client("logs")
    topic = sns.create_topic(Name="told")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:000000000000:no-such-queue"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    sent = sns.publish(TopicArn=topic, Message="nobody home")

    def lines():
        return events_of(logs, f"sns/{server.region}/000000000000/told")

    (event,) = wait_until(lines, "the line in the log group")
    line = json.loads(event["message"])
    assert line["status"] == "FAILURE"
    assert line["notification"]["messageId"] == sent["MessageId"]


# --- Functions ---------------------------------------------------------------------------------------


def test_a_function_gets_the_event(server):
    sns, functions, s3 = (server.client(name) for name in ("sns", "lambda", "s3"))
    s3.create_bucket(Bucket="sns-events")
    source = """
import boto3, json
def lambda_handler(event, context):
    boto3.client("s3").put_object(Bucket="sns-events", Key="event", Body=json.dumps(event))
"""
    arn = create(functions, "told-by-sns", source)["FunctionArn"]
    topic = sns.create_topic(Name="to-function")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    attributes = {"n": {"DataType": "Number", "StringValue": "3"}}

    sent = sns.publish(TopicArn=topic, Message="hello", MessageAttributes=attributes)

    wait_until(lambda: s3.list_objects_v2(Bucket="sns-events")["KeyCount"], "the event")
    event = json.loads(s3.get_object(Bucket="sns-events", Key="event")["Body"].read())
    (record,) = event["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == subscription["SubscriptionArn"]
    assert record["Sns"]["MessageId"] == sent["MessageId"]
    assert (record["Sns"]["Message"], record["Sns"]["Subject"]) == ("hello", None)
    assert record["Sns"]["MessageAttributes"] == {"n": {"Type": "Number", "Value": "3"}}


def test_a_mail_comes_when_a_function_has_ended(server):
    """The end of the batch story: a success destination that is a topic with a mail address."""
    sns, functions = server.client("sns"), server.client("lambda")
    topic = sns.create_topic(Name="destination")["TopicArn"]
    subscribe_by_mail(server, sns, topic, "destination@example.com")
    create(functions, "ends-in-a-mail", "def lambda_handler(event, context):\n    return None\n")
    functions.put_function_event_invoke_config(
        FunctionName="ends-in-a-mail", DestinationConfig={"OnSuccess": {"Destination": topic}}
    )

    functions.invoke(FunctionName="ends-in-a-mail", InvocationType="Event", Payload=b'{"a": 1}')

    mail = mail_with_subject(server, "destination@example.com", "AWS Notification Message")
    record = json.loads(mail.get_content().split("\n\n--\n")[0])
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestPayload"] == {"a": 1}
    assert record["responsePayload"] is None


# --- Crashes -----------------------------------------------------------------------------------------


def test_each_mail_is_kept_once_when_the_server_is_killed(make_server):
    server = make_server("--sns-auto-confirm")
    sns = server.client("sns", max_pool_connections=8)
    topic = sns.create_topic(Name="crash")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="crash@example.com")
    acknowledged = set()
    for round_number in range(10):

        def publish(i, round_number=round_number):
            subject = f"{round_number}-{i}"
            try:
                sns.publish(TopicArn=topic, Message="m", Subject=subject)
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                return  # not acknowledged: it may come or not
            acknowledged.add(subject)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            work = [pool.submit(publish, i) for i in range(40)]
            concurrent.futures.wait(work[: 4 * round_number + 1])
            server.kill()
        server.restart()

    def subjects():
        return [m["Subject"] for m in mails_to(server, "crash@example.com")]

    wait_until(lambda: acknowledged <= set(subjects()), "everything that was acknowledged")
    assert acknowledged and len(subjects()) == len(set(subjects()))


def test_nothing_that_was_published_is_lost_when_the_server_is_killed(make_server):
    server = make_server()
    sns = server.client("sns")
    sqs, url, arn = make_queue(server, "crash")
    topic = sns.create_topic(Name="crash")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    published = set()
    for round_number in range(5):
        for i in range(20):
            text = f"{round_number}-{i}"
            sns.publish(TopicArn=topic, Message=text)
            published.add(text)
        server.kill()
        server.restart()

    received = set()

    def drain():
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in got.get("Messages", []):
            received.add(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return published <= received

    wait_until(drain, "everything that was published")
    assert received == published
