"""API Gateway by boto3 and aws, its stages by plain HTTP: what works, and what is refused and how."""

import base64
import json
import re
import threading

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from api_stage import Api, send
from lambda_code import create, eventually
from webhook import Webhook

# The two forms of one wrong function that a newcomer writes: it reads its parameter as a custom
# integration gives it, and returns what it has got.
READS_USER_ID = """
def lambda_handler(event, context):
    return {"ResponseMetadata": {}, "itemList": [{"itemId": event["user_id"]}], "recommendationId": "R"}
"""

ECHO_PROXY = """
import json

def lambda_handler(event, context):
    return {
        "statusCode": 201,
        "headers": {"X-Film": "Alien", "Content-Type": "application/json"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "body": json.dumps(event),
    }
"""

RAISES = """
def lambda_handler(event, context):
    raise ValueError("no film called " + event.get("name", "that"))
"""

RETURNS = """
import json

def lambda_handler(event, context):
    return json.loads(event["queryStringParameters"]["what"])
"""

WAITS = """
import time

def lambda_handler(event, context):
    time.sleep(2)
    return {"statusCode": 200, "body": "late"}
"""


@pytest.fixture(scope="module")
def functions(server):
    client = server.client("lambda")
    create(client, "reads", READS_USER_ID)
    create(client, "echo", ECHO_PROXY)
    create(client, "raises", RAISES)
    create(client, "returns", RETURNS)
    create(client, "waits", WAITS, Timeout=60)
    return client


@pytest.fixture
def api(server, functions):
    made = Api(server)
    yield made
    made.client.delete_rest_api(restApiId=made.id)


def refused(call, code, status=None):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    assert error["Error"]["Code"] == code, error
    if status:
        assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    return error["Error"]["Message"]


def execution_log(server, api, stage="dev"):
    """The messages of a stage's execution log, once there is one that ends a request."""
    logs = server.client("logs")
    group = f"API-Gateway-Execution-Logs_{api.id}/{stage}"

    def messages():
        try:
            events = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        found = [event["message"] for event in events]
        return found if any("Method completed" in line for line in found) else None

    return eventually(messages)


# ---- the control plane ----


def test_an_api_is_made_read_changed_and_deleted(server):
    client = server.client("apigateway")
    made = client.create_rest_api(name="life", description="all of it", tags={"a": "b"})

    assert re.fullmatch(r"[a-z0-9]{10}", made["id"])
    assert client.get_rest_api(restApiId=made["id"])["name"] == "life"
    assert made["id"] in [one["id"] for one in client.get_rest_apis()["items"]]
    root = client.get_resources(restApiId=made["id"])["items"]
    assert [one["path"] for one in root] == ["/"] and root[0]["id"] == made["rootResourceId"]
    assert {one["name"] for one in client.get_models(restApiId=made["id"])["items"]} == {
        "Empty",
        "Error",
    }

    changed = client.update_rest_api(
        restApiId=made["id"],
        patchOperations=[
            {"op": "replace", "path": "/name", "value": "lives"},
            {"op": "add", "path": "/binaryMediaTypes/image~1png"},
        ],
    )
    assert changed["name"] == "lives" and changed["binaryMediaTypes"] == ["image/png"]
    client.delete_rest_api(restApiId=made["id"])
    refused(lambda: client.get_rest_api(restApiId=made["id"]), "NotFoundException", 404)


def test_lists_are_paged(server):
    client = server.client("apigateway")
    made = {client.create_rest_api(name=f"page-{i}")["id"] for i in range(5)}
    pages = client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 2})
    found = [one["id"] for page in pages for one in page["items"]]
    assert made <= set(found) and len(found) == len(set(found))
    for one in made:
        client.delete_rest_api(restApiId=one)
    refused(lambda: client.get_rest_apis(position="x"), "BadRequestException", 400)
    refused(lambda: client.get_rest_apis(limit=0), "BadRequestException", 400)


def test_resources_have_their_rules(api):
    films = api.resource("films")
    refused(lambda: api.resource("films"), "ConflictException", 409)
    one = api.resource("{id}", films)
    assert "variable path part" in refused(
        lambda: api.resource("{other}", films), "BadRequestException", 400
    )
    refused(lambda: api.resource("a b"), "BadRequestException", 400)
    refused(
        lambda: api.client.create_resource(restApiId=api.id, parentId="nobody", pathPart="x"),
        "NotFoundException",
        404,
    )
    refused(
        lambda: api.client.delete_resource(restApiId=api.id, resourceId=api.root),
        "BadRequestException",
    )
    moved = api.client.update_resource(
        restApiId=api.id,
        resourceId=films,
        patchOperations=[{"op": "replace", "path": "/pathPart", "value": "movies"}],
    )
    assert moved["path"] == "/movies"
    below = api.client.get_resource(restApiId=api.id, resourceId=one)
    assert below["path"] == "/movies/{id}" and below["pathPart"] == "{id}"
    api.client.delete_resource(restApiId=api.id, resourceId=films)
    refused(
        lambda: api.client.get_resource(restApiId=api.id, resourceId=one), "NotFoundException"
    )


