#!/usr/bin/env python3
"""How long create-stack of 20 resources takes, and the deletion of that stack.

    .venv/bin/python bench/stack.py [--binary build/release/bin/usher] [--rounds 7]

The template is shaped like the prediction stage of a movie recommender: a bucket with notifications, three functions with roles,
permissions and settings for asynchronous calls, a topic, subscriptions, a queue and log groups. Times are from the call to the
moment when DescribeStacks says that it is done, asked every 10 ms. Prints, beside them, how many times a second this disk can sync
a small file: a resource costs three commits or so, which the server shares between those that are made side by side.
"""
import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "clients"))
sys.path.insert(0, str(ROOT / "bench"))

from mail import syncs_a_second  # noqa: E402

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
CODE = "def lambda_handler(event, context):\n    return None\n"


def resource(kind, after=None, **properties):
    made = {"Type": f"AWS::{kind}", "Properties": properties}
    return made | ({"DependsOn": after} if after else {})


def template():
    resources = {
        "Topic": resource("SNS::Topic"),
        "Queue": resource("SQS::Queue"),
        "Heard": resource("SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="sqs", Endpoint={"Fn::GetAtt": ["Queue", "Arn"]}),
        "Mail": resource("SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="email", Endpoint="bench@example.com"),
        "Data": resource(
            "S3::Bucket",
            NotificationConfiguration={
                "LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["Function0", "Arn"]}}]
            },
        ),
    }
    for i in range(3):
        name = {"Ref": f"Function{i}"}
        resources |= {
            f"Role{i}": resource("IAM::Role", AssumeRolePolicyDocument=TRUST),
            f"Function{i}": resource(
                "Lambda::Function", Handler="index.lambda_handler", Runtime="python3.11", Code={"ZipFile": CODE}, Role={"Fn::GetAtt": [f"Role{i}", "Arn"]}
            ),
            f"Log{i}": resource("Logs::LogGroup", LogGroupName={"Fn::Sub": f"/bench/${{Function{i}}}"}, RetentionInDays=7),
            f"Allowed{i}": resource("Lambda::Permission", Action="lambda:InvokeFunction", FunctionName=name, Principal="s3.amazonaws.com"),
            f"Calls{i}": resource(
                "Lambda::EventInvokeConfig",
                FunctionName=name,
                Qualifier="$LATEST",
                MaximumRetryAttempts=1,
                DestinationConfig={"OnSuccess": {"Destination": {"Ref": "Topic"}}},
            ),
        }
    assert len(resources) == 20
    return json.dumps({"Resources": resources})


def wait(client, stack, wanted):
    while True:
        status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if status == wanted:
            return
        if not status.endswith("_IN_PROGRESS"):
            sys.exit(f"the stack is {status}")
        time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "build" / "release" / "bin" / "usher")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    os.environ["USHER_BINARY"] = str(Path(arguments.binary).resolve())
    import usher_server

    with tempfile.TemporaryDirectory() as folder:
        print(f"disk: {syncs_a_second(folder):.0f} syncs a second")
        server = usher_server.UsherServer(Path(folder) / "data").start()
        try:
            client = server.client("cloudformation")
            created, deleted = [], []
            for _ in range(arguments.rounds):
                begin = time.monotonic()
                stack = client.create_stack(StackName="bench", TemplateBody=template(), Capabilities=["CAPABILITY_IAM"])["StackId"]
                wait(client, stack, "CREATE_COMPLETE")
                made = time.monotonic()
                client.delete_stack(StackName="bench")
                wait(client, stack, "DELETE_COMPLETE")
                created.append(made - begin)
                deleted.append(time.monotonic() - made)
        finally:
            server.stop()
    for what, times in (("create-stack of 20 resources", created), ("its deletion", deleted)):
        print(f"{what}: median {statistics.median(times):.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main()
