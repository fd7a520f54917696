"""Stacks by boto3 and by the aws command."""

import json
import time
import urllib.request

import pytest

from stacks import GIVE_UP_SECONDS, create, delete, finish, reasons, refusal
from usher_server import POLL_SECONDS

ACCOUNT = "000000000000"
REGION = "us-east-1"

SCHEMA = """{"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema",
"fields":[{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
{"name":"TIMESTAMP","type":"long"}],"version":"1.0"}"""

# Shaped like a batch stage of a movie recommender. The permission names the bucket by its name, not
# by a reference: with one, bucket, function and permission would wait for one another in a circle.
PREDICT = """
AWSTemplateFormatVersion: 2010-09-09
Description: 'Batch recommendations,
  from upload to mail'
Parameters:
  BucketName: {Type: String, Default: predict-data}
  Email: {Type: String}
  StageName: {Type: String, Default: dev, AllowedPattern: '[a-z0-9]+'}
  NumResults: {Type: Number, Default: 10}
  Unused: {Type: String, Default: 0.05}
Resources:
  Data:
    Type: AWS::S3::Bucket
    DependsOn: DataMayInvoke
    Properties:
      BucketName: !Ref BucketName
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: s3:ObjectCreated:*
            Function: !GetAtt [Transform, "Arn"]
            Filter: {S3Key: {Rules: [{Name: prefix, Value: results/}, {Name: suffix, Value: .out}]}}
  DataMayInvoke:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !GetAtt Transform.Arn
      Principal: s3.amazonaws.com
      SourceArn: !Sub arn:aws:s3:::${BucketName}
  Transform:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: LambdaBatchTransform
      Handler: lambda_function.lambda_handler
      Runtime: python3.9
      Role: !GetAtt Role.Arn
      Timeout: 60
      MemorySize: '500'
      ReservedConcurrentExecutions: 4
      TracingConfig: {Mode: Active}
      Environment:
        Variables: {NUM_RESULTS: !Ref NumResults, REGION: {"Ref": "AWS::Region"}}
      Code:
        ZipFile: |
          def lambda_handler(event, context):
              return None
  Outcome:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Transform
      Qualifier: $LATEST
      MaximumRetryAttempts: 1
      DestinationConfig: {OnSuccess: {Destination: !Ref Topic}}
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: PersonalizeBatch
      Subscription:
        - {Endpoint: !Ref Email, Protocol: email}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 45}
  QueueHears:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: LambdaBatchRole
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']
  RolePolicy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: ReadData
      Roles: [!Ref Role]
      PolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: !Join ['', [!GetAtt Data.Arn, '/*']]}]
  Log:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: /aws/lambda/LambdaBatchTransform, RetentionInDays: 7}
Outputs:
  TransformArn: {Value: !GetAtt Transform.Arn, Export: {Name: !Sub '${AWS::StackName}-Transform'}}
  LogArn: {Value: !GetAtt Log.Arn}
"""

TRAIN = f"""
Resources:
  Group: {{Type: AWS::Personalize::DatasetGroup, Properties: {{Name: MoviesRecommendGroup}}}}
  Schema:
    Type: AWS::Personalize::Schema
    Properties: {{Name: RecommendSchema, Schema: '{SCHEMA}'}}
  Dataset:
    Type: AWS::Personalize::Dataset
    Properties:
      Name: Recommend
      DatasetType: Interactions
      DatasetGroupArn: !GetAtt Group.DatasetGroupArn
      SchemaArn: !GetAtt [Schema, SchemaArn]
Outputs:
  Dataset: {{Value: !Ref Dataset}}
"""


def topic_template(**resources):
    return json.dumps({"Resources": resources})


def topic(name=None, **properties):
    if name:
        properties["TopicName"] = name
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


@pytest.fixture
def cloudformation(server):
    return server.client("cloudformation")


