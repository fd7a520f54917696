"""Templates in the shapes in which guides show them for these services: each runs as it stands, or is
refused with words."""

import base64
import json
import urllib.request

import pytest

from lambda_code import eventually, invoke
from stacks import create, delete, outputs, physical_ids, reasons, refusal, update

ACCOUNT = "000000000000"
REGION = "us-east-1"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@pytest.fixture
def cloudformation(server):
    return server.client("cloudformation")


@pytest.fixture
def run(cloudformation, request):
    """Creates a stack, which is deleted after the test; gives its outputs."""
    made = []

    def make(template, name=None, **parameters):
        name = name or request.node.name.removeprefix("test_").replace("_", "-")
        text = template if isinstance(template, str) else json.dumps(template)
        stack = create(
            cloudformation,
            name,
            text,
            Capabilities=CAPABILITIES,
            Parameters=parameters_of(parameters),
        )
        made.append(stack["StackId"])
        assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cloudformation, stack["StackId"])
        return outputs(stack)

    yield make
    for stack_id in reversed(made):
        stack = delete(cloudformation, stack_id)
        assert stack["StackStatus"] == "DELETE_COMPLETE", reasons(cloudformation, stack_id)


def parameters_of(parameters):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


# ---- functions and buckets ----

BUCKET_THAT_CALLS_A_FUNCTION = """
AWSTemplateFormatVersion: '2010-09-09'
Description: >
  A bucket whose uploads call a function. Its name is a parameter, so that the permission
  can name it before it exists.
Parameters:
  NotificationBucket:
    Type: String
    Description: name of the bucket
    MinLength: '3'
    MaxLength: '63'
    AllowedPattern: '^[a-z0-9][a-z0-9.-]*$'
    ConstraintDescription: must be the name of a bucket
Resources:
  Uploads:
    Type: 'AWS::S3::Bucket'
    DependsOn:
      - MayCall
    Properties:
      BucketName: !Ref NotificationBucket
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: 's3:ObjectCreated:Put'
            Function: !GetAtt
              - Counter
              - Arn
            Filter:
              S3Key:
                Rules:
                  - Name: suffix
                    Value: txt
  MayCall:
    Type: AWS::Lambda::Permission
    Properties:
      Action: 'lambda:InvokeFunction'
      FunctionName: !Ref Counter
      Principal: s3.amazonaws.com
      SourceArn: !Join ['', ['arn:', !Ref 'AWS::Partition', ':s3:::', !Ref NotificationBucket]]
      SourceAccount: !Ref 'AWS::AccountId'
  CounterRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
        - Effect: Allow
          Principal:
            Service:
            - lambda.amazonaws.com
          Action:
          - sts:AssumeRole
      Path: "/"
      ManagedPolicyArns:
      - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
      Policies:
      - PolicyName: root
        PolicyDocument:
          Version: '2012-10-17'
          Statement:
          - Effect: Allow
            Action: ['s3:*', 'logs:*']
            Resource: '*'
  Counter:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Role: !GetAtt 'CounterRole.Arn'
      Handler: index.lambda_handler
      Timeout: '25'
      Code:
        ZipFile: |
          import boto3
          import os

          def lambda_handler(event, context):
              record = event["Records"][0]["s3"]
              boto3.client("s3").put_object(
                  Bucket=record["bucket"]["name"],
                  Key=record["object"]["key"] + ".seen",
                  Body=str(record["object"]["size"]).encode())
Outputs:
  CounterArn:
    Description: what counts
    Value: !GetAtt Counter.Arn
"""


def test_a_bucket_that_calls_a_function(server, run):
    s3 = server.client("s3")
    run(BUCKET_THAT_CALLS_A_FUNCTION, NotificationBucket="example-uploads")
    s3.put_object(Bucket="example-uploads", Key="a.txt", Body=b"seven b")

    def seen():
        listed = s3.list_objects_v2(Bucket="example-uploads").get("Contents", [])
        return "a.txt.seen" in {one["Key"] for one in listed}

    eventually(seen)
    answer = s3.get_object(Bucket="example-uploads", Key="a.txt.seen")
    assert answer["Body"].read() == b"7"
    for key in ("a.txt", "a.txt.seen"):
        s3.delete_object(Bucket="example-uploads", Key=key)


