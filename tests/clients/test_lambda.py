"""AWS Lambda by boto3: functions that are created, run, changed and removed."""

import base64
import hashlib
import io
import json
import re
import sys
import urllib.request
import zipfile

import pyarrow.parquet
import pytest
from botocore.exceptions import ClientError

from lambda_code import ECHO, ROLE, create, eventually, invoke, python_zip, zip_of
from usher_server import ROOT


@pytest.fixture(scope="module")
def functions(server):
    return server.client("lambda")


def refused(call, code, status=None):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    if status:
        assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    return error["Error"]["Message"]


def test_a_function_is_created_invoked_and_deleted(functions):
    code = python_zip(ECHO)
    made = create(functions, "life", Code={"ZipFile": code}, Description="all of it")

    assert made["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:life"
    assert made["Version"] == "$LATEST" and made["CodeSize"] == len(code)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made["LastModified"])

    payload, answer = invoke(functions, "life", {"a": [1, "ü"]})
    assert payload == {"a": [1, "ü"]}
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer

    listed = functions.list_functions()["Functions"]
    assert "life" in [one["FunctionName"] for one in listed]
    functions.delete_function(FunctionName="life")
    refused(lambda: invoke(functions, "life"), "ResourceNotFoundException", 404)
    refused(lambda: functions.get_function(FunctionName="life"), "ResourceNotFoundException", 404)


def test_names_are_taken_in_every_form(functions):
    create(functions, "formed")
    for name in (
        "formed:$LATEST",
        "000000000000:function:formed",
        "arn:aws:lambda:us-east-1:000000000000:function:formed",
        "arn:aws:lambda:us-east-1:000000000000:function:formed:$LATEST",
    ):
        assert invoke(functions, name, 1)[0] == 1


def test_the_code_can_be_downloaded_again(functions):
    code = python_zip(ECHO)
    create(functions, "download", Code={"ZipFile": code})
    place = functions.get_function(FunctionName="download")["Code"]["Location"]

    with urllib.request.urlopen(place) as answer:
        assert answer.read() == code
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(place[:-1] + ("0" if place[-1] != "0" else "1"))
    assert caught.value.code == 403


def test_code_comes_from_a_bucket_with_junk_of_another_system(server, functions):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(
        Bucket="code",
        Key="f.zip",
        Body=zip_of(
            {
                "lambda_function.py": ECHO.replace("\n", "\r\n"),
                "__MACOSX/._lambda_function.py": b"\x00\x05\x16\x07junk",
            }
        ),
    )
    create(functions, "bucket", Code={"S3Bucket": "code", "S3Key": "f.zip"})

    assert invoke(functions, "bucket", {"x": 1})[0] == {"x": 1}
    message = refused(
        lambda: create(functions, "nowhere", Code={"S3Bucket": "code", "S3Key": "other.zip"}),
        "InvalidParameterValueException",
    )
    assert "NoSuchKey" in message


def test_an_update_of_code_retires_warm_sandboxes(functions):
    create(functions, "changing", "def lambda_handler(event, context): return 'one'")
    assert invoke(functions, "changing")[0] == "one"

    functions.update_function_code(
        FunctionName="changing",
        ZipFile=python_zip("def lambda_handler(event, context): return 'two'"),
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName="changing")

    assert invoke(functions, "changing")[0] == "two"


def test_an_update_of_the_configuration_is_seen_by_the_next_invocation(functions):
    source = "import os\ndef lambda_handler(event, context): return os.environ.get('WHO')"
    create(functions, "configured", source, Environment={"Variables": {"WHO": "one"}})
    assert invoke(functions, "configured")[0] == "one"

    functions.update_function_configuration(
        FunctionName="configured", Environment={"Variables": {"WHO": "two"}}, Timeout=7
    )

    assert invoke(functions, "configured")[0] == "two"
    shown = functions.get_function_configuration(FunctionName="configured")
    assert shown["Timeout"] == 7 and shown["Environment"]["Variables"] == {"WHO": "two"}
    assert shown["State"] == "Active" and shown["LastUpdateStatus"] == "Successful"


