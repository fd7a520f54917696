"""X-Ray: what boto3 and the aws command see of traces that the server makes, and of those that others send."""

import datetime
import json
import socket
import time
import uuid

import pytest
from botocore.exceptions import ClientError

import lambda_code


def trace_id(seconds=None):
    return f"1-{int(seconds or time.time()):08x}-{uuid.uuid4().hex[:24]}"


def segment_id():
    return uuid.uuid4().hex[:16]


def window():
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "StartTime": now - datetime.timedelta(minutes=5),
        "EndTime": now + datetime.timedelta(minutes=1),
    }


def document(trace, **members):
    made = {
        "name": "shop",
        "id": segment_id(),
        "trace_id": trace,
        "start_time": time.time() - 1,
        "end_time": time.time(),
    }
    return {**made, **members}


def summaries(xray, expression):
    pages = xray.get_paginator("get_trace_summaries").paginate(
        FilterExpression=expression, **window()
    )
    return [summary for page in pages for summary in page["TraceSummaries"]]


def edges(services):
    names = {s["ReferenceId"]: (s["Name"], s.get("Type")) for s in services}
    return {
        (names[s["ReferenceId"]], names[edge["ReferenceId"]])
        for s in services
        for edge in s["Edges"]
    }


@pytest.fixture(scope="module")
def xray(server):
    return server.client("xray")


def test_a_call_from_outside_is_a_trace(server, xray):
    s3 = server.client("s3")
    bucket = "b-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=bucket)
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="nothing")

    found = summaries(xray, 'service(id(name: "S3", type: "AWS::S3")) AND error')

    assert found
    mine = [s for s in found if bucket in s["Http"]["HttpURL"]]
    assert len(mine) == 1
    assert mine[0]["Http"]["HttpStatus"] == 404
    assert mine[0]["Http"]["HttpMethod"] == "GET"
    assert mine[0]["HasError"] and not mine[0]["HasFault"]
    assert mine[0]["EntryPoint"]["Name"] == "S3"
    trace = xray.batch_get_traces(TraceIds=[mine[0]["Id"]])["Traces"][0]
    segment = json.loads(trace["Segments"][0]["Document"])
    assert segment["origin"] == "AWS::S3"
    assert segment["aws"]["operation"] == "GetObject"
    assert segment["aws"]["bucket_name"] == bucket
    assert segment["cause"]["exceptions"][0]["type"] == "NoSuchKey"


def test_the_clients_trace_goes_on(server, xray):
    root, parent = trace_id(), segment_id()
    sqs = server.client("sqs")
    sqs.meta.events.register(
        "before-send.sqs",
        lambda request, **_: request.headers.update(
            {"X-Amzn-Trace-Id": f"Root={root};Parent={parent};Sampled=1"}
        ),
    )
    sqs.create_queue(QueueName="traced")

    trace = xray.batch_get_traces(TraceIds=[root])["Traces"][0]
    segment = json.loads(trace["Segments"][0]["Document"])
    assert segment["parent_id"] == parent
    assert segment["aws"]["queue_name"] == "traced"


def test_who_says_not_sampled_is_not_recorded(server, xray):
    root = trace_id()
    sqs = server.client("sqs")
    sqs.meta.events.register(
        "before-send.sqs",
        lambda request, **_: request.headers.update({"X-Amzn-Trace-Id": f"Root={root};Sampled=0"}),
    )
    sqs.create_queue(QueueName="untraced")
    assert xray.batch_get_traces(TraceIds=[root])["UnprocessedTraceIds"] == [root]


def test_watching_makes_no_traces(server, xray):
    before = len(summaries(xray, "ok OR !ok"))
    server.client("logs").describe_log_groups()
    xray.get_service_graph(**window())
    assert len(summaries(xray, "ok OR !ok")) == before