FUNCTION_WITH_DESTINATIONS = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub '${AWS::StackName}-worker'
      Description: fails when it is told to
      Handler: index.handler
      Runtime: python3.11
      Architectures: [x86_64]
      MemorySize: 256
      EphemeralStorage: {Size: 512}
      Role: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/any'
      DeadLetterConfig: {TargetArn: !GetAtt Letters.Arn}
      LoggingConfig: {LogGroup: !Ref WorkerLog, LogFormat: Text}
      TracingConfig: {Mode: PassThrough}
      Environment:
        Variables:
          QUEUE: !Ref Failures
          STACK: !Ref 'AWS::StackId'
      Code:
        ZipFile: !Sub |
          def handler(event, context):
              if event.get("fail"):
                  raise ValueError("told to, in ${AWS::Region}")
              return event
  WorkerLog:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {LogGroupName: !Sub '/workers/${AWS::StackName}', RetentionInDays: 14}
  Release:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !GetAtt Worker.Arn}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Worker, FunctionVersion: !GetAtt Release.Version, Name: live}
  Failures:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 3600}
  Letters: {Type: AWS::SQS::Queue}
  Asynchronously:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Worker
      Qualifier: live
      MaximumEventAgeInSeconds: 300
      MaximumRetryAttempts: 0
      DestinationConfig:
        OnFailure: {Destination: !GetAtt Failures.Arn}
    DependsOn: Live
Outputs:
  Live: {Value: !Ref Live}
  Queue: {Value: !Ref Failures}
