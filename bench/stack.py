#!/usr/bin/env python3
"""How long create-stack of the prediction stage of the movie recommender takes, and the deletion of that stack.

    .venv/bin/python bench/stack.py [--binary build/release/bin/usher] [--rounds 7]

The template is examples/movies/predict.yaml: functions with roles, log groups, permissions and settings for asynchronous calls, a topic
with a subscription by mail, and a REST API with model, validator, method, deployment and stage. Times are from the call to the
moment when DescribeStacks says that it is done, asked every 10 ms. Prints, beside them, how many times a second this disk can sync
a small file: a resource costs three commits or so, which the server shares between those that are made side by side.
"""
import argparse
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

TEMPLATE = ROOT / "examples" / "movies" / "predict.yaml"
PARAMETERS = [{"ParameterKey": "Bucket", "ParameterValue": "bench"}, {"ParameterKey": "Email", "ParameterValue": "bench@example.com"}]


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
            template = TEMPLATE.read_text(encoding="utf-8")
            for _ in range(arguments.rounds):
                begin = time.monotonic()
                stack = client.create_stack(
                    StackName="bench", TemplateBody=template, Parameters=PARAMETERS, Capabilities=["CAPABILITY_NAMED_IAM"]
                )["StackId"]
                wait(client, stack, "CREATE_COMPLETE")
                made = time.monotonic()
                count = len(client.describe_stack_resources(StackName=stack)["StackResources"])
                client.delete_stack(StackName="bench")
                wait(client, stack, "DELETE_COMPLETE")
                created.append(made - begin)
                deleted.append(time.monotonic() - made)
        finally:
            server.stop()
    for what, times in ((f"create-stack of {count} resources", created), ("its deletion", deleted)):
        print(f"{what}: median {statistics.median(times):.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main()