def test_methods_and_integrations_are_put_read_patched_and_deleted(api):
    where = api.method(
        api.function("echo", "AWS", requestTemplates={"application/json": "{}"}),
        requestParameters={"method.request.querystring.user_id": True},
    )
    api.answer(where, responseParameters={"method.response.header.X-A": "'b'"})
    refused(
        lambda: api.client.put_method_response(**where, statusCode="200"), "ConflictException", 409
    )
    method = api.client.get_method(**where)
    assert method["httpMethod"] == "GET" and method["authorizationType"] == "NONE"
    assert method["methodIntegration"]["type"] == "AWS"
    assert method["methodIntegration"]["httpMethod"] == "POST"
    assert method["methodIntegration"]["timeoutInMillis"] == 29000
    assert method["methodIntegration"]["passthroughBehavior"] == "WHEN_NO_MATCH"
    assert method["methodResponses"]["200"]["responseParameters"] == {
        "method.response.header.X-A": False
    }

    patched = api.client.update_integration(
        **where,
        patchOperations=[
            {"op": "replace", "path": "/requestTemplates/application~1json", "value": "{1}"},
            {"op": "replace", "path": "/timeoutInMillis", "value": "1000"},
        ],
    )
    assert patched["requestTemplates"] == {"application/json": "{1}"}
    assert patched["timeoutInMillis"] == 1000
    api.client.update_integration_response(
        **where,
        statusCode="200",
        patchOperations=[{"op": "add", "path": "/selectionPattern", "value": "4.."}],
    )
    response = api.client.get_integration_response(**where, statusCode="200")
    assert response["selectionPattern"] == "4.."
    api.client.update_method_response(
        **where,
        statusCode="200",
        patchOperations=[{"op": "add", "path": "/responseModels/text~1html", "value": "Empty"}],
    )
    assert api.client.get_method_response(**where, statusCode="200")["responseModels"] == {
        "text/html": "Empty"
    }
    updated = api.client.update_method(
        **where, patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}]
    )
    assert updated["apiKeyRequired"] is True

    message = refused(
        lambda: api.client.update_method(
            **where, patchOperations=[{"op": "replace", "path": "/nothing", "value": "x"}]
        ),
        "BadRequestException",
        400,
    )
    assert "/requestValidatorId" in message
    refused(
        lambda: api.client.update_integration(
            **where, patchOperations=[{"op": "replace", "path": "/timeoutInMillis", "value": "1"}]
        ),
        "BadRequestException",
    )

    api.client.delete_integration_response(**where, statusCode="200")
    api.client.delete_method_response(**where, statusCode="200")
    refused(
        lambda: api.client.get_integration_response(**where, statusCode="200"), "NotFoundException"
    )
    refused(lambda: api.client.get_method_response(**where, statusCode="200"), "NotFoundException")
    api.client.delete_integration(**where)
    refused(lambda: api.client.get_integration(**where), "NotFoundException", 404)
    api.client.delete_method(**where)
    refused(lambda: api.client.get_method(**where), "NotFoundException", 404)


def test_what_is_not_built_is_refused_when_it_is_set(api):
    where = {"restApiId": api.id, "resourceId": api.root, "httpMethod": "GET"}
    assert "not supported by Usher" in refused(
        lambda: api.client.put_method(**where, authorizationType="CUSTOM", authorizerId="a"),
        "BadRequestException",
        400,
    )
    api.client.put_method(**where, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{api.server.region}:dynamodb:action/GetItem"
    assert "dynamodb" in refused(
        lambda: api.client.put_integration(
            **where, type="AWS", integrationHttpMethod="POST", uri=uri
        ),
        "BadRequestException",
    )
    refused(
        lambda: api.client.create_model(
            restApiId=api.id,
            name="M",
            contentType="application/json",
            schema='{"dependencies": {"a": ["b"]}}',
        ),
        "BadRequestException",
    )
    refused(
        lambda: api.client.put_method(
            restApiId=api.id, resourceId=api.root, httpMethod="FETCH", authorizationType="NONE"
        ),
        "BadRequestException",
    )


def test_a_deployment_needs_methods_with_integrations(api):
    refused(api.deploy, "BadRequestException", 400)
    api.client.put_method(
        restApiId=api.id, resourceId=api.root, httpMethod="GET", authorizationType="NONE"
    )
    assert "No integration" in refused(api.deploy, "BadRequestException", 400)


def test_stages_and_deployments_live_and_end(api):
    api.method(api.function("echo"))
    first = api.deploy()
    second = api.client.create_deployment(restApiId=api.id, description="two")["id"]
    assert {one["id"] for one in api.client.get_deployments(restApiId=api.id)["items"]} == {
        first,
        second,
    }
    summary = api.client.get_deployment(
        restApiId=api.id, deploymentId=first, embed=["apisummary"]
    )["apiSummary"]
    assert summary["/"]["GET"]["authorizationType"] == "NONE"
    renamed = api.client.update_deployment(
        restApiId=api.id,
        deploymentId=second,
        patchOperations=[{"op": "replace", "path": "/description", "value": "deux"}],
    )
    assert renamed["description"] == "deux"

    made = api.client.create_stage(
        restApiId=api.id, stageName="prod", deploymentId=second, variables={"a": "1"}
    )
    assert made["deploymentId"] == second and made["variables"] == {"a": "1"}
    refused(
        lambda: api.client.create_stage(restApiId=api.id, stageName="prod", deploymentId=second),
        "ConflictException",
        409,
    )
    refused(
        lambda: api.client.create_stage(restApiId=api.id, stageName="x", deploymentId="nobody"),
        "NotFoundException",
        404,
    )
    stages = api.client.get_stages(restApiId=api.id)["item"]
    assert {one["stageName"] for one in stages} == {"dev", "prod"}
    stages = api.client.get_stages(restApiId=api.id, deploymentId=second)["item"]
    assert [one["stageName"] for one in stages] == ["prod"]

    patched = api.patch_stage(
        ("/tracingEnabled", "true"),
        ("/variables/b", "2"),
        ("/*/*/logging/loglevel", "INFO"),
        ("/~1films~1{id}/GET/throttling/rateLimit", "5"),
        ("/films/GET/metrics/enabled", "true"),
        stage="prod",
    )
    assert patched["tracingEnabled"] is True and patched["variables"] == {"a": "1", "b": "2"}
    assert patched["methodSettings"]["*/*"]["loggingLevel"] == "INFO"
    assert patched["methodSettings"]["~1films~1{id}/GET"]["throttlingRateLimit"] == 5
    assert patched["methodSettings"]["films/GET"]["metricsEnabled"] is True
    patched = api.client.update_stage(
        restApiId=api.id,
        stageName="prod",
        patchOperations=[{"op": "remove", "path": "/~1films~1{id}/GET"}],
    )
    assert set(patched["methodSettings"]) == {"*/*", "films/GET"}
    refused(lambda: api.patch_stage(("/*/*/logging/loglevel", "LOUD")), "BadRequestException")
    refused(lambda: api.patch_stage(("/deploymentId", "nobody")), "NotFoundException")
    refused(
        lambda: api.client.update_stage(
            restApiId=api.id,
            stageName="nobody",
            patchOperations=[{"op": "replace", "path": "/description", "value": "x"}],
        ),
        "NotFoundException",
        404,
    )

    refused(
        lambda: api.client.delete_deployment(restApiId=api.id, deploymentId=second),
        "BadRequestException",
    )
    api.client.delete_stage(restApiId=api.id, stageName="prod")
    api.client.delete_deployment(restApiId=api.id, deploymentId=second)
    refused(
        lambda: api.client.get_stage(restApiId=api.id, stageName="prod"), "NotFoundException", 404
    )
    refused(
        lambda: api.client.get_deployment(restApiId=api.id, deploymentId=second),
        "NotFoundException",
    )


def test_models_and_validators_live_and_end(api):
    schema = '{"type": "object", "required": ["user_id"]}'
    api.client.create_model(
        restApiId=api.id, name="User", contentType="application/json", schema=schema
    )
    assert api.client.get_model(restApiId=api.id, modelName="User")["schema"] == schema
    api.client.update_model(
        restApiId=api.id,
        modelName="User",
        patchOperations=[{"op": "replace", "path": "/description", "value": "who"}],
    )
    validator = api.client.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    assert [
        one["name"] for one in api.client.get_request_validators(restApiId=api.id)["items"]
    ] == ["all"]
    api.method(
        api.function("echo"),
        verb="POST",
        requestModels={"application/json": "User"},
        requestValidatorId=validator,
    )
    refused(
        lambda: api.client.delete_model(restApiId=api.id, modelName="User"), "ConflictException"
    )
    refused(
        lambda: api.client.delete_request_validator(
            restApiId=api.id, requestValidatorId=validator
        ),
        "ConflictException",
    )
    api.client.delete_method(restApiId=api.id, resourceId=api.root, httpMethod="POST")
    changed = api.client.update_request_validator(
        restApiId=api.id,
        requestValidatorId=validator,
        patchOperations=[{"op": "replace", "path": "/validateRequestBody", "value": "false"}],
    )
    assert changed["validateRequestBody"] is False
    api.client.delete_request_validator(restApiId=api.id, requestValidatorId=validator)
    refused(
        lambda: api.client.get_request_validator(
            restApiId=api.id, requestValidatorId=validator
        ),
        "NotFoundException",
    )
    api.client.delete_model(restApiId=api.id, modelName="User")
    refused(
        lambda: api.client.get_model(restApiId=api.id, modelName="User"), "NotFoundException", 404
    )


def test_the_account_and_tags(server, api):
    client = server.client("apigateway")
    assert client.get_account()["throttleSettings"]["rateLimit"] == 10000
    role = "arn:aws:iam::000000000000:role/logs"
    client.update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )
    assert client.get_account()["cloudwatchRoleArn"] == role
    refused(
        lambda: client.update_account(
            patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": "me"}]
        ),
        "BadRequestException",
    )
    arn = f"arn:aws:apigateway:{server.region}::/restapis/{api.id}"
    client.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    refused(lambda: client.get_tags(resourceArn="arn:aws:s3:::x"), "BadRequestException")


