#!/usr/bin/env python3
"""Events a second by PutEvents: several clients, ten events a call, each call on the disk before its answer.

  bench/events.py                       8 clients for 10 seconds, on a server of its own
  bench/events.py --clients 1 --filter  and how long GetRecommendations takes with filters beside without

Beside the rate stands the disk's own rate of syncs (4 KiB appended and synced by one writer, in the same folder). Before and after the
load it is checked that the next request sees what was acknowledged. Clients are processes that send requests signed
beforehand, so that what is measured is the server.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import socket
import sys
import tempfile
import time
import urllib.parse

import boto3

import served
from latency import measure, receive

USHER = served.ROOT / "build" / "release" / "bin" / "usher"
EVENTS_A_CALL = 10


def syncs_a_second(folder, seconds=2.0):
    path = pathlib.Path(folder) / "sync"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    count = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        os.write(fd, b"x" * 4096)
        os.fdatasync(fd)
        count += 1
    took = time.perf_counter() - begin
    os.close(fd)
    path.unlink()
    return count / took


def signed(endpoint, host, path, body):
    """The bytes of a signed POST."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    request = AWSRequest("POST", endpoint + path, {"Content-Type": "application/json"}, body)
    SigV4Auth(credentials, "personalize", os.environ.get("AWS_DEFAULT_REGION", "us-east-1")).add_auth(request)
    fields = {**dict(request.headers), "Host": host, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def connect(url):
    connection = socket.create_connection((url.hostname, url.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def client(number, tracking_id, users, items, start, seconds, out):
    """Sends calls until the time is over; gives how many were acknowledged, and the slowest answers."""
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    url = urllib.parse.urlsplit(endpoint)
    requests = []
    for k in range(1000):
        user = f"{number}-{k}" if k % 2 else users[(number * 131 + k) % len(users)]
        events = [
            {"eventType": "watch", "sentAt": 1_800_000_000 + k, "itemId": items[(number * 977 + k * 13 + j) % len(items)]}
            for j in range(EVENTS_A_CALL)
        ]
        body = json.dumps({"trackingId": tracking_id, "userId": user, "sessionId": user, "eventList": events}).encode()
        requests.append(signed(endpoint, url.netloc, "/events", body))
    connection = connect(url)
    times = []
    start.wait()
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        connection.sendall(requests[len(times) % len(requests)])
        status, _ = receive(connection)
        if status != 200:
            sys.exit(f"events.py: the server answered {status}")
        times.append(time.perf_counter() - begin)
    out.put(times)


def load(tracking_id, users, items, clients, seconds):
    start, out = multiprocessing.Event(), multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=client, args=(n, tracking_id, users, items, start, seconds, out)) for n in range(clients)
    ]
    for worker in workers:
        worker.start()
    time.sleep(5)  # until all have signed
    start.set()
    times = sorted(took for _ in workers for took in out.get())
    for worker in workers:
        worker.join()
    return times


def check_seen(events, runtime, tracking_id, campaign, user):
    """An item that the answer held is not in the next one once its event is acknowledged."""
    shown = [entry["itemId"] for entry in runtime.get_recommendations(campaignArn=campaign, userId=user)["itemList"]]
    events.put_events(
        trackingId=tracking_id,
        userId=user,
        sessionId="check",
        eventList=[{"eventType": "watch", "sentAt": 1_900_000_000, "itemId": shown[0]}],
    )
    after = [entry["itemId"] for entry in runtime.get_recommendations(campaignArn=campaign, userId=user)["itemList"]]
    if shown[0] in after:
        sys.exit(f"events.py: user {user} got {shown[0]} again")


def compare_filters(personalize, campaign, group, items, users, requests):
    """Times of GetRecommendations with each filter beside those without, one request of each in turn."""
    schema = {
        "type": "record",
        "name": "Items",
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [
            {"name": "ITEM_ID", "type": "string"},
            {"name": "KIND", "type": "string", "categorical": True},
            {"name": "PRICE", "type": "float"},
        ],
        "version": "1.0",
    }
    schema = personalize.create_schema(name="items", schema=json.dumps(schema))["schemaArn"]
    dataset = personalize.create_dataset(name="items", schemaArn=schema, datasetGroupArn=group, datasetType="Items")["datasetArn"]
    s3 = boto3.client("s3")
    kinds = ["half", "half", "tenth", "half", "half", "third", "third", "third", "half", "percent"]
    rows = "".join(f"{item},{kinds[i % 9] if i % 100 else 'percent'},{i % 1000}\n" for i, item in enumerate(items))
    s3.put_object(Bucket="bench", Key="items.csv", Body=("ITEM_ID,KIND,PRICE\n" + rows).encode())
    job = personalize.create_dataset_import_job(
        jobName="items", datasetArn=dataset, dataSource={"dataLocation": "s3://bench/items.csv"}, roleArn=served.ROLE
    )["datasetImportJobArn"]
    served.wait(lambda: personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"], "items")
    expressions = {
        "met": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
        "half": 'INCLUDE ItemID WHERE Items.KIND IN ("half")',
        "tenth": 'INCLUDE ItemID WHERE Items.KIND IN ("tenth")',
        "percent": 'INCLUDE ItemID WHERE Items.KIND IN ("percent")',
        "price": "INCLUDE ItemID WHERE Items.PRICE < $P",
    }
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    url = urllib.parse.urlsplit(endpoint)
    cases = {}
    for name, expression in {"none": None, **expressions}.items():
        ask = {"campaignArn": campaign, "numResults": 25}
        if expression:
            ask["filterArn"] = personalize.create_filter(name=name, datasetGroupArn=group, filterExpression=expression)["filterArn"]
        if name == "price":
            ask["filterValues"] = {"P": "500"}
        cases[name] = [
            signed(endpoint, url.netloc, "/recommendations", json.dumps({**ask, "userId": user}).encode()) for user in users[:200]
        ]
    measured = dict(zip(cases, measure(url.hostname, url.port, list(cases.values()), requests, warm_up=300)))
    plain = measured["none"]
    print(f"{'GetRecommendations with filter':34} {'p50 ms':>8} {'p99 ms':>8} {'p50 to none':>12} {'mean to none':>13}")
    for name, times in measured.items():
        at = lambda share: times[int(share * (len(times) - 1))] / 1e6
        p50 = times[len(times) // 2] / plain[len(plain) // 2]
        mean = sum(times) / sum(plain)
        print(f"{name:34} {at(0.5):8.3f} {at(0.99):8.3f} {p50:12.3f} {mean:13.3f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--usher", default=str(USHER))
    arguments.add_argument("--clients", type=int, default=8)
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--rows", type=int, default=1_000_000, help="of the made-up ratings that the model is trained on")
    arguments.add_argument("--data", help="where the data folder is made (default: the current one): its disk is what is measured")
    arguments.add_argument("--filter", action="store_true", help="also compare requests with filters")
    arguments.add_argument("--requests", type=int, default=5000, help="of each kind, with --filter")
    arguments = arguments.parse_args()

    ratings = served.made_up(arguments.usher, arguments.rows)
    with tempfile.TemporaryDirectory(dir=arguments.data or ".") as scratch, open(f"{scratch}/log", "w") as log:
        server = served.start(arguments.usher, f"{scratch}/data", log)
        try:
            run(arguments, ratings, scratch)
        finally:
            server.terminate()
            server.wait()


def run(arguments, ratings, scratch):
    s3, personalize = served.clients()
    events, runtime = boto3.client("personalize-events"), boto3.client("personalize-runtime")
    group = served.import_interactions(s3, personalize, ratings, scratch)
    version = served.train(personalize, group)
    campaign = served.deploy(personalize, version, campaignConfig={"itemExplorationConfig": {"explorationWeight": "0"}})
    tracking_id = personalize.create_event_tracker(name="bench", datasetGroupArn=group)["trackingId"]
    with open(ratings, encoding="utf-8") as file:
        next(file)
        pairs = [line.split(",", 2)[:2] for line in file]
    users = list(dict.fromkeys(user for user, _ in pairs))
    items = list(dict.fromkeys(item for _, item in pairs))

    check_seen(events, runtime, tracking_id, campaign, users[0])
    before = syncs_a_second(scratch)
    times = load(tracking_id, users, items, arguments.clients, arguments.seconds)
    after = syncs_a_second(scratch)
    check_seen(events, runtime, tracking_id, campaign, users[1])
    calls = len(times) / arguments.seconds
    at = lambda share: times[int(share * (len(times) - 1))] * 1e3
    print(f"{arguments.clients} clients, {EVENTS_A_CALL} events a call, each call on the disk before its answer")
    print(f"  events a second        {calls * EVENTS_A_CALL:10.0f}   ({calls:.0f} calls; p50 {at(0.5):.2f} ms, p99 {at(0.99):.2f} ms)")
    print(f"  the disk's syncs       {before:10.0f} a second before, {after:.0f} after, one writer")
    print("  the next request saw what was acknowledged, before and after the load")
    if arguments.filter:
        compare_filters(personalize, campaign, group, items, users, arguments.requests)


if __name__ == "__main__":
    main()
