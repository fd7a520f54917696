"""SNS as boto3 sees it: topics, subscriptions with their confirmation, publishes, and mails that arrive."""

import email
import email.policy
import http.client
import json
import re
import time
import urllib.parse
import urllib.request

import botocore.exceptions
import pytest

from usher_server import run_usher

GIVE_UP_SECONDS = 30
POLL_SECONDS = 0.02


@pytest.fixture(scope="module")
def sns(server):
    return server.client("sns")


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def mails_to(server, address):
    """The mails in the server's Maildir, as Python's own reader of mails sees them, oldest first."""
    found = []
    for path in (server.data / "mail" / "new").iterdir():
        with open(path, "rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        if mail["To"] == address:
            found.append(mail)
    return found


def wait_until(holds, what):
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not (result := holds()):
        assert time.monotonic() < give_up, f"gave up waiting for {what}"
        time.sleep(POLL_SECONDS)
    return result


def mail_with_subject(server, address, subject):
    def find():
        return [m for m in mails_to(server, address) if m["Subject"] == subject]

    return wait_until(find, f"a mail {subject!r} to {address}")[0]


def link_of(mail, action):
    return re.search(rf"http://\S+/\?Action={action}\S+", mail.get_content())[0]


def open_link(link):
    """A plain GET without any signature, as a browser sends it."""
    with urllib.request.urlopen(link, timeout=30) as answer:
        return answer.status, answer.read().decode()


CONFIRMATION = "AWS Notification - Subscription Confirmation"


def subscribe_by_mail(server, sns, topic, address, **attributes):
    """A subscription that its owner has confirmed by the link in the mail."""
    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address, **attributes)
    assert answer["SubscriptionArn"] == "pending confirmation"
    mail = mail_with_subject(server, address, CONFIRMATION)
    status, _ = open_link(link_of(mail, "ConfirmSubscription"))
    assert status == 200
    (one,) = [
        s
        for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        if s["Endpoint"] == address
    ]
    return one["SubscriptionArn"]


def test_a_mail_comes_only_after_the_link_was_opened(server, sns):
    topic = sns.create_topic(Name="thin")["TopicArn"]
    address = "thin@example.com"
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    confirmation = mail_with_subject(server, address, CONFIRMATION)
    sns.publish(TopicArn=topic, Message="too early", Subject="too early")

    open_link(link_of(confirmation, "ConfirmSubscription"))
    sns.publish(TopicArn=topic, Message="the film starts", Subject="Now")

    mail = mail_with_subject(server, address, "Now")
    assert mail.get_content().startswith("the film starts\n")
    assert {m["Subject"] for m in mails_to(server, address)} == {CONFIRMATION, "Now"}


def test_usher_mail_lists_and_shows_with_the_link(server, sns):
    topic = sns.create_topic(Name="shown")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="shown@example.com")
    mail = mail_with_subject(server, "shown@example.com", CONFIRMATION)

    listed = run_usher("mail", "--data", server.data)
    shown = run_usher("mail", "show", mail["Message-ID"], "--data", server.data)

    (line,) = [row for row in listed.stdout.splitlines() if "shown@example.com" in row]
    assert CONFIRMATION in line
    assert run_usher("mail", "show", line.split()[0], "--data", server.data).stdout == shown.stdout
    link = re.search(r"^Confirm: +(\S+)$", shown.stdout, re.MULTILINE)[1]
    assert link == link_of(mail, "ConfirmSubscription")
    status, answer = open_link(link)
    assert status == 200 and "<SubscriptionArn>" + topic in answer


def test_usher_mail_says_what_it_cannot_show(server):
    unknown = run_usher("mail", "show", "999999", "--data", server.data)
    assert unknown.returncode == 1 and "there is no mail 999999" in unknown.stderr
    assert run_usher("mail", "burn", "--data", server.data).returncode == 2
    empty = run_usher("mail", "--data", server.data / "nowhere")
    assert empty.returncode == 0 and "There are no mails" in empty.stdout


def test_nothing_in_a_mail_steers_the_terminal(server, sns):
    topic = sns.create_topic(Name="terminal")["TopicArn"]
    subscribe_by_mail(server, sns, topic, "terminal@example.com")
    sns.publish(TopicArn=topic, Message="red \x1b[31m bell \x07", Subject="steer")
    mail = mail_with_subject(server, "terminal@example.com", "steer")

    shown = run_usher("mail", "show", mail["Message-ID"], "--data", server.data).stdout

    assert "red ?[31m bell ?" in shown and "\x1b" not in shown