def test_the_aws_command(server, functions):
    made = json.loads(server.aws("apigateway", "create-rest-api", "--name", "cli").stdout)
    root = json.loads(
        server.aws("apigateway", "get-resources", "--rest-api-id", made["id"]).stdout
    )["items"][0]["id"]
    where = ("--rest-api-id", made["id"], "--resource-id", root, "--http-method", "GET")
    server.aws("apigateway", "put-method", *where, "--authorization-type", "NONE")
    server.aws(
        "apigateway", "put-integration", *where, "--type", "MOCK",
        "--request-templates", '{"application/json": "{\\"statusCode\\": 200}"}',
    )  # fmt: skip
    server.aws("apigateway", "put-method-response", *where, "--status-code", "200")
    server.aws(
        "apigateway", "put-integration-response", *where, "--status-code", "200",
        "--response-templates", '{"application/json": "{\\"ok\\": true}"}',
    )  # fmt: skip
    tested = json.loads(server.aws("apigateway", "test-invoke-method", *where).stdout)
    assert tested["status"] == 200 and json.loads(tested["body"]) == {"ok": True}
    server.aws(
        "apigateway", "create-deployment", "--rest-api-id", made["id"], "--stage-name", "dev"
    )
    stage = json.loads(
        server.aws(
            "apigateway", "update-stage", "--rest-api-id", made["id"], "--stage-name", "dev",
            "--patch-operations", "op=replace,path=/tracingEnabled,value=true",
        ).stdout
    )  # fmt: skip
    assert stage["tracingEnabled"] is True
    assert send(server, "GET", f"/restapis/{made['id']}/dev/_user_request_/").json == {"ok": True}
    server.aws("apigateway", "delete-rest-api", "--rest-api-id", made["id"])


# ---- serving ----


def test_every_url_form_leads_to_the_stage(server, api):
    api.method(api.function("echo"))
    films = api.resource("films")
    api.method(api.function("echo"), films)
    api.deploy()
    forms = [
        (f"/restapis/{api.id}/dev/_user_request_", {}),
        (f"/_aws/execute-api/{api.id}/dev", {}),
        ("/dev", {"Host": f"{api.id}.execute-api.localhost:{server.port}"}),
        ("/dev", {"Host": f"{api.id}.execute-api.{server.region}.amazonaws.com"}),
    ]
    for base, headers in forms:
        for path, resource in (("", "/"), ("/", "/"), ("/films", "/films"), ("/films/", "/films")):
            answer = send(server, "GET", base + path, headers=headers)
            assert answer.status == 201, (base, path, answer.text)
            event = answer.json
            assert event["resource"] == resource
            assert event["requestContext"]["path"].rstrip("/") == f"/dev{resource}".rstrip("/")


