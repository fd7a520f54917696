#!/usr/bin/env python3
"""How many notifications a second get from Publish into the Maildir, and messages through a queue.

    .venv/bin/python bench/mail.py [--binary build/release/bin/usher] [--count 2000] [--clients 8]

Prints, beside each rate, how many times a second this disk can sync a small file: publishing a mail costs a commit, and
delivering it two syncs and a commit, which the server shares between those that run side by side.
"""
import argparse
import concurrent.futures
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "clients"))


def syncs_a_second(folder, seconds=2.0):
    path = Path(folder) / "sync-probe"
    count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with open(path, "wb") as file:
            file.write(b"x" * 1000)
            file.flush()
            os.fsync(file.fileno())
        count += 1
    path.unlink()
    return count / seconds


def spread(count, clients, work):
    """Seconds until `work(i)` was done for each i below count, by this many threads."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(count)))
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=ROOT / "build" / "release" / "bin" / "usher")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=8)
    arguments = parser.parse_args()
    os.environ["USHER_BINARY"] = str(Path(arguments.binary).resolve())
    import usher_server

    with tempfile.TemporaryDirectory() as folder:
        print(f"disk: {syncs_a_second(folder):.0f} syncs a second")
        server = usher_server.UsherServer(Path(folder) / "data", "--sns-auto-confirm").start()
        try:
            count, clients = arguments.count, arguments.clients
            sns = server.client("sns", max_pool_connections=clients)
            topic = sns.create_topic(Name="bench")["TopicArn"]
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="bench@example.com")
            begin = time.monotonic()
            published = spread(count, clients, lambda i: sns.publish(TopicArn=topic, Message=f"message {i}"))
            new = server.data / "mail" / "new"
            while len(os.listdir(new)) < count:
                time.sleep(0.01)
            arrived = time.monotonic() - begin
            print(f"Publish: {count / published:.0f} a second; in the Maildir: {count / arrived:.0f} a second")

            sqs = server.client("sqs", max_pool_connections=clients)
            url = sqs.create_queue(QueueName="bench")["QueueUrl"]
            sent = spread(count, clients, lambda i: sqs.send_message(QueueUrl=url, MessageBody=f"message {i}"))
            print(f"SendMessage: {count / sent:.0f} a second")

            def take(_):
                got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
                entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)]
                sqs.delete_message_batch(QueueUrl=url, Entries=entries)

            took = spread(count // 10, clients, take)
            print(f"ReceiveMessage and DeleteMessageBatch by tens: {count / took:.0f} messages a second")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