def test_state_of_a_module_survives_while_a_sandbox_is_warm(functions):
    create(functions, "warm", "n = 0\ndef lambda_handler(e, c):\n  global n\n  n += 1\n  return n")
    assert [invoke(functions, "warm")[0] for _ in range(3)] == [1, 2, 3]


def test_the_environment_is_that_of_lambda_and_nothing_else(server, functions):
    source = "import os\ndef lambda_handler(event, context): return dict(os.environ)"
    create(functions, "environment", source, MemorySize=500)
    seen = invoke(functions, "environment")[0]

    assert seen["AWS_ENDPOINT_URL"] == server.endpoint
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "us-east-1"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "environment"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "500"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/environment"
    assert re.fullmatch(
        r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", seen["AWS_LAMBDA_LOG_STREAM_NAME"]
    )
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.9"
    assert seen["_HANDLER"] == "lambda_function.lambda_handler"
    assert seen["TZ"] == ":UTC" and seen["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA") and seen["AWS_SESSION_TOKEN"]
    assert seen["AWS_SECRET_ACCESS_KEY"] not in (None, server.exports["AWS_SECRET_ACCESS_KEY"])
    assert seen["AWS_XRAY_CONTEXT_MISSING"] == "LOG_ERROR"
    for name in ("USER", "SHELL", "VIRTUAL_ENV", "SSH_AUTH_SOCK", "ASAN_OPTIONS"):
        assert name not in seen


def test_a_function_calls_the_server_with_its_own_credentials(server, functions):
    source = """
import boto3
def lambda_handler(event, context):
    boto3.client("s3").put_object(Bucket=event["bucket"], Key="made", Body=b"by a function")
    return boto3.client("sts").get_caller_identity()["Arn"]
"""
    s3 = server.client("s3")
    s3.create_bucket(Bucket="written")
    create(functions, "calling", source)

    assert (
        invoke(functions, "calling", {"bucket": "written"})[0]
        == "arn:aws:sts::000000000000:assumed-role/functions/calling"
    )
    assert s3.get_object(Bucket="written", Key="made")["Body"].read() == b"by a function"