def test_a_proxy_function_gets_the_whole_request_and_shapes_the_answer(server, api):
    films = api.resource("films")
    api.method(api.function("echo"), api.resource("{id+}", films), verb="ANY")
    api.deploy()
    api.patch_stage(("/variables/table", "movies"))
    answer = api.call(
        "/films/a%20b/c?x=1&x=2&y=%C3%BC",
        "POST",
        body="gr\u00fc\u00df".encode(),
        headers={"Content-Type": "text/plain", "X-Two": "1", "User-Agent": "test"},
    )

    assert answer.status == 201
    assert answer.headers["x-film"] == "Alien" and answer.headers["x-amz-apigw-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-requestid"])
    event = answer.json
    assert event["resource"] == "/films/{id+}" and event["path"] == "/films/a%20b/c"
    assert event["httpMethod"] == "POST" and event["body"] == "gr\u00fc\u00df"
    assert event["isBase64Encoded"] is False
    assert event["queryStringParameters"] == {"x": "2", "y": "\u00fc"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": ["\u00fc"]}
    assert event["pathParameters"] == {"id": "a b/c"}
    assert event["stageVariables"] == {"table": "movies"}
    assert event["headers"]["X-Two"] == "1" and event["multiValueHeaders"]["X-Two"] == ["1"]
    context = event["requestContext"]
    assert context["apiId"] == api.id and context["stage"] == "dev"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "test" and context["identity"]["userArn"] is None
    assert context["requestId"] == answer.headers["x-amzn-requestid"]
    assert context["resourcePath"] == "/films/{id+}" and context["protocol"] == "HTTP/1.1"
    assert isinstance(context["requestTimeEpoch"], int)


def test_a_proxy_event_without_parameters_says_null(api):
    api.method(api.function("echo"))
    api.deploy()
    event = api.call().json
    for name in (
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    ):
        assert event[name] is None, name


def test_the_reference_function_fails_as_it_does_at_the_service(server, api):
    """AWS_PROXY: 502 for its KeyError. The log says why."""
    api.method(api.function("reads"))
    api.deploy()
    api.patch_stage(("/*/*/logging/loglevel", "ERROR"))
    answer = api.call("/?user_id=5")
    assert answer.status == 502
    assert answer.text == '{"message": "Internal server error"}'
    assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"

    lines = execution_log(server, api)
    request_id = answer.headers["x-amzn-requestid"]
    assert all(line.startswith(f"({request_id}) ") for line in lines)
    assert any(
        "Lambda execution failed with status 200 due to customer function error: KeyError: 'user_id'"
        in line
        for line in lines
    )
    why = (
        "AWS_PROXY events carry query parameters under queryStringParameters; "
        "the function read event['user_id']"
    )
    assert any(why in line for line in lines)
    assert why in server.log_end(200)


def test_a_custom_integration_without_a_response_fails_after_the_function_succeeded(server, api):
    template = "{ \"user_id\" : \"$input.params('user_id')\" }"
    where = api.method(
        api.function("reads", "AWS", requestTemplates={"application/json": template})
    )
    api.deploy()
    api.patch_stage(("/*/*/logging/loglevel", "INFO"), ("/*/*/logging/dataTrace", "true"))
    answer = api.call("/?user_id=5")
    assert answer.status == 500
    assert answer.text == '{"message": "Internal server error"}'

    lines = [line.split(") ", 1)[1] for line in execution_log(server, api)]
    begins = [
        "Extended Request Id: ",
        "Method request query string: {user_id=5}",
        "Method request path: {}",
        "Method request headers: {",
        "Method request body before transformations: ",
        "Endpoint request URI: https://lambda.",
        "Endpoint request headers: {",
        'Endpoint request body after transformations: { "user_id" : "5" }',
        "Sending request to https://lambda.",
        "Received response. Status: 200, Integration latency: ",
        "Endpoint response headers: {",
        "Endpoint response body before transformations: {",
        "Execution failed due to configuration error: No match for output mapping and no default "
        "endpoint mapping configured",
    ]
    places = [
        next(i for i, line in enumerate(lines) if line.startswith(begin)) for begin in begins
    ]
    assert places == sorted(places), lines
    assert any("x-amzn-lambda-integration-tag=" in line for line in lines)
    assert any("put-integration-response" in line for line in lines)
    assert "Method completed with status: 500" in lines

    # With a response, and once it is deployed, it works.
    api.answer(where)
    assert api.call("/?user_id=5").status == 500
    assert "older than the change of GET /" in server.log_end(50)
    api.deploy()
    answer = api.call("/?user_id=5")
    assert answer.status == 200
    assert answer.json["itemList"] == [{"itemId": "5"}] and "ResponseMetadata" in answer.json
    # Without the parameter it is the empty text.
    assert api.call().json["itemList"] == [{"itemId": ""}]


def test_an_integration_response_needs_its_method_response(api):
    where = api.method(
        api.function("reads", "AWS", requestTemplates={"application/json": '{"user_id": "1"}'})
    )
    api.client.put_integration_response(**where, statusCode="200")
    api.deploy()
    api.patch_stage(("/*/*/logging/loglevel", "ERROR"))
    assert api.call().status == 500
    assert any(
        "Output mapping refers to an invalid method response: 200" in line
        for line in execution_log(api.server, api)
    )


def test_a_function_error_takes_the_response_whose_pattern_matches(api):
    where = api.method(
        api.function(
            "raises",
            "AWS",
            requestTemplates={"application/json": "{\"name\": \"$input.params('name')\"}"},
        )
    )
    api.answer(where)
    api.answer(
        where,
        "404",
        selectionPattern="no film called .*",
        responseTemplates={
            "application/json": "{\"said\": $input.json('$.errorMessage'), "
            "\"type\": \"$input.path('$.errorType')\"}"
        },
        responseParameters={
            "method.response.header.X-Why": "integration.response.body.errorType",
            "method.response.header.X-Stage": "context.stage",
        },
    )
    api.deploy()
    answer = api.call("/?name=Alien")
    assert answer.status == 404
    assert answer.json == {"said": "no film called Alien", "type": "ValueError"}
    assert answer.headers["x-why"] == "ValueError" and answer.headers["x-stage"] == "dev"

    # Without a pattern that matches it is the default, whatever that is.
    api.client.delete_integration_response(**where, statusCode="404")
    api.deploy()
    answer = api.call("/?name=Alien")
    assert answer.status == 200 and answer.json["errorMessage"] == "no film called Alien"


@pytest.mark.parametrize(
    "what",
    ['{"statusCode": 200, "extra": 1}', "[1]", '"text"', "null", '{"body": {"a": 1}}',
     '{"statusCode": "many"}', '{"headers": [1]}', '{"statusCode": 99}'],
)  # fmt: skip
def test_a_malformed_proxy_answer_is_502(api, what):
    api.method(api.function("returns"))
    api.deploy()
    answer = send(
        api.server,
        "GET",
        f"/restapis/{api.id}/dev/_user_request_/?what=" + what.replace(" ", "%20").replace('"', "%22"),
    )
    assert answer.status == 502
    assert answer.text == '{"message": "Internal server error"}'


def test_an_empty_proxy_answer_is_200(api):
    api.method(api.function("returns"))
    api.deploy()
    answer = api.call("/?what=%7B%7D")
    assert answer.status == 200 and answer.body == b""


def test_a_slow_function_is_504_and_the_next_request_is_served(api):
    api.method(api.function("waits", timeoutInMillis=100))
    api.method(
        {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
        verb="OPTIONS",
    )
    api.deploy()
    answer = api.call()
    assert answer.status == 504
    assert answer.text == '{"message": "Endpoint request timed out"}'


def test_a_function_that_does_not_exist_is_500(server, api):
    api.method(api.function("nobody"))
    api.deploy()
    answer = api.call()
    assert answer.status == 500 and answer.text == '{"message": "Internal server error"}'
    assert "there is no function" in server.log_end(20)


def test_unknown_stages_apis_and_resources_are_403(server, api):
    api.method(api.function("echo"))
    api.deploy()
    for target in (
        f"/restapis/{api.id}/prod/_user_request_/",
        "/restapis/nobody1234/dev/_user_request_/",
    ):
        answer = send(server, "GET", target)
        assert answer.status == 403 and answer.text == '{"message":"Forbidden"}'
        assert answer.headers["x-amzn-errortype"] == "ForbiddenException"
    for verb, path in (("GET", "/films"), ("POST", "/")):
        answer = api.call(path, verb)
        assert answer.status == 403
        assert answer.text == '{"message":"Missing Authentication Token"}'
        assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_a_disabled_endpoint_is_403_at_once(api):
    api.method(api.function("echo"))
    api.deploy()
    assert api.call().status == 201
    api.client.update_rest_api(
        restApiId=api.id,
        patchOperations=[
            {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}
        ],
    )
    assert api.call().text == '{"message":"Forbidden"}'


def test_a_validator_refuses_once_it_is_attached_and_deployed(api):
    validator = api.client.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    where = api.method(
        api.function("echo"),
        requestParameters={
            "method.request.querystring.user_id": True,
            "method.request.header.X-Needed": True,
            "method.request.querystring.other": False,
        },
    )
    api.deploy()
    assert api.call().status == 201  # declared, but no validator is attached

    api.client.update_method(
        **where,
        patchOperations=[{"op": "replace", "path": "/requestValidatorId", "value": validator}],
    )
    assert api.call().status == 201  # not deployed
    api.deploy()
    answer = api.call()
    assert answer.status == 400
    assert answer.text == '{"message": "Missing required request parameters: [X-Needed, user_id]"}'
    assert answer.headers["x-amzn-errortype"] == "BadRequestException"
    answer = api.call("/?user_id=", headers={"X-Needed": "1"})
    assert answer.text == '{"message": "Missing required request parameters: [user_id]"}'
    assert api.call("/?user_id=5", headers={"X-Needed": "1"}).status == 201


def test_a_body_is_held_against_its_model(api):
    api.client.create_model(
        restApiId=api.id,
        name="User",
        contentType="application/json",
        schema=json.dumps(
            {
                "$schema": "http://json-schema.org/draft-04/schema#",
                "type": "object",
                "required": ["user_id"],
                "properties": {"user_id": {"type": "string"}},
            }
        ),
    )
    validator = api.client.create_request_validator(
        restApiId=api.id, name="body", validateRequestBody=True
    )["id"]
    api.method(
        api.function("echo"),
        verb="POST",
        requestModels={"application/json": "User"},
        requestValidatorId=validator,
    )
    api.deploy()
    api.patch_stage(("/*/*/logging/loglevel", "ERROR"))
    json_type = {"Content-Type": "application/json; charset=utf-8"}
    assert api.call("/", "POST", '{"user_id": "5"}', json_type).status == 201
    for body in ("{}", '{"user_id": 5}', "", "not json", "[" * 300):
        answer = api.call("/", "POST", body, json_type)
        assert answer.status == 400, body
        assert answer.text == '{"message": "Invalid request body"}'
    # Of a type without a model, anything is taken.
    assert api.call("/", "POST", "x", {"Content-Type": "text/plain"}).status == 201
    assert any(
        'object has missing required properties (["user_id"])' in line
        for line in execution_log(api.server, api)
    )


def test_cors_by_a_mock_and_gateway_responses(api):
    where = api.method(
        {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}},
        verb="OPTIONS",
    )
    api.answer(
        where,
        responseParameters={
            "method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
        },
        responseTemplates={"application/json": ""},
    )
    api.client.put_gateway_response(
        restApiId=api.id,
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        responseTemplates={
            "application/json": '{"oops": $context.error.messageString, "id": "$context.requestId"}'
        },
    )
    api.client.put_gateway_response(
        restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404"
    )
    api.deploy()
    answer = api.call("/", "OPTIONS", headers={"Origin": "http://films.example"})
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET,OPTIONS"

    answer = api.call("/nothing")
    assert answer.status == 404
    assert answer.text == '{"message":"Missing Authentication Token"}'

    api.client.delete_gateway_response(
        restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN"
    )
    api.deploy()
    answer = api.call("/nothing")
    assert answer.status == 403
    assert answer.json == {
        "oops": "Missing Authentication Token",
        "id": answer.headers["x-amzn-requestid"],
    }
    assert answer.headers["access-control-allow-origin"] == "*"

    listed = api.client.get_gateway_responses(restApiId=api.id)["items"]
    set_here = [one["responseType"] for one in listed if not one["defaultResponse"]]
    assert set_here == ["DEFAULT_4XX"]
    changed = api.client.update_gateway_response(
        restApiId=api.id,
        responseType="THROTTLED",
        patchOperations=[{"op": "replace", "path": "/statusCode", "value": "430"}],
    )
    assert changed["statusCode"] == "430" and changed["defaultResponse"] is False
    assert (
        api.client.get_gateway_response(restApiId=api.id, responseType="THROTTLED")["statusCode"]
        == "430"
    )


def test_a_mock_answers_what_its_templates_say(api):
    where = api.method(
        {
            "type": "MOCK",
            "requestTemplates": {
                "application/json": '{"statusCode": #if($input.params("bad") == "1")400#{else}200#end}'
            },
        }
    )
    api.answer(where, responseTemplates={"application/json": '{"good": true}'})
    api.answer(
        where,
        "400",
        selectionPattern="400",
        responseTemplates={"application/json": "#set($context.responseOverride.status = 418)teapot"},
    )
    api.deploy()
    assert api.call().json == {"good": True}
    answer = api.call("/?bad=1")
    assert answer.status == 418 and answer.text == "teapot"


@pytest.mark.parametrize(
    "template, told",
    [
        ("{\n  #if($input.params('x')\n}", "line 3, column 1: expected ')'"),
        ("{\n $input.params('x').foo() }", "line 2, column 20: a text has no method foo"),
        ("#foreach($i in [1..9999999])x#end", "the range is too long"),
        ("#include('/etc/passwd')", "the directive #include is not supported"),
    ],
)
def test_a_template_that_fails_is_500_and_says_where(server, api, template, told):
    api.method(api.function("echo", "AWS", requestTemplates={"application/json": template}))
    api.deploy()
    api.patch_stage(("/*/*/logging/loglevel", "ERROR"))
    answer = api.call("/?x=1")
    assert answer.status == 500 and answer.text == '{"message": "Internal server error"}'
    assert any(told in line for line in execution_log(server, api))


def test_passthrough_behaviour(api):
    for verb, behaviour in (("GET", "NEVER"), ("PUT", "WHEN_NO_TEMPLATES"), ("POST", "WHEN_NO_MATCH")):
        where = api.method(
            api.function("raises", "AWS", passthroughBehavior=behaviour), verb=verb
        )
        api.answer(where)
    api.deploy()
    assert api.call("/").status == 415
    for verb in ("PUT", "POST"):
        answer = api.call("/", verb, '{"name": "Alien"}', {"Content-Type": "application/json"})
        assert answer.json["errorMessage"] == "no film called Alien"
    # What goes to a function is JSON.
    answer = api.call("/", "POST", "<xml/>", {"Content-Type": "text/xml"})
    assert answer.status == 400 and "Could not parse request body into json" in answer.text


def test_a_body_of_10_mb_is_taken_and_a_longer_one_refused(api):
    where = api.method(
        {"type": "MOCK", "requestTemplates": {"text/plain": '{"statusCode": 200}'}}, verb="POST"
    )
    api.answer(where, responseTemplates={"application/json": "$input.params('x')ok"})
    api.method(api.function("echo"), verb="PUT")
    api.deploy()
    text = {"Content-Type": "text/plain"}
    assert api.call("/", "POST", b"x" * (10 << 20), text).status == 200
    answer = api.call("/", "POST", b"x" * ((10 << 20) + 1), text)
    assert answer.status == 413 and answer.text == '{"message":"Request Too Long"}'
    # Lambda takes 6 MB.
    assert api.call("/", "PUT", b"x" * (7 << 20), text).status == 413


def test_binary_bodies_travel_as_base64(server, api):
    api.client.update_rest_api(
        restApiId=api.id,
        patchOperations=[{"op": "add", "path": "/binaryMediaTypes/image~1png"}],
    )
    api.method(api.function("echo"), verb="POST")
    api.method(api.function("returns"))
    api.deploy()
    picture = bytes(range(256))
    event = api.call("/", "POST", picture, {"Content-Type": "image/png"}).json
    assert event["isBase64Encoded"] is True and base64.b64decode(event["body"]) == picture
    what = json.dumps({"body": base64.b64encode(picture).decode(), "isBase64Encoded": True})
    target = "/?what=" + what.replace(" ", "%20").replace('"', "%22").replace("+", "%2B")
    assert api.call(target, headers={"Accept": "image/png"}).body == picture
    assert api.call(target).text == base64.b64encode(picture).decode()


@pytest.fixture
def endpoint():
    hook = Webhook()
    yield hook
    if not hook.stopped:
        hook.stop()


def test_http_integrations(make_server, endpoint):
    server = make_server("--allow-private-webhooks", name="http")
    url = f"http://127.0.0.1:{endpoint.port}"
    api = Api(server)
    films = api.resource("films")
    one = api.resource("{id}", films)
    where = api.method(
        {
            "type": "HTTP",
            "integrationHttpMethod": "POST",
            "uri": url + "/f/{key}",
            "requestParameters": {
                "integration.request.path.key": "method.request.path.id",
                "integration.request.querystring.q": "method.request.querystring.user_id",
                "integration.request.header.X-Static": "'yes'",
            },
            "requestTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
        },
        one,
        requestParameters={"method.request.path.id": True},
    )
    api.answer(where, responseTemplates={"application/json": '{"wrapped": true}'})
    api.answer(
        where,
        "502",
        selectionPattern="5..",
        responseParameters={
            "method.response.header.X-Retry": "integration.response.header.Retry-After"
        },
    )
    api.method(
        {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": url + "/all"},
        films,
        verb="ANY",
    )
    api.deploy()

    assert api.call("/films/a%20b?user_id=5").json == {"wrapped": True}
    path, headers, body = endpoint.posts[-1]
    assert path == "/f/a%20b?q=5" and body == '{"id": "a b"}'
    assert headers["X-Static"] == "yes"

    endpoint.answers = [(503, {"Retry-After": "7"}), (418, {"X-Teapot": "1"})]
    answer = api.call("/films/x")
    assert answer.status == 502 and answer.headers["x-retry"] == "7"

    answer = api.call("/films?a=1", "POST", b"body", {"X-Mine": "2"})
    assert answer.status == 418 and answer.headers["x-teapot"] == "1"
    path, headers, body = endpoint.posts[-1]
    assert path == "/all?a=1" and body == "body"
    assert headers["X-Mine"] == "2" and headers["X-Forwarded-For"] == "127.0.0.1"


def test_an_endpoint_that_is_not_there_is_504(make_server, endpoint):
    server = make_server("--allow-private-webhooks", name="gone")
    endpoint.stop()
    api = Api(server)
    api.method(
        {
            "type": "HTTP_PROXY",
            "integrationHttpMethod": "GET",
            "uri": f"http://127.0.0.1:{endpoint.port}/",
        }
    )
    api.deploy()
    answer = api.call()
    assert answer.status == 504
    assert answer.text == '{"message": "Network error communicating with endpoint"}'


def test_http_integrations_do_not_lead_into_the_network_of_the_server(server, api):
    api.method(
        {
            "type": "HTTP_PROXY",
            "integrationHttpMethod": "GET",
            "uri": f"http://127.0.0.1:{server.port}/metrics",
        }
    )
    api.deploy()
    answer = api.call()
    assert answer.status == 500 and answer.text == '{"message": "Internal server error"}'
    assert "not on the public internet" in server.log_end(20)


def test_iam_methods_take_signed_requests_only(server, api):
    api.method(api.function("echo"), authorizationType="AWS_IAM")
    api.deploy()
    answer = api.call()
    assert answer.status == 403 and answer.text == '{"message":"Missing Authentication Token"}'

    target = f"/restapis/{api.id}/dev/_user_request_/?a=1"
    request = AWSRequest("GET", server.endpoint + target)
    session = boto3.session.Session(
        server.exports["AWS_ACCESS_KEY_ID"], server.exports["AWS_SECRET_ACCESS_KEY"]
    )
    SigV4Auth(session.get_credentials(), "execute-api", server.region).add_auth(request)
    answer = send(server, "GET", target, headers=dict(request.headers))
    assert answer.status == 201
    assert answer.json["requestContext"]["identity"]["userArn"].startswith("arn:aws:iam::")
    answer = send(server, "GET", target + "2", headers=dict(request.headers))
    assert answer.status == 403 and "signature" in answer.text


def test_keys_plans_throttling_and_quotas(server, api):
    api.method(api.function("echo"), apiKeyRequired=True)
    api.deploy()
    client = api.client
    key = client.create_api_key(name="ann", enabled=True)
    assert "value" not in client.get_api_key(apiKey=key["id"])
    assert client.get_api_key(apiKey=key["id"], includeValue=True)["value"] == key["value"]
    with_key = {"x-api-key": key["value"]}
    for headers in ({}, {"x-api-key": "nobody"}, with_key):
        answer = api.call(headers=headers)
        assert answer.status == 403 and answer.text == '{"message":"Forbidden"}'

    plan = client.create_usage_plan(
        name="free",
        apiStages=[{"apiId": api.id, "stage": "dev"}],
        quota={"limit": 3, "period": "MONTH"},
        throttle={"rateLimit": 1000, "burstLimit": 1000},
    )["id"]
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    refused(
        lambda: client.create_usage_plan_key(
            usagePlanId=plan, keyId=key["id"], keyType="API_KEY"
        ),
        "ConflictException",
        409,
    )
    for _ in range(3):
        answer = api.call(headers=with_key)
        assert answer.status == 201
    assert answer.json["requestContext"]["identity"]["apiKeyId"] == key["id"]
    answer = api.call(headers=with_key)
    assert answer.status == 429 and answer.text == '{"message":"Limit Exceeded"}'
    today = answer.headers["date"]
    day = client.get_usage_plan(usagePlanId=plan) and _day(today)
    usage = client.get_usage(usagePlanId=plan, startDate=day, endDate=day)["items"]
    assert usage == {key["id"]: [[3, 0]]}

    client.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[
            {"op": "replace", "path": "/quota/limit", "value": "1000"},
            {"op": "replace", "path": "/throttle/burstLimit", "value": "2"},
            {"op": "replace", "path": "/throttle/rateLimit", "value": "0.001"},
        ],
    )
    statuses = [api.call(headers=with_key).status for _ in range(4)]
    assert 429 in statuses and set(statuses) <= {201, 429}

    assert [one["id"] for one in client.get_usage_plans(keyId=key["id"])["items"]] == [plan]
    assert [one["id"] for one in client.get_usage_plan_keys(usagePlanId=plan)["items"]] == [
        key["id"]
    ]
    assert client.get_usage_plan_key(usagePlanId=plan, keyId=key["id"])["name"] == "ann"
    client.update_api_key(
        apiKey=key["id"],
        patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}],
    )
    assert api.call(headers=with_key).status == 403
    client.delete_usage_plan_key(usagePlanId=plan, keyId=key["id"])
    assert "associated API stages" in refused(
        lambda: client.delete_usage_plan(usagePlanId=plan), "BadRequestException"
    )
    client.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[{"op": "remove", "path": "/apiStages", "value": f"{api.id}:dev"}],
    )
    client.delete_usage_plan(usagePlanId=plan)
    client.delete_api_key(apiKey=key["id"])
    assert key["id"] not in [one["id"] for one in client.get_api_keys()["items"]]


