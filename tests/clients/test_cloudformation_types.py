"""Every family of resource types: made, given back by its service, changed as it stands or replaced,
and removed with nothing left behind."""

import json

import pytest

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
