"""Every family of resource types: made, given back by its service, changed as it stands or replaced,
and removed with nothing left behind."""

import json
import urllib.error
import urllib.request

import pytest

import movies_workflow as workflow
from conftest import Prepared
from lambda_code import invoke, zip_of
from stacks import create, delete, outputs, physical_ids, reasons, update

ACCOUNT = "000000000000"
REGION = "us-east-1"
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


@pytest.fixture
def cloudformation(server):
    return server.client("cloudformation")


class Life:
    """One stack from its creation to its deletion."""

    def __init__(self, client, name):
        self.client, self.name = client, name

    def create(self, template, **parameters):
        stack = create(
            self.client,
            self.name,
            _text(template),
            Capabilities=CAPABILITIES,
            Parameters=_parameters(parameters),
        )
        assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(self.client, self.name)
        self.ids = physical_ids(self.client, self.name)
        return outputs(stack)

    def update(self, template, replaced=(), added=(), removed=(), **parameters):
        """Every resource but these keeps its physical id."""
        stack = update(
            self.client,
            self.name,
            _text(template),
            Capabilities=CAPABILITIES,
            Parameters=_parameters(parameters),
        )
        assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(self.client, self.name)
        ids = physical_ids(self.client, self.name)
        assert {name for name in ids if name not in self.ids} == set(added)
        assert {name for name in self.ids if name not in ids} == set(removed)
        changed = {name for name in ids if name in self.ids and ids[name] != self.ids[name]}
        assert changed == set(replaced)
        self.ids = ids
        return outputs(stack)

    def delete(self):
        stack = delete(self.client, self.name)
        assert stack["StackStatus"] == "DELETE_COMPLETE", reasons(self.client, stack["StackId"])


def _text(template):
    return template if isinstance(template, str) else json.dumps(template)


def _parameters(parameters):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


@pytest.fixture
def life(cloudformation, request):
    name = request.node.name.replace("_", "-").removeprefix("test-")
    return Life(cloudformation, name)


IAM = """
Parameters:
  Service: {Type: String, Default: lambda}
  Action: {Type: String, Default: 's3:GetObject'}
  Team: {Type: String, Default: red}
  Seconds: {Type: Number, Default: 3600}
Conditions:
  IsRed: !Equals [!Ref Team, red]
Resources:
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: Reader
      Path: /app/
      Description: !Sub 'for ${Service}'
      MaxSessionDuration: !Ref Seconds
      PermissionsBoundary: !If [IsRed, 'arn:aws:iam::aws:policy/PowerUserAccess', !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: !Sub '${Service}.amazonaws.com'}
            Action: sts:AssumeRole
      ManagedPolicyArns: [!Ref Shared, 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']
      Policies:
        - PolicyName: !Sub '${Team}-inline'
          PolicyDocument: {Statement: [{Effect: Allow, Action: !Ref Action, Resource: '*'}]}
      Tags: !If
        - IsRed
        - [{Key: team, Value: red}, {Key: old, Value: gone}]
        - [{Key: team, Value: !Ref Team}]
  Writer:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: Shared
      Path: /app/
      Description: what everybody may do
      Roles: [!Ref Writer]
      PolicyDocument: {Statement: [{Effect: Allow, Action: !Ref Action, Resource: '*'}]}
  Inline:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: Inline
      Roles: [!Ref Writer]
      PolicyDocument: {Statement: [{Effect: Allow, Action: !Ref Action, Resource: '*'}]}
Outputs:
  Arn: {Value: !GetAtt Reader.Arn}
  RoleId: {Value: !GetAtt Reader.RoleId}
  Shared: {Value: !Ref Shared}
  Version: {Value: !GetAtt Shared.DefaultVersionId}
  PolicyArn: {Value: !GetAtt Shared.PolicyArn}
"""