"""


def test_a_function_with_versions_and_destinations(server, run):
    out = run(FUNCTION_WITH_DESTINATIONS)
    awslambda, sqs = server.client("lambda"), server.client("sqs")
    assert invoke(awslambda, out["Live"], {"a": 1})[0] == {"a": 1}
    invoke(awslambda, out["Live"], {"fail": True}, InvocationType="Event")
    (message,) = sqs.receive_message(QueueUrl=out["Queue"], WaitTimeSeconds=20)["Messages"]
    record = json.loads(message["Body"])
    assert record["responsePayload"]["errorMessage"] == f"told to, in {REGION}"


# ---- topics and queues ----

FAN_OUT = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "A topic that writes to a queue; what cannot be worked on goes to another one.",
    "Resources": {
        "Orders": {
            "Type": "AWS::SNS::Topic",
            "Properties": {
                "Subscription": [
                    {"Endpoint": {"Fn::GetAtt": ["Work", "Arn"]}, "Protocol": "sqs"}
                ],
                "DisplayName": "orders",
            },
        },
        "Work": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 0,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                    "maxReceiveCount": 2,
                },
            },
        },
        "Dead": {"Type": "AWS::SQS::Queue"},
        "WorkPolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Id": "work",
                    "Statement": [
                        {
                            "Sid": "topics-may-write",
                            "Effect": "Allow",
                            "Principal": {"AWS": "*"},
                            "Action": ["sqs:SendMessage"],
                            "Resource": "*",
                            "Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": "Orders"}}},
                        }
                    ],
                },
                "Queues": [{"Ref": "Work"}],
            },
        },
        "OrdersPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                            "Action": "sns:Publish",
                            "Resource": {"Ref": "Orders"},
                        }
                    ],
                },
                "Topics": [{"Ref": "Orders"}],
            },
        },
    },
    "Outputs": {
        "Topic": {"Description": "ARN", "Value": {"Ref": "Orders"}},
        "Work": {"Value": {"Ref": "Work"}},
        "Dead": {"Value": {"Ref": "Dead"}},
    },
}


def test_a_topic_a_queue_and_its_dead_letters(server, run):
    out = run(FAN_OUT)
    sns, sqs = server.client("sns"), server.client("sqs")
    sns.publish(TopicArn=out["Topic"], Message="one order")
    for _ in range(2):
        (message,) = sqs.receive_message(QueueUrl=out["Work"], WaitTimeSeconds=20)["Messages"]
        assert json.loads(message["Body"])["Message"] == "one order"
    assert "Messages" not in sqs.receive_message(QueueUrl=out["Work"])
    (message,) = sqs.receive_message(QueueUrl=out["Dead"])["Messages"]
    assert json.loads(message["Body"])["Message"] == "one order"


# ---- APIs ----

PROXY_API = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  apiGatewayName: {Type: String, Default: my-api}
  apiGatewayStageName: {Type: String, AllowedPattern: '[a-z0-9]+', Default: call}
  apiGatewayHTTPMethod: {Type: String, Default: ANY}
  lambdaFunctionName: {Type: String, AllowedPattern: '[a-zA-Z0-9]+[a-zA-Z0-9-]+[a-zA-Z0-9]+', Default: my-function}
Resources:
  apiGateway:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Description: Example API Gateway
      EndpointConfiguration:
        Types:
          - REGIONAL
      Name: !Ref apiGatewayName
  apiGatewayProxy:
    Type: AWS::ApiGateway::Resource
    Properties:
      ParentId: !GetAtt apiGateway.RootResourceId
      PathPart: '{proxy+}'
      RestApiId: !Ref apiGateway
  apiGatewayProxyMethod:
    Type: AWS::ApiGateway::Method
    Properties:
      AuthorizationType: NONE
      HttpMethod: !Ref apiGatewayHTTPMethod
      Integration:
        IntegrationHttpMethod: POST
        Type: AWS_PROXY
        Uri: !Sub
          - arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${lambdaArn}/invocations
          - lambdaArn: !GetAtt lambdaFunction.Arn
      ResourceId: !Ref apiGatewayProxy
      RestApiId: !Ref apiGateway
  apiGatewayRootMethod:
    Type: AWS::ApiGateway::Method
    Properties:
      AuthorizationType: NONE
      HttpMethod: GET
      Integration:
        Type: MOCK
        RequestTemplates: {"application/json": "{\\"statusCode\\": 200}"}
        IntegrationResponses:
        - StatusCode: '200'
          ResponseTemplates: {"application/json": "{\\"hello\\": \\"$context.stage\\"}"}
      MethodResponses: [{StatusCode: '200', ResponseModels: {application/json: Empty}}]
      ResourceId: !GetAtt apiGateway.RootResourceId
      RestApiId: !Ref apiGateway
  apiGatewayDeployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn:
      - apiGatewayProxyMethod
      - apiGatewayRootMethod
    Properties:
      RestApiId: !Ref apiGateway
      StageName: !Ref apiGatewayStageName
  lambdaFunction:
    Type: AWS::Lambda::Function
    Properties:
      Code:
        ZipFile: |
          import json
          def handler(event, context):
              return {'statusCode': 201, 'headers': {'X-Method': event['httpMethod']},
                      'body': json.dumps(event['pathParameters'])}
      Description: Example Lambda function
      FunctionName: !Ref lambdaFunctionName
      Handler: index.handler
      MemorySize: 128
      Role: !GetAtt lambdaIAMRole.Arn
      Runtime: python3.12
  lambdaApiGatewayInvoke:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !GetAtt lambdaFunction.Arn
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${apiGateway}/${apiGatewayStageName}/*
  lambdaIAMRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Action:
              - sts:AssumeRole
            Effect: Allow
            Principal:
              Service:
                - lambda.amazonaws.com
      Policies:
        - PolicyDocument:
            Version: 2012-10-17
            Statement:
              - Action:
                  - logs:CreateLogGroup
                  - logs:CreateLogStream
                  - logs:PutLogEvents
                Effect: Allow
                Resource:
                  - !Sub arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${lambdaFunctionName}:*
          PolicyName: lambda
  lambdaLogGroup:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /aws/lambda/${lambdaFunctionName}
      RetentionInDays: 90
Outputs:
  apiGatewayInvokeURL:
    Value: !Sub https://${apiGateway}.execute-api.${AWS::Region}.amazonaws.com/${apiGatewayStageName}
  lambdaArn:
    Value: !GetAtt lambdaFunction.Arn
"""


