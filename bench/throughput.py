#!/usr/bin/env python3
"""How many GetRecommendations a second one core answers, with 8 keep-alive clients pinned to the other one.

  bench/throughput.py                          trained on 25 million made-up interactions, kept in .cache/bench/
  bench/throughput.py --rows 1000000           on fewer
  bench/throughput.py --seconds 10 --rounds 5

Starts a server of its own on a fresh data folder, imports, trains aws-user-personalization (deployed with the default exploration
and without any) and, as ALS alone, aws-user-personalization-v2 without its recency bias. Each is asked by signed requests made
once and sent again; the last one also of a server that wants no signatures. In turns, medians over the rounds.
"""
import argparse
import os
import selectors
import socket
import statistics
import sys
import tempfile
import time
import urllib.parse

import latency
from served import ROOT, clients, import_interactions, made_up, start, wait

KEEP_ALIVE_CLIENTS = 8


class Client:
    """One connection that sends its next request when an answer has come whole."""

    def __init__(self, host, port, requests, first):
        self.connection = socket.create_connection((host, port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = requests
        self.next = first
        self.times = []
        self.send()

    def send(self):
        self.begin = time.perf_counter_ns()
        self.connection.sendall(self.requests[self.next % len(self.requests)])
        self.next += KEEP_ALIVE_CLIENTS

    def receive(self):
        status, _ = latency.receive(self.connection)
        if status != 200:
            sys.exit(f"throughput.py: the server answered {status}")
        self.times.append(time.perf_counter_ns() - self.begin)
        self.send()


def drive(host, port, requests, seconds, count=KEEP_ALIVE_CLIENTS):
    """(answers a second, p50 and p99 in milliseconds) of `count` clients at once."""
    selector = selectors.DefaultSelector()
    asking = [Client(host, port, requests, number) for number in range(count)]
    for client in asking:
        selector.register(client.connection, selectors.EVENT_READ, client)
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        for key, _ in selector.select():
            key.data.receive()
    taken = time.perf_counter() - begin
    for client in asking:
        client.connection.close()
    times = sorted(one for client in asking for one in client.times)
    return len(times) / taken, times[len(times) // 2] / 1e6, times[int(0.99 * len(times))] / 1e6


def pin(pid, core):
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {core})


def deploy(personalize, group, recipe, parameters, weights):
    """Trains, and gives the ARN of a campaign for each weight of exploration (None: the recipe has no such thing)."""
    solution = personalize.create_solution(
        name=recipe,
        datasetGroupArn=group,
        recipeArn=f"arn:aws:personalize:::recipe/{recipe}",
        solutionConfig={"algorithmHyperParameters": parameters},
    )["solutionArn"]
    version = personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    wait(lambda: personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"], "training")
    campaigns = []
    for weight in weights:
        config = {"campaignConfig": {"itemExplorationConfig": {"explorationWeight": weight}}} if weight else {}
        name = f"{recipe}-{len(campaigns)}"
        arn = personalize.create_campaign(name=name, solutionVersionArn=version, **config)["campaignArn"]
        wait(lambda: personalize.describe_campaign(campaignArn=arn)["campaign"], "campaign")
        campaigns.append(arn)
    return campaigns


def prepare(ratings, folder):
    """[(label, campaign)] on the server that the environment names."""
    s3, personalize = clients()
    group = import_interactions(s3, personalize, ratings, folder)
    exploring, greedy = deploy(personalize, group, "aws-user-personalization", {"hidden_dimension": "64"}, ("0.3", "0"))
    (factors,) = deploy(personalize, group, "aws-user-personalization-v2", {"apply_recency_bias": "false"}, (None,))
    return [("blend, default exploration", exploring), ("blend, none", greedy), ("ALS alone", factors)]


def ask(server, campaigns, users, seconds, rounds):
    """Prints the medians of each campaign."""
    pin(server.pid, 0)
    url = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    cases = [("/healthz", latency.healthz(url.netloc))]
    for label, campaign in campaigns:
        bodies = [{"campaignArn": campaign, "userId": user, "numResults": 25} for user in users]
        endpoint = os.environ["AWS_ENDPOINT_URL"]
        cases.append((label, latency.signed(endpoint, url.netloc, "personalize", "/recommendations", bodies)))
    measured = {label: [] for label, _ in cases}
    for number in range(rounds + 1):
        for label, requests in cases:
            result = drive(url.hostname, url.port, requests, seconds if number else 1)
            if number:  # the first warms up
                measured[label].append(result)
    for label, results in measured.items():
        rate, p50, p99 = (statistics.median(values) for values in zip(*results))
        print(f"{label:28} {rate:8.0f} a second, p50 {p50:.3f} ms, p99 {p99:.3f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=25_000_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--usher", default=ROOT / "build/release/bin/usher")
    arguments = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("throughput.py: wants two cores, one for the server and one for the clients")
    ratings = made_up(arguments.usher, arguments.rows)
    users = [line.split(b",", 1)[0].decode() for line in ratings.open("rb").read(50_000_000).splitlines()[1:-1]]
    users = list(dict.fromkeys(users))[:2000]
    with tempfile.TemporaryDirectory() as folder:
        log = open(f"{folder}/server.log", "w")
        server = start(arguments.usher, f"{folder}/data", log)
        try:
            campaigns = prepare(ratings, folder)
            os.sched_setaffinity(0, {1})
            print("signed:")
            ask(server, campaigns, users, arguments.seconds, arguments.rounds)
            server.terminate()
            server.wait()
            server = start(arguments.usher, f"{folder}/data", log, "--auth", "off")
            print("--auth off:")
            ask(server, campaigns[2:], users, arguments.seconds, arguments.rounds)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