def _day(http_date):
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(http_date).strftime("%Y-%m-%d")


def test_a_stage_throttles(api):
    api.method(api.function("echo"))
    api.deploy()
    api.patch_stage(
        ("/*/*/throttling/burstLimit", "1"), ("/*/*/throttling/rateLimit", "0.001")
    )
    statuses = [api.call().status for _ in range(3)]
    assert statuses == [201, 429, 429]
    assert api.call().text == '{"message":"Too Many Requests"}'


def test_access_logs_go_to_their_group(server, api):
    api.method(api.function("echo"))
    api.deploy()
    arn = f"arn:aws:logs:{server.region}:000000000000:log-group:films-access"
    api.patch_stage(
        ("/accessLogSettings/destinationArn", arn),
        (
            "/accessLogSettings/format",
            "$context.requestId $context.httpMethod $context.status $context.error.message",
        ),
    )
    answer = api.call()
    logs = server.client("logs")

    def line():
        try:
            events = logs.filter_log_events(logGroupName="films-access")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return events and events[0]["message"]

    assert eventually(line) == f"{answer.headers['x-amzn-requestid']} GET 201 -"


def test_test_invoke_needs_no_deployment_and_gives_the_log(api):
    where = api.method(
        api.function(
            "reads",
            "AWS",
            requestTemplates={"application/json": "{\"user_id\": \"$input.params('user_id')\"}"},
        )
    )
    tested = api.client.test_invoke_method(**where, pathWithQueryString="/?user_id=7")
    assert tested["status"] == 500
    assert "No match for output mapping" in tested["log"]
    api.answer(where)
    tested = api.client.test_invoke_method(**where, pathWithQueryString="/?user_id=7")
    assert tested["status"] == 200 and json.loads(tested["body"])["itemList"][0]["itemId"] == "7"
    assert tested["log"].startswith("Execution log for request ")
    assert "Method completed with status: 200" in tested["log"]
    assert tested["latency"] >= 0