def test_the_aws_command_subscribes_and_publishes(server):
    def aws(*words):
        return json.loads(server.aws("sns", *words).stdout)

    topic = aws("create-topic", "--name", "command")["TopicArn"]
    address = "command@example.com"
    pending = aws(
        *("subscribe", "--topic-arn", topic, "--protocol", "email"),
        *("--notification-endpoint", address),
    )
    assert pending["SubscriptionArn"] == "pending confirmation"
    open_link(link_of(mail_with_subject(server, address, CONFIRMATION), "Confirm"))
    sent = aws("publish", "--topic-arn", topic, "--subject", "Hi", "--message", "from the shell")

    assert sent["MessageId"]
    mail = mail_with_subject(server, address, "Hi")
    assert mail.get_content().startswith("from the shell\n")
    listed = aws("list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"]
    assert [one["Endpoint"] for one in listed] == [address]


# --- Topics ----------------------------------------------------------------------------------------


def test_creating_a_topic_again_gives_the_same_topic(sns):
    first = sns.create_topic(Name="again", Attributes={"DisplayName": "Again"})

    assert sns.create_topic(Name="again")["TopicArn"] == first["TopicArn"]
    assert first["TopicArn"].endswith(":000000000000:again")
    assert error_of(sns.create_topic, Name="again", Attributes={"DisplayName": "Other"}) == (
        "InvalidParameter",
        400,
    )


def test_topics_are_listed_by_pages_of_100(server):
    sns = server.client("sns")
    made = {sns.create_topic(Name=f"many-{i}")["TopicArn"] for i in range(101)}

    first = sns.list_topics()
    pages = list(sns.get_paginator("list_topics").paginate())

    assert len(first["Topics"]) == 100 and first["NextToken"]
    assert made <= {t["TopicArn"] for page in pages for t in page["Topics"]}
    assert error_of(sns.list_topics, NextToken="nonsense")[0] == "InvalidParameter"


def test_attributes_of_a_topic_can_be_set_and_read(sns):
    topic = sns.create_topic(Name="attributes")["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Films")

    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]

    assert attributes["DisplayName"] == "Films"
    assert attributes["TopicArn"] == topic
    assert attributes["SubscriptionsConfirmed"] == "0"
    assert json.loads(attributes["Policy"])["Statement"][0]["Resource"] == topic
    assert error_of(
        sns.set_topic_attributes, TopicArn=topic, AttributeName="Colour", AttributeValue="red"
    ) == ("InvalidParameter", 400)


def test_tags_are_kept(sns):
    topic = sns.create_topic(Name="tags", Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])

    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert error_of(sns.list_tags_for_resource, ResourceArn=topic + "x") == ("ResourceNotFound", 404)


def test_a_deleted_topic_takes_its_subscriptions_along(server, sns):
    topic = sns.create_topic(Name="deleted")["TopicArn"]
    arn = subscribe_by_mail(server, sns, topic, "deleted@example.com")
    sns.delete_topic(TopicArn=topic)

    assert error_of(sns.publish, TopicArn=topic, Message="x") == ("NotFound", 404)
    assert error_of(sns.get_subscription_attributes, SubscriptionArn=arn) == ("NotFound", 404)
    everything = [
        s["SubscriptionArn"]
        for page in sns.get_paginator("list_subscriptions").paginate()
        for s in page["Subscriptions"]
    ]
    assert arn not in everything
    sns.delete_topic(TopicArn=topic)  # again: nothing


@pytest.mark.parametrize("name", ["", "a b", "x" * 257, "ümlaut", "queue.fifo"])
def test_names_of_topics_are_checked(sns, name):
    assert error_of(sns.create_topic, Name=name) == ("InvalidParameter", 400)


# --- Subscriptions ---------------------------------------------------------------------------------


def test_a_confirmed_subscription_shows_its_attributes(server, sns):
    topic = sns.create_topic(Name="confirmed")["TopicArn"]
    arn = subscribe_by_mail(server, sns, topic, "confirmed@example.com")

    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]

    assert attributes["PendingConfirmation"] == "false"
    assert attributes["ConfirmationWasAuthenticated"] == "false"
    assert attributes["Endpoint"] == "confirmed@example.com"
    assert arn.startswith(topic + ":")


