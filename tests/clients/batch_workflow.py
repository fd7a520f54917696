"""The batch workflow's parts, as a user would put them together: functions, rules, a topic that mails."""

import email
import email.policy
import re
import time
import urllib.request

GIVE_UP_SECONDS = 120
POLL_SECONDS = 0.02
ROLE = "arn:aws:iam::000000000000:role/PersonalizeRole"


def wait_until(look, what, seconds=GIVE_UP_SECONDS):
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, f"{what}: not after {seconds} s"
        time.sleep(POLL_SECONDS)
    return found


def mails(server):
    """The mails in the server's Maildir, as Python's own reader of mails sees them, oldest first."""
    folder = server.data / "mail" / "new"
    found = []
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        with open(path, "rb") as file:
            found.append(email.message_from_binary_file(file, policy=email.policy.default))
    return found


def mailing_topic(server, name, address):
    """A topic with a confirmed subscription. Gives its ARN."""
    sns = server.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)

    def link():
        for mail in mails(server):
            if mail["To"] == address and "Confirmation" in mail["Subject"]:
                return re.search(r"http://\S+Action=ConfirmSubscription\S+", mail.get_content())
        return None

    with urllib.request.urlopen(wait_until(link, "the confirmation mail")[0]) as answer:
        assert answer.status == 200
    return topic


def create_builtin(server, name, handler, variables, on_success=None):
    """A built-in function of the server. Gives its ARN."""
    functions = server.client("lambda")
    arn = functions.create_function(
        FunctionName=name,
        Runtime="usher",
        Role=ROLE,
        Handler=handler,
        Code={},
        Timeout=60,
        Environment={"Variables": variables},
    )["FunctionArn"]
    if on_success:
        functions.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": on_success}}
        )
    return arn


def rule(name, function_arn, prefix, suffix):
    return {
        "Id": name,
        "LambdaFunctionArn": function_arn,
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


def set_rules(server, bucket, *rules, **options):
    server.client("s3").put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": list(rules)},
        **options,
    )