def test_an_api_with_a_greedy_path(server, run):
    out = run(PROXY_API)
    # https://ID.execute-api.REGION.amazonaws.com/STAGE, which here is served under the server's own.
    api = out["apiGatewayInvokeURL"].removeprefix("https://").split(".")[0]
    root = f"{server.endpoint}/restapis/{api}/call/_user_request_"
    request = urllib.request.Request(f"{root}/a/b", data=b"x", method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201
        assert answer.headers["X-Method"] == "PUT"
        assert json.loads(answer.read()) == {"proxy": "a/b"}
    with urllib.request.urlopen(f"{root}/") as answer:
        assert json.loads(answer.read()) == {"hello": "call"}


KEYED_API = """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: keyed, ApiKeySourceType: HEADER}}
  Ping: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: ping}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Ping
      HttpMethod: GET
      AuthorizationType: NONE
      ApiKeyRequired: true
      MethodResponses: [{StatusCode: 200}]
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses: [{StatusCode: 200, ResponseTemplates: {application/json: '"pong"'}}]
  Preflight:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Ping
      HttpMethod: OPTIONS
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        PassthroughBehavior: WHEN_NO_MATCH
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses:
          - StatusCode: 200
            ResponseParameters:
              method.response.header.Access-Control-Allow-Headers: "'Content-Type,X-Api-Key'"
              method.response.header.Access-Control-Allow-Methods: "'GET,OPTIONS'"
              method.response.header.Access-Control-Allow-Origin: "'*'"
            ResponseTemplates: {application/json: ''}
      MethodResponses:
        - StatusCode: 200
          ResponseModels: {application/json: Empty}
          ResponseParameters:
            method.response.header.Access-Control-Allow-Headers: false
            method.response.header.Access-Control-Allow-Methods: false
            method.response.header.Access-Control-Allow-Origin: false
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: [Get, Preflight], Properties: {RestApiId: !Ref Api}}
  Prod:
    Type: AWS::ApiGateway::Stage
    Properties:
      StageName: Prod
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      TracingEnabled: true
      AccessLogSetting:
        DestinationArn: !GetAtt Accesses.Arn
        Format: '{"id":"$context.requestId","status":"$context.status"}'
      MethodSettings:
        - {ResourcePath: '/*', HttpMethod: '*', LoggingLevel: INFO, DataTraceEnabled: false, MetricsEnabled: true}
        - {ResourcePath: /, HttpMethod: GET, ThrottlingBurstLimit: 555}
        - {ResourcePath: '/~1ping', HttpMethod: GET, ThrottlingRateLimit: 44.5}
  Accesses: {Type: AWS::Logs::LogGroup}
  LogRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: [apigateway.amazonaws.com]}, Action: sts:AssumeRole}]
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]
  Account: {Type: AWS::ApiGateway::Account, Properties: {CloudWatchRoleArn: !GetAtt LogRole.Arn}}
  Key:
    Type: AWS::ApiGateway::ApiKey
    DependsOn: [Deployment, Prod]
    Properties: {Name: TestApiKey, Description: of the test, Enabled: 'true'}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      ApiStages: [{ApiId: !Ref Api, Stage: !Ref Prod}]
      Description: Customer's usage plan
      Quota: {Limit: 5000, Period: MONTH}
      Throttle: {BurstLimit: 200, RateLimit: 100}
      UsagePlanName: Plan
  PlanKey:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}
  Denied:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      ResponseParameters:
        gatewayresponse.header.Access-Control-Allow-Origin: "'*'"
      ResponseType: INVALID_API_KEY
      RestApiId: !Ref Api
      StatusCode: '404'
Outputs:
  Api: {Value: !Ref Api}
  Key: {Value: !Ref Key}
"""


def test_an_api_with_keys_preflight_and_logs(server, run):
    out = run(KEYED_API)
    gateway = server.client("apigateway")
    url = f"{server.endpoint}/restapis/{out['Api']}/Prod/_user_request_/ping"
    key = gateway.get_api_key(apiKey=out["Key"], includeValue=True)["value"]
    request = urllib.request.Request(url, headers={"x-api-key": key})
    with urllib.request.urlopen(request) as answer:
        assert json.loads(answer.read()) == "pong"
    with urllib.request.urlopen(urllib.request.Request(url, method="OPTIONS")) as answer:
        assert answer.headers["Access-Control-Allow-Methods"] == "GET,OPTIONS"
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url)
    assert error.value.code == 404
    assert error.value.headers["Access-Control-Allow-Origin"] == "*"
    settings = gateway.get_stage(restApiId=out["Api"], stageName="Prod")["methodSettings"]
    assert settings["~1/GET"]["throttlingBurstLimit"] == 555
    assert settings["~1ping/GET"]["throttlingRateLimit"] == 44.5


# ---- state machines ----