def test_iam(server, life):
    iam = server.client("iam")
    policy_arn = f"arn:aws:iam::{ACCOUNT}:policy/app/Shared"
    out = life.create(IAM)
    role = iam.get_role(RoleName="Reader")["Role"]
    assert out["Arn"] == role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/app/Reader"
    assert out["RoleId"] == role["RoleId"]
    assert out["Shared"] == out["PolicyArn"] == policy_arn
    assert out["Version"] == "v1"
    boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert boundary == "arn:aws:iam::aws:policy/PowerUserAccess"
    attached = iam.list_attached_role_policies(RoleName="Reader")["AttachedPolicies"]
    assert {one["PolicyName"] for one in attached} == {"Shared", "AmazonS3ReadOnlyAccess"}
    policy = iam.get_policy(PolicyArn=policy_arn)["Policy"]
    assert policy["AttachmentCount"] == 2
    assert policy["Description"] == "what everybody may do"

    # Six versions: more than a policy may have at a time.
    for action in ("PutObject", "ListBucket", "DeleteObject", "GetObjectAcl", "PutObjectAcl"):
        life.update(
            IAM, Service="states", Action=f"s3:{action}", Team="blue", Seconds="7200"
        )
    role = iam.get_role(RoleName="Reader")["Role"]
    principal = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert principal == {"Service": "states.amazonaws.com"}
    assert role["Description"] == "for states"
    assert role["MaxSessionDuration"] == 7200
    assert "PermissionsBoundary" not in role
    assert role["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert iam.list_role_policies(RoleName="Reader")["PolicyNames"] == ["blue-inline"]
    policy = iam.get_policy(PolicyArn=policy_arn)["Policy"]
    assert policy["DefaultVersionId"] == "v6"
    version = iam.get_policy_version(PolicyArn=policy_arn, VersionId="v6")["PolicyVersion"]
    assert version["Document"]["Statement"][0]["Action"] == "s3:PutObjectAcl"
    versions = iam.list_policy_versions(PolicyArn=policy_arn)["Versions"]
    assert [one["VersionId"] for one in versions] == ["v6", "v5", "v4", "v3", "v2"]

    # Another path makes another role, and the name is taken: the template must give a new one.
    other = IAM.replace("RoleName: Reader", "RoleName: Reader2").replace(
        "Path: /app/\n      Description: !Sub", "Path: /other/\n      Description: !Sub"
    )
    out = life.update(
        other, ["Reader"], Service="states", Action="s3:PutObject", Team="blue", Seconds="7200"
    )
    assert out["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/other/Reader2"
    life.delete()
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []


SNS = """
Parameters:
  Address: {Type: String, Default: one@example.com}
  Shown: {Type: String, Default: First}
  Genre: {Type: String, Default: drama}
  Team: {Type: String, Default: red}
Conditions:
  IsFirst: !Equals [!Ref Shown, First]
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: films
      DisplayName: !Ref Shown
      Subscription:
        - {Protocol: email, Endpoint: !Ref Address}
      Tags: [{Key: team, Value: !Ref Team}]
  Queue: {Type: AWS::SQS::Queue}
  Hears:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
      RawMessageDelivery: true
      FilterPolicy: {genre: [!Ref Genre]}
  Policy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: sns:Publish,
             Resource: !Ref Topic, Sid: !Ref Shown}
Outputs:
  Topic: {Value: !Ref Topic}
  Name: {Value: !GetAtt Topic.TopicName}
  Arn: {Value: !GetAtt Topic.TopicArn}
  Hears: {Value: !Ref Hears}
"""


def test_sns(server, life):
    sns = server.client("sns")
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:films"
    out = life.create(SNS)
    assert out["Topic"] == out["Arn"] == arn
    assert out["Name"] == "films"
    sid = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    assert sid["Statement"][0]["Sid"] == "First"
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "red"}]
    heard = sns.get_subscription_attributes(SubscriptionArn=out["Hears"])["Attributes"]
    assert heard["RawMessageDelivery"] == "true"
    assert json.loads(heard["FilterPolicy"]) == {"genre": ["drama"]}

    out = life.update(SNS, Shown="Second", Genre="comedy", Team="blue", Address="two@example.com")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["DisplayName"] == "Second"
    assert json.loads(attributes["Policy"])["Statement"][0]["Sid"] == "Second"
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "blue"}]
    heard = sns.get_subscription_attributes(SubscriptionArn=out["Hears"])["Attributes"]
    assert json.loads(heard["FilterPolicy"]) == {"genre": ["comedy"]}
    listed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert "two@example.com" in {one["Endpoint"] for one in listed}

    # The policy alone goes: the topic has its own again.
    life.update(
        SNS[: SNS.index("  Policy:")] + SNS[SNS.index("Outputs:") :],
        removed=["Policy"],
        Shown="Second",
    )
    policy = sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy", "")
    assert "s3.amazonaws.com" not in policy
    life.delete()
    assert sns.list_topics()["Topics"] == []


