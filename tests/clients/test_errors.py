"""Every class of error once, as a boto3 user meets it: code, status, and words that help."""

import datetime
import json

import botocore
import botocore.auth
import botocore.config
import botocore.exceptions
import pytest

import movies_workflow as workflow
from usher_server import wait_for

ACCOUNT_PREFIX = "arn:aws:personalize:us-east-1:000000000000"
UNKNOWN_SCHEMA = f"{ACCOUNT_PREFIX}:schema/unknown"
UNKNOWN_CAMPAIGN = f"{ACCOUNT_PREFIX}:campaign/unknown"


def error_of(call, **arguments):
    """(code, HTTP status, message) of a call that must fail."""
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"].get("Message", ""),
    )


def code_of(call, **arguments):
    return error_of(call, **arguments)[:2]


# --- Who is calling ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "unknown_key", "wrong_secret", "late"),
    [
        (
            "personalize",
            "list_schemas",
            ("UnrecognizedClientException", 400),
            ("InvalidSignatureException", 400),
            ("InvalidSignatureException", 400),
        ),
        (
            "s3",
            "list_buckets",
            ("InvalidAccessKeyId", 403),
            ("SignatureDoesNotMatch", 403),
            ("RequestTimeTooSkewed", 403),
        ),
        (
            "sts",
            "get_caller_identity",
            ("InvalidClientTokenId", 403),
            ("SignatureDoesNotMatch", 403),
            ("SignatureDoesNotMatch", 403),
        ),
        (
            "iam",
            "list_roles",
            ("InvalidClientTokenId", 403),
            ("SignatureDoesNotMatch", 403),
            ("SignatureDoesNotMatch", 403),
        ),
    ],
)
def test_a_caller_that_cannot_prove_itself_is_refused(
    server, monkeypatch, service, operation, unknown_key, wrong_secret, late
):
    stranger = server.client(service, access_key="AKIAIOSFODNN7STRANGE")
    assert code_of(getattr(stranger, operation)) == unknown_key

    forger = server.client(service, secret_key="not-the-secret")
    assert code_of(getattr(forger, operation)) == wrong_secret

    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda: now - datetime.timedelta(minutes=20)
    )
    assert code_of(getattr(server.client(service), operation)) == late


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("personalize", "list_schemas", "MissingAuthenticationTokenException"),
        ("s3", "list_buckets", "AccessDenied"),
        ("sts", "get_caller_identity", "MissingAuthenticationToken"),
    ],
)
def test_a_request_without_a_signature_is_refused(server, service, operation, code):
    unsigned = server.client(service, signature_version=botocore.UNSIGNED)

    assert code_of(getattr(unsigned, operation))[0] == code


def test_the_owner_is_told_who_they_are(server):
    identity = server.client("sts").get_caller_identity()

    assert identity["Arn"].startswith("arn:aws:")
    assert identity["Account"] in identity["Arn"]


# --- Personalize ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def personalize(server):
    return server.client("personalize")


def test_personalize_does_not_find(personalize):
    code, status, message = error_of(personalize.describe_schema, schemaArn=UNKNOWN_SCHEMA)

    assert (code, status) == ("ResourceNotFoundException", 400)
    assert UNKNOWN_SCHEMA in message


def test_personalize_refuses_a_name_that_is_taken(personalize):
    arn = workflow.create_group(personalize, "taken")

    code, status, message = error_of(personalize.create_dataset_group, name="taken")

    assert (code, status) == ("ResourceAlreadyExistsException", 400)
    assert message == f"Another resource with Arn {arn} already exists."


def test_personalize_names_every_violation_of_a_request(server):
    unchecked = server.client("personalize", parameter_validation=False)

    code, status, message = error_of(unchecked.create_schema, name="!", schema="x" * 20_001)

    assert status == 400
    assert code in ("InvalidInputException", "ValidationException")
    assert message.startswith("2 validation errors detected: Value ")
    assert "failed to satisfy constraint: Member must " in message


def test_personalize_refuses_a_schema_with_an_unknown_type(personalize):
    schema = json.loads(json.dumps(workflow.INTERACTIONS_SCHEMA))
    schema["fields"][2]["type"] = "timestamp"

    code, status, message = error_of(
        personalize.create_schema, name="bad-type", schema=json.dumps(schema)
    )

    assert (code, status) == ("InvalidInputException", 400)
    assert "timestamp" in message
    assert "TIMESTAMP" in message
    assert "bad-type" not in [one["name"] for one in personalize.list_schemas()["schemas"]]


