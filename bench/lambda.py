#!/usr/bin/env python3
"""Lambda's cost around a plain Python function, on a server of its own: cold start, warm invocation, asynchronous rate.

    bench/lambda.py [--binary build/release/bin/usher] [--cold 15] [--warm 2000] [--events 10000] [--kill N]

cold    spawn to response, a new sandbox each time (the code is updated in between)
warm    one client, one function that returns its event, one connection kept: what the caller sees, and of that what the
        function reports as its duration
async   events accepted by several clients at once, then all of them run: the time from the first request to the last
        run. Each run appends its number to a file; afterwards every number must be there. With --kill the server is
        killed that many times on the way and started again.
fsync   how often this disk syncs one page in a second: what durable acceptance is bounded by
"""
import argparse
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ECHO = "def lambda_handler(event, context):\n    return event\n"
COUNT = """
import os
out = os.open(os.environ["OUT"] + "/" + str(os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def lambda_handler(event, context):
    os.write(out, b"%d\\n" % event["n"])
"""
HEADERS = {"Content-Type": "application/json"}


def zip_of(source):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("lambda_function.py", source)
    return out.getvalue()


class Server:
    """Without signatures: their cost is another measurement."""

    def __init__(self, binary, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.command = [binary, "serve", "--data", folder / "data", "--listen", f"127.0.0.1:{self.port}", "--auth", "off"]
        self.log = open(folder / "server.log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                if self.process.poll() is not None:
                    sys.exit("the server did not start")
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def ask(connection, method, path, body=b"", headers=HEADERS):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]}")
    return content, answer


def create(server, name, source, variables=None):
    import base64

    request = {
        "FunctionName": name, "Runtime": "python3.11", "Role": "arn:aws:iam::000000000000:role/r",
        "Handler": "lambda_function.lambda_handler", "Timeout": 60,
        "Code": {"ZipFile": base64.b64encode(zip_of(source)).decode()}, "Environment": {"Variables": variables or {}},
    }
    ask(server.connect(), "POST", "/2015-03-31/functions", json.dumps(request).encode())


def show(name, samples, unit="ms"):
    ordered = sorted(samples)
    at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]
    print(f"{name:28} median {at(0.5):8.2f} {unit}   p95 {at(0.95):8.2f}   p99 {at(0.99):8.2f}   of {len(ordered)}")


def reported_ms(answer):
    import base64

    log = base64.b64decode(answer.getheader("X-Amz-Log-Result")).decode()
    return float(log.rsplit("\tDuration: ", 1)[1].split(" ms")[0])


def cold(server, rounds):
    create(server, "cold", ECHO)
    connection = server.connect()
    samples = []
    for i in range(rounds):
        body = json.dumps({"Description": str(i)}).encode()
        ask(connection, "PUT", "/2015-03-31/functions/cold/configuration", body)
        begin = time.perf_counter()
        ask(connection, "POST", "/2015-03-31/functions/cold/invocations", b"{}")
        samples.append((time.perf_counter() - begin) * 1000)
    show("cold start", samples)


def warm(server, rounds):
    create(server, "warm", ECHO)
    connection = server.connect()
    headers = {**HEADERS, "X-Amz-Log-Type": "Tail"}
    whole, outside = [], []
    for i in range(rounds + 50):
        begin = time.perf_counter()
        _, answer = ask(connection, "POST", "/2015-03-31/functions/warm/invocations", b'{"n": 1}', headers)
        took = (time.perf_counter() - begin) * 1000
        if i >= 50:
            whole.append(took)
            outside.append(took - reported_ms(answer))
    show("warm, as the client sees it", whole)
    show("warm, without the function", outside)


def fsync_rate(folder, seconds=2.0):
    path = folder / "sync"
    with open(path, "wb") as file:
        count, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            count += 1
        return count / (time.perf_counter() - begin)


def send_events(server, numbers, headers, accepted):
    """Sends each number until it is accepted; one that was accepted unheard is sent again."""
    connection = None
    for n in numbers:
        while True:
            try:
                connection = connection or server.connect()
                ask(connection, "POST", "/2015-03-31/functions/count/invocations", b'{"n": %d}' % n, headers)
                accepted.append(n)
                break
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.02)


def asynchronous(server, folder, events, clients, kills):
    out = folder / "out"
    out.mkdir()
    create(server, "count", COUNT, {"OUT": str(out)})
    headers = {**HEADERS, "X-Amz-Invocation-Type": "Event"}
    accepted = []
    threads = [
        threading.Thread(target=send_events, args=(server, range(i, events, clients), headers, accepted))
        for i in range(clients)
    ]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for _ in range(kills):
        time.sleep(events / 500 / (kills + 1))
        server.kill()
        server.start()
    for thread in threads:
        thread.join()
    sent = time.perf_counter() - begin

    def seen():
        return [int(line) for path in out.iterdir() for line in path.read_bytes().split()]

    give_up = time.monotonic() + 300
    while len(set(seen())) < events and time.monotonic() < give_up:
        time.sleep(0.05)
    took = time.perf_counter() - begin
    numbers = seen()
    lost = set(range(events)) - set(numbers)
    print(f"asynchronous                 {events / took:8.0f} a second accepted and run ({events / sent:.0f} accepted); "
          f"{len(lost)} lost, {len(numbers) - len(set(numbers))} run twice, {kills} kills")
    return not lost


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/bin/usher")
    parser.add_argument("--cold", type=int, default=15)
    parser.add_argument("--warm", type=int, default=2000)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--kill", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="usher-bench-"))
    server = Server(arguments.binary, folder)
    try:
        print(f"fsync of the disk            {fsync_rate(folder):8.0f} a second")
        if arguments.cold:
            cold(server, arguments.cold)
        if arguments.warm:
            warm(server, arguments.warm)
        if arguments.events and not asynchronous(server, folder, arguments.events, arguments.clients, arguments.kill):
            return 1
        return 0
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