SQS = """
Parameters:
  Seconds: {Type: Number, Default: 45}
  Most: {Type: Number, Default: 3}
  Team: {Type: String, Default: red}
Conditions:
  HasDelay: !Equals [!Ref Team, red]
Resources:
  Dead:
    Type: AWS::SQS::Queue
    Properties: {MessageRetentionPeriod: 1209600}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: work
      VisibilityTimeout: !Ref Seconds
      DelaySeconds: !If [HasDelay, 5, !Ref AWS::NoValue]
      SqsManagedSseEnabled: true
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Dead.Arn
        maxReceiveCount: !Ref Most
      Tags: [{Key: team, Value: !Ref Team}]
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: !GetAtt Queue.Arn,
             Sid: !Ref Team}
Outputs:
  Url: {Value: !Ref Queue}
  Arn: {Value: !GetAtt Queue.Arn}
  Name: {Value: !GetAtt Queue.QueueName}
  AlsoUrl: {Value: !GetAtt Queue.QueueUrl}
"""


def test_sqs(server, life):
    sqs = server.client("sqs")
    out = life.create(SQS)
    assert out["Url"] == out["AlsoUrl"] == sqs.get_queue_url(QueueName="work")["QueueUrl"]
    assert out["Arn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"
    assert out["Name"] == "work"

    def attributes():
        return sqs.get_queue_attributes(QueueUrl=out["Url"], AttributeNames=["All"])["Attributes"]

    made = attributes()
    assert (made["VisibilityTimeout"], made["DelaySeconds"]) == ("45", "5")
    redrive = json.loads(made["RedrivePolicy"])
    assert int(redrive["maxReceiveCount"]) == 3
    assert made["SqsManagedSseEnabled"] == "true"
    assert json.loads(made["Policy"])["Statement"][0]["Sid"] == "red"
    assert sqs.list_queue_tags(QueueUrl=out["Url"])["Tags"] == {"team": "red"}

    life.update(SQS, Seconds="60", Most="7", Team="blue")
    made = attributes()
    assert (made["VisibilityTimeout"], made["DelaySeconds"]) == ("60", "0")
    assert int(json.loads(made["RedrivePolicy"])["maxReceiveCount"]) == 7
    assert json.loads(made["Policy"])["Statement"][0]["Sid"] == "blue"
    assert sqs.list_queue_tags(QueueUrl=out["Url"])["Tags"] == {"team": "blue"}
    renamed = life.update(
        SQS.replace("QueueName: work", "QueueName: more"), ["Queue", "Policy"], Team="blue"
    )
    assert renamed["Arn"].endswith(":more")
    life.delete()
    assert "QueueUrls" not in sqs.list_queues()


S3 = """
Parameters:
  Suffix: {Type: String, Default: .csv}
  Status: {Type: String, Default: Enabled}
  Team: {Type: String, Default: red}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DependsOn: QueuePolicy
    DeletionPolicy: Delete
    Properties:
      BucketName: films-of-a-stack
      AccelerateConfiguration: {AccelerationStatus: !Ref Status}
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
      PublicAccessBlockConfiguration:
        {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
      NotificationConfiguration:
        QueueConfigurations:
          - Event: s3:ObjectCreated:*
            Queue: !GetAtt Queue.Arn
            Filter: {S3Key: {Rules: [{Name: suffix, Value: !Ref Suffix}]}}
      Tags: [{Key: team, Value: !Ref Team}]
  Queue: {Type: AWS::SQS::Queue}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: 'sqs:SendMessage', Resource: '*'}]
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {Service: personalize.amazonaws.com}, Action: ['s3:GetObject', 's3:ListBucket'],
             Resource: [!GetAtt Bucket.Arn, !Sub '${Bucket.Arn}/*'], Sid: !Ref Team}
Outputs:
  Bucket: {Value: !Ref Bucket}
  Arn: {Value: !GetAtt Bucket.Arn}
  Domain: {Value: !GetAtt Bucket.DomainName}
  Regional: {Value: !GetAtt Bucket.RegionalDomainName}
"""


def test_s3(server, life):
    s3 = server.client("s3")
    out = life.create(S3)
    bucket = "films-of-a-stack"
    assert out == {
        "Bucket": bucket,
        "Arn": f"arn:aws:s3:::{bucket}",
        "Domain": f"{bucket}.s3.amazonaws.com",
        "Regional": f"{bucket}.s3.{REGION}.amazonaws.com",
    }

    def suffix():
        rules = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
        return rules[0]["Filter"]["Key"]["FilterRules"][0]["Value"]

    assert suffix() == ".csv"
    assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Enabled"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert policy["Statement"][0]["Sid"] == "red"
    assert policy["Statement"][0]["Resource"][1] == f"arn:aws:s3:::{bucket}/*"

    life.update(S3, Suffix=".json", Status="Suspended", Team="blue")
    assert suffix() == ".json"
    assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Suspended"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert policy["Statement"][0]["Sid"] == "blue"
    tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert tags == [{"Key": "team", "Value": "blue"}]

    # A bucket that is not empty stays, and says why; empty, it goes.
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"x")
    stack = delete(life.client, life.name)
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert "not empty" in reasons(life.client, stack["StackId"])["Bucket"]
    s3.delete_object(Bucket=bucket, Key="a.txt")
    life.delete()
    assert bucket not in {one["Name"] for one in s3.list_buckets()["Buckets"]}


