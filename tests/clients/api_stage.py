"""APIs for tests: made by boto3, called by plain HTTP as a browser would."""

import http.client
import json

ROLE = "arn:aws:iam::000000000000:role/api"


class Api:
    """A REST API with one resource tree; methods are added, then deployed to a stage."""

    def __init__(self, server, name="Movies"):
        self.server = server
        self.client = server.client("apigateway")
        self.id = self.client.create_rest_api(name=name)["id"]
        self.root = self.client.get_resources(restApiId=self.id)["items"][0]["id"]

    def resource(self, path_part, parent=None):
        return self.client.create_resource(
            restApiId=self.id, parentId=parent or self.root, pathPart=path_part
        )["id"]

    def method(self, integration, resource=None, verb="GET", **settings):
        """A method with an integration; `integration` are the parameters of put_integration."""
        where = {
            "restApiId": self.id,
            "resourceId": resource or self.root,
            "httpMethod": verb,
        }
        self.client.put_method(**where, **{"authorizationType": "NONE", **settings})
        self.client.put_integration(**where, **integration)
        return where

    def answer(self, where, status="200", **response):
        """A method response and the integration response that leads to it."""
        declared = {
            name: False for name in response.get("responseParameters", {})
        }
        self.client.put_method_response(**where, statusCode=status, responseParameters=declared)
        self.client.put_integration_response(**where, statusCode=status, **response)

    def function(self, name, kind="AWS_PROXY", **more):
        """The integration of a Lambda function."""
        region = self.server.region
        arn = f"arn:aws:lambda:{region}:000000000000:function:{name}"
        return {
            "type": kind,
            "integrationHttpMethod": "POST",
            "uri": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
            **more,
        }

    def deploy(self, stage="dev"):
        return self.client.create_deployment(restApiId=self.id, stageName=stage)["id"]

    def patch_stage(self, *operations, stage="dev"):
        return self.client.update_stage(
            restApiId=self.id,
            stageName=stage,
            patchOperations=[
                {"op": "replace", "path": path, "value": value} for path, value in operations
            ],
        )

    def call(self, path="/", verb="GET", body=None, headers=None, stage="dev"):
        target = f"/restapis/{self.id}/{stage}/_user_request_{path}"
        return send(self.server, verb, target, body, headers)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


def send(server, verb, target, body=None, headers=None):
    """One request, as it stands: no signature, no retries."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(verb, target, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()