def test_a_raised_error_is_a_payload_with_a_mark(functions):
    source = "def lambda_handler(event, context):\n    return event['user_id']\n"
    create(functions, "raising", source)
    payload, answer = invoke(functions, "raising", {})

    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    assert payload["errorMessage"] == "'user_id'" and payload["errorType"] == "KeyError"
    assert payload["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert "line 2, in lambda_handler" in payload["stackTrace"][0]
    # It was an error of the function, not of its sandbox.
    assert invoke(functions, "raising", {"user_id": 7})[0] == 7


def test_the_tail_of_the_log_has_the_lines_of_lambda(functions):
    source = """
import logging
logging.getLogger().setLevel(logging.INFO)
def lambda_handler(event, context):
    print("printed")
    logging.info("logged\\nin two lines")
    raise ValueError("bad")
"""
    create(functions, "logging", source)
    _, answer = invoke(functions, "logging", {}, LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]

    assert re.match(r"INIT_START Runtime Version: python:3\.\d+\tRuntime Version ARN: arn:", log)
    assert f"\nSTART RequestId: {request_id} Version: $LATEST\nprinted\n" in log
    assert re.search(rf"\[INFO\]\t[0-9T:.-]+Z\t{request_id}\tlogged\nin two lines\n", log)
    assert "\n[ERROR] ValueError: bad\nTraceback (most recent call last):\n" in log
    assert re.search(
        rf"\nEND RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: [\d.]+ ms\t"
        r"Billed Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t"
        r"Init Duration: [\d.]+ ms\t\n"
        r"XRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}\tSegmentId: [0-9a-f]{16}\tSampled: true\t\n$",
        log,
    )
    _, answer = invoke(functions, "logging", {}, LogType="Tail")
    warm = base64.b64decode(answer["LogResult"]).decode()
    assert "INIT_START" not in warm and "Init Duration" not in warm


@pytest.mark.parametrize(
    "handler, source, error_type, words",
    [
        ("lambda_function.other", ECHO, "Runtime.HandlerNotFound", "'other' missing on module"),
        ("nothing.here", ECHO, "Runtime.ImportModuleError", "No module named 'nothing'"),
        ("nodots", ECHO, "Runtime.MalformedHandlerName", "Bad handler 'nodots'"),
        ("lambda_function.f", "import nonesuch", "Runtime.ImportModuleError", "nonesuch"),
        ("lambda_function.f", "def f(:", "Runtime.UserCodeSyntaxError", "Syntax error"),
        ("lambda_function.f", "raise RuntimeError('at import')", "RuntimeError", "at import"),
    ],
)
def test_a_handler_that_cannot_be_loaded_says_why(functions, handler, source, error_type, words):
    name = "bad-" + hashlib.sha256((handler + source).encode()).hexdigest()[:12]
    create(functions, name, source, Handler=handler)
    for _ in range(2):
        payload, answer = invoke(functions, name)
        assert answer["FunctionError"] == "Unhandled"
        assert payload["errorType"] == error_type and words in payload["errorMessage"]


def test_a_function_that_takes_too_long_is_ended(functions):
    source = "import time\ndef lambda_handler(event, context): time.sleep(event)"
    create(functions, "slow", source, Timeout=1)
    payload, answer = invoke(functions, "slow", 30, LogType="Tail")

    request_id = answer["ResponseMetadata"]["RequestId"]
    assert answer["FunctionError"] == "Unhandled"
    assert re.fullmatch(
        rf"[0-9T:.-]+Z {request_id} Task timed out after 1\.00 seconds", payload["errorMessage"]
    )
    assert payload["errorMessage"] in base64.b64decode(answer["LogResult"]).decode()
    assert invoke(functions, "slow", 0)[0] is None  # a new sandbox


def test_what_a_request_may_not_say(functions):
    message = refused(
        lambda: create(functions, "r", Environment={"Variables": {"AWS_REGION": "x"}}),
        "InvalidParameterValueException",
        400,
    )
    assert "AWS_REGION" in message
    message = refused(
        lambda: create(functions, "r", Environment={"Variables": {"BIG": "x" * 5000}}),
        "InvalidParameterValueException",
    )
    assert "4KB" in message
    message = refused(
        lambda: create(functions, "r", Runtime="nodejs20.x"), "InvalidParameterValueException"
    )
    assert "python3.x" in message
    refused(lambda: create(functions, "r", Code={}), "InvalidParameterValueException")
    refused(
        lambda: create(functions, "r", Code={"ZipFile": b"no zip"}),
        "InvalidParameterValueException",
    )
    create(functions, "there")
    refused(lambda: create(functions, "there"), "ResourceConflictException", 409)
    refused(
        lambda: functions.invoke(FunctionName="there", Payload=b"{no json"),
        "InvalidRequestContentException",
        400,
    )
    refused(
        lambda: functions.invoke(FunctionName="there", Payload=b'"' + b"x" * (6 << 20) + b'"'),
        "RequestTooLargeException",
        413,
    )
    assert functions.invoke(FunctionName="there", InvocationType="DryRun")["StatusCode"] == 204


def test_a_response_of_six_megabytes_arrives_and_one_byte_more_is_an_error(functions):
    create(functions, "large", "def lambda_handler(event, context): return 'x' * event")
    assert len(invoke(functions, "large", (6 << 20) - 2)[0]) == (6 << 20) - 2
    payload, answer = invoke(functions, "large", (6 << 20) - 1)
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Function.ResponseSizeTooLarge"


def test_versions_and_aliases_keep_what_they_stand_for(functions):
    create(functions, "versioned", "def lambda_handler(event, context): return 'one'")
    first = functions.publish_version(FunctionName="versioned", Description="first")
    assert first["Version"] == "1" and first["FunctionArn"].endswith(":versioned:1")
    assert functions.publish_version(FunctionName="versioned")["Version"] == "1"  # nothing changed
    functions.update_function_code(
        FunctionName="versioned",
        ZipFile=python_zip("def lambda_handler(event, context): return 'two'"),
        Publish=True,
    )
    listed = functions.list_versions_by_function(FunctionName="versioned")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]

    alias = functions.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    assert alias["AliasArn"].endswith(":versioned:live")
    assert invoke(functions, "versioned", Qualifier="1")[0] == "one"
    payload, answer = invoke(functions, "versioned:live")
    assert payload == "one" and answer["ExecutedVersion"] == "1"
    refused(
        lambda: functions.delete_function(FunctionName="versioned", Qualifier="1"),
        "ResourceConflictException",
    )
    functions.update_alias(FunctionName="versioned", Name="live", FunctionVersion="2")
    assert invoke(functions, "versioned", Qualifier="live")[0] == "two"
    assert functions.get_alias(FunctionName="versioned", Name="live")["FunctionVersion"] == "2"
    functions.update_alias(
        FunctionName="versioned",
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}},
    )
    seen = {invoke(functions, "versioned:live")[0] for _ in range(40)}
    assert seen == {"one", "two"}  # all of one kind: once in 10^12
    assert len(functions.list_aliases(FunctionName="versioned")["Aliases"]) == 1
    functions.delete_alias(FunctionName="versioned", Name="live")
    functions.delete_function(FunctionName="versioned", Qualifier="1")
    refused(
        lambda: invoke(functions, "versioned", Qualifier="1"), "ResourceNotFoundException", 404
    )
    refused(
        lambda: invoke(functions, "versioned", Qualifier="none"), "ResourceNotFoundException", 404
    )