def test_s3_retained_resources_stay(server, life):
    s3 = server.client("s3")
    template = {
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"BucketName": "kept-one"},
            }
        }
    }
    life.create(template)
    template["Resources"]["Bucket"]["Properties"]["BucketName"] = "kept-two"
    life.update(template, ["Bucket"])
    life.delete()
    for bucket in ("kept-one", "kept-two"):
        s3.delete_bucket(Bucket=bucket)


LAMBDA = """
Parameters:
  Key: {Type: String, Default: layer-1.zip}
  Seconds: {Type: Number, Default: 10}
  Release: {Type: String, Default: VersionOne}
  Attempts: {Type: Number, Default: 1}
  Text: {Type: String, Default: one}
Conditions:
  IsTwo: !Equals [!Ref Release, VersionTwo]
Resources:
  Layer:
    Type: AWS::Lambda::LayerVersion
    Properties:
      LayerName: shared
      Description: !Ref Key
      CompatibleRuntimes: [python3.9]
      Content: {S3Bucket: code-of-layers, S3Key: !Ref Key}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: reader
      Handler: index.handler
      Runtime: python3.9
      Role: arn:aws:iam::000000000000:role/r
      Timeout: !Ref Seconds
      Layers: [!Ref Layer]
      Environment: {Variables: {TEXT: !Ref Text}}
      Code:
        ZipFile: |
          import os
          import shared
          def handler(event, context):
              return [shared.TEXT, os.environ["TEXT"], context.function_version]
  VersionOne:
    Type: AWS::Lambda::Version
    DeletionPolicy: Delete
    Properties: {FunctionName: !Ref Function, Description: first}
  VersionTwo:
    Type: AWS::Lambda::Version
    Condition: IsTwo
    Properties: {FunctionName: !Ref Function, Description: second}
  Alias:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref Function
      Name: live
      FunctionVersion: !If [IsTwo, !GetAtt VersionTwo.Version, !GetAtt VersionOne.Version]
  Allowed:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Alias
      Principal: s3.amazonaws.com
      SourceAccount: !Ref AWS::AccountId
  Outcome:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: !Ref Function, Qualifier: $LATEST, MaximumRetryAttempts: !Ref Attempts}
Outputs:
  Layer: {Value: !Ref Layer}
  Version: {Value: !Ref VersionOne}
  Number: {Value: !GetAtt VersionOne.Version}
  Alias: {Value: !Ref Alias}
  Function: {Value: !Ref Function}
  FunctionArn: {Value: !GetAtt Function.Arn}
"""