LAMBDA_MACHINE = """
AWSTemplateFormatVersion: "2010-09-09"
Description: "A state machine with one task, a function."
Resources:
  LambdaExecutionRole:
    Type: "AWS::IAM::Role"
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: "sts:AssumeRole"
  MyLambdaFunction:
    Type: "AWS::Lambda::Function"
    Properties:
      Handler: "index.handler"
      Role: !GetAtt [ LambdaExecutionRole, Arn ]
      Code:
        ZipFile: "def handler(event, context):\\n    return 'Hello from ' + event.get('who', 'nobody')\\n"
      Runtime: "python3.12"
      Timeout: "25"
  StatesExecutionRole:
    Type: "AWS::IAM::Role"
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: "Allow"
            Principal:
              Service:
                - !Sub states.${AWS::Region}.amazonaws.com
            Action: "sts:AssumeRole"
      Path: "/"
      Policies:
        - PolicyName: StatesExecutionPolicy
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action:
                  - "lambda:InvokeFunction"
                Resource: "*"
  MyStateMachine:
    Type: "AWS::StepFunctions::StateMachine"
    Properties:
      DefinitionString:
        !Sub
          - |-
            {
              "Comment": "A Hello World example using a function",
              "StartAt": "HelloWorld",
              "States": {
                "HelloWorld": {
                  "Type": "Task",
                  "Resource": "${lambdaArn}",
                  "End": true
                }
              }
            }
          - {lambdaArn: !GetAtt [ MyLambdaFunction, Arn ]}
      RoleArn: !GetAtt [ StatesExecutionRole, Arn ]
Outputs: {Machine: {Value: !Ref MyStateMachine}}
"""


def finished(states, machine, document, name=None):
    """The output of an execution, once it has succeeded."""
    named = {"name": name} if name else {}
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps(document), **named)[
        "executionArn"
    ]

    def over():
        execution = states.describe_execution(executionArn=arn)
        return execution if execution["status"] != "RUNNING" else None

    execution = eventually(over)
    assert execution["status"] == "SUCCEEDED", execution
    return json.loads(execution["output"])


def test_a_state_machine_of_a_function(server, run):
    out = run(LAMBDA_MACHINE)
    states = server.client("stepfunctions")
    assert finished(states, out["Machine"], {"who": "AWS"}) == "Hello from AWS"


MACHINES = """
Transform: AWS::LanguageExtensions
Parameters:
  Tries: {Type: Number, Default: 4}
Resources:
  Inner:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineType: EXPRESS
      RoleArn: !Sub arn:aws:iam::${AWS::AccountId}:role/states
      DefinitionString: !Join
        - "\\n"
        - - '{'
          - '  "StartAt": "Add", "States": {"Add": {"Type": "Pass",'
          - '  "Parameters": {"sum.$": "States.MathAdd($.a, $.b)"}, "End": true}}'
          - '}'
      LoggingConfiguration:
        Level: ALL
        IncludeExecutionData: true
        Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt Log.Arn}}]
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/aws/vendedlogs/states/${AWS::StackName}'}}
  Outer:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !Sub arn:aws:iam::${AWS::AccountId}:role/states
      TracingConfiguration: {Enabled: true}
      Definition:
        Comment: numbers and lists by substitution
        StartAt: Sum
        TimeoutSeconds: 60
        States:
          Sum:
            Type: Task
            Resource: arn:aws:states:::aws-sdk:sfn:startSyncExecution
            Parameters:
              StateMachineArn: ${InnerArn}
              Input: {a: 1, b: 2}
            ResultSelector: {sum.$: States.StringToJson($.Output)}
            Retry:
              - {ErrorEquals: [States.TaskFailed], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 1.5}
            Next: Tell
          Tell:
            Type: Task
            Resource: arn:aws:states:::sns:publish
            Parameters: {TopicArn: '${Topic}', Message.$: States.JsonToString($), Subject: 'try ${Tries}'}
            ResultPath: $.told
            OutputPath: $.sum
            End: true
      DefinitionSubstitutions:
        InnerArn: !GetAtt Inner.Arn
        Topic: !Ref Topic
        Tries: !Ref Tries
  Topic: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue}
  Hears: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn}}
Outputs:
  Outer: {Value: !Ref Outer}
  Queue: {Value: !Ref Queue}
  Policy: {Value: !ToJsonString {a: [1, two]}}
  Many: {Value: !Length [a, b, c]}
"""


def test_state_machines_that_call_one_another(server, run):
    out = run(MACHINES)
    states, sqs = server.client("stepfunctions"), server.client("sqs")
    assert finished(states, out["Outer"], {}) == {"sum": 3}
    (message,) = sqs.receive_message(QueueUrl=out["Queue"], WaitTimeSeconds=20)["Messages"]
    told = json.loads(message["Body"])
    assert told["Subject"] == "try 4"
    assert json.loads(told["Message"]) == {"sum": {"sum": 3}}
    assert (json.loads(out["Policy"]), out["Many"]) == ({"a": [1, "two"]}, "3")


# ---- the language of templates ----