def test_confirming_by_a_signed_call_works_too(server, sns):
    topic = sns.create_topic(Name="signed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="signed@example.com")
    link = link_of(mail_with_subject(server, "signed@example.com", CONFIRMATION), "Confirm")
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["Token"][0]

    arn = sns.confirm_subscription(
        TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true"
    )["SubscriptionArn"]

    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    # Confirmed so, it is not ended by a link.
    unsubscribe = f"/?Action=Unsubscribe&SubscriptionArn={urllib.parse.quote(arn)}"
    assert unsigned(server, "GET", unsubscribe)[0] == 403
    sns.unsubscribe(SubscriptionArn=arn)
    assert error_of(sns.get_subscription_attributes, SubscriptionArn=arn) == ("NotFound", 404)


def test_wrong_tokens_confirm_nothing(server, sns):
    topic = sns.create_topic(Name="tokens")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="tokens@example.com")
    link = link_of(mail_with_subject(server, "tokens@example.com", CONFIRMATION), "Confirm")
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["Token"][0]

    for wrong in ("x", token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1"), "f" * 128):
        assert error_of(sns.confirm_subscription, TopicArn=topic, Token=wrong) == (
            "InvalidParameter",
            400,
        )
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"


def test_subscribing_again_sends_the_link_again_and_adds_nothing(server, sns):
    topic = sns.create_topic(Name="twice")["TopicArn"]
    for _ in range(2):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="twice@example.com")

    mails = wait_until(
        lambda: len(m := mails_to(server, "twice@example.com")) == 2 and m, "two mails"
    )

    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1
    assert link_of(mails[0], "Confirm") == link_of(mails[1], "Confirm")
    assert mails[0]["Message-ID"] != mails[1]["Message-ID"]


def test_a_link_in_a_mail_unsubscribes(server, sns):
    topic = sns.create_topic(Name="leave")["TopicArn"]
    arn = subscribe_by_mail(server, sns, topic, "leave@example.com")
    sns.publish(TopicArn=topic, Message="hello", Subject="first")
    mail = mail_with_subject(server, "leave@example.com", "first")
    assert mail["List-Unsubscribe"] == f"<{link_of(mail, 'Unsubscribe')}>"

    open_link(link_of(mail, "Unsubscribe"))

    assert error_of(sns.get_subscription_attributes, SubscriptionArn=arn) == ("NotFound", 404)


@pytest.mark.parametrize(
    "protocol, endpoint",
    [
        ("email", "no at"),
        ("email", "a@b.c\r\nBcc: victim@example.com"),
        ("email", "Name <a@b.c>"),
        ("email", "ä@example.com"),
        ("email", "a" * 250 + "@example.com"),
        ("http", "https://example.com/"),
        ("https", "http://example.com/"),
        ("http", "http://exa mple.com/"),
        ("http", "ftp://example.com/"),
        ("sqs", "http://127.0.0.1/000000000000/queue"),
        ("lambda", "function"),
        ("sms", "+4900000000"),
        ("pigeon", "home"),
    ],
)
def test_endpoints_that_nothing_can_be_sent_to_are_refused(sns, protocol, endpoint):
    topic = sns.create_topic(Name="endpoints")["TopicArn"]

    assert error_of(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint) == (
        "InvalidParameter",
        400,
    )


def test_attributes_of_a_subscription_can_be_set(server, sns):
    topic = sns.create_topic(Name="subscription-attributes")["TopicArn"]
    arn = subscribe_by_mail(server, sns, topic, "filter@example.com")
    sns.set_subscription_attributes(
        SubscriptionArn=arn,
        AttributeName="FilterPolicy",
        AttributeValue='{"event":["order_placed"]}',
    )
    for value, subject in (("order_cancelled", "held back"), ("order_placed", "let through")):
        sns.publish(
            TopicArn=topic,
            Message="x",
            Subject=subject,
            MessageAttributes={"event": {"DataType": "String", "StringValue": value}},
        )

    mail_with_subject(server, "filter@example.com", "let through")
    assert "held back" not in {m["Subject"] for m in mails_to(server, "filter@example.com")}
    for name, value in (
        ("FilterPolicy", "{"),
        ("FilterPolicy", '{"a":"b"}'),
        ("RawMessageDelivery", "true"),  # not for mails
        ("Colour", "red"),
    ):
        assert error_of(
            sns.set_subscription_attributes,
            SubscriptionArn=arn,
            AttributeName=name,
            AttributeValue=value,
        ) == ("InvalidParameter", 400)


# --- Links need no signature, everything else does --------------------------------------------------


def unsigned(server, method, target, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, target, body, form)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_only_the_two_links_work_without_a_signature(server, sns):
    topic = urllib.parse.quote(sns.create_topic(Name="unsigned")["TopicArn"], safe="")
    for target, body in (
        (f"/?Action=DeleteTopic&TopicArn={topic}", None),
        (f"/?Action=DeleteTopic&TopicArn={topic}&Version=2010-03-31", None),
        ("/", f"Action=DeleteTopic&TopicArn={topic}&Version=2010-03-31"),
        # A link that says one thing and a body that says another.
        ("/?Action=Unsubscribe", f"Action=DeleteTopic&TopicArn={topic}&Version=2010-03-31"),
    ):
        for method in ("GET", "POST"):
            status, _ = unsigned(server, method, target, body)
            assert status >= 400, (method, target, body)

    assert sns.get_topic_attributes(TopicArn=urllib.parse.unquote(topic))