def test_lambda(server, life):
    awslambda, s3 = server.client("lambda"), server.client("s3")
    s3.create_bucket(Bucket="code-of-layers")
    for number in (1, 2):
        code = zip_of({"python/shared.py": f"TEXT = 'layer {number}'"})
        s3.put_object(Bucket="code-of-layers", Key=f"layer-{number}.zip", Body=code)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:reader"
    out = life.create(LAMBDA)
    assert out == {
        "Layer": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared:1",
        "Version": f"{arn}:1",
        "Number": "1",
        "Alias": f"{arn}:live",
        "Function": "reader",
        "FunctionArn": arn,
    }
    assert invoke(awslambda, out["Alias"], {})[0] == ["layer 1", "one", "1"]
    policy = json.loads(awslambda.get_policy(FunctionName="reader", Qualifier="live")["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Sid"] == life.ids["Allowed"]
    config = awslambda.get_function_event_invoke_config(FunctionName="reader")
    assert config["MaximumRetryAttempts"] == 1

    out = life.update(
        LAMBDA, ["Layer"], ["VersionTwo"],
        Key="layer-2.zip", Release="VersionTwo", Seconds="20", Attempts="0", Text="two",
    )
    assert out["Layer"].endswith(":shared:2")
    assert invoke(awslambda, out["Alias"], {})[0] == ["layer 2", "two", "2"]
    configuration = awslambda.get_function_configuration(FunctionName="reader")
    assert configuration["Timeout"] == 20
    config = awslambda.get_function_event_invoke_config(FunctionName="reader")
    assert config["MaximumRetryAttempts"] == 0
    life.delete()
    assert awslambda.list_functions()["Functions"] == []
    assert awslambda.list_layers()["Layers"] == []
    for number in (1, 2):
        s3.delete_object(Bucket="code-of-layers", Key=f"layer-{number}.zip")
    s3.delete_bucket(Bucket="code-of-layers")


GATEWAY = """
Parameters:
  Text: {Type: String, Default: one}
  Media: {Type: CommaDelimitedList, Default: image/png}
  Where: {Type: String, Default: REGIONAL}
  Rate: {Type: Number, Default: 5}
  Team: {Type: String, Default: red}
Conditions:
  IsFirst: !Equals [!Ref Text, one]
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: films
      Description: !Ref Text
      BinaryMediaTypes: !Ref Media
      MinimumCompressionSize: !If [IsFirst, 1000, !Ref AWS::NoValue]
      EndpointConfiguration: {Types: [!Ref Where]}
      Tags: [{Key: team, Value: !Ref Team}]
  Films:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: films}
  Film:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !Ref Films, PathPart: '{id}'}
  Model:
    Type: AWS::ApiGateway::Model
    Properties:
      RestApiId: !Ref Api
      Name: Film
      ContentType: application/json
      Description: !Ref Text
      Schema: {type: object}
  Validator:
    Type: AWS::ApiGateway::RequestValidator
    Properties: {RestApiId: !Ref Api, Name: query, ValidateRequestParameters: !If [IsFirst, true, false]}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Film
      HttpMethod: GET
      AuthorizationType: NONE
      ApiKeyRequired: true
      RequestValidatorId: !Ref Validator
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses:
          - StatusCode: 200
            ResponseTemplates:
              application/json: !Sub '{"id": "$input.params(''id'')", "text": "${Text}"}'
            ResponseParameters: {method.response.header.Access-Control-Allow-Origin: "'*'"}
      MethodResponses:
        - StatusCode: 200
          ResponseModels: {application/json: !Ref Model}
          ResponseParameters: {method.response.header.Access-Control-Allow-Origin: true}
  Forbidden:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: INVALID_API_KEY
      StatusCode: 401
      ResponseTemplates: {application/json: !Sub '{"why": "${Text}"}'}
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: [Get, Forbidden]
    Properties: {RestApiId: !Ref Api, Description: !Ref Text}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: dev
      Description: !Ref Text
      Variables: !If [IsFirst, {a: '1', b: '2'}, {b: '3'}]
      MethodSettings:
        - {ResourcePath: '/*', HttpMethod: '*', LoggingLevel: INFO}
        - {ResourcePath: '/~1films~1{id}', HttpMethod: GET, ThrottlingRateLimit: !Ref Rate, ThrottlingBurstLimit: 9}
      Tags: [{Key: team, Value: !Ref Team}]
  Key:
    Type: AWS::ApiGateway::ApiKey
    Properties: {Name: reader, Value: 0123456789abcdef0123, Enabled: true, Description: !Ref Text}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      UsagePlanName: readers
      Description: !Ref Text
      ApiStages:
        - ApiId: !Ref Api
          Stage: !Ref Stage
          Throttle: {'/films/{id}/GET': {RateLimit: !Ref Rate, BurstLimit: 8}}
      Throttle: !If [IsFirst, {RateLimit: 100, BurstLimit: 50}, !Ref AWS::NoValue]
      Quota: {Limit: !Ref Rate, Period: MONTH}
  PlanKey:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}
  Account:
    Type: AWS::ApiGateway::Account
    Properties: {CloudWatchRoleArn: !Sub 'arn:aws:iam::000000000000:role/${Text}'}
Outputs:
  Api: {Value: !Ref Api}
  Key: {Value: !Ref Key}
  Plan: {Value: !Ref Plan}
  PlanKey: {Value: !Ref PlanKey}
  PlanKeyId: {Value: !GetAtt PlanKey.Id}
  Deployment: {Value: !GetAtt Deployment.DeploymentId}
  Validator: {Value: !GetAtt Validator.RequestValidatorId}
  Model: {Value: !Ref Model}
  Stage: {Value: !Ref Stage}
"""


def ask(server, api, path, key=None):
    """Status, and the body as JSON."""
    request = urllib.request.Request(f"{server.endpoint}/restapis/{api}/dev/_user_request_{path}")
    if key:
        request.add_header("x-api-key", key)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_apigateway(server, life):
    gateway = server.client("apigateway")
    out = life.create(GATEWAY)
    api, plan = out["Api"], out["Plan"]
    assert out["PlanKey"] == f"{out['Key']}:{plan}" and out["PlanKeyId"] == out["Key"]
    assert (out["Model"], out["Stage"]) == ("Film", "dev")
    key = "0123456789abcdef0123"
    assert ask(server, api, "/films/7", key) == (200, {"id": "7", "text": "one"})
    assert ask(server, api, "/films/7") == (401, {"why": "one"})
    made = gateway.get_rest_api(restApiId=api)
    assert made["binaryMediaTypes"] == ["image/png"]
    assert made["minimumCompressionSize"] == 1000
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]
    stage = gateway.get_stage(restApiId=api, stageName="dev")
    assert stage["methodSettings"]["~1films~1{id}/GET"]["throttlingRateLimit"] == 5
    assert stage["methodSettings"]["*/*"]["loggingLevel"] == "INFO"
    assert stage["variables"] == {"a": "1", "b": "2"}
    described = gateway.get_usage_plan(usagePlanId=plan)
    assert (described["quota"]["limit"], described["quota"]["period"]) == (5, "MONTH")
    assert described["throttle"] == {"rateLimit": 100.0, "burstLimit": 50}
    limits = described["apiStages"][0]["throttle"]["/films/{id}/GET"]
    assert limits == {"rateLimit": 5.0, "burstLimit": 8}

    # Nothing is replaced: an API keeps its address whatever of it changes.
    out = life.update(
        GATEWAY, Text="two", Media="image/png,audio/wav", Where="EDGE", Rate="6", Team="blue"
    )
    made = gateway.get_rest_api(restApiId=api)
    assert made["description"] == "two"
    assert sorted(made["binaryMediaTypes"]) == ["audio/wav", "image/png"]
    assert "minimumCompressionSize" not in made
    assert made["endpointConfiguration"]["types"] == ["EDGE"]
    assert made["tags"]["team"] == "blue"
    assert gateway.get_model(restApiId=api, modelName="Film")["description"] == "two"
    stage = gateway.get_stage(restApiId=api, stageName="dev")
    assert stage["methodSettings"]["~1films~1{id}/GET"]["throttlingRateLimit"] == 6
    assert stage["variables"] == {"b": "3"}
    assert stage["description"] == "two" and stage["tags"]["team"] == "blue"
    described = gateway.get_usage_plan(usagePlanId=plan)
    assert described["quota"]["limit"] == 6 and "throttle" not in described
    assert described["apiStages"][0]["throttle"]["/films/{id}/GET"]["rateLimit"] == 6
    assert gateway.get_account()["cloudwatchRoleArn"].endswith(":role/two")
    assert gateway.get_api_key(apiKey=out["Key"])["description"] == "two"
    validator = gateway.get_request_validator(
        restApiId=api, requestValidatorId=out["Validator"]
    )
    assert validator["validateRequestParameters"] is False
    # The deployment is a snapshot: what it serves is as it was when it was made.
    assert ask(server, api, "/films/7", key) == (200, {"id": "7", "text": "one"})
    again = GATEWAY.replace("Deployment:\n    Type", "Deployment2:\n    Type").replace(
        "!Ref Deployment\n", "!Ref Deployment2\n"
    ).replace("!GetAtt Deployment.", "!GetAtt Deployment2.")
    life.update(
        again, added=["Deployment2"], removed=["Deployment"],
        Text="two", Media="image/png", Where="EDGE", Rate="6", Team="blue",
    )
    assert ask(server, api, "/films/7", key) == (200, {"id": "7", "text": "two"})
    life.delete()
    for listing in (gateway.get_rest_apis, gateway.get_api_keys, gateway.get_usage_plans):
        assert listing()["items"] == []


