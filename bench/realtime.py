#!/usr/bin/env python3
"""Requests a second through API Gateway and the built-in function realtime_api, beside GetRecommendations itself.

  bench/realtime.py                        60,000 movies and 25 M made-up ratings; the server on core 0, the clients on core 1
  bench/realtime.py --rows 1000000 --no-pin

Starts a server of its own, trains, deploys an API with both integration types, then measures in turns, each with 8 keep-alive
clients for some seconds: GetRecommendations signed; the API by AWS_PROXY and by AWS, with the function's log; the same with
execution log and trace. Each client sends a request that was made once. Medians over the rounds; p99 of one client's waits.
"""
import argparse
import multiprocessing
import os
import pathlib
import socket
import statistics
import sys
import tempfile
import time
import urllib.parse

import boto3

import latency
import served

TEMPLATE = '{"user_id": "$input.params(\'user_id\')"}'


def deploy(function_arn, region):
    """Two APIs' paths in one API: /proxy and /mapped. Gives the API's id."""
    client = boto3.client("apigateway")
    api = client.create_rest_api(name="bench")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
    for part, kind in (("proxy", "AWS_PROXY"), ("mapped", "AWS")):
        resource = client.create_resource(restApiId=api, parentId=root, pathPart=part)["id"]
        where = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        client.put_method(**where, authorizationType="NONE")
        client.put_integration(
            **where, type=kind, integrationHttpMethod="POST", uri=uri, requestTemplates={"application/json": TEMPLATE}
        )
        client.put_method_response(**where, statusCode="200")
        client.put_integration_response(**where, statusCode="200")
    client.create_deployment(restApiId=api, stageName="dev")
    return api


def set_stage(api, traced):
    boto3.client("apigateway").update_stage(
        restApiId=api,
        stageName="dev",
        patchOperations=[
            {"op": "replace", "path": "/tracingEnabled", "value": "true" if traced else "false"},
            {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO" if traced else "OFF"},
        ],
    )


def work(host, port, requests, seconds, core, results):
    """One client: sends its requests in turn until the time is over."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    connection = socket.create_connection((host, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waits = []
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        connection.sendall(requests[len(waits) % len(requests)])
        status, _ = latency.receive(connection)
        if status != 200:
            results.put(f"the server answered {status}")
            return
        waits.append(time.perf_counter() - begin)
    results.put(waits)


def measure(host, port, requests, arguments):
    """(requests a second, p99 in milliseconds) of all clients together."""
    results = multiprocessing.Queue()
    core = None if arguments.no_pin else 1
    clients = [
        multiprocessing.Process(target=work, args=(host, port, requests, arguments.seconds, core, results))
        for _ in range(arguments.clients)
    ]
    for client in clients:
        client.start()
    waits = []
    for _ in clients:
        of_one = results.get()
        if isinstance(of_one, str):
            sys.exit(f"realtime.py: {of_one}")
        waits += of_one
    for client in clients:
        client.join()
    waits.sort()
    return len(waits) / arguments.seconds, waits[int(0.99 * len(waits))] * 1000


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--usher", default=str(served.ROOT / "build" / "release" / "bin" / "usher"))
    arguments.add_argument("--rows", type=int, default=25_000_000)
    arguments.add_argument("--clients", type=int, default=8)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--num-results", type=int, default=10)
    arguments.add_argument("--no-pin", action="store_true", help="let the kernel choose the cores")
    arguments = arguments.parse_args()

    ratings = served.made_up(arguments.usher, arguments.rows)
    with tempfile.TemporaryDirectory() as folder, open(pathlib.Path(folder) / "server.log", "w") as log:
        folder = pathlib.Path(folder)
        server = served.start(arguments.usher, folder / "data", log)
        try:
            s3, personalize = served.clients()
            group = served.import_interactions(s3, personalize, ratings, folder)
            s3.upload_file(str(ratings.parent / "movies.csv"), "bench", "movies.csv")
            version = served.train(personalize, group)
            campaign = served.deploy(personalize, version, minProvisionedTPS=1)
            function = boto3.client("lambda").create_function(
                FunctionName="realtime",
                Runtime="usher",
                Role=served.ROLE,
                Handler="realtime_api",
                Code={},
                Timeout=10,
                Environment={
                    "Variables": {
                        "CAMPAIGN_ARN": campaign,
                        "BUCKET": "bench",
                        "METADATA_KEY": "movies.csv",
                        "NUM_RESULTS": str(arguments.num_results),
                    }
                },
            )["FunctionArn"]
            api = deploy(function, os.environ["AWS_DEFAULT_REGION"])
            if not arguments.no_pin:
                for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir():
                    os.sched_setaffinity(int(task.name), {0})

            endpoint = os.environ["AWS_ENDPOINT_URL"]
            url = urllib.parse.urlsplit(endpoint)
            users = [str(user) for user in range(1, 400, 7)]

            def through(part):
                return [
                    f"GET /restapis/{api}/dev/_user_request_/{part}?user_id={user} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
                    for user in users
                ]

            bodies = [{"campaignArn": campaign, "userId": user, "numResults": arguments.num_results} for user in users]
            direct = latency.signed(endpoint, url.netloc, "personalize", "/recommendations", bodies)
            cases = [
                ("GetRecommendations", direct, None),
                ("API, AWS_PROXY", through("proxy"), False),
                ("API, AWS", through("mapped"), False),
                ("AWS_PROXY, log and trace", through("proxy"), True),
                ("AWS, log and trace", through("mapped"), True),
            ]
            figures = {name: [] for name, _, _ in cases}
            for _ in range(arguments.rounds):
                for name, requests, traced in cases:
                    if traced is not None:
                        set_stage(api, traced)
                    figures[name].append(measure(url.hostname, url.port, requests, arguments))
            base = statistics.median(rate for rate, _ in figures["GetRecommendations"])
            print(f"{'':26} {'per second':>10} {'p99 ms':>8} {'of direct':>10}")
            for name, measured in figures.items():
                rate = statistics.median(rate for rate, _ in measured)
                p99 = statistics.median(p99 for _, p99 in measured)
                print(f"{name:26} {rate:10.0f} {p99:8.2f} {rate / base:10.2f}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
