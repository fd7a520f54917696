#!/usr/bin/env python3
"""The whole movie workflow: from create-stack of examples/movies/all.yaml to the e-mail that a batch is done.

    bench/story.py --movielens FOLDER [--binary build/release/bin/usher] [--rounds 3] [--time-scale 100]

FOLDER holds MovieLens' ratings.csv and movies.csv. In each round, on a server with a fresh data folder: create the stack, open the
link of the confirmation mail, upload movies.csv, a users.json of 100 users and ratings.csv, and wait for the mail. In between, without
further calls: preparing, import, training, metrics, campaign, functions, batch, Parquet. The state machine's Wait states ask for 5 s
each; they run --time-scale times faster, and what they took is told.
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

POLL_SECONDS = 5
USERS = 100


def play(stack, batch, server, folder, scale):
    """Prints when each step was done, in seconds from the beginning. Gives the whole time."""
    stack.put_assets(server)
    steps = []
    begin = time.monotonic()

    def done(step):
        steps.append(f"{step} {time.monotonic() - begin:.2f}")

    stack.create_all(server, PollSeconds=str(POLL_SECONDS))
    outputs = stack.outputs_of(stack.wait_for_stack(server, "movies"))
    done("stack")
    stack.confirm_subscription(server)
    s3 = server.client("s3")
    s3.upload_file(str(folder / "movies.csv"), stack.BUCKET, "raw/movies.csv")
    users = stack.users_file([str(user) for user in range(1, USERS + 1)])
    s3.put_object(Bucket=stack.BUCKET, Key="raw/users.json", Body=users.encode())
    s3.upload_file(str(folder / "ratings.csv"), stack.BUCKET, "raw/ratings.csv")
    done("upload")
    execution = stack.execution_of_upload(server, outputs["MachineArn"])
    stack.wait_for_execution(server, execution)
    done("state machine")
    batch.wait_until(lambda: stack.notifications(server), "the mail")
    whole = time.monotonic() - begin

    history = server.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    entered = [e["stateEnteredEventDetails"]["name"] for page in history for e in page["events"] if "stateEnteredEventDetails" in e]
    waits = sum(name.startswith("Wait for") for name in entered)
    print(f"{', '.join(steps)}, mail {whole:.2f} s; {waits} waits of {POLL_SECONDS} s took {waits * POLL_SECONDS / scale:.2f} s of it", flush=True)
    return whole


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movielens", type=Path, required=True)
    parser.add_argument("--binary", default=ROOT / "build" / "release" / "bin" / "usher")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--time-scale", type=float, default=100)
    arguments = parser.parse_args()
    os.environ["USHER_BINARY"] = str(Path(arguments.binary).resolve())
    import batch_workflow as batch
    import movie_stack as stack
    from usher_server import UsherServer

    times = []
    for turn in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            if turn == 0:
                print(f"disk: {syncs_a_second(folder):.0f} syncs a second")
            server = UsherServer(Path(folder) / "data", "--time-scale", str(arguments.time_scale)).start()
            try:
                times.append(play(stack, batch, server, arguments.movielens, arguments.time_scale))
            finally:
                server.stop()
    print(f"from create-stack to the mail: median {statistics.median(times):.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main()