def test_apigateway_deployment_with_a_stage_of_its_own(server, life):
    gateway = server.client("apigateway")
    template = GATEWAY[: GATEWAY.index("  Forbidden:")].replace("ApiKeyRequired: true", "") + """
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Get
    Properties:
      RestApiId: !Ref Api
      StageName: dev
      StageDescription: {Description: its own, TracingEnabled: true, Variables: {a: b}}
Outputs:
  Api: {Value: !Ref Api}
"""
    out = life.create(template)
    assert ask(server, out["Api"], "/films/9")[1]["id"] == "9"
    stage = gateway.get_stage(restApiId=out["Api"], stageName="dev")
    assert stage["description"] == "its own" and stage["tracingEnabled"]
    assert stage["variables"] == {"a": "b"}
    life.delete()


LOGS = """
Parameters:
  Days: {Type: Number, Default: 7}
  Team: {Type: String, Default: red}
Resources:
  Group:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: /films/a
      RetentionInDays: !Ref Days
      Tags: [{Key: team, Value: !Ref Team}]
Outputs:
  Name: {Value: !Ref Group}
  Arn: {Value: !GetAtt Group.Arn}
"""


def test_logs(server, life):
    logs = server.client("logs")
    out = life.create(LOGS)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/films/a"
    assert out == {"Name": "/films/a", "Arn": f"{arn}:*"}
    life.update(LOGS, Days="30", Team="blue")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/films")["logGroups"]
    assert group["retentionInDays"] == 30
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "blue"}
    life.update(LOGS.replace("      RetentionInDays: !Ref Days\n", ""), Team="blue")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/films")["logGroups"]
    assert "retentionInDays" not in group
    life.delete()
    assert logs.describe_log_groups(logGroupNamePrefix="/films")["logGroups"] == []