EVERY_FUNCTION = """
AWSTemplateFormatVersion: 2010-09-09
Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups:
      - Label: {default: Where}
        Parameters: [Stage, Zones]
    ParameterLabels:
      Stage: {default: 'Which stage is this?'}
  Authors: {Description: kept and given back}
Parameters:
  Stage: {Type: String, Default: test, AllowedValues: [test, prod], ConstraintDescription: test or prod}
  Zones: {Type: CommaDelimitedList, Default: 'a, b ,c'}
  Ports: {Type: List<Number>, Default: '80,443'}
  Block: {Type: String, Default: 10.0.0.0/16}
  Password: {Type: String, NoEcho: true, MinLength: 4, Default: secret}
Mappings:
  ByStage:
    test: {Days: 3, Names: [x, y]}
    prod: {Days: 30, Names: [p, q]}
  ByRegion:
    us-east-1: {Name: Virginia}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Equals [!Select [0, !Ref Zones], a]]
  Both: !And [!Condition IsTest, !Condition Either]
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    Metadata: {Why: a resource may carry words}
    Properties:
      LogGroupName: !If [IsProd, /prod, !Ref AWS::NoValue]
      RetentionInDays: !FindInMap [ByStage, !Ref Stage, Days]
  OnlyInProd:
    Type: AWS::SNS::Topic
    Condition: IsProd
  Always:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName:
        Fn::If:
          - IsProd
          - production
          - trial
Outputs:
  Map: {Value: !Sub ['${Greeting}, ${AWS::Region} is ${Name}; ${!Literal}', {Greeting: Hello, Name: !FindInMap [ByRegion, !Ref AWS::Region, Name]}]}
  Zones: {Value: !Join [':', !Ref Zones]}
  Ports: {Value: !Select ['1', !Ref Ports]}
  Split: {Value: !Select [2, !Split ['/', 'a/b/c']]}
  Names: {Value: !Join ['', !FindInMap [ByStage, !Ref Stage, Names]]}
  Cidr: {Value: !Select [1, !Cidr [!Ref Block, 4, 8]]}
  Available: {Value: !Select [0, !GetAZs '']}
  AvailableToo: {Value: !Select [0, {'Fn::GetAZs': !Ref 'AWS::Region'}]}
  Base64: {Value: !Base64 plain}
  Nested: {Value: !Base64 {'Fn::Sub': 'stack ${AWS::StackName}'}}
  Prod: {Condition: IsProd, Value: !Ref OnlyInProd}
  Both: {Condition: Both, Value: both}
  Suffix: {Value: !Ref AWS::URLSuffix}
"""


def test_every_function(server, cloudformation, run):
    out = run(EVERY_FUNCTION, name="functions")
    assert out == {
        "Map": f"Hello, {REGION} is Virginia; ${{Literal}}",
        "Zones": "a:b:c",
        "Ports": "443",
        "Split": "c",
        "Names": "xy",
        "Cidr": "10.0.1.0/24",
        "Available": f"{REGION}a",
        "AvailableToo": f"{REGION}a",
        "Base64": base64.b64encode(b"plain").decode(),
        "Nested": base64.b64encode(b"stack functions").decode(),
        "Both": "both",
        "Suffix": "amazonaws.com",
    }
    (group,) = server.client("logs").describe_log_groups(logGroupNamePrefix="functions-")["logGroups"]
    assert group["retentionInDays"] == 3
    summary = cloudformation.get_template_summary(StackName="functions")
    assert json.loads(summary["Metadata"])["AWS::CloudFormation::Interface"]["ParameterGroups"]
    (stack,) = cloudformation.describe_stacks(StackName="functions")["Stacks"]
    shown = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    assert shown["Password"] == "****"

    stack = update(
        cloudformation, "functions", EVERY_FUNCTION, Parameters=parameters_of({"Stage": "prod"})
    )
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(cloudformation, "functions")
    assert "Both" not in outputs(stack) and outputs(stack)["Names"] == "pq"
    assert set(physical_ids(cloudformation, "functions")) == {"Log", "OnlyInProd", "Always"}