def test_a_predict_stack_is_made_described_and_removed(server, cloudformation):
    created = cloudformation.create_stack(
        StackName="predict",
        TemplateBody=PREDICT,
        Parameters=[{"ParameterKey": "Email", "ParameterValue": "a@example.com"}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": "stage", "Value": "test"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="predict", WaiterConfig={"Delay": 1, "MaxAttempts": GIVE_UP_SECONDS}
    )
    stack = cloudformation.describe_stacks(StackName=created["StackId"])["Stacks"][0]
    assert stack["Description"] == "Batch recommendations, from upload to mail"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:LambdaBatchTransform"
    assert outputs["TransformArn"] == arn
    assert outputs["LogArn"].endswith(":log-group:/aws/lambda/LambdaBatchTransform:*")

    awslambda, s3 = server.client("lambda"), server.client("s3")
    function = awslambda.get_function(FunctionName="LambdaBatchTransform")
    assert function["Configuration"]["Timeout"] == 60
    assert function["Configuration"]["MemorySize"] == 500
    assert function["Configuration"]["TracingConfig"] == {"Mode": "Active"}
    assert function["Configuration"]["Environment"]["Variables"] == {
        "NUM_RESULTS": "10",
        "REGION": REGION,
    }
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 4
    assert function["Tags"] == {"stage": "test"}
    answer = awslambda.invoke(FunctionName="LambdaBatchTransform", Payload=b"{}")
    assert answer["Payload"].read() == b"null"
    policy = json.loads(awslambda.get_policy(FunctionName="LambdaBatchTransform")["Policy"])
    assert policy["Statement"][0]["Condition"] == {
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::predict-data"}
    }
    config = awslambda.get_function_event_invoke_config(
        FunctionName="LambdaBatchTransform", Qualifier="$LATEST"
    )
    topic_arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:PersonalizeBatch"
    assert config["DestinationConfig"]["OnSuccess"] == {"Destination": topic_arn}
    assert config["MaximumRetryAttempts"] == 1
    rules = s3.get_bucket_notification_configuration(Bucket="predict-data")
    assert rules["LambdaFunctionConfigurations"][0]["LambdaFunctionArn"] == arn
    iam = server.client("iam")
    document = iam.get_role(RoleName="LambdaBatchRole")["Role"]["AssumeRolePolicyDocument"]
    assert document["Version"] == "2012-10-17"
    read = iam.get_role_policy(RoleName="LambdaBatchRole", PolicyName="ReadData")
    assert read["PolicyDocument"]["Statement"][0]["Resource"] == "arn:aws:s3:::predict-data/*"
    subscriptions = server.client("sns").list_subscriptions_by_topic(TopicArn=topic_arn)
    assert {s["Protocol"] for s in subscriptions["Subscriptions"]} == {"email", "sqs"}

    resources = cloudformation.describe_stack_resources(StackName="predict")["StackResources"]
    assert len(resources) == 10
    assert {r["ResourceStatus"] for r in resources} == {"CREATE_COMPLETE"}
    listed = cloudformation.list_stack_resources(StackName="predict")["StackResourceSummaries"]
    assert len(listed) == 10
    detail = cloudformation.describe_stack_resource(
        StackName="predict", LogicalResourceId="Topic"
    )["StackResourceDetail"]
    assert detail["PhysicalResourceId"] == topic_arn
    assert cloudformation.get_template(StackName="predict")["TemplateBody"] == PREDICT
    assert "predict" in [s["StackName"] for s in cloudformation.list_stacks()["StackSummaries"]]
    assert {"Name": "predict-Transform", "Value": arn, "ExportingStackId": stack["StackId"]} in (
        cloudformation.list_exports()["Exports"]
    )
    events = cloudformation.describe_stack_events(StackName="predict")["StackEvents"]
    assert (events[0]["ResourceStatus"], events[-1]["ResourceStatus"]) == (
        "CREATE_COMPLETE",
        "CREATE_IN_PROGRESS",
    )
    assert events[0]["ResourceType"] == events[-1]["ResourceType"] == "AWS::CloudFormation::Stack"
    of_queue = [e for e in reversed(events) if e["LogicalResourceId"] == "Queue"]
    assert [(e["ResourceStatus"], e.get("ResourceStatusReason")) for e in of_queue] == [
        ("CREATE_IN_PROGRESS", None),
        ("CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("CREATE_COMPLETE", None),
    ]

    cloudformation.delete_stack(StackName="predict")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack["StackId"], WaiterConfig={"Delay": 1, "MaxAttempts": GIVE_UP_SECONDS}
    )
    assert not server.client("s3").list_buckets().get("Buckets")
    assert not awslambda.list_functions()["Functions"]
    assert not iam.list_roles()["Roles"]
    assert not server.client("sns").list_topics()["Topics"]
    assert "QueueUrls" not in server.client("sqs").list_queues()
    code, message = refusal(cloudformation.describe_stacks, StackName="predict")
    assert (code, message) == ("ValidationError", "Stack with id predict does not exist")
    assert finish(cloudformation, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_a_training_stack_makes_what_personalize_needs(server, cloudformation):
    stack = create(cloudformation, "train", TRAIN)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    arn = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset/MoviesRecommendGroup/INTERACTIONS"
    assert stack["Outputs"][0]["OutputValue"] == arn
    personalize = server.client("personalize")
    assert personalize.describe_dataset(datasetArn=arn)["dataset"]["status"] == "ACTIVE"

    # Names are fixed: a second stack of the template fails and leaves the first one's alone.
    second = create(cloudformation, "train2", TRAIN)
    assert second["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already exists" in " ".join(reasons(cloudformation, "train2").values())
    assert personalize.describe_dataset(datasetArn=arn)["dataset"]["status"] == "ACTIVE"
    assert refusal(cloudformation.update_stack, StackName="train2", TemplateBody=TRAIN)[1].endswith(
        "is in ROLLBACK_COMPLETE state and can not be updated."
    )

    # What the stack does not know of holds its dataset group.
    group = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset-group/MoviesRecommendGroup"
    solution = personalize.create_solution(
        name="held",
        datasetGroupArn=group,
        recipeArn="arn:aws:personalize:::recipe/aws-user-personalization",
    )["solutionArn"]
    failed = delete(cloudformation, "train")
    assert failed["StackStatus"] == "DELETE_FAILED"
    assert "[Group]" in failed["StackStatusReason"]
    assert "solution" in reasons(cloudformation, "train")["Group"]
    personalize.delete_solution(solutionArn=solution)
    assert delete(cloudformation, "train")["StackStatus"] == "DELETE_COMPLETE"
    assert delete(cloudformation, "train2")["StackStatus"] == "DELETE_COMPLETE"


def test_a_failure_leaves_nothing_behind(server, cloudformation):
    body = topic_template(
        First=topic("rolled-back"),
        Bad={
            "Type": "AWS::Lambda::Permission",
            "DependsOn": "First",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": "no-such-function",
                "Principal": "s3.amazonaws.com",
            },
        },
        Never={"Type": "AWS::SQS::Queue", "DependsOn": "Bad"},
    )
    stack = create(cloudformation, "fails", body)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "no-such-function" in reasons(cloudformation, "fails")["Bad"]
    assert not server.client("sns").list_topics()["Topics"]
    delete(cloudformation, "fails")

    kept = create(cloudformation, "fails-2", body, OnFailure="DO_NOTHING")
    assert kept["StackStatus"] == "CREATE_FAILED"
    assert len(server.client("sns").list_topics()["Topics"]) == 1
    delete(cloudformation, "fails-2")
    gone = create(cloudformation, "fails-3", body, OnFailure="DELETE")
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert not server.client("sns").list_topics()["Topics"]


def test_an_update_changes_replaces_adds_and_removes(server, cloudformation):
    sns, sqs = server.client("sns"), server.client("sqs")
    before = topic_template(
        Same=topic(DisplayName="one"),
        Renamed=topic("old-name"),
        Removed=topic("removed"),
        Queue={"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 10}},
    )
    after = topic_template(
        Same=topic(DisplayName="two"),
        Renamed=topic("new-name"),
        Added=topic("added"),
        Queue={"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 20}},
    )
    create(cloudformation, "update", before)

    def physical():
        listed = cloudformation.describe_stack_resources(StackName="update")["StackResources"]
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in listed}

    old = physical()
    cloudformation.update_stack(StackName="update", TemplateBody=after)
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName="update", WaiterConfig={"Delay": 1, "MaxAttempts": GIVE_UP_SECONDS}
    )
    new = physical()
    assert new["Same"] == old["Same"] and new["Queue"] == old["Queue"]
    names = {t["TopicArn"].rsplit(":", 1)[1] for t in sns.list_topics()["Topics"]}
    assert {"new-name", "added"} < names and not {"old-name", "removed"} & names
    attributes = sns.get_topic_attributes(TopicArn=new["Same"])["Attributes"]
    assert attributes["DisplayName"] == "two"
    timeout = sqs.get_queue_attributes(QueueUrl=new["Queue"], AttributeNames=["All"])
    assert timeout["Attributes"]["VisibilityTimeout"] == "20"
    assert refusal(cloudformation.update_stack, StackName="update", TemplateBody=after) == (
        "ValidationError",
        "No updates are to be performed.",
    )
    assert refusal(
        cloudformation.update_stack, StackName="update", UsePreviousTemplate=True
    ) == ("ValidationError", "No updates are to be performed.")

    # An update that fails goes back to what was.
    bad = json.loads(after)
    bad["Resources"]["Same"] = topic(DisplayName="three")
    bad["Resources"]["Renamed"] = topic("newest-name")
    bad["Resources"]["Bad"] = {
        "Type": "AWS::SNS::Subscription",
        "DependsOn": ["Same", "Renamed"],
        "Properties": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:none", "Protocol": "sqs"},
    }
    cloudformation.update_stack(StackName="update", TemplateBody=json.dumps(bad))
    assert finish(cloudformation, "update")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert physical() == new
    assert {t["TopicArn"].rsplit(":", 1)[1] for t in sns.list_topics()["Topics"]} == names
    attributes = sns.get_topic_attributes(TopicArn=new["Same"])["Attributes"]
    assert attributes["DisplayName"] == "two"
    delete(cloudformation, "update")
    assert not sns.list_topics()["Topics"]


def test_parameters_outputs_exports_and_imports(cloudformation):
    exporter = json.dumps(
        {
            "Parameters": {"Secret": {"Type": "String", "NoEcho": "true"}},
            "Resources": {"Topic": topic()},
            "Outputs": {"Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": "RoleGlue-Arn"}}},
        }
    )
    importer = topic_template(
        Queue={
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Fn::ImportValue": "RoleGlue-Arn"},
                "Protocol": "email",
                "Endpoint": "a@example.com",
            },
        }
    )
    missing = create(cloudformation, "PersonalizeGlue", importer)
    assert missing["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reasons(cloudformation, "PersonalizeGlue")["Queue"] == (
        "No export named RoleGlue-Arn found"
    )
    delete(cloudformation, "PersonalizeGlue")

    parameters = [{"ParameterKey": "Secret", "ParameterValue": "s3cret"}]
    shown = create(cloudformation, "RoleGlue", exporter, Parameters=parameters)
    assert shown["Parameters"] == [{"ParameterKey": "Secret", "ParameterValue": "****"}]
    twice = create(cloudformation, "other", exporter, Parameters=parameters)
    assert twice["StackStatus"] == "ROLLBACK_COMPLETE"
    told = cloudformation.describe_stack_events(StackName="other")["StackEvents"]
    assert any("already exported by stack" in e.get("ResourceStatusReason", "") for e in told)
    assert create(cloudformation, "PersonalizeGlue", importer)["StackStatus"] == "CREATE_COMPLETE"
    assert cloudformation.list_imports(ExportName="RoleGlue-Arn")["Imports"] == ["PersonalizeGlue"]
    assert refusal(cloudformation.delete_stack, StackName="RoleGlue") == (
        "ValidationError",
        "Export RoleGlue-Arn cannot be deleted as it is in use by PersonalizeGlue",
    )
    for name in ("PersonalizeGlue", "RoleGlue", "other"):
        assert delete(cloudformation, name)["StackStatus"] == "DELETE_COMPLETE"