STATES = """
Parameters:
  Text: {Type: String, Default: one}
  Team: {Type: String, Default: red}
Resources:
  Work:
    Type: AWS::StepFunctions::Activity
    Properties: {Name: work, Tags: [{Key: team, Value: !Ref Team}]}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: from-a-stack
      RoleArn: arn:aws:iam::000000000000:role/r
      Definition:
        StartAt: Say
        States:
          Say: {Type: Pass, Result: {text: '${Text}', activity: '${Work}', count: 3, yes: true}, End: true}
      DefinitionSubstitutions: {Text: !Ref Text, Work: !Ref Work}
      Tags: [{Key: team, Value: !Ref Team}]
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
Outputs:
  Machine: {Value: !Ref Machine}
  Arn: {Value: !GetAtt Machine.Arn}
  Name: {Value: !GetAtt Machine.Name}
  Revision: {Value: !GetAtt Machine.StateMachineRevisionId}
  Activity: {Value: !Ref Work}
  ActivityName: {Value: !GetAtt Work.Name}
  Handle: {Value: !Ref Handle}
"""


def test_stepfunctions(server, life):
    states = server.client("stepfunctions")
    out = life.create(STATES)
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:from-a-stack"
    assert out["Machine"] == out["Arn"] == arn
    assert out["Name"] == "from-a-stack"
    activity = f"arn:aws:states:{REGION}:{ACCOUNT}:activity:work"
    assert out["Activity"] == activity and out["ActivityName"] == "work"
    assert out["Handle"]

    def says():
        definition = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
        return definition["States"]["Say"]["Result"]

    assert says() == {"text": "one", "activity": activity, "count": 3, "yes": True}
    first = out["Revision"]
    out = life.update(STATES, Text="two", Team="blue")
    assert says()["text"] == "two"
    assert out["Revision"] != first
    for one in (arn, activity):
        tags = states.list_tags_for_resource(resourceArn=one)["tags"]
        assert tags == [{"key": "team", "value": "blue"}]
    life.delete()
    assert states.list_activities()["activities"] == []
    assert states.list_state_machines()["stateMachines"] == []


PERSONALIZE = """
Parameters:
  Filter: {Type: String, Default: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'}
  Model: {Type: String, Default: StackModel}
Resources:
  Group: {Type: AWS::Personalize::DatasetGroup, Properties: {Name: stack-group}}
  Schema:
    Type: AWS::Personalize::Schema
    Properties:
      Name: stack-schema
      Schema: >-
        {"type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema",
        "fields": [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"}, {"name": "TIMESTAMP", "type": "long"}],
        "version": "1.0"}
  Dataset:
    Type: AWS::Personalize::Dataset
    Properties:
      {Name: stack-data, DatasetType: Interactions, DatasetGroupArn: !Ref Group, SchemaArn: !Ref Schema}
  Tracker:
    Type: AWS::Personalize::EventTracker
    DependsOn: Dataset
    Properties: {Name: stack-tracker, DatasetGroupArn: !GetAtt Group.DatasetGroupArn}
  Unwatched:
    Type: AWS::Personalize::Filter
    DependsOn: Dataset
    Properties: {Name: !Sub 'filter-of-${Model}', DatasetGroupArn: !Ref Group, FilterExpression: !Ref Filter}
  Solution:
    Type: AWS::Personalize::Solution
    DependsOn: Dataset
    Properties:
      Name: !Ref Model
      DatasetGroupArn: !Ref Group
      RecipeArn: arn:aws:personalize:::recipe/aws-user-personalization
      PerformHPO: 'false'
      SolutionConfig: {AlgorithmHyperParameters: {hidden_dimension: '64'}}
Outputs:
  Group: {Value: !Ref Group}
  Schema: {Value: !GetAtt Schema.SchemaArn}
  Dataset: {Value: !GetAtt Dataset.DatasetArn}
  Tracker: {Value: !Ref Tracker}
  TrackerArn: {Value: !GetAtt Tracker.EventTrackerArn}
  TrackingId: {Value: !GetAtt Tracker.TrackingId}
  Filter: {Value: !GetAtt Unwatched.FilterArn}
  Solution: {Value: !GetAtt Solution.SolutionArn}
"""


