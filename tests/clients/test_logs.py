"""CloudWatch Logs as boto3 and the aws command see it."""

import json
import threading
import time

import botocore.exceptions
import pytest


@pytest.fixture(scope="module")
def logs(server):
    return server.client("logs")


def now():
    return int(time.time() * 1000)


def put(logs, group, stream, *messages, start=None):
    start = start or now()
    events = [{"timestamp": start + i, "message": text} for i, text in enumerate(messages)]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    return raised.value.response["Error"]["Code"]


def filtered(logs, group, **arguments):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **arguments)
    return [event["message"] for page in pages for event in page["events"]]


def test_a_group_lives_from_creation_to_deletion(logs):
    logs.create_log_group(logGroupName="/t/life", tags={"a": "1"})
    logs.put_retention_policy(logGroupName="/t/life", retentionInDays=7)
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/t/life")["logGroups"]
    assert group["arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/t/life:*"
    assert group["retentionInDays"] == 7
    arn = group["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"b": "2"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    logs.tag_log_group(logGroupName="/t/life", tags={"c": "3"})
    logs.untag_log_group(logGroupName="/t/life", tags=["b"])
    assert logs.list_tags_log_group(logGroupName="/t/life")["tags"] == {"c": "3"}
    logs.delete_retention_policy(logGroupName="/t/life")
    logs.delete_log_group(logGroupName="/t/life")
    assert logs.describe_log_groups(logGroupNamePrefix="/t/life")["logGroups"] == []


def test_errors_carry_the_names_of_the_service(logs):
    assert error_of(logs.delete_log_group, logGroupName="none") == "ResourceNotFoundException"
    logs.create_log_group(logGroupName="/t/errors")
    assert error_of(logs.create_log_group, logGroupName="/t/errors") == "ResourceAlreadyExistsException"
    assert error_of(logs.put_retention_policy, logGroupName="/t/errors", retentionInDays=2) == "InvalidParameterException"
    assert error_of(logs.filter_log_events, logGroupName="/t/errors", filterPattern='"x') == "InvalidParameterException"
    assert error_of(logs.get_log_events, logGroupName="/t/errors", logStreamName="s") == "ResourceNotFoundException"


def test_streams_are_listed_by_name_and_by_last_event(logs):
    logs.create_log_group(logGroupName="/t/streams")
    for stream in ("a", "b", "c"):
        logs.create_log_stream(logGroupName="/t/streams", logStreamName=stream)
    put(logs, "/t/streams", "b", "x", start=now())
    put(logs, "/t/streams", "a", "x", start=now() - 5000)
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName="/t/streams", orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 2}
    )
    assert [stream["logStreamName"] for page in pages for stream in page["logStreams"]] == ["b", "a", "c"]
    logs.delete_log_stream(logGroupName="/t/streams", logStreamName="c")
    assert error_of(logs.delete_log_stream, logGroupName="/t/streams", logStreamName="c") == "ResourceNotFoundException"


def test_events_come_back_by_pages_in_both_directions(logs):
    logs.create_log_group(logGroupName="/t/pages")
    logs.create_log_stream(logGroupName="/t/pages", logStreamName="s")
    lines = [f"line {i} é" for i in range(25)]
    put(logs, "/t/pages", "s", *lines)
    found, token = [], None
    while True:
        arguments = {"nextToken": token} if token else {}
        page = logs.get_log_events(
            logGroupName="/t/pages", logStreamName="s", startFromHead=True, limit=10, **arguments
        )
        found += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert found == lines
    newest = logs.get_log_events(logGroupName="/t/pages", logStreamName="s", limit=3)
    assert [event["message"] for event in newest["events"]] == lines[-3:]
    assert filtered(logs, "/t/pages", PaginationConfig={"PageSize": 4}) == lines


def test_patterns_choose_events(logs):
    logs.create_log_group(logGroupName="/t/patterns")
    logs.create_log_stream(logGroupName="/t/patterns", logStreamName="s")
    record = json.dumps({"level": "ERROR", "ms": 120})
    put(logs, "/t/patterns", "s", "START RequestId: 1", record, "1.2.3.4 - bob 404 12")
    for pattern, expected in (
        ("START", ["START RequestId: 1"]),
        ("?START ?404", ["START RequestId: 1", "1.2.3.4 - bob 404 12"]),
        ("-START -bob", [record]),
        ('{ $.level = "ERROR" && $.ms > 100 }', [record]),
        ("[ip, dash, user, status = 4*, bytes < 20]", ["1.2.3.4 - bob 404 12"]),
    ):
        assert filtered(logs, "/t/patterns", filterPattern=pattern) == expected, pattern


def test_late_and_early_events_are_rejected_by_index(logs):
    logs.create_log_group(logGroupName="/t/rejected")
    logs.create_log_stream(logGroupName="/t/rejected", logStreamName="s")
    day = 86_400_000
    answer = logs.put_log_events(
        logGroupName="/t/rejected",
        logStreamName="s",
        logEvents=[
            {"timestamp": now() - 15 * day, "message": "old"},
            {"timestamp": now(), "message": "kept"},
            {"timestamp": now() + day, "message": "new"},
        ],
    )
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert filtered(logs, "/t/rejected") == ["kept"]


def test_nothing_acknowledged_is_lost_by_a_kill(make_server):
    server = make_server()
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    acknowledged = []

    def write(number):
        client = server.client("logs")
        client.create_log_stream(logGroupName="g", logStreamName=f"s{number}")
        for i in range(10_000):
            try:
                put(client, "g", f"s{number}", f"{number}/{i}")
            except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
                return
            acknowledged.append(f"{number}/{i}")

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 30
    while len(acknowledged) < 100 and time.monotonic() < deadline:
        time.sleep(0.01)
    server.kill()
    for writer in writers:
        writer.join()
    server.start()
    assert len(acknowledged) >= 100
    assert set(acknowledged) <= set(filtered(server.client("logs"), "g"))


def test_the_aws_command_filters_a_group(server, logs):
    logs.create_log_group(logGroupName="/t/tail")
    logs.create_log_stream(logGroupName="/t/tail", logStreamName="s")
    put(logs, "/t/tail", "s", "first line")
    shown = server.aws(
        "logs", "filter-log-events", "--log-group-name", "/t/tail", "--interleaved", "--output", "json"
    )
    assert [event["message"] for event in json.loads(shown.stdout)["events"]] == ["first line"]


def test_a_query_counts_and_lists(logs):
    logs.create_log_group(logGroupName="/t/query")
    logs.create_log_stream(logGroupName="/t/query", logStreamName="s")
    put(logs, "/t/query", "s", *(json.dumps({"ms": ms, "even": ms % 2 == 0}) for ms in range(10)))
    arguments = {"logGroupName": "/t/query", "startTime": now() // 1000 - 60, "endTime": now() // 1000 + 60}
    query = logs.start_query(queryString="stats count(*) as n, max(ms) as most by even | sort most desc", **arguments)
    found = logs.get_query_results(queryId=query["queryId"])
    assert found["status"] == "Complete"
    rows = [{cell["field"]: cell["value"] for cell in row} for row in found["results"]]
    assert rows == [{"even": "false", "n": "5", "most": "9"}, {"even": "true", "n": "5", "most": "8"}]
    assert error_of(logs.start_query, queryString="parse x", **arguments) == "MalformedQueryException"
    assert error_of(logs.stop_query, queryId=query["queryId"]) == "InvalidParameterException"
    assert [one["queryId"] for one in logs.describe_queries(logGroupName="/t/query")["queries"]] == [query["queryId"]]