def test_an_export_describes_the_stage(api):
    films = api.resource("films")
    where = api.method(
        api.function("echo", "AWS"),
        films,
        requestParameters={"method.request.querystring.user_id": True},
    )
    api.answer(where)
    api.deploy()
    answer = api.client.get_export(
        restApiId=api.id,
        stageName="dev",
        exportType="oas30",
        accepts="application/json",
        parameters={"extensions": "integrations"},
    )
    document = json.loads(answer["body"].read())
    assert document["openapi"] == "3.0.1" and document["info"]["title"] == "Movies"
    get = document["paths"]["/films"]["get"]
    assert get["parameters"] == [
        {"name": "user_id", "in": "query", "required": True, "schema": {"type": "string"}}
    ]
    assert get["x-amazon-apigateway-integration"]["type"] == "aws"
    assert "Empty" in document["components"]["schemas"]
    swagger = api.client.get_export(restApiId=api.id, stageName="dev", exportType="swagger")
    document = json.loads(swagger["body"].read())
    assert document["swagger"] == "2.0" and document["basePath"] == "/dev"
    refused(
        lambda: api.client.get_export(restApiId=api.id, stageName="dev", exportType="raml"),
        "BadRequestException",
        400,
    )


def test_a_stage_outlives_a_crash_of_the_server(make_server):
    server = make_server()
    create(server.client("lambda"), "echo", ECHO_PROXY)
    api = Api(server)
    api.method(api.function("echo"))
    api.deploy()
    assert api.call().status == 201
    server.kill()
    server.restart()
    assert api.call().status == 201


