#!/usr/bin/env python3
"""State transitions a second, each durable, of many executions that run a loop of Pass states at once.

    .venv/bin/python bench/states.py [--binary build/release/bin/usher] [--executions 100] [--turns 100] [--waiting 0]

A turn of the loop is three transitions (Pass, Pass, Choice). Prints, beside the rate, how many times a second this disk
can sync a small file: every transition is a commit, which the server shares between executions that run side by side.
With --waiting, so many other executions stand in a Wait state meanwhile.
"""
import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "clients"))
sys.path.insert(0, str(ROOT / "bench"))

from mail import spread, syncs_a_second  # noqa: E402

LOOP = {
    "StartAt": "Count",
    "States": {
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, -1)"}, "Next": "Look"},
        "Look": {"Type": "Pass", "Next": "Done?"},
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 0, "Next": "Count"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
TRANSITIONS_A_TURN = 3
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}}}
ROLE = "arn:aws:iam::000000000000:role/bench"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "build" / "release" / "bin" / "usher")
    parser.add_argument("--executions", type=int, default=100)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--waiting", type=int, default=0)
    parser.add_argument("--clients", type=int, default=4)
    arguments = parser.parse_args()
    os.environ["USHER_BINARY"] = str(Path(arguments.binary).resolve())
    import usher_server

    with tempfile.TemporaryDirectory() as folder:
        print(f"disk: {syncs_a_second(folder):.0f} syncs a second")
        server = usher_server.UsherServer(Path(folder) / "data").start()
        try:
            states = server.client("stepfunctions", max_pool_connections=arguments.clients)

            def create(name, definition):
                return states.create_state_machine(
                    name=name, definition=json.dumps(definition), roleArn=ROLE
                )["stateMachineArn"]

            if arguments.waiting:
                waits = create("wait", WAIT)
                took = spread(
                    arguments.waiting, arguments.clients, lambda i: states.start_execution(stateMachineArn=waits)
                )
                print(f"StartExecution: {arguments.waiting / took:.0f} a second, {arguments.waiting} wait")
            machine = create("loop", LOOP)
            start = json.dumps({"n": arguments.turns})
            begin = time.monotonic()
            spread(
                arguments.executions,
                arguments.clients,
                lambda i: states.start_execution(stateMachineArn=machine, name=f"run-{i}", input=start),
            )
            while states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
                time.sleep(0.05)
            took = time.monotonic() - begin
            done = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="SUCCEEDED")
            succeeded = sum(len(page["executions"]) for page in done)
            assert succeeded == arguments.executions, f"{succeeded} of {arguments.executions} have succeeded"
            transitions = arguments.executions * (arguments.turns * TRANSITIONS_A_TURN + 1)
            print(f"{transitions} transitions of {arguments.executions} executions in {took:.2f} s: "
                  f"{transitions / took:.0f} a second")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