def test_segments_that_are_sent(xray):
    trace = trace_id()
    good = document(trace, http={"request": {"url": "http://shop/x"}}, annotations={"size": 3})
    bad = {**document(trace), "id": "7"}
    answer = xray.put_trace_segments(
        TraceSegmentDocuments=[json.dumps(good), json.dumps(bad), "no json"]
    )
    unprocessed = answer["UnprocessedTraceSegments"]
    assert [u.get("Id") for u in unprocessed] == ["7", None]
    assert all(u["ErrorCode"] == "ParseError" for u in unprocessed)
    assert "'id'" in unprocessed[0]["Message"]

    found = summaries(xray, 'annotation.size = 3 AND http.url CONTAINS "shop"')
    assert [s["Id"] for s in found] == [trace]
    assert found[0]["Annotations"]["size"][0]["AnnotationValue"] == {"NumberValue": 3.0}


def test_a_subsegment_that_is_sent_by_itself_goes_to_its_place(xray):
    trace = trace_id()
    inner = {"name": "work", "id": segment_id(), "start_time": 1.0, "end_time": 2.0}
    outer = document(trace, subsegments=[inner])
    sent = document(
        trace, name="s3", type="subsegment", parent_id=inner["id"], namespace="aws"
    )
    # The part first: it comes in any order.
    for one in (sent, outer):
        xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(one)])

    segments = xray.batch_get_traces(TraceIds=[trace])["Traces"][0]["Segments"]
    assert len(segments) == 1
    whole = json.loads(segments[0]["Document"])
    assert whole["subsegments"][0]["subsegments"][0]["id"] == sent["id"]
    graph = xray.get_trace_graph(TraceIds=[trace])["Services"]
    assert (("shop", None), ("S3", "AWS::S3")) in edges(graph)


def test_the_end_of_a_segment_replaces_its_beginning(xray):
    trace = trace_id()
    begun = document(trace, in_progress=True)
    del begun["end_time"]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(begun)])
    assert [s["IsPartial"] for s in summaries(xray, "partial") if s["Id"] == trace] == [True]
    ended = {**begun, "end_time": begun["start_time"] + 2, "fault": True}
    del ended["in_progress"]
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(ended)])

    [summary] = [s for s in summaries(xray, "fault") if s["Id"] == trace]
    assert not summary["IsPartial"]
    assert summary["ResponseTime"] == pytest.approx(2, abs=1e-3)
    assert summary["FaultRootCauses"][0]["Services"][0]["Name"] == "shop"
    assert len(xray.batch_get_traces(TraceIds=[trace])["Traces"][0]["Segments"]) == 1


def test_filters_that_are_none_are_refused(xray):
    with pytest.raises(ClientError, match="position 1") as refused:
        xray.get_trace_summaries(FilterExpression="colour = 3", **window())
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_summaries_come_in_pages_newest_first(xray):
    base = int(time.time()) - 60
    ids = [trace_id(base + i % 40) for i in range(230)]
    for at in range(0, len(ids), 50):
        xray.put_trace_segments(
            TraceSegmentDocuments=[
                json.dumps(document(one, annotations={"paged": True})) for one in ids[at : at + 50]
            ]
        )
    found = [s["Id"] for s in summaries(xray, "annotation.paged = true")]
    assert sorted(found) == sorted(ids)
    seconds = [int(one[2:10], 16) for one in found]
    assert seconds == sorted(seconds, reverse=True)


def test_statistics_over_time(xray):
    trace = trace_id()
    xray.put_trace_segments(
        TraceSegmentDocuments=[json.dumps(document(trace, name="timed", fault=True))]
    )
    answer = xray.get_time_series_service_statistics(
        EntitySelectorExpression='service("timed")', Period=60, **window()
    )
    sums = [e["ServiceSummaryStatistics"] for e in answer["TimeSeriesServiceStatistics"]]
    assert sum(s["TotalCount"] for s in sums) == 1
    assert sum(s["FaultStatistics"]["TotalCount"] for s in sums) == 1