BAD = {
    "unknown type": (
        "Resources:\n  A:\n    Type: AWS::Nope::Thing\n",
        ["AWS::Nope::Thing", "/Resources/A/Type (line 2)"],
    ),
    "unknown property": (
        "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      Nmae: x\n",
        ["/Resources/A/Properties/Nmae (line 5)", "TopicName"],
    ),
    "unknown property within": (
        "Resources:\n  A:\n    Type: AWS::Lambda::Function\n    Properties:\n      Role: r\n"
        "      TracingConfig:\n        Moed: Active\n",
        ["/Resources/A/Properties/TracingConfig/Moed (line 7)", "Mode"],
    ),
    "missing property": (
        "Resources:\n  A:\n    Type: AWS::SNS::TopicPolicy\n    Properties: {Topics: []}\n",
        ["/Resources/A/Properties", "PolicyDocument is missing"],
    ),
    "a text for a number": (
        "Resources:\n  A:\n    Type: AWS::SQS::Queue\n    Properties:\n      DelaySeconds: soon\n",
        ["/Resources/A/Properties/DelaySeconds (line 5)", "a whole number", "'soon'"],
    ),
    "unknown attribute": (
        "Resources:\n  A: {Type: AWS::SQS::Queue}\nOutputs:\n  O:\n    Value: !GetAtt A.Nope\n",
        ["/Outputs/O (line 5)", "no attribute Nope"],
    ),
    "circle": (
        "Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: B}\n"
        "  B: {Type: AWS::SNS::Topic, DependsOn: A}\n",
        ["Circular dependency between resources: [A, B]"],
    ),
    "unresolved": (
        "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: !Ref X\n",
        ["Unresolved resource dependencies [X]", "(line 5)"],
    ),
    "not YAML": ("Resources: [\n", ["not well-formed"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_templates_are_refused_before_anything_is_made(cloudformation, case):
    body, texts = BAD[case]
    for call in (cloudformation.validate_template, cloudformation.create_stack):
        arguments = {"StackName": "bad"} if call == cloudformation.create_stack else {}
        code, message = refusal(call, TemplateBody=body, **arguments)
        assert code == "ValidationError"
        for text in texts:
            assert text in message
    assert refusal(cloudformation.describe_stacks, StackName="bad")[0] == "ValidationError"


def test_requests_are_refused_in_the_words_of_the_service(cloudformation):
    body = topic_template(Topic=topic())
    needs = json.dumps(
        {
            "Parameters": {"A": {"Type": "String"}, "B": {"Type": "String"}},
            "Resources": {"Topic": topic()},
        }
    )
    make = cloudformation.create_stack
    assert refusal(make, StackName="r", TemplateBody=needs)[1] == (
        "Parameters: [A, B] must have values"
    )
    given = [{"ParameterKey": "Y", "ParameterValue": "1"}]
    assert refusal(make, StackName="r", TemplateBody=body, Parameters=given)[1] == (
        "Parameters: [Y] do not exist in the template"
    )
    assert refusal(make, StackName="r", TemplateBody=PREDICT, Parameters=[
        {"ParameterKey": "Email", "ParameterValue": "a@example.com"}
    ]) == ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
    assert refusal(make, StackName="1r", TemplateBody=body)[0] == "ValidationError"
    assert refusal(make, StackName="r")[0] == "ValidationError"
    assert refusal(make, StackName="r", TemplateBody="#" * 51_201)[0] == "ValidationError"
    create(cloudformation, "r", body, EnableTerminationProtection=True)
    assert refusal(make, StackName="r", TemplateBody=body)[0] == "AlreadyExistsException"
    assert "TerminationProtection" in refusal(cloudformation.delete_stack, StackName="r")[1]
    cloudformation.update_termination_protection(StackName="r", EnableTerminationProtection=False)
    policy = '{"Statement":[]}'
    cloudformation.set_stack_policy(StackName="r", StackPolicyBody=policy)
    assert cloudformation.get_stack_policy(StackName="r")["StackPolicyBody"] == policy
    assert refusal(cloudformation.continue_update_rollback, StackName="r")[0] == "ValidationError"
    delete(cloudformation, "r")


def test_templates_are_summarised(server, cloudformation):
    summary = cloudformation.get_template_summary(TemplateBody=PREDICT)
    assert summary["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert "AWS::S3::Bucket" in summary["ResourceTypes"]
    stage = next(p for p in summary["Parameters"] if p["ParameterKey"] == "StageName")
    assert stage["DefaultValue"] == "dev"
    checked = cloudformation.validate_template(TemplateBody=PREDICT)
    assert {"0.05", "10", "dev"} <= {p.get("DefaultValue") for p in checked["Parameters"]}

    s3 = server.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="a/predict.yaml", Body=PREDICT.encode())
    for url in (
        f"{server.endpoint}/templates/a/predict.yaml",
        "https://templates.s3.us-east-1.amazonaws.com/a/predict.yaml",
        "s3://templates/a/predict.yaml",
    ):
        assert cloudformation.validate_template(TemplateURL=url)["Parameters"]
    assert refusal(
        cloudformation.validate_template, TemplateURL=f"{server.endpoint}/templates/none"
    )[0] == "ValidationError"
    s3.delete_object(Bucket="templates", Key="a/predict.yaml")
    s3.delete_bucket(Bucket="templates")


def test_change_sets_tell_before_they_do(server, cloudformation):
    first = topic_template(Topic=topic(), Queue={"Type": "AWS::SQS::Queue"})
    made = cloudformation.create_change_set(
        StackName="sets", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=first
    )
    cloudformation.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"])
    told = cloudformation.describe_change_set(ChangeSetName="first", StackName="sets")
    assert {c["ResourceChange"]["Action"] for c in told["Changes"]} == {"Add"}
    assert not server.client("sns").list_topics()["Topics"]
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    assert finish(cloudformation, "sets")["StackStatus"] == "CREATE_COMPLETE"

    second = topic_template(
        Topic=topic(DisplayName="d"),
        Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "named"}},
        More=topic(),
    )
    cloudformation.create_change_set(
        StackName="sets", ChangeSetName="second", TemplateBody=second
    )
    told = cloudformation.describe_change_set(ChangeSetName="second", StackName="sets")
    changes = {
        c["ResourceChange"]["LogicalResourceId"]: (
            c["ResourceChange"]["Action"],
            c["ResourceChange"].get("Replacement"),
        )
        for c in told["Changes"]
    }
    assert changes == {
        "Topic": ("Modify", "False"),
        "Queue": ("Modify", "True"),
        "More": ("Add", None),
    }
    same = cloudformation.create_change_set(
        StackName="sets", ChangeSetName="same", TemplateBody=first
    )
    told = cloudformation.describe_change_set(ChangeSetName=same["Id"])
    assert told["Status"] == "FAILED" and "didn't contain changes" in told["StatusReason"]
    assert refusal(cloudformation.execute_change_set, ChangeSetName=same["Id"])[0] == (
        "InvalidChangeSetStatus"
    )
    cloudformation.delete_change_set(ChangeSetName=same["Id"])
    names = [s["ChangeSetName"] for s in cloudformation.list_change_sets(StackName="sets")["Summaries"]]
    assert names == ["first", "second"]
    cloudformation.execute_change_set(ChangeSetName="second", StackName="sets")
    assert finish(cloudformation, "sets")["StackStatus"] == "UPDATE_COMPLETE"
    assert refusal(
        cloudformation.describe_change_set, ChangeSetName="none", StackName="sets"
    )[0] == "ChangeSetNotFound"
    delete(cloudformation, "sets")


def until_the_next_second():
    """The command names its change sets by the second: two in one would be one name."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(POLL_SECONDS)


def test_aws_cloudformation_deploy(server, tmp_path, cloudformation):
    path = tmp_path / "t.yaml"
    path.write_text(TRAIN)
    deploy = ("cloudformation", "deploy", "--stack-name", "deployed", "--template-file", path)
    server.aws(*deploy)
    until_the_next_second()
    again = server.aws(*deploy, check=False)
    assert "No changes to deploy" in again.stdout + again.stderr
    path.write_text(TRAIN + "  Group: {Value: !Ref Group}\n")
    until_the_next_second()
    changed = server.aws(*deploy, check=False)
    assert changed.returncode == 0, changed.stderr
    outputs = json.loads(
        server.aws("cloudformation", "describe-stacks", "--stack-name", "deployed", "--output", "json").stdout
    )["Stacks"][0]["Outputs"]
    assert {o["OutputKey"] for o in outputs} == {"Dataset", "Group"}
    server.aws("cloudformation", "delete-stack", "--stack-name", "deployed")
    server.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "deployed")


def test_a_state_machine_from_a_bucket(server, cloudformation):
    s3, states = server.client("s3"), server.client("stepfunctions")
    s3.create_bucket(Bucket="definitions")
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${what}", "End": True}}}
    s3.put_object(Bucket="definitions", Key="m.json", Body=json.dumps(definition).encode())

    def machine(what):
        return json.dumps(
            {
                "Resources": {
                    "Log": {"Type": "AWS::Logs::LogGroup"},
                    "Machine": {
                        "Type": "AWS::StepFunctions::StateMachine",
                        "Properties": {
                            "StateMachineName": "FromBucket",
                            "DefinitionS3Location": {"Bucket": "definitions", "Key": "m.json"},
                            "DefinitionSubstitutions": {"what": what},
                            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/States",
                            "TracingConfiguration": {"Enabled": "true"},
                            "LoggingConfiguration": {
                                "Level": "ERROR",
                                "Destinations": [
                                    {
                                        "CloudWatchLogsLogGroup": {
                                            "LogGroupArn": {"Fn::GetAtt": ["Log", "Arn"]}
                                        }
                                    }
                                ],
                            },
                        },
                    },
                },
                "Outputs": {
                    "Arn": {"Value": {"Ref": "Machine"}},
                    "Name": {"Value": {"Fn::GetAtt": ["Machine", "Name"]}},
                },
            }
        )

    stack = create(cloudformation, "machine", machine("one"))
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cloudformation, "machine")
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    assert outputs["Name"] == "FromBucket"
    made = states.describe_state_machine(stateMachineArn=outputs["Arn"])
    assert json.loads(made["definition"])["States"]["A"]["Result"] == "one"
    assert made["loggingConfiguration"]["level"] == "ERROR"
    assert made["tracingConfiguration"]["enabled"] is True
    cloudformation.update_stack(StackName="machine", TemplateBody=machine("two"))
    assert finish(cloudformation, "machine")["StackStatus"] == "UPDATE_COMPLETE"
    made = states.describe_state_machine(stateMachineArn=outputs["Arn"])
    assert json.loads(made["definition"])["States"]["A"]["Result"] == "two"
    assert delete(cloudformation, "machine")["StackStatus"] == "DELETE_COMPLETE"
    assert not states.list_state_machines()["stateMachines"]
    s3.delete_object(Bucket="definitions", Key="m.json")
    s3.delete_bucket(Bucket="definitions")


API = """
Parameters:
  IntegrationType: {Type: String, Default: AWS_PROXY, AllowedValues: [AWS_PROXY, AWS]}
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: Movie-Recommender-API
      Description: recommendations
      EndpointConfiguration: {Types: [REGIONAL]}
  Model:
    Type: AWS::ApiGateway::Model
    Properties:
      RestApiId: !Ref Api
      ContentType: application/json
      Name: MoviesModelSchema
      Schema: {type: object, properties: {user_id: {type: string, minLength: 1}}}
  Validator:
    Type: AWS::ApiGateway::RequestValidator
    Properties: {RestApiId: !Ref Api, Name: ValidateMoviesRequest, ValidateRequestParameters: true}
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      RequestParameters: {method.request.querystring.user_id: true}
      Integration:
        Type: !Ref IntegrationType
        IntegrationHttpMethod: POST
        Uri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations
        RequestTemplates:
          application/json: '{"user_id": "$input.params(''user_id'')"}'
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: [Method]
    Properties: {RestApiId: !Ref Api}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: dev
      MethodSettings:
        - {ResourcePath: /, HttpMethod: GET, MetricsEnabled: 'true', DataTraceEnabled: 'true'}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Handler: index.handler
      Runtime: python3.9
      Role: arn:aws:iam::000000000000:role/r
      Code:
        ZipFile: |
          def handler(event, context):
              return {"statusCode": 200, "body": event["queryStringParameters"]["user_id"]}
  Allowed:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !GetAtt Function.Arn
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/GET/
Outputs:
  Api: {Value: !Ref Api}
"""


def test_an_api_in_front_of_a_function(server, cloudformation):
    stack = create(cloudformation, "api", API)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cloudformation, "api")
    api = stack["Outputs"][0]["OutputValue"]
    url = f"{server.endpoint}/restapis/{api}/dev/_user_request_/?user_id=5"
    with urllib.request.urlopen(url) as answer:
        assert (answer.status, answer.read()) == (200, b"5")
    gateway = server.client("apigateway")
    assert json.loads(gateway.get_model(restApiId=api, modelName="MoviesModelSchema")["schema"]) == {
        "type": "object",
        "properties": {"user_id": {"type": "string", "minLength": 1}},
    }
    (setting,) = gateway.get_stage(restApiId=api, stageName="dev")["methodSettings"].values()
    assert setting["metricsEnabled"] and setting["dataTraceEnabled"]
    assert gateway.get_request_validators(restApiId=api)["items"][0]["validateRequestParameters"]

    # Another integration: the method is put again, nothing is replaced.
    cloudformation.update_stack(
        StackName="api",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "IntegrationType", "ParameterValue": "AWS"}],
    )
    stack = finish(cloudformation, "api")
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(cloudformation, "api")
    assert stack["Outputs"][0]["OutputValue"] == api
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = gateway.get_method(restApiId=api, resourceId=root, httpMethod="GET")
    assert method["methodIntegration"]["type"] == "AWS"
    assert delete(cloudformation, "api")["StackStatus"] == "DELETE_COMPLETE"
    assert not gateway.get_rest_apis()["items"]


def test_a_stack_within_a_stack(server, cloudformation):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="nested")
    child = json.dumps(
        {
            "Parameters": {"Name": {"Type": "String"}},
            "Resources": {"Topic": topic({"Ref": "Name"})},
            "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}},
        }
    )
    s3.put_object(Bucket="nested", Key="child.json", Body=child.encode())

    def parent(name, key="child.json"):
        return json.dumps(
            {
                "Resources": {
                    "Child": {
                        "Type": "AWS::CloudFormation::Stack",
                        "Properties": {
                            "TemplateURL": f"{server.endpoint}/nested/{key}",
                            "Parameters": {"Name": name},
                        },
                    }
                },
                "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}},
            }
        )

    stack = create(cloudformation, "outer", parent("inner-topic"))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"].endswith(":inner-topic")
    cloudformation.update_stack(StackName="outer", TemplateBody=parent("other-topic"))
    stack = finish(cloudformation, "outer")
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"].endswith(":other-topic")
    assert delete(cloudformation, "outer")["StackStatus"] == "DELETE_COMPLETE"
    assert not server.client("sns").list_topics()["Topics"]

    failed = create(cloudformation, "outer", parent("x", key="none.json"))
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "cannot be read" in reasons(cloudformation, "outer")["Child"]
    delete(cloudformation, "outer")
    s3.delete_object(Bucket="nested", Key="child.json")
    s3.delete_bucket(Bucket="nested")


def test_kill_in_the_middle_goes_on(make_server):
    """Killed while twelve resources are made: none is made twice, none is missing."""
    server = make_server()
    client = server.client("cloudformation")
    resources = {f"Topic{i}": topic(f"topic-{i}") for i in range(6)}
    resources |= {
        f"Queue{i}": {"Type": "AWS::SQS::Queue", "DependsOn": f"Topic{i}"} for i in range(6)
    }
    stack_id = client.create_stack(StackName="killed", TemplateBody=topic_template(**resources))[
        "StackId"
    ]
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        events = client.describe_stack_events(StackName=stack_id)["StackEvents"]
        if len(events) > 3:
            break
    server.kill()
    server.restart()
    client = server.client("cloudformation")
    assert finish(client, stack_id)["StackStatus"] == "CREATE_COMPLETE"
    assert len(server.client("sns").list_topics()["Topics"]) == 6
    assert len(server.client("sqs").list_queues()["QueueUrls"]) == 6
    client.delete_stack(StackName="killed")
    server.kill()
    server.restart()
    assert finish(server.client("cloudformation"), stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert not server.client("sns").list_topics()["Topics"]
    assert "QueueUrls" not in server.client("sqs").list_queues()
