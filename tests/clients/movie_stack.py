"""The movie workflow of examples/movies as one stack: made, fed, waited for, taken down."""

import csv
import io
import json
import re
import time
import urllib.error
import urllib.request

import batch_workflow as batch
from usher_server import POLL_SECONDS, ROOT

EXAMPLE = ROOT / "examples" / "movies"
ASSETS = "movie-assets"
BUCKET = "movie-data"
EMAIL = "reader@example.com"
GIVE_UP_SECONDS = 240
NOTIFICATION = "AWS Notification Message"


def put_assets(server, bucket=ASSETS):
    """What a nested stack reads: the templates."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket=bucket)
    for name in ("train.yaml", "predict.yaml"):
        s3.upload_file(str(EXAMPLE / name), bucket, name)


def parameters(**given):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]


def create(server, name, template, **given):
    """Begins a stack of one of the example's templates. Gives its id."""
    return server.client("cloudformation").create_stack(
        StackName=name,
        TemplateBody=(EXAMPLE / template).read_text(encoding="utf-8"),
        Parameters=parameters(**given),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )["StackId"]


def create_all(server, name="movies", **given):
    return create(
        server,
        name,
        "all.yaml",
        **{
            "Bucket": BUCKET,
            "Assets": ASSETS,
            "Email": EMAIL,
            "Endpoint": server.endpoint,
            "PollSeconds": "1",
            **given,
        },
    )


def wait_for_stack(server, stack, wanted="CREATE_COMPLETE"):
    """The stack, when it has the status; any other end is an assertion failure, with what it says."""
    client = server.client("cloudformation")
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        found = client.describe_stacks(StackName=stack)["Stacks"][0]
        status = found["StackStatus"]
        if status == wanted:
            return found
        if not status.endswith("_IN_PROGRESS"):
            events = client.describe_stack_events(StackName=stack)["StackEvents"]
            reasons = [e["ResourceStatusReason"] for e in events if "ResourceStatusReason" in e]
            raise AssertionError(f"the stack is {status}: {reasons}")
        assert time.monotonic() < give_up, f"still {status}"
        time.sleep(POLL_SECONDS)


def outputs_of(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def confirm_subscription(server):
    """Opens the link of the first mail, as its reader would."""

    def link():
        for mail in batch.mails(server):
            if "Confirmation" in mail["Subject"]:
                return re.search(r"http://\S+Action=ConfirmSubscription\S+", mail.get_content())
        return None

    with urllib.request.urlopen(batch.wait_until(link, "the confirmation mail")[0]) as answer:
        assert answer.status == 200


def notifications(server):
    """The records of the mails that tell of batches, oldest first."""
    return [
        json.loads(mail.get_content().strip().splitlines()[0])
        for mail in batch.mails(server)
        if mail["Subject"] == NOTIFICATION
    ]


def ratings_of(movielens, users):
    """ratings.csv of the first so many users."""
    out = io.StringIO()
    with open(movielens.ratings, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        out.write(",".join(next(rows)) + "\n")
        for row in rows:
            if int(row[0]) <= users:
                out.write(",".join(row) + "\n")
    return out.getvalue()


def users_file(users):
    return "".join(json.dumps({"userId": user}) + "\n" for user in users)


def execution_of_upload(server, machine, known=()):
    """ARN of the execution that an upload has started, none of the known ones."""
    states = server.client("stepfunctions")

    def started():
        found = states.list_executions(stateMachineArn=machine)["executions"]
        return [e["executionArn"] for e in found if e["executionArn"] not in known]

    return batch.wait_until(started, "an execution")[0]


def wait_for_execution(server, execution, wanted="SUCCEEDED"):
    states = server.client("stepfunctions")
    ended = batch.wait_until(
        lambda: (found := states.describe_execution(executionArn=execution))["status"] != "RUNNING"
        and found,
        f"the end of {execution}",
        GIVE_UP_SECONDS,
    )
    assert ended["status"] == wanted, f"{ended.get('error')}: {ended.get('cause')}"
    return ended


def ask(url, query):
    """Status and body of the API's answer."""
    try:
        with urllib.request.urlopen(url + query) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def tear_down(server, machine):
    execution = server.client("stepfunctions").start_execution(stateMachineArn=machine)
    wait_for_execution(server, execution["executionArn"])