def test_personalize_refuses_a_schema_that_is_in_use(personalize):
    group = workflow.create_group(personalize, "in-use")
    schema = workflow.create_schema(personalize, "in-use")
    workflow.create_dataset(personalize, group, schema)

    assert code_of(personalize.delete_schema, schemaArn=schema) == ("ResourceInUseException", 400)


def test_personalize_refuses_a_token_that_it_did_not_give(personalize):
    assert code_of(personalize.list_schemas, nextToken="made-up") == (
        "InvalidNextTokenException",
        400,
    )


def test_personalize_refuses_too_many_tags(personalize):
    arn = workflow.create_group(personalize, "tagged")
    tags = [{"tagKey": f"k{i}", "tagValue": "v"} for i in range(51)]

    assert code_of(personalize.tag_resource, resourceArn=arn, tags=tags) == (
        "TooManyTagsException",
        400,
    )
    personalize.tag_resource(resourceArn=arn, tags=tags[:50])
    assert len(personalize.list_tags_for_resource(resourceArn=arn)["tags"]) == 50
    personalize.untag_resource(resourceArn=arn, tagKeys=["k0", "k1"])
    assert len(personalize.list_tags_for_resource(resourceArn=arn)["tags"]) == 48


def test_personalize_names_the_recipes_that_it_can_train(personalize):
    group = workflow.create_group(personalize, "untrainable")

    code, status, message = error_of(
        personalize.create_solution,
        name="untrainable",
        datasetGroupArn=group,
        recipeArn=workflow.recipe_arn("aws-next-best-action"),
    )

    assert (code, status) == ("InvalidInputException", 400)
    for name in ("aws-user-personalization", "aws-personalized-ranking", "aws-popularity-count"):
        assert name in message


def test_an_operation_that_is_not_built_says_so(personalize):
    code, status, message = error_of(personalize.list_recommenders)

    assert 400 <= status < 600
    assert code
    assert "not supported by Usher" in message


def test_more_than_five_waiting_imports_are_refused(server, prepared, big_interactions):
    prepared.s3.put_object(Bucket=workflow.BUCKET, Key="big.csv", Body=big_interactions)
    started = []

    def start(number):
        started.append(
            workflow.start_import(
                prepared.personalize,
                prepared.dataset_arn,
                prepared.role_arn,
                "big.csv",
                f"crowd-{number}",
            )
        )

    with pytest.raises(prepared.personalize.exceptions.LimitExceededException) as raised:
        for number in range(20):
            start(number)
    assert "More than 5 resources" in str(raised.value)
    for arn in started:
        wait_for(workflow.describe_import(prepared.personalize, arn))


# --- Personalize Runtime -------------------------------------------------------------------------


def test_runtime_does_not_find(server):
    runtime = server.client("personalize-runtime")

    assert code_of(runtime.get_recommendations, campaignArn=UNKNOWN_CAMPAIGN, userId="1") == (
        "ResourceNotFoundException",
        404,
    )


def test_runtime_wants_a_target_and_a_user(prepared):
    version = workflow.train(prepared.personalize, prepared.group_arn, "errors")
    campaign = workflow.create_campaign(prepared.personalize, version, "errors")

    assert code_of(prepared.runtime.get_recommendations, userId="1") == (
        "InvalidInputException",
        400,
    )
    assert code_of(prepared.runtime.get_recommendations, campaignArn=campaign) == (
        "InvalidInputException",
        400,
    )
    assert code_of(
        prepared.runtime.get_recommendations, campaignArn=campaign, userId="1", numResults=501
    ) == ("InvalidInputException", 400)
    assert code_of(
        prepared.runtime.get_personalized_ranking, campaignArn=campaign, userId="1", inputList=["1"]
    ) == ("InvalidInputException", 400)


# --- S3 ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3(server):
    client = server.client("s3")
    client.create_bucket(Bucket="errors")
    client.put_object(Bucket="errors", Key="ten", Body=b"0123456789")
    return client


