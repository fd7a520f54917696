"""CloudWatch: metrics that clients put and those that the server counts of itself, in each protocol."""

import datetime
import json
import urllib.request

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError

import lambda_code

NOW = datetime.datetime.now(datetime.timezone.utc)


def window():
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "StartTime": now - datetime.timedelta(minutes=10),
        "EndTime": now + datetime.timedelta(minutes=2),
    }


def cloudwatch_in(server, protocol):
    """A client that speaks the protocol: botocore takes the first that its model lists."""
    client = server.client("cloudwatch")
    if protocol is None:
        return client
    session = boto3.session.Session()
    loader = session._session.get_component("data_loader")
    load = loader.load_service_model

    def load_with(service, kind, *arguments, **options):
        model = load(service, kind, *arguments, **options)
        if service == "cloudwatch" and kind == "service-2":
            model = {**model, "metadata": {**model["metadata"], "protocols": [protocol], "protocol": protocol}}
        return model

    loader.load_service_model = load_with
    credentials = client._request_signer._credentials
    return session.client(
        "cloudwatch",
        endpoint_url=server.endpoint,
        region_name=client.meta.region_name,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        config=botocore.config.Config(retries={"max_attempts": 0}),
    )


@pytest.fixture(scope="module", params=[None, "json", "query"])
def cloudwatch(server, request):
    return cloudwatch_in(server, request.param)


@pytest.fixture
def namespace(request):
    return "Shop/" + "".join(c for c in request.node.name if c.isalnum())


def statistics(client, namespace, name, **more):
    answer = client.get_metric_statistics(
        **{
            "Namespace": namespace,
            "MetricName": name,
            "Period": 3600,
            "Statistics": ["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
            **window(),
            **more,
        }
    )
    return answer["Datapoints"]


def total(points, statistic="Sum"):
    return sum(point[statistic] for point in points)


def test_values_that_are_put_are_read(cloudwatch, namespace):
    size = {"Name": "Size", "Value": "big"}
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "Sales", "Value": 3, "Unit": "Count", "Dimensions": [size]},
            {"MetricName": "Sales", "Values": [1.5, 10], "Counts": [2, 1], "Unit": "Count", "Dimensions": [size]},
            {
                "MetricName": "Sales",
                "StatisticValues": {"SampleCount": 2, "Sum": 9, "Minimum": 4, "Maximum": 5},
                "Unit": "Count",
                "Dimensions": [size],
            },
        ],
    )
    points = statistics(cloudwatch, namespace, "Sales", Dimensions=[size])
    assert total(points) == pytest.approx(3 + 3 + 10 + 9)
    assert total(points, "SampleCount") == 6
    assert min(p["Minimum"] for p in points) == 1.5
    assert max(p["Maximum"] for p in points) == 10
    assert {p["Unit"] for p in points} == {"Count"}
    assert statistics(cloudwatch, namespace, "Sales") == []  # other dimensions: another metric
    assert statistics(cloudwatch, namespace, "Sales", Dimensions=[size], Unit="Seconds") == []


def test_metrics_are_listed(cloudwatch, namespace):
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "Visits", "Value": 1, "Dimensions": [{"Name": "Page", "Value": str(i)}]}
            for i in range(3)
        ],
    )
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
    found = [metric for page in pages for metric in page["Metrics"]]
    assert [m["Dimensions"][0]["Value"] for m in found] == ["0", "1", "2"]
    [one] = cloudwatch.list_metrics(
        Namespace=namespace, MetricName="Visits", Dimensions=[{"Name": "Page", "Value": "1"}]
    )["Metrics"]
    assert one["Dimensions"] == [{"Name": "Page", "Value": "1"}]


def test_metric_data_of_several_queries(cloudwatch, namespace):
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": "Wait", "Values": [float(i) for i in range(1, 101)], "Unit": "Seconds"}],
    )
    metric = {"Namespace": namespace, "MetricName": "Wait"}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": stat.lower(), "MetricStat": {"Metric": metric, "Period": 3600, "Stat": stat}}
            for stat in ("Sum", "p90", "SampleCount")
        ],
        **window(),
    )
    values = {r["Id"]: r["Values"] for r in answer["MetricDataResults"]}
    assert values["sum"] == [5050.0]
    assert values["samplecount"] == [100.0]
    assert values["p90"] == [pytest.approx(90, rel=0.05)]
    assert all(len(r["Timestamps"]) == 1 for r in answer["MetricDataResults"])


