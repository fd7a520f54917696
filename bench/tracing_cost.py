#!/usr/bin/env python3
"""What tracing adds to a GetRecommendations, in instructions, which no other load on the machine changes.

    bench/tracing_cost.py                    25 million made-up ratings, kept in .cache/bench/
    bench/tracing_cost.py --rows 1000000     fewer: a smaller catalogue, so that tracing weighs more

Needs valgrind (apt-get install valgrind). Trains on a server of its own, then serves the same data folder under callgrind and counts 300
signed requests twice: as they are, each of them a trace, and with a sampling rule that takes none. Printed are the instructions of a
request from its bytes to its answer, on its own thread, and those of the whole process, with the thread that stores traces.
Callgrind knows no AVX-512, so the models are scanned by AVX2.
"""
import argparse
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import boto3

import latency
import served

REQUESTS = 300
SETTLE_SECONDS = 1.5  # segments are stored some 50 ms later
SERVE = "usher::server::Connection::Serve("


def control(server, *arguments):
    subprocess.run(["callgrind_control", *arguments, str(server.pid)], check=True, stdout=subprocess.DEVNULL)


def count(server, connection, requests, folder, name):
    """Instructions of a request: on its thread, and of the whole process."""

    def send(number):
        for k in range(number):
            connection.sendall(requests[k % len(requests)])
            status, _ = latency.receive(connection)
            if status != 200:
                sys.exit(f"tracing_cost.py: the server answered {status}")

    send(100)
    time.sleep(SETTLE_SECONDS)
    control(server, "-i", "on")
    control(server, "-z")
    send(REQUESTS)
    time.sleep(SETTLE_SECONDS)
    control(server, "-d", name)
    control(server, "-i", "off")
    for dump in folder.glob("callgrind.*"):
        if f"desc: Trigger: dump {name}\n" in (text := dump.read_text()):
            whole = int(re.search(r"^summary: (\d+)", text, re.M)[1])
            told = subprocess.run(
                ["callgrind_annotate", "--inclusive=yes", "--threshold=100", dump], check=True, capture_output=True, text=True
            ).stdout
            line = next(line for line in told.splitlines() if SERVE in line)
            return int(line.split()[0].replace(",", "")) / REQUESTS, whole / REQUESTS
    sys.exit("tracing_cost.py: callgrind has written nothing")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--usher", default=str(served.ROOT / "build" / "release" / "bin" / "usher"))
    arguments.add_argument("--rows", type=int, default=25_000_000)
    arguments = arguments.parse_args()

    ratings = served.made_up(arguments.usher, arguments.rows)
    with tempfile.TemporaryDirectory() as name, open(pathlib.Path(name) / "server.log", "w") as log:
        folder = pathlib.Path(name)
        server = served.start(arguments.usher, folder / "data", log)
        try:
            s3, personalize = served.clients()
            group = served.import_interactions(s3, personalize, ratings, folder)
            version = served.train(personalize, group)
            campaign = served.deploy(personalize, version, minProvisionedTPS=1)
            server.terminate()
            server.wait()

            counted = folder / "usher"
            counted.write_text(
                "#!/bin/sh\n"
                f'[ "$1" = serve ] || exec {arguments.usher} "$@"\n'
                f'exec valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file={folder}/callgrind.%p {arguments.usher} "$@"\n'
            )
            counted.chmod(0o700)
            server = served.start(str(counted), folder / "data", log)
            boto3.setup_default_session()
            endpoint = os.environ["AWS_ENDPOINT_URL"]
            url = urllib.parse.urlsplit(endpoint)
            bodies = [{"campaignArn": campaign, "userId": str(user), "numResults": 10} for user in range(1, 400, 7)]
            requests = latency.signed(endpoint, url.netloc, "personalize", "/recommendations", bodies)
            with socket.create_connection((url.hostname, url.port)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                traced = count(server, connection, requests, folder, "traced")
                rule = {"RuleName": "Default", "FixedRate": 0.0, "ReservoirSize": 0}
                boto3.client("xray").update_sampling_rule(SamplingRuleUpdate=rule)
                untraced = count(server, connection, requests, folder, "untraced")
            for what, with_traces, without in zip(("on the request's thread", "in the whole process"), traced, untraced):
                print(f"{what:24} {with_traces:9.0f} traced, {without:9.0f} not: {100 * (with_traces / without - 1):+.1f} %")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