def test_s3_errors_about_buckets(s3):
    assert code_of(s3.list_objects_v2, Bucket="no-such-bucket") == ("NoSuchBucket", 404)
    assert code_of(s3.head_bucket, Bucket="no-such-bucket") == ("404", 404)
    assert code_of(s3.delete_bucket, Bucket="errors") == ("BucketNotEmpty", 409)
    assert code_of(s3.get_bucket_policy, Bucket="errors") == ("NoSuchBucketPolicy", 404)
    assert code_of(s3.get_bucket_tagging, Bucket="errors") == ("NoSuchTagSet", 404)
    assert code_of(s3.put_bucket_policy, Bucket="errors", Policy="{") == ("MalformedPolicy", 400)


def test_s3_refuses_a_bucket_name_that_dns_cannot_hold(server):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        server.client("s3", s3={"addressing_style": "path"}).create_bucket(Bucket="Bad_Name")
    assert raised.value.response["Error"]["Code"] == "InvalidBucketName"


def test_s3_errors_about_objects(s3):
    assert code_of(s3.get_object, Bucket="errors", Key="missing") == ("NoSuchKey", 404)
    assert code_of(s3.head_object, Bucket="errors", Key="missing") == ("404", 404)
    assert code_of(s3.get_object, Bucket="errors", Key="ten", Range="bytes=10-") == (
        "InvalidRange",
        416,
    )
    assert code_of(s3.get_object, Bucket="errors", Key="ten", IfMatch='"other"') == (
        "PreconditionFailed",
        412,
    )
    etag = s3.head_object(Bucket="errors", Key="ten")["ETag"]
    assert code_of(s3.get_object, Bucket="errors", Key="ten", IfNoneMatch=etag) == ("304", 304)
    assert code_of(
        s3.put_object, Bucket="errors", Key="sum", Body=b"x", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA=="
    ) == ("BadDigest", 400)
    assert code_of(s3.copy_object, Bucket="errors", Key="copy", CopySource="errors/missing") == (
        "NoSuchKey",
        404,
    )
    assert code_of(s3.put_object, Bucket="errors", Key="k" * 1025, Body=b"x") == (
        "KeyTooLongError",
        400,
    )


def test_s3_errors_about_multipart_uploads(s3):
    assert code_of(
        s3.upload_part, Bucket="errors", Key="m", UploadId="unknown", PartNumber=1, Body=b"x"
    ) == ("NoSuchUpload", 404)
    upload = s3.create_multipart_upload(Bucket="errors", Key="m")["UploadId"]
    etags = [
        s3.upload_part(Bucket="errors", Key="m", UploadId=upload, PartNumber=number, Body=b"small")[
            "ETag"
        ]
        for number in (1, 2)
    ]

    def complete(*parts):
        return code_of(
            s3.complete_multipart_upload,
            Bucket="errors",
            Key="m",
            UploadId=upload,
            MultipartUpload={
                "Parts": [{"PartNumber": number, "ETag": etag} for number, etag in parts]
            },
        )

    assert complete((1, '"00000000000000000000000000000000"')) == ("InvalidPart", 400)
    assert complete((2, etags[1]), (1, etags[0])) == ("InvalidPartOrder", 400)
    assert complete((1, etags[0]), (2, etags[1])) == ("EntityTooSmall", 400)
    s3.abort_multipart_upload(Bucket="errors", Key="m", UploadId=upload)
    assert code_of(s3.list_parts, Bucket="errors", Key="m", UploadId=upload) == (
        "NoSuchUpload",
        404,
    )
    assert code_of(s3.head_object, Bucket="errors", Key="m") == ("404", 404)


# --- IAM -----------------------------------------------------------------------------------------


def test_iam_errors(server):
    iam = server.client("iam")
    trust = json.dumps(workflow.TRUST_PERSONALIZE)
    iam.create_role(RoleName="errors", AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(
        RoleName="errors", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess"
    )

    assert code_of(iam.get_role, RoleName="unknown") == ("NoSuchEntity", 404)
    assert code_of(iam.create_role, RoleName="errors", AssumeRolePolicyDocument=trust) == (
        "EntityAlreadyExists",
        409,
    )
    assert code_of(iam.create_role, RoleName="other", AssumeRolePolicyDocument="{") == (
        "MalformedPolicyDocument",
        400,
    )
    assert code_of(iam.delete_role, RoleName="errors") == ("DeleteConflict", 409)
    iam.detach_role_policy(
        RoleName="errors", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess"
    )
    iam.delete_role(RoleName="errors")
    assert code_of(iam.get_role, RoleName="errors") == ("NoSuchEntity", 404)