RULES = """
Parameters:
  Stage: {Type: String, Default: test}
  Size: {Type: String, Default: small}
  Zones: {Type: CommaDelimitedList, Default: 'a,b'}
Rules:
  SmallTests:
    RuleCondition: !Equals [!Ref Stage, test]
    Assertions:
      - Assert: {'Fn::Contains': [[small, medium], !Ref Size]}
        AssertDescription: a test is small or medium
  KnownZones:
    Assertions:
      - Assert: {'Fn::EachMemberIn': [!Ref Zones, [a, b, c]]}
        AssertDescription: zones are a, b and c
      - Assert: !Not [{'Fn::EachMemberEquals': [!Ref Zones, c]}]
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""


def test_rules_are_held(cloudformation, run):
    run(RULES)
    run(RULES, name="large", Stage="prod", Size="large")
    for parameters, words in (
        ({"Size": "large"}, "a test is small or medium"),
        ({"Zones": "a,d"}, "zones are a, b and c"),
        ({"Zones": "c,c"}, "KnownZones"),
    ):
        code, message = refusal(
            cloudformation.create_stack,
            StackName="rules-broken",
            TemplateBody=RULES,
            Parameters=parameters_of(parameters),
        )
        assert code == "ValidationError" and words in message


def test_one_stack_gives_and_another_takes(server, run):
    giver = """
Parameters: {Stage: {Type: String}}
Resources:
  Queue: {Type: AWS::SQS::Queue}
Outputs:
  QueueArn:
    Description: where to write
    Value: !GetAtt Queue.Arn
    Export: {Name: !Sub '${AWS::StackName}-${Stage}-QueueArn'}
"""
    taker = """
Parameters: {Giver: {Type: String, Default: giver}, Stage: {Type: String, Default: test}}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Hears:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint:
        Fn::ImportValue: !Sub '${Giver}-${Stage}-QueueArn'
Outputs:
  Endpoint: {Value: {'Fn::ImportValue': {'Fn::Join': ['-', [!Ref Giver, !Ref Stage, QueueArn]]}}}
"""
    arn = run(giver, name="giver", Stage="test")["QueueArn"]
    assert run(taker, name="taker")["Endpoint"] == arn


def test_stacks_within_a_stack(server, run):
    """What one of them gives is another's parameter."""
    s3 = server.client("s3")
    s3.create_bucket(Bucket="example-templates")
    children = {
        "topic.yaml": """
Parameters: {Shown: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Shown}}}
Outputs: {TopicArn: {Value: !Ref Topic}}
""",
        "queue.yaml": """
Parameters: {Topic: {Type: String}}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Hears: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn}}
Outputs: {QueueUrl: {Value: !Ref Queue}}
""",
    }
    for key, text in children.items():
        s3.put_object(Bucket="example-templates", Key=key, Body=text.encode())
    out = run(
        """
Resources:
  Topics:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://example-templates.s3.amazonaws.com/topic.yaml
      Parameters: {Shown: films}
      TimeoutInMinutes: 5
      Tags: [{Key: part, Value: topics}]
  Queues:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    Properties:
      TemplateURL: https://s3.us-east-1.amazonaws.com/example-templates/queue.yaml
      Parameters: {Topic: !GetAtt Topics.Outputs.TopicArn}
Outputs:
  Topic: {Value: !GetAtt [Topics, Outputs.TopicArn]}
  Queue: {Value: !GetAtt Queues.Outputs.QueueUrl}
  StackRef: {Value: !Ref Topics}
"""
    )
    assert out["StackRef"].startswith(f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/")
    server.client("sns").publish(TopicArn=out["Topic"], Message="hello")
    answer = server.client("sqs").receive_message(QueueUrl=out["Queue"], WaitTimeSeconds=20)
    assert json.loads(answer["Messages"][0]["Body"])["Message"] == "hello"


# ---- roles ----

ROLES = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Resources": {
        "Boundary": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Description": "Policy for creating a test database",
                "Path": "/",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "personalize:*",
                            "Resource": {
                                "Fn::Join": [
                                    "",
                                    [
                                        "arn:aws:personalize:",
                                        {"Ref": "AWS::Region"},
                                        ":",
                                        {"Ref": "AWS::AccountId"},
                                        ":*",
                                    ],
                                ]
                            },
                            "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
                        }
                    ],
                },
                "Roles": [{"Ref": "Training"}],
            },
        },
        "Training": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {
                                "Service": ["personalize.amazonaws.com", "glue.amazonaws.com"],
                                "AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"},
                            },
                            "Action": ["sts:AssumeRole"],
                        }
                    ],
                },
                "Path": "/service-role/",
            },
        },
        "Reading": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "root",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
                },
                "Roles": [{"Ref": "Training"}],
            },
        },
    },
    "Outputs": {"Role": {"Value": {"Ref": "Training"}}},
}