def test_groups(xray):
    group = xray.create_group(GroupName="slow", FilterExpression="annotation.grouped = true")["Group"]
    with pytest.raises(ClientError, match="already exists"):
        xray.create_group(GroupName="slow")
    with pytest.raises(ClientError, match="Invalid filter"):
        xray.create_group(GroupName="wrong", FilterExpression="(")
    xray.put_trace_segments(
        TraceSegmentDocuments=[
            json.dumps(document(trace_id(), name="inside", annotations={"grouped": True}))
        ]
    )
    graph = xray.get_service_graph(GroupName="slow", **window())["Services"]
    assert {s["Name"] for s in graph} == {"inside"}
    assert xray.get_group(GroupARN=group["GroupARN"])["Group"]["GroupName"] == "slow"
    xray.update_group(GroupName="slow", FilterExpression="fault")
    names = [g["GroupName"] for p in xray.get_paginator("get_groups").paginate() for g in p["Groups"]]
    assert names == ["Default", "slow"]
    xray.delete_group(GroupName="slow")
    with pytest.raises(ClientError, match="not found"):
        xray.get_service_graph(GroupName="slow", **window())


def test_sampling_rules_are_obeyed(make_server):
    server = make_server(name="sampling")
    xray = server.client("xray")
    [record] = xray.get_sampling_rules()["SamplingRuleRecords"]
    assert record["SamplingRule"]["RuleName"] == "Default"
    assert record["SamplingRule"]["FixedRate"] == 1.0
    rule = {
        "RuleName": "no-queues",
        "Priority": 10,
        "FixedRate": 0.0,
        "ReservoirSize": 0,
        "ServiceName": "SQS",
        "ServiceType": "*",
        "Host": "*",
        "HTTPMethod": "*",
        "URLPath": "*",
        "ResourceARN": "*",
        "Version": 1,
    }
    xray.create_sampling_rule(SamplingRule=rule)
    with pytest.raises(ClientError, match="already exists"):
        xray.create_sampling_rule(SamplingRule=rule)
    server.client("sqs").create_queue(QueueName="q")
    server.client("sns").create_topic(Name="t")
    assert {s["EntryPoint"]["Name"] for s in summaries(xray, "ok")} == {"SNS"}
    statistics = xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]
    assert {s["RuleName"]: s["SampledCount"] for s in statistics}["no-queues"] == 0
    targets = xray.get_sampling_targets(
        SamplingStatisticsDocuments=[
            {
                "RuleName": name,
                "ClientID": "0" * 24,
                "Timestamp": time.time(),
                "RequestCount": 1,
                "SampledCount": 0,
            }
            for name in ("no-queues", "unknown")
        ]
    )
    assert targets["SamplingTargetDocuments"][0]["FixedRate"] == 0.0
    assert targets["UnprocessedStatistics"][0]["RuleName"] == "unknown"
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "no-queues", "FixedRate": 1.0})
    server.kill()
    server.restart()
    rules = xray.get_sampling_rules()["SamplingRuleRecords"]
    assert [r["SamplingRule"]["FixedRate"] for r in rules] == [1.0, 1.0]
    xray.delete_sampling_rule(RuleName="no-queues")
    with pytest.raises(ClientError, match="default rule"):
        xray.delete_sampling_rule(RuleName="Default")


def test_traces_outlive_a_server_that_is_killed(make_server):
    server = make_server(name="killed")
    xray = server.client("xray")
    trace = trace_id()
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document(trace))])
    server.kill()
    server.restart()
    assert len(xray.batch_get_traces(TraceIds=[trace])["Traces"]) == 1
    assert trace in [s["Id"] for s in summaries(xray, "ok")]


def test_the_rest(xray):
    assert xray.get_encryption_config()["EncryptionConfig"]["Type"] == "NONE"
    assert xray.get_insight_summaries(**window())["InsightSummaries"] == []
    xray.put_telemetry_records(TelemetryRecords=[{"Timestamp": time.time()}])


ADDRESS = """
import os

def lambda_handler(event, context):
    return os.environ["AWS_XRAY_DAEMON_ADDRESS"]
"""


def daemon_address(server):
    """Where the server says that a function's tracer shall send to."""
    functions = server.client("lambda")
    lambda_code.create(functions, "Address", ADDRESS)
    address, _ = lambda_code.invoke(functions, "Address")
    return address


def test_datagrams_of_the_daemons_protocol(server, xray):
    host, port = daemon_address(server).split(":")
    trace = trace_id()
    header = b'{"format":"json","version":1}\n'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in (
            b"",
            b"\n",
            b"no header",
            header,
            header + b"{",
            b'{"format":"xml","version":1}\n{}',
            header + b" " * 60_000,
            header + json.dumps(document(trace)).encode(),
        ):
            sender.sendto(payload, (host, int(port)))

    assert lambda_code.eventually(lambda: xray.batch_get_traces(TraceIds=[trace])["Traces"])