@pytest.mark.parametrize(
    "datum, words",
    [
        ({"MetricName": "m"}, "exactly one"),
        ({"MetricName": "m", "Value": 1, "Values": [1.0]}, "exactly one"),
        ({"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0]}, "as many"),
        ({"MetricName": "m", "Value": 1e200}, "2\\^360"),
        ({"MetricName": "m", "Value": 1, "Timestamp": NOW - datetime.timedelta(days=30)}, "two weeks"),
        ({"MetricName": "m", "Value": 1, "Timestamp": NOW + datetime.timedelta(days=1)}, "two hours"),
    ],
)
def test_values_that_are_none_are_refused(cloudwatch, namespace, datum, words):
    with pytest.raises(ClientError, match=words) as refused:
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_other_requests_that_are_refused(cloudwatch, namespace):
    with pytest.raises(ClientError, match="AWS/"):
        cloudwatch.put_metric_data(
            Namespace="AWS/Lambda", MetricData=[{"MetricName": "m", "Value": 1}]
        )
    with pytest.raises(ClientError, match="Period"):
        statistics(cloudwatch, namespace, "m", Period=61)
    with pytest.raises(ClientError, match="1,440"):
        statistics(
            cloudwatch, namespace, "m", Period=60, StartTime=NOW - datetime.timedelta(days=9), EndTime=NOW
        )
    with pytest.raises(ClientError, match="NextToken"):
        cloudwatch.list_metrics(NextToken="abc")
    with pytest.raises(ClientError, match="expressions are not supported"):
        cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "a", "Expression": "b * 2"}], **window()
        )


def test_large_requests_come_compressed(cloudwatch, namespace):
    """Clients pack what is larger than 10 KB."""
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "Packed", "Value": 1, "Dimensions": [{"Name": "n", "Value": f"{i:0100}"}]}
            for i in range(300)
        ],
    )
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
    assert sum(len(page["Metrics"]) for page in pages) == 300


def test_functions_are_counted(server):
    functions = server.client("lambda")
    lambda_code.create(functions, "Counted", "def lambda_handler(event, context):\n    return 1 / event\n")
    for event in (1, 2, 0):
        lambda_code.invoke(functions, "Counted", event)
    cloudwatch = server.client("cloudwatch")
    dimensions = [{"Name": "FunctionName", "Value": "Counted"}]
    assert total(statistics(cloudwatch, "AWS/Lambda", "Invocations", Dimensions=dimensions)) == 3
    assert total(statistics(cloudwatch, "AWS/Lambda", "Errors", Dimensions=dimensions)) == 1
    duration = statistics(cloudwatch, "AWS/Lambda", "Duration", Dimensions=dimensions)
    assert total(duration, "SampleCount") == 3
    assert {p["Unit"] for p in duration} == {"Milliseconds"}

    with urllib.request.urlopen(server.endpoint + "/metrics") as answer:
        text = answer.read().decode()
    assert 'usher_lambda_invocations_total{function_name="Counted"} 3' in text
    assert 'usher_lambda_duration_milliseconds_count{function_name="Counted"} 3' in text


def test_metrics_outlive_a_server_that_is_killed(make_server):
    server = make_server(name="killed")
    cloudwatch = server.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Kept", "Value": 5}])
    server.kill()
    server.restart()
    assert total(statistics(cloudwatch, "Shop", "Kept")) == 5


def test_what_the_server_counts_outlives_its_stop(make_server):
    server = make_server(name="stopped")
    functions = server.client("lambda")
    lambda_code.create(functions, "Counted")
    lambda_code.invoke(functions, "Counted", 1)
    assert server.stop() == 0
    server.restart()
    points = statistics(
        server.client("cloudwatch"),
        "AWS/Lambda",
        "Invocations",
        Dimensions=[{"Name": "FunctionName", "Value": "Counted"}],
    )
    assert total(points) == 1


def test_the_aws_command(server):
    server.aws(
        "cloudwatch", "put-metric-data", "--namespace", "Shell", "--metric-name", "Runs", "--value", 4
    )
    shown = server.aws("cloudwatch", "list-metrics", "--namespace", "Shell").stdout
    assert json.loads(shown)["Metrics"][0]["MetricName"] == "Runs"