def test_roles_with_policies_of_every_kind(server, cloudformation, run):
    iam = server.client("iam")
    code, message = refusal(
        cloudformation.create_stack, StackName="roles", TemplateBody=json.dumps(ROLES)
    )
    assert code == "InsufficientCapabilitiesException"
    assert message == "Requires capabilities : [CAPABILITY_IAM]"
    role = run(ROLES)["Role"]
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["root"]
    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached["PolicyName"].startswith("roles-with-policies-of-every-kind-Boundary-")


# ---- datasets ----

def test_a_dataset_that_is_imported(server, run, interactions_csv):
    s3, personalize = server.client("s3"), server.client("personalize")
    s3.create_bucket(Bucket="example-ratings")
    s3.put_object(Bucket="example-ratings", Key="in/ratings.csv", Body=interactions_csv)
    out = run(
        """
Resources:
  Group: {Type: AWS::Personalize::DatasetGroup, Properties: {Name: example-group}}
  Schema:
    Type: AWS::Personalize::Schema
    Properties:
      Name: example-schema
      Schema: >-
        {"type": "record","name": "Interactions", "namespace": "com.amazonaws.personalize.schema",
        "fields": [ { "name": "USER_ID", "type": "string" }, { "name": "ITEM_ID", "type": "string" },
        { "name": "TIMESTAMP", "type": "long"}], "version": "1.0"}
  Data:
    Type: AWS::Personalize::Dataset
    Properties:
      Name: example-data
      DatasetType: Interactions
      DatasetGroupArn: !GetAtt Group.DatasetGroupArn
      SchemaArn: !GetAtt Schema.SchemaArn
      DatasetImportJob:
        JobName: example-import
        DataSource: {DataLocation: s3://example-ratings/in/ratings.csv}
        RoleArn: !GetAtt Reads.Arn
  Reads:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: personalize.amazonaws.com}, Action: sts:AssumeRole}]
Outputs: {Data: {Value: !Ref Data}}
"""
    )
    (job,) = personalize.list_dataset_import_jobs(datasetArn=out["Data"])["datasetImportJobs"]
    assert (job["jobName"], job["status"]) == ("example-import", "ACTIVE")


# ---- what is refused says what it is ----

TOPIC = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
REFUSED = {
    "serverless": (
        "Transform: AWS::Serverless-2016-10-31\n" + TOPIC,
        ["Transform", "AWS::Serverless-2016-10-31"],
    ),
    "a macro within": (
        TOPIC + "    Properties:\n      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://a/b}}\n",
        ["Fn::Transform", "line 5"],
    ),
    "a secret": (
        TOPIC + "    Properties:\n      DisplayName: '{{resolve:ssm:name:1}}'\n",
        ["{{resolve:ssm:name:1}}", "line 5"],
    ),
    "a parameter of Systems Manager": (
        "Parameters:\n  P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}\n" + TOPIC,
        ["/Parameters/P", "AWS::SSM::Parameter::Value<String>"],
    ),
    "a snapshot": (TOPIC + "    DeletionPolicy: Snapshot\n", ["Snapshot", "line 4"]),
    "a creation policy": (
        TOPIC + "    CreationPolicy: {ResourceSignal: {Count: 1}}\n",
        ["CreationPolicy", "line 4"],
    ),
    "a machine": (
        "Resources:\n  Server: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-1}}\n",
        ["AWS::EC2::Instance", "line 2"],
    ),
    "an alarm": (
        "Resources:\n  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: Errors}}\n",
        ["AWS::CloudWatch::Alarm", "line 2"],
    ),
    "versions of objects": (
        "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n"
        "      VersioningConfiguration: {Status: Enabled}\n",
        ["VersioningConfiguration", "line 5"],
    ),
    "a circle through properties": (
        "Resources:\n  A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}\n"
        "  B: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt A.TopicName}}\n",
        ["Circular dependency between resources: [A, B]"],
    ),
    "a condition that is not there": (
        TOPIC + "    Condition: Nope\n", ["Nope", "line 2"],
    ),
    "a map that is not there": (
        TOPIC + "    Properties: {DisplayName: !FindInMap [Nope, a, b]}\n", ["Nope", "line 4"],
    ),
    "no resources": ("Parameters: {P: {Type: String}}\n", ["Resources"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_words(cloudformation, case):
    body, words = REFUSED[case]
    code, message = refusal(
        cloudformation.create_stack,
        StackName="refused-" + case.replace(" ", "-"),
        TemplateBody=body,
        Capabilities=CAPABILITIES,
    )
    assert code == "ValidationError"
    for word in words:
        assert word in message