def test_many_clients_at_once(api):
    api.method(api.function("echo"))
    api.deploy()
    statuses = []

    def work():
        for _ in range(10):
            statuses.append(api.call("/?user_id=5").status)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 80


def test_a_traced_stage_shows_in_x_ray_from_the_stage_to_the_function(server, api):
    api.method(api.function("echo"))
    api.method(api.function("reads"), verb="POST")
    api.deploy()
    api.patch_stage(("/tracingEnabled", "true"))
    good, bad = api.call("/?user_id=5"), api.call("/", "POST")
    assert good.status == 201 and bad.status == 502
    xray = server.client("xray")

    def segments(answer):
        trace_id = re.search(r"Root=([^;]+)", answer.headers["x-amzn-trace-id"]).group(1)

        def whole():
            traces = xray.batch_get_traces(TraceIds=[trace_id])["Traces"]
            found = [json.loads(one["Document"]) for trace in traces for one in trace["Segments"]]
            return found if {one.get("origin") for one in found} >= {"AWS::Lambda"} else None

        return {one["origin"]: one for one in eventually(whole)}

    of_good = segments(good)
    stage = of_good["AWS::ApiGateway::Stage"]
    assert stage["name"] == "Movies/dev" and stage["http"]["response"]["status"] == 201
    assert stage["aws"]["api_gateway"]["rest_api_id"] == api.id
    (call,) = stage["subsegments"]
    assert call["name"] == "Lambda" and call["namespace"] == "aws"
    assert of_good["AWS::Lambda"]["parent_id"] == call["id"]
    of_bad = segments(bad)
    assert of_bad["AWS::ApiGateway::Stage"]["fault"] is True
    assert of_bad["AWS::Lambda"]["http"]["response"]["status"] == 200
