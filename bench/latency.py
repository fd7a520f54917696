#!/usr/bin/env python3
"""How long one client waits for an answer over one keep-alive connection.

  bench/latency.py                                     /healthz of the server that AWS_ENDPOINT_URL names
  bench/latency.py --campaign ARN --users 1,2,3        GetRecommendations as well, signed; with several --campaign
                                                       (or NAME=ARN) one request of each in turn, so that what the
                                                       machine does meanwhile hits all alike
  bench/latency.py --function NAME --users 1,2,3       Invoke of a function with {"user_id": …} as well, signed; of
                                                       the built-in `realtime_api`, say

Requests are made once and sent again, so what is measured is the server, the loopback and about 15 us of
this client. `eval "$(usher env)"` sets the variables that it needs.
"""
import argparse
import os
import socket
import sys
import time
import urllib.parse


def healthz(host):
    return [f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()]


def signed(endpoint, host, service, path, bodies):
    """One POST of each body, signed."""
    import json

    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    requests = []
    for content in bodies:
        body = json.dumps(content).encode()
        request = AWSRequest("POST", endpoint + path, {"Content-Type": "application/json"}, body)
        SigV4Auth(credentials, service, os.environ.get("AWS_DEFAULT_REGION", "us-east-1")).add_auth(request)
        fields = {**dict(request.headers), "Host": host, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        requests.append(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    return requests


def receive(connection):
    """One whole answer: its status and the length of its body."""
    data = connection.recv(1 << 16)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += connection.recv(1 << 16)
    status = int(data[9:12])
    at = data.lower().index(b"content-length: ") + 16
    length = int(data[at : data.index(b"\r", at)])
    got = len(data) - end - 4
    while got < length:
        got += len(connection.recv(1 << 16))
    return status, length


def measure(host, port, cases, count, warm_up):
    """Of each case's requests the sorted times of `count`, in nanoseconds."""
    connection = socket.create_connection((host, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = [[] for _ in cases]
    for i in range(warm_up + count):
        for requests, taken in zip(cases, times):
            begin = time.perf_counter_ns()
            connection.sendall(requests[i % len(requests)])
            status, _ = receive(connection)
            if status != 200:
                sys.exit(f"latency.py: the server answered {status}")
            if i >= warm_up:
                taken.append(time.perf_counter_ns() - begin)
    return [sorted(taken) for taken in times]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--requests", type=int, default=20_000)
    arguments.add_argument("--campaign", action="append", default=[], help="ARN of an active campaign, or NAME=ARN")
    arguments.add_argument("--function", action="append", default=[], help="name of a function that takes a user_id")
    arguments.add_argument("--users", default="1", help="user ids, separated by commas, asked in turn")
    arguments.add_argument("--num-results", type=int, default=25)
    arguments = arguments.parse_args()

    endpoint = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    url = urllib.parse.urlsplit(endpoint)
    cases = [("/healthz", healthz(url.netloc))]
    users = arguments.users.split(",")
    for campaign in arguments.campaign:
        name, arn = campaign.split("=", 1) if "=" in campaign else ("GetRecommendations", campaign)
        bodies = [{"campaignArn": arn, "userId": user, "numResults": arguments.num_results} for user in users]
        cases.append((name, signed(endpoint, url.netloc, "personalize", "/recommendations", bodies)))
    for function in arguments.function:
        bodies = [{"user_id": user, "num_results": arguments.num_results} for user in users]
        path = f"/2015-03-31/functions/{function}/invocations"
        cases.append((function, signed(endpoint, url.netloc, "lambda", path, bodies)))
    print(f"{'milliseconds':20} {'p50':>8} {'p90':>8} {'p99':>8} {'max':>8} {'per second':>11}")
    measured = measure(url.hostname, url.port or 80, [requests for _, requests in cases], arguments.requests, warm_up=500)
    for (name, _), times in zip(cases, measured):
        at = lambda share: times[min(len(times) - 1, int(share * len(times)))] / 1e6
        rate = len(times) / (sum(times) / 1e9)
        print(f"{name:20} {at(0.5):8.3f} {at(0.9):8.3f} {at(0.99):8.3f} {times[-1] / 1e6:8.3f} {rate:11.0f}")


if __name__ == "__main__":
    main()