CODE = """
from aws_xray_sdk.core import xray_recorder, patch
patch(["botocore"])
import boto3

s3 = boto3.client("s3")

@xray_recorder.capture("choose")
def choose(event):
    xray_recorder.current_subsegment().put_annotation("device", event["device"])
    s3.list_buckets()
    if event.get("fail"):
        return event["missing"]

def lambda_handler(event, context):
    choose(event)
    return {"ok": True}
"""


@pytest.fixture(scope="module")
def traced_function(server):
    pytest.importorskip("aws_xray_sdk", reason="./setup brings aws-xray-sdk")
    functions = server.client("lambda")
    lambda_code.create(functions, "Traced", CODE, TracingConfig={"Mode": "Active"})
    return functions


def whole_trace(xray, trace):
    """Once the segments of the function's own tracer have come, which sends them as it likes."""

    def find():
        traces = xray.batch_get_traces(TraceIds=[trace])["Traces"]
        segments = [json.loads(s["Document"]) for t in traces for s in t["Segments"]]
        text = json.dumps(segments)
        return segments if '"choose"' in text and "AWS::S3" in text else None

    return lambda_code.eventually(find)


def by_origin(segments):
    return {s.get("origin"): s for s in segments}


def subsegments(segment):
    return {s["name"]: s for s in segment.get("subsegments", [])}


def test_a_functions_own_segments_hang_under_its_invocation(traced_function, xray):
    traced_function.invoke(FunctionName="Traced", Payload=b'{"device": "phone"}')
    [summary] = summaries(
        xray, 'service(id(name: "Traced", type: "AWS::Lambda")) AND ok'
    )
    segments = whole_trace(xray, summary["Id"])
    assert segments
    origins = by_origin(segments)
    service, function = origins["AWS::Lambda"], origins["AWS::Lambda::Function"]
    assert "parent_id" not in service
    assert service["http"]["response"]["status"] == 200
    assert function["parent_id"] == service["id"]
    parts = subsegments(function)
    assert set(parts) == {"Initialization", "Invocation", "Overhead"}
    assert parts["Initialization"]["end_time"] <= function["start_time"]
    choose = subsegments(parts["Invocation"])["choose"]
    assert choose["annotations"] == {"device": "phone"}
    call = subsegments(choose)["s3"]
    assert call["namespace"] == "aws"
    assert origins["AWS::S3"]["parent_id"] == call["id"]

    graph = xray.get_trace_graph(TraceIds=[summary["Id"]])["Services"]
    assert edges(graph) == {
        (("Traced", "client"), ("Traced", "AWS::Lambda")),
        (("Traced", "AWS::Lambda"), ("Traced", "AWS::Lambda::Function")),
        (("Traced", "AWS::Lambda::Function"), ("S3", "AWS::S3")),
    }
    assert summaries(xray, 'annotation.device = "phone"')


def test_a_function_that_fails_shows_why(traced_function, xray):
    answer = traced_function.invoke(
        FunctionName="Traced", LogType="Tail", Payload=b'{"device": "tv", "fail": true}'
    )
    assert answer["FunctionError"]
    [summary] = summaries(xray, 'service(id(name: "Traced", type: "AWS::Lambda")) { error }')
    origins = by_origin(whole_trace(xray, summary["Id"]))
    assert origins["AWS::Lambda"]["error"]
    assert origins["AWS::Lambda"]["http"]["response"]["status"] == 200
    function = origins["AWS::Lambda::Function"]
    assert function["error"]
    failed = subsegments(function)["Invocation"]
    assert failed["cause"]["exceptions"][0]["type"] == "KeyError"
    assert failed["cause"]["exceptions"][0]["message"] == "'missing'"


def test_the_aws_command_shows_the_map(server, traced_function):
    now = int(time.time())
    shown = server.aws(
        "xray", "get-service-graph", "--start-time", now - 300, "--end-time", now + 60
    ).stdout
    assert any(s.get("Type") == "AWS::Lambda::Function" for s in json.loads(shown)["Services"])
