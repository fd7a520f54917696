"""Traces on their way to an OpenTelemetry collector."""

import http.server
import json
import threading

import pytest

import lambda_code


class Collector:
    """Takes POST /v1/traces; answers what `answers` says, then 200."""

    def __init__(self):
        self.answers = []
        self.bodies = []
        self.refused = 0
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = collector.answers.pop(0) if collector.answers else 200
                if status == 200 and self.path == "/v1/traces":
                    assert self.headers["Content-Type"] == "application/json"
                    collector.bodies.append(json.loads(body))
                else:
                    collector.refused += 1
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self):
        """{span's name: (service's name, span)}"""
        found = {}
        for body in self.bodies:
            for resource in body["resourceSpans"]:
                service = resource["resource"]["attributes"][0]["value"]["stringValue"]
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        found[span["name"]] = (service, span)
        return found


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_traces_reach_the_collector(make_server, collector):
    server = make_server("--otlp", collector.url)
    functions = server.client("lambda")
    lambda_code.create(functions, "Exported")
    lambda_code.invoke(functions, "Exported", {})

    spans = lambda_code.eventually(
        lambda: collector.spans() if "Invocation" in collector.spans() else None
    )
    service, invocation = spans["Invocation"]
    assert service == "Exported"
    assert len(invocation["traceId"]) == 32
    _, function = spans["Exported"]
    assert function["traceId"] == invocation["traceId"]
    assert int(invocation["startTimeUnixNano"]) <= int(invocation["endTimeUnixNano"])


def test_what_a_collector_cannot_take_now_is_sent_again(make_server, collector):
    collector.answers = [503, 429]
    server = make_server("--otlp", collector.url)
    server.client("sqs").create_queue(QueueName="again")

    assert lambda_code.eventually(lambda: "SQS" in collector.spans())
    assert collector.refused == 2


def test_a_server_that_stops_sends_the_rest(make_server, collector):
    server = make_server("--otlp", collector.url)
    server.client("sqs").create_queue(QueueName="last")
    assert server.stop() == 0
    assert "SQS" in collector.spans()


def test_a_server_without_its_collector_goes_on(make_server):
    server = make_server("--otlp", "http://127.0.0.1:9")
    server.client("sqs").create_queue(QueueName="alone")
    assert server.stop() == 0