def test_a_policy_is_kept_as_statements(functions):
    create(functions, "permitted")
    statement = functions.add_permission(
        FunctionName="permitted",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::bucket",
        SourceAccount="000000000000",
    )["Statement"]
    policy = functions.get_policy(FunctionName="permitted")

    assert json.loads(statement) == {
        "Sid": "s3",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:permitted",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "000000000000"},
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
        },
    }
    assert json.loads(policy["Policy"])["Statement"] == [json.loads(statement)]
    refused(
        lambda: functions.add_permission(
            FunctionName="permitted", StatementId="s3", Action="lambda:*", Principal="*"
        ),
        "ResourceConflictException",
    )
    functions.remove_permission(FunctionName="permitted", StatementId="s3")
    refused(lambda: functions.get_policy(FunctionName="permitted"), "ResourceNotFoundException")


def test_tags_are_kept(functions):
    arn = create(functions, "tagged", Tags={"a": "1"})["FunctionArn"]
    functions.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    assert functions.get_function(FunctionName="tagged")["Tags"] == {"b": "2"}


def test_reserved_concurrency_is_a_cap_and_zero_is_off(functions):
    create(functions, "capped")
    functions.put_function_concurrency(FunctionName="capped", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as caught:
        invoke(functions, "capped")
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert error["Error"]["Code"] == "TooManyRequestsException"
    assert error["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"

    functions.put_function_concurrency(FunctionName="capped", ReservedConcurrentExecutions=4)
    assert functions.get_function(FunctionName="capped")["Concurrency"] == {
        "ReservedConcurrentExecutions": 4
    }
    assert invoke(functions, "capped", 1)[0] == 1
    limits = functions.get_account_settings()["AccountLimit"]
    assert limits["UnreservedConcurrentExecutions"] == limits["ConcurrentExecutions"] - 4
    message = refused(
        lambda: functions.put_function_concurrency(
            FunctionName="capped", ReservedConcurrentExecutions=1000
        ),
        "InvalidParameterValueException",
    )
    assert "[100]" in message
    functions.delete_function_concurrency(FunctionName="capped")
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(
        FunctionName="capped"
    )


def test_event_invoke_configurations_are_kept(functions):
    create(functions, "events")
    name = {"FunctionName": "events"}
    refused(
        lambda: functions.get_function_event_invoke_config(**name), "ResourceNotFoundException"
    )
    topic = "arn:aws:sns:us-east-1:000000000000:topic"
    functions.put_function_event_invoke_config(
        **name, MaximumRetryAttempts=1, DestinationConfig={"OnSuccess": {"Destination": topic}}
    )
    functions.update_function_event_invoke_config(**name, MaximumEventAgeInSeconds=60)
    config = functions.get_function_event_invoke_config(**name)
    assert config["FunctionArn"].endswith(":events:$LATEST")
    assert config["MaximumRetryAttempts"] == 1 and config["MaximumEventAgeInSeconds"] == 60
    assert config["DestinationConfig"]["OnSuccess"]["Destination"] == topic
    listed = functions.list_function_event_invoke_configs(**name)
    assert len(listed["FunctionEventInvokeConfigs"]) == 1
    refused(
        lambda: functions.put_function_event_invoke_config(
            **name, DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
        ),
        "InvalidParameterValueException",
    )
    functions.delete_function_event_invoke_config(**name)
    refused(
        lambda: functions.get_function_event_invoke_config(**name), "ResourceNotFoundException"
    )


def test_own_layers_lie_over_one_another_in_order(functions):
    first = functions.publish_layer_version(
        LayerName="first",
        Content={
            "ZipFile": zip_of({"python/only_first.py": "v = 1", "python/both.py": "v = 'first'"})
        },
        CompatibleRuntimes=["python3.9"],
    )
    second = functions.publish_layer_version(
        LayerName="second", Content={"ZipFile": zip_of({"python/both.py": "v = 'second'"})}
    )
    assert first["Version"] == 1 and first["LayerVersionArn"].endswith(":layer:first:1")
    create(
        functions,
        "layered",
        "import both, only_first\ndef lambda_handler(e, c): return [both.v, only_first.v]",
        Layers=[first["LayerVersionArn"], second["LayerVersionArn"]],
    )
    assert invoke(functions, "layered")[0] == ["second", 1]

    found = functions.get_layer_version(LayerName="first", VersionNumber=1)
    with urllib.request.urlopen(found["Content"]["Location"]) as answer:
        names = zipfile.ZipFile(io.BytesIO(answer.read())).namelist()
    assert names == ["python/only_first.py", "python/both.py"]
    by_arn = functions.get_layer_version_by_arn(Arn=first["LayerVersionArn"])
    assert by_arn["CompatibleRuntimes"] == ["python3.9"]
    assert [one["LayerName"] for one in functions.list_layers()["Layers"]] == ["first", "second"]
    versions = functions.list_layer_versions(LayerName="first")["LayerVersions"]
    assert [one["Version"] for one in versions] == [1]
    functions.delete_layer_version(LayerName="second", VersionNumber=1)
    refused(
        lambda: functions.get_layer_version(LayerName="second", VersionNumber=1),
        "ResourceNotFoundException",
    )


def test_a_layer_that_is_not_here_fails_the_function_with_what_to_do(functions):
    arn = "arn:aws:lambda:us-east-1:111111111111:layer:Unheard-Of:3"
    functions.create_function(
        FunctionName="layerless",
        Runtime="python3.9",
        Role=ROLE,
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": python_zip(ECHO)},
        Layers=[arn],
    )
    shown = functions.get_function(FunctionName="layerless")["Configuration"]
    assert shown["State"] == "Failed" and arn in shown["StateReason"]
    message = refused(lambda: invoke(functions, "layerless"), "ResourceConflictException", 409)
    assert "PublishLayerVersion" in message


LAYER = "arn:aws:lambda:us-east-1:336392948345:layer:AWSDataWrangler-Python39:9"
TO_PARQUET = """
import awswrangler, pandas
def lambda_handler(event, context):
    frame = pandas.DataFrame({"userId": [1, 2], "Recommendations": ["a | b", "c"]})
    return awswrangler.s3.to_parquet(df=frame, path=event["path"])["paths"]
"""


def test_the_layer_awswrangler_writes_parquet_or_says_how_to_install_it(server, functions):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="parquet")
    path = "s3://parquet/transformed.parquet"
    if not (ROOT / ".layers" / "awswrangler" / "stamp").is_file():
        functions.create_function(
            FunctionName="parquet",
            Runtime="python3.9",
            Role=ROLE,
            Handler="lambda_function.lambda_handler",
            Code={"ZipFile": python_zip(TO_PARQUET)},
            Layers=[LAYER],
        )
        shown = functions.get_function(FunctionName="parquet")["Configuration"]
        assert shown["State"] == "Failed"
        assert "./setup --layer awswrangler" in shown["StateReason"]
        message = refused(
            lambda: invoke(functions, "parquet", {"path": path}), "ResourceConflictException"
        )
        assert "./setup --layer awswrangler" in message
        return
    create(functions, "parquet", TO_PARQUET, Layers=[LAYER], Timeout=60, MemorySize=500)
    payload, answer = invoke(functions, "parquet", {"path": path})
    assert "FunctionError" not in answer, payload
    assert payload == [path]
    body = s3.get_object(Bucket="parquet", Key="transformed.parquet")["Body"].read()
    file = pyarrow.parquet.ParquetFile(io.BytesIO(body))
    assert file.metadata.row_group(0).column(0).compression == "SNAPPY"
    assert file.read().to_pydict() == {"userId": [1, 2], "Recommendations": ["a | b", "c"]}


BOOTSTRAP = f"#!{sys.executable}" + """
import json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as work:
        request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(work)
    body = json.dumps({"event": event, "folder": os.getcwd()}).encode()
    urllib.request.urlopen(api + request_id + "/response", body).read()
"""


def test_a_bootstrap_of_ones_own_runs_by_the_runtime_api(functions):
    create(
        functions,
        "own-runtime",
        Runtime="provided.al2023",
        Handler="anything",
        Code={"ZipFile": zip_of({"bootstrap!": BOOTSTRAP})},
    )
    for event in ({"n": 1}, [2]):
        payload, answer = invoke(functions, "own-runtime", event)
        assert payload["event"] == event and "FunctionError" not in answer, payload


def test_a_zip_without_a_bootstrap_says_so(functions):
    create(
        functions,
        "no-bootstrap",
        Runtime="provided.al2023",
        Code={"ZipFile": zip_of({"other": "x"})},
    )
    payload, answer = invoke(functions, "no-bootstrap")
    assert answer["FunctionError"] == "Unhandled" and "bootstrap" in payload["errorMessage"]


def test_a_function_of_the_runtime_usher_needs_no_code(functions):
    functions.create_function(
        FunctionName="builtin", Runtime="usher", Role=ROLE, Handler="no_such_thing", Code={}
    )
    shown = functions.get_function(FunctionName="builtin")["Configuration"]
    assert shown["State"] == "Failed" and "no_such_thing" in shown["StateReason"]


def test_the_aws_command_invokes(server, functions, tmp_path):
    create(functions, "by-command")
    out = tmp_path / "out.json"
    server.aws(
        "lambda", "invoke", "--function-name", "by-command", "--payload", '{"by":"awscli"}',
        out,
    )  # fmt: skip
    assert json.loads(out.read_text()) == {"by": "awscli"}


def test_an_asynchronous_invocation_runs_after_its_answer(server, functions):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="asynchronous")
    source = """
import boto3
def lambda_handler(event, context):
    boto3.client("s3").put_object(Bucket="asynchronous", Key=event["key"], Body=context.aws_request_id)
"""
    create(functions, "asynchronous", source)
    answer = functions.invoke(
        FunctionName="asynchronous", InvocationType="Event", Payload=b'{"key": "event"}'
    )
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""
    functions.invoke_async(FunctionName="asynchronous", InvokeArgs=b'{"key": "args"}')

    def keys():
        found = s3.list_objects_v2(Bucket="asynchronous").get("Contents", [])
        return {one["Key"] for one in found} == {"event", "args"}

    eventually(keys)
    body = s3.get_object(Bucket="asynchronous", Key="event")["Body"].read().decode()
    assert body == answer["ResponseMetadata"]["RequestId"]