def test_personalize(server, life):
    personalize = server.client("personalize")
    out = life.create(PERSONALIZE)
    arn = f"arn:aws:personalize:{REGION}:{ACCOUNT}"
    assert out["Group"] == f"{arn}:dataset-group/stack-group"
    assert out["Schema"] == f"{arn}:schema/stack-schema"
    assert out["Dataset"] == f"{arn}:dataset/stack-group/INTERACTIONS"
    assert out["Filter"] == f"{arn}:filter/filter-of-StackModel"
    assert out["Solution"] == f"{arn}:solution/StackModel"
    tracker = personalize.describe_event_tracker(eventTrackerArn=out["Tracker"])["eventTracker"]
    assert out["TrackerArn"] == tracker["eventTrackerArn"]
    assert out["TrackingId"] == tracker["trackingId"]
    solution = personalize.describe_solution(solutionArn=out["Solution"])["solution"]
    assert solution["performHPO"] is False
    parameters = solution["solutionConfig"]["algorithmHyperParameters"]
    assert parameters == {"hidden_dimension": "64"}
    server.client("personalize-events").put_events(
        trackingId=out["TrackingId"], userId="1", sessionId="s",
        eventList=[{"eventType": "watch", "itemId": "7", "sentAt": 1_700_000_000}],
    )

    # What these resources are cannot be changed: with another name there is another one.
    life.update(
        PERSONALIZE, ["Unwatched", "Solution"],
        Model="NextModel", Filter='INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("like")',
    )
    names = {one["name"] for one in personalize.list_solutions()["solutions"]}
    assert "NextModel" in names and "StackModel" not in names
    life.delete()
    for listing, key in (
        (personalize.list_event_trackers, "eventTrackers"),
        (personalize.list_filters, "Filters"),
        (personalize.list_dataset_groups, "datasetGroups"),
        (personalize.list_schemas, "schemas"),
    ):
        assert listing()[key] == []


def test_personalize_campaign(make_server, interactions_csv):
    server = make_server()
    prepared = Prepared(server, interactions_csv)
    versions = [
        workflow.train(
            prepared.personalize, prepared.group_arn, "model", "aws-popularity-count"
        )
    ]
    again = prepared.personalize.create_solution_version(
        solutionArn=versions[0].rsplit("/", 1)[0]
    )["solutionVersionArn"]
    workflow.wait_for(workflow.describe_version(prepared.personalize, again))
    versions.append(again)
    life = Life(server.client("cloudformation"), "campaign")
    template = """
Parameters:
  Version: {Type: String}
  Tps: {Type: Number, Default: 1}
Resources:
  Campaign:
    Type: AWS::Personalize::Campaign
    Properties:
      Name: stack-campaign
      SolutionVersionArn: !Ref Version
      MinProvisionedTPS: !Ref Tps
Outputs:
  Arn: {Value: !GetAtt Campaign.CampaignArn}
"""
    out = life.create(template, Version=versions[0])
    assert out["Arn"] == f"arn:aws:personalize:{REGION}:{ACCOUNT}:campaign/stack-campaign"
    runtime = server.client("personalize-runtime")
    answer = runtime.get_recommendations(campaignArn=out["Arn"], userId="1", numResults=3)
    assert len(answer["itemList"]) == 3
    life.update(template, Version=versions[1], Tps="2")
    campaign = prepared.personalize.describe_campaign(campaignArn=out["Arn"])["campaign"]
    assert campaign["solutionVersionArn"] == versions[1]
    assert campaign["minProvisionedTPS"] == 2
    life.delete()
    assert prepared.personalize.list_campaigns()["campaigns"] == []