def test_looking_at_a_link_beforehand_confirms_nothing(server, sns):
    topic = sns.create_topic(Name="head")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="head@example.com")
    link = link_of(mail_with_subject(server, "head@example.com", CONFIRMATION), "Confirm")

    unsigned(server, "HEAD", link[len(server.endpoint) :])

    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"


# --- Publish ----------------------------------------------------------------------------------------


def test_a_batch_tells_of_each_entry(server, sns):
    topic = sns.create_topic(Name="batch")["TopicArn"]
    subscribe_by_mail(server, sns, topic, "batch@example.com")

    answer = sns.publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[
            {"Id": "good", "Message": "one", "Subject": "good one"},
            {"Id": "bad", "Message": "two", "Subject": "two\nlines"},
        ],
    )

    assert [one["Id"] for one in answer["Successful"]] == ["good"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("bad", "InvalidParameter", True)
    mail_with_subject(server, "batch@example.com", "good one")
    entry = {"Id": "a", "Message": "m"}
    assert error_of(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[entry] * 2)[
        0
    ] == ("BatchEntryIdsNotDistinct")
    many = [{"Id": str(i), "Message": "m"} for i in range(11)]
    assert error_of(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=many)[0] == (
        "TooManyEntriesInBatchRequest"
    )


def test_each_protocol_gets_its_own_text(server, sns):
    topic = sns.create_topic(Name="structure")["TopicArn"]
    subscribe_by_mail(server, sns, topic, "structure@example.com")
    texts = {"default": "for all", "email": "for mails", "sqs": "for queues"}

    sns.publish(
        TopicArn=topic, Message=json.dumps(texts), MessageStructure="json", Subject="structured"
    )

    mail = mail_with_subject(server, "structure@example.com", "structured")
    assert mail.get_content().startswith("for mails\n")
    for bad in ("not json", json.dumps({"email": "no default"}), "[]"):
        assert error_of(sns.publish, TopicArn=topic, Message=bad, MessageStructure="json") == (
            "InvalidParameter",
            400,
        )


def test_text_beyond_ascii_arrives_as_it_was(server, sns):
    topic = sns.create_topic(Name="unicode")["TopicArn"]
    subscribe_by_mail(server, sns, topic, "unicode@example.com")
    subject = "Für dich: „Amélie“ — 千と千尋の神隠し " + "ü" * 60
    text = "Zeile = eins\n.punkt\nFrom here\n" + "lang" * 400 + "\n\tTäb \nende"

    sns.publish(TopicArn=topic, Message=text, Subject=subject)

    mail = mail_with_subject(server, "unicode@example.com", subject)
    assert mail.get_content().startswith(text + "\n")
    (path,) = [
        p
        for p in (server.data / "mail" / "new").iterdir()
        if mail["Message-ID"].encode() in p.read_bytes()
    ]
    assert path.read_bytes().isascii()
    assert max(map(len, path.read_bytes().splitlines())) <= 998


@pytest.mark.parametrize(
    "arguments",
    [
        {"Message": "x", "Subject": "two\nlines"},
        {"Message": "x", "Subject": "a\r\nBcc: victim@example.com"},
        {"Message": "x", "Subject": " begins with a space"},
        {"Message": "x", "Subject": "s" * 101},
        {"Message": "x", "Subject": ""},
        {"Message": ""},
        {"Message": "x" * (256 * 1024 + 1)},
        {"Message": "x", "MessageGroupId": "g"},
    ],
)
def test_what_cannot_be_published_is_refused(sns, arguments):
    topic = sns.create_topic(Name="refused")["TopicArn"]

    assert error_of(sns.publish, TopicArn=topic, **arguments) == ("InvalidParameter", 400)


def test_a_message_of_the_greatest_size_arrives(server, sns):
    topic = sns.create_topic(Name="greatest")["TopicArn"]
    subscribe_by_mail(server, sns, topic, "greatest@example.com")
    text = "0123456789abcde\n" * (16 * 1024)

    sns.publish(TopicArn=topic, Message=text, Subject="256 KiB")

    assert mail_with_subject(server, "greatest@example.com", "256 KiB").get_content().startswith(text)
