"""S3 as boto3 and the aws command see it: bytes, keys, listings, uploads in parts, addressing."""

import base64
import hashlib
import http.client
import io
import json
import os
import socket
import threading
import time
import urllib.parse
import zlib

import boto3
import boto3.s3.transfer
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import pytest

MIB = 1 << 20
PART = 5 * MIB


@pytest.fixture(scope="module")
def s3(server):
    return server.client("s3")


@pytest.fixture
def bucket(s3, request):
    """An empty bucket of the test's own."""
    name = "t-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:20]
    s3.create_bucket(Bucket=name)
    return name


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def get(s3, bucket, key, **arguments):
    return s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()


def keys_in(s3, bucket, **arguments):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **arguments)
    return [one["Key"] for page in pages for one in page.get("Contents", [])]


# --- Buckets ---------------------------------------------------------------------------------------


def test_a_bucket_lives_from_creation_to_deletion(server, s3):
    s3.create_bucket(Bucket="life")
    s3.create_bucket(Bucket="life")  # in us-east-1 making it again is fine
    assert "life" in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    head = s3.head_bucket(Bucket="life")
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == server.region
    assert s3.get_bucket_location(Bucket="life")["LocationConstraint"] is None
    assert "Status" not in s3.get_bucket_versioning(Bucket="life")
    acl = s3.get_bucket_acl(Bucket="life")
    assert acl["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert acl["Grants"][0]["Grantee"]["Type"] == "CanonicalUser"
    s3.delete_bucket(Bucket="life")
    s3.get_waiter("bucket_not_exists").wait(Bucket="life", WaiterConfig={"MaxAttempts": 1})


def test_a_bucket_of_another_region_says_so(server, bucket):
    there = boto3.session.Session().client(
        "s3", endpoint_url=server.endpoint, region_name="eu-west-1",
        aws_access_key_id=server.exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.exports["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(retries={"total_max_attempts": 1}))
    constraint = {"LocationConstraint": "eu-west-1"}

    there.create_bucket(Bucket="in-ireland", CreateBucketConfiguration=constraint)

    assert there.get_bucket_location(Bucket="in-ireland")["LocationConstraint"] == "eu-west-1"
    assert error_of(there.create_bucket, Bucket="in-ireland",
                    CreateBucketConfiguration=constraint) == ("BucketAlreadyOwnedByYou", 409)
    assert error_of(there.create_bucket, Bucket="nowhere") == (
        "IllegalLocationConstraintException", 400)


def test_bucket_settings_are_given_back(s3, bucket):
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", ' \
             f'"Action": "s3:GetObject", "Resource": "arn:aws:s3:::{bucket}/*"}}]}}'
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    s3.delete_bucket_policy(Bucket=bucket)
    assert error_of(s3.get_bucket_policy, Bucket=bucket) == ("NoSuchBucketPolicy", 404)

    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    s3.put_bucket_accelerate_configuration(
        Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Enabled"

    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü & <"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    assert error_of(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)


def test_another_expected_owner_is_denied(server, s3, bucket):
    account = server.client("sts").get_caller_identity()["Account"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner=account)
    for call in (s3.get_object, s3.delete_object):
        assert error_of(call, Bucket=bucket, Key="k", ExpectedBucketOwner="111111111111") == (
            "AccessDenied", 403)
    assert get(s3, bucket, "k") == b"x"


# --- Objects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"x", os.urandom(3 * MIB)], ids=["empty", "one", "3MiB"])
def test_bytes_come_back_as_they_were_put(s3, bucket, body):
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)

    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert get(s3, bucket, "k") == body
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == len(body)
    assert head["ETag"] == put["ETag"]


@pytest.mark.parametrize("key", [
    "a b+c&d=e?f#g%h", "ключ/キー/😀.csv", "a//b", "//", "/", "..", "../../etc/passwd", "./x", "a/./b",
    "a/../b", "~user", "%2F", "a%2Fb", "'quote'", '"double"', "<xml>&amp;", "tab\there", "k" * 1024,
    "healthz", "trailing/", "a\\b", "*()!", "a\nb",
])
def test_every_key_names_its_own_object(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    assert get(s3, bucket, key) == key.encode()
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode())
    assert key in keys_in(s3, bucket)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert get(s3, bucket, "copy") == key.encode()
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    assert key not in keys_in(s3, bucket)


def test_slashes_and_dots_are_never_collapsed(s3, bucket):
    keys = ["a/b", "a//b", "a/./b", "a/../b", "/a/b", "a/b/", "a/b//"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    assert sorted(keys_in(s3, bucket)) == sorted(keys)
    for key in keys:
        assert get(s3, bucket, key) == key.encode()


def test_what_was_said_about_an_object_comes_back(s3, bucket):
    s3.put_object(
        Bucket=bucket, Key="k", Body=b"x", ContentType="text/csv; charset=utf-8",
        CacheControl="max-age=60", ContentDisposition='attachment; filename="x.csv"',
        ContentEncoding="identity", ContentLanguage="de", Metadata={"Who": "me", "n": "1"},
        StorageClass="STANDARD_IA", Tagging="a=1&b=two%20words", Expires="Thu, 01 Dec 2033 16:00:00 GMT")

    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentType"] == "text/csv; charset=utf-8"
    assert head["CacheControl"] == "max-age=60"
    assert head["ContentDisposition"] == 'attachment; filename="x.csv"'
    assert head["ContentEncoding"] == "identity"
    assert head["ContentLanguage"] == "de"
    assert head["Metadata"] == {"who": "me", "n": "1"}
    assert head["StorageClass"] == "STANDARD_IA"
    assert head["ExpiresString"] == "Thu, 01 Dec 2033 16:00:00 GMT"
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [
        {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "two words"}]
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/plain",
                        ResponseContentDisposition="inline")
    assert (got["ContentType"], got["ContentDisposition"]) == ("text/plain", "inline")

    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_ranges(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    for header, expected, content_range in [
        ("bytes=0-0", b"0", "bytes 0-0/10"), ("bytes=3-", b"3456789", "bytes 3-9/10"),
        ("bytes=-4", b"6789", "bytes 6-9/10"), ("bytes=5-99", b"56789", "bytes 5-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
    ]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=header)
        assert got["Body"].read() == expected
        assert got["ContentRange"] == content_range
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert s3.head_object(Bucket=bucket, Key="k", Range="bytes=2-4")["ContentLength"] == 3
    for header in ("bytes=10-", "bytes=-0"):
        assert error_of(s3.get_object, Bucket=bucket, Key="k", Range=header) == ("InvalidRange", 416)
    assert get(s3, bucket, "k", Range="bytes=5-2") == b"0123456789"


def test_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]

    assert error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*") == (
        "PreconditionFailed", 412)
    assert error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"y", IfMatch='"z"') == (
        "PreconditionFailed", 412)
    assert get(s3, bucket, "k", IfMatch=etag) == b"x"
    assert error_of(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == ("304", 304)
    assert error_of(s3.head_object, Bucket=bucket, Key="k", IfModifiedSince=modified) == ("304", 304)
    assert get(s3, bucket, "k", IfUnmodifiedSince=modified) == b"x"
    s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfMatch=etag)
    assert get(s3, bucket, "k") == b"y"


def test_of_many_conditional_writers_one_wins(server, bucket):
    outcomes = []

    def write(number):
        try:
            server.client("s3").put_object(Bucket=bucket, Key="k", Body=b"%d" % number, IfNoneMatch="*")
            outcomes.append(number)
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(outcomes) == 1
    assert get(server.client("s3"), bucket, "k") == b"%d" % outcomes[0]


def test_copies(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"bytes", Metadata={"m": "1"}, ContentType="text/x",
                  Tagging="t=1")
    copied = s3.copy_object(Bucket=bucket, Key="b", CopySource=f"/{bucket}/a")
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"bytes").hexdigest()}"'
    assert copied["CopyObjectResult"]["LastModified"]
    head = s3.head_object(Bucket=bucket, Key="b")
    assert (head["Metadata"], head["ContentType"]) == ({"m": "1"}, "text/x")
    assert s3.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]

    assert error_of(s3.copy_object, Bucket=bucket, Key="a", CopySource=f"{bucket}/a") == (
        "InvalidRequest", 400)
    s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a", MetadataDirective="REPLACE",
                   Metadata={"m": "2"})
    assert s3.head_object(Bucket=bucket, Key="a")["Metadata"] == {"m": "2"}
    s3.delete_object(Bucket=bucket, Key="a")
    assert get(s3, bucket, "b") == b"bytes"


def test_errors_carry_what_they_are_about(s3, bucket):
    with pytest.raises(s3.exceptions.NoSuchKey) as raised:
        s3.get_object(Bucket=bucket, Key="no such key")
    error = raised.value.response
    assert error["Error"]["Key"] == "no such key"
    assert error["ResponseMetadata"]["RequestId"]
    assert error["ResponseMetadata"]["HostId"]
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="no-such-bucket")


def test_what_is_not_built_is_refused(s3, bucket):
    put = {"Bucket": bucket, "Key": "k", "Body": b"x"}
    assert error_of(s3.put_object, **put, ACL="public-read") == ("AccessControlListNotSupported", 400)
    assert error_of(s3.put_object, **put, ServerSideEncryption="aws:kms") == ("NotImplemented", 501)
    assert error_of(s3.put_object, **put, StorageClass="GLACIER") == ("InvalidStorageClass", 400)
    assert error_of(s3.put_object, **put, Metadata={"a": "v" * 2048}) == ("MetadataTooLarge", 400)
    assert error_of(s3.put_object, **put, Tagging="&".join(f"{n}=" for n in range(11))) == (
        "BadRequest", 400)
    assert error_of(s3.get_bucket_website, Bucket=bucket)[1] == 501
    assert error_of(s3.get_object, Bucket=bucket, Key="k") == ("NoSuchKey", 404)


# --- Checksums -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("algorithm", "compute"), [
    ("CRC32", lambda body: zlib.crc32(body).to_bytes(4, "big")),
    ("SHA1", lambda body: hashlib.sha1(body).digest()),
    ("SHA256", lambda body: hashlib.sha256(body).digest()),
])
def test_a_checksum_is_kept_and_given_back(s3, bucket, algorithm, compute):
    body = os.urandom(MIB)
    expected = base64.b64encode(compute(body)).decode()
    field = f"Checksum{algorithm}"

    put = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    assert put[field] == expected
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[field] == expected
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == body  # botocore compares it while it reads
    assert got[field] == expected
    attributes = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ETag", "Checksum", "ObjectSize", "StorageClass"])
    assert attributes["Checksum"][field] == expected
    assert attributes["ObjectSize"] == len(body)
    assert attributes["ETag"] == hashlib.md5(body).hexdigest()
    assert attributes["StorageClass"] == "STANDARD"


def test_a_wrong_checksum_stores_nothing(s3, bucket):
    for wrong in ({"ChecksumCRC32": "AAAAAA=="}, {"ContentMD5": "AAAAAAAAAAAAAAAAAAAAAA=="},
                  {"ChecksumSHA256": base64.b64encode(bytes(32)).decode()}):
        assert error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **wrong) == (
            "BadDigest", 400)
    assert keys_in(s3, bucket) == []


def test_a_body_from_a_stream_is_stored_whole(s3, bucket):
    body = os.urandom(2 * MIB + 17)
    s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(body), ContentEncoding="gzip")

    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["ContentLength"] == len(body)
    assert head["ContentEncoding"] == "gzip"
    assert get(s3, bucket, "k") == body


# --- Listings --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowded(s3):
    s3.create_bucket(Bucket="crowded")
    keys = [f"{folder}/{number:03}" for folder in ("a", "b", "c") for number in range(50)]
    for key in [*keys, "top", "ä"]:
        s3.put_object(Bucket="crowded", Key=key, Body=b"x")
    return sorted([*keys, "top", "ä"], key=str.encode)


def test_pages_join_to_the_whole(s3, crowded):
    for page_size in (1, 7, 50, 1000):
        for paginator in ("list_objects", "list_objects_v2"):
            pages = list(s3.get_paginator(paginator).paginate(
                Bucket="crowded", PaginationConfig={"PageSize": page_size}))
            assert [one["Key"] for page in pages for one in page.get("Contents", [])] == crowded
    assert keys_in(s3, "crowded", Prefix="b/0") == [k for k in crowded if k.startswith("b/0")]
    assert keys_in(s3, "crowded", StartAfter="c/048") == ["c/049", "top", "ä"]


@pytest.mark.parametrize("page_size", [1, 2, 3, 1000])
@pytest.mark.parametrize("paginator", ["list_objects", "list_objects_v2"])
def test_folders_are_listed_once(s3, crowded, paginator, page_size):
    pages = list(s3.get_paginator(paginator).paginate(
        Bucket="crowded", Delimiter="/", PaginationConfig={"PageSize": page_size}))

    assert [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])] == [
        "a/", "b/", "c/"]
    assert [one["Key"] for page in pages for one in page.get("Contents", [])] == ["top", "ä"]


def test_listings_say_how_they_end(s3, crowded):
    page = s3.list_objects_v2(Bucket="crowded", MaxKeys=10)
    assert (page["KeyCount"], page["IsTruncated"]) == (10, True)
    assert error_of(s3.list_objects_v2, Bucket="crowded", ContinuationToken="mine") == (
        "InvalidArgument", 400)
    first = s3.list_objects(Bucket="crowded", MaxKeys=10)
    assert "NextMarker" not in first
    assert s3.list_objects(Bucket="crowded", Delimiter="/", MaxKeys=1)["NextMarker"] == "a/"
    assert s3.list_objects_v2(Bucket="crowded", MaxKeys=0)["IsTruncated"] is False


def test_many_are_deleted_at_once(s3, bucket):
    keys = [f"k{number}" for number in range(120)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    answer = s3.delete_objects(Bucket=bucket, Delete={
        "Objects": [{"Key": key} for key in [*keys, "missing"]]})
    assert [one["Key"] for one in answer["Deleted"]] == [*keys, "missing"]
    assert keys_in(s3, bucket) == []
    assert "Deleted" not in s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "k"}], "Quiet": True})


def test_the_resource_style_empties_a_bucket(server, s3, bucket):
    for number in range(3):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"x")
    resource = boto3.resource(
        "s3", endpoint_url=server.endpoint, region_name=server.region,
        aws_access_key_id=server.exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.exports["AWS_SECRET_ACCESS_KEY"])
    resource.Bucket(bucket).objects.all().delete()
    resource.Bucket(bucket).delete()
    assert error_of(s3.head_bucket, Bucket=bucket) == ("404", 404)


# --- Uploads in parts ------------------------------------------------------------------------------


def test_the_transfer_manager_uploads_and_downloads_in_parts(s3, bucket, tmp_path):
    body = os.urandom(21 * MIB + 3)
    source = tmp_path / "source"
    source.write_bytes(body)
    config = boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)

    s3.upload_file(str(source), bucket, "k", Config=config,
                   ExtraArgs={"Metadata": {"m": "1"}, "ContentType": "text/csv"})
    head = s3.head_object(Bucket=bucket, Key="k")
    s3.download_file(bucket, "k", str(tmp_path / "copy"), Config=config)

    parts = [body[at:at + 8 * MIB] for at in range(0, len(body), 8 * MIB)]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    assert head["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert (head["Metadata"], head["ContentType"]) == ({"m": "1"}, "text/csv")
    assert (tmp_path / "copy").read_bytes() == body
    assert get(s3, bucket, "k", Range=f"bytes={8 * MIB - 2}-{8 * MIB + 1}") == (
        body[8 * MIB - 2:8 * MIB + 2])
    assert get(s3, bucket, "k", PartNumber=3) == parts[2]
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=1)["PartsCount"] == 3
    assert error_of(s3.get_object, Bucket=bucket, Key="k", PartNumber=4) == (
        "InvalidPartNumber", 416)

    s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "in-parts", Config=config)
    assert s3.head_object(Bucket=bucket, Key="in-parts")["ETag"] == head["ETag"]
    s3.copy_object(Bucket=bucket, Key="whole", CopySource=f"{bucket}/k")
    assert s3.head_object(Bucket=bucket, Key="whole")["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert get(s3, bucket, "whole") == body


def test_an_upload_is_listed_until_it_is_completed(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k/ü")["UploadId"]
    part = {"Bucket": bucket, "Key": "k/ü", "UploadId": upload}
    first = os.urandom(PART)
    tags = [s3.upload_part(**part, PartNumber=number, Body=body)["ETag"]
            for number, body in ((1, b"replaced"), (1, first), (2, b"tail"), (3, b"unused"))][1:]

    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["k/ü"]
    listed = s3.list_parts(**part)["Parts"]
    assert [(one["PartNumber"], one["Size"]) for one in listed] == [(1, PART), (2, 4), (3, 6)]
    assert keys_in(s3, bucket) == []
    done = s3.complete_multipart_upload(**part, MultipartUpload={"Parts": [
        {"PartNumber": 1, "ETag": tags[0]}, {"PartNumber": 2, "ETag": tags[1]}]})
    assert done["Location"].startswith("http://")
    assert get(s3, bucket, "k/ü") == first + b"tail"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    # A client whose answer was lost asks again.
    again = s3.complete_multipart_upload(**part, MultipartUpload={"Parts": [
        {"PartNumber": 1, "ETag": tags[0]}, {"PartNumber": 2, "ETag": tags[1]}]})
    assert again["ETag"] == done["ETag"]


@pytest.mark.parametrize(("algorithm", "kind"), [
    ("CRC32", "FULL_OBJECT"), ("CRC32", "COMPOSITE"), ("SHA256", "COMPOSITE")])
def test_checksums_of_uploads(s3, bucket, algorithm, kind):
    compute = {"CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
               "SHA256": lambda body: hashlib.sha256(body).digest()}[algorithm]
    bodies = [os.urandom(PART), b"tail"]
    upload = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)["UploadId"]
    field = f"Checksum{algorithm}"
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=body,
                                ChecksumAlgorithm=algorithm)
        parts.append({"PartNumber": number, "ETag": answer["ETag"], field: answer[field]})
    done = s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})

    if kind == "FULL_OBJECT":
        expected = base64.b64encode(compute(b"".join(bodies))).decode()
    else:
        of_parts = compute(b"".join(compute(body) for body in bodies))
        expected = base64.b64encode(of_parts).decode() + "-2"
    assert (done[field], done["ChecksumType"]) == (expected, kind)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == b"".join(bodies)
    assert got[field] == expected


# --- Addressing and links --------------------------------------------------------------------------


@pytest.fixture
def subdomains_of_localhost(monkeypatch):
    """Names below localhost are this machine (RFC 6761); not every resolver knows it."""
    resolve = socket.getaddrinfo

    def local(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name and name.endswith(".localhost"):
            name = "127.0.0.1"
        return resolve(name, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", local)


def test_a_bucket_can_be_named_by_the_host(server, s3, bucket, subdomains_of_localhost):
    by_host = boto3.session.Session().client(
        "s3", endpoint_url=f"http://localhost:{server.port}", region_name=server.region,
        aws_access_key_id=server.exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.exports["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(
            s3={"addressing_style": "virtual"}, retries={"total_max_attempts": 1}))
    hosts = []
    by_host.meta.events.register(
        "before-send.s3", lambda request, **_: hosts.append(urllib.parse.urlsplit(request.url).netloc))

    s3.put_object(Bucket=bucket, Key="a//b", Body=b"by path")
    by_host.put_object(Bucket=bucket, Key="//v", Body=b"by host")

    assert get(by_host, bucket, "a//b") == b"by path"
    assert get(s3, bucket, "//v") == b"by host"
    assert keys_in(by_host, bucket) == ["//v", "a//b"]
    assert set(hosts) == {f"{bucket}.localhost:{server.port}"}


@pytest.mark.parametrize("host", [
    "{bucket}.s3.amazonaws.com", "{bucket}.s3.us-east-1.amazonaws.com",
    "{bucket}.s3-accelerate.amazonaws.com", "{bucket}.localhost"])
def test_hosts_of_aws_name_the_bucket(server, s3, bucket, host):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"bytes")
    host = host.format(bucket=bucket)
    request = botocore.awsrequest.AWSRequest(
        "GET", f"http://{host}/a/b", headers={"x-amz-content-sha256": hashlib.sha256().hexdigest()})
    credentials = botocore.credentials.Credentials(
        server.exports["AWS_ACCESS_KEY_ID"], server.exports["AWS_SECRET_ACCESS_KEY"])
    botocore.auth.S3SigV4Auth(credentials, "s3", server.region).add_auth(request)

    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/a/b", headers={**dict(request.headers.items()), "Host": host})
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (200, b"bytes")


def fetch(url, body=None, method="GET", headers=None):
    """Status and body of a request with exactly these headers: no client adds a Content-Type."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request(method, f"{parts.path}?{parts.query}", body=body, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_links_work_without_credentials_until_they_expire(server, bucket, version):
    s3 = server.client("s3", signature_version=version)

    def link(operation, seconds=60, **parameters):
        return s3.generate_presigned_url(
            operation, Params={"Bucket": bucket, **parameters}, ExpiresIn=seconds)

    assert fetch(link("put_object", Key="a b//ü"), b"bytes", "PUT")[0] == 200
    reading = link("get_object", Key="a b//ü")
    assert fetch(reading) == (200, b"bytes")
    assert fetch(reading, headers={"Range": "bytes=1-2"}) == (206, b"yt")
    named = link("get_object", Key="a b//ü", ResponseContentDisposition="attachment; filename=x")
    assert fetch(named) == (200, b"bytes")
    assert b"<Key>a%20b//%C3%BC</Key>" in fetch(link("list_objects_v2", EncodingType="url"))[1]
    for changed in (reading.replace("a%20b", "a%20c"), reading.replace("Signature=", "Signature=0"),
                    reading + "&acl", reading + "&response-content-type=text/html"):
        assert changed != reading
        status, body = fetch(changed)
        assert (status, body) != (200, b"bytes")
        assert status in (400, 403)
    assert fetch(reading, method="DELETE")[0] == 403
    expired = link("get_object", Key="a b//ü", seconds=1)
    time.sleep(2.1)  # times in links have whole seconds
    status, body = fetch(expired)
    assert (status, b"Request has expired" in body) == (403, True)
    assert fetch(link("delete_object", Key="a b//ü"), method="DELETE")[0] == 204
    assert keys_in(server.client("s3"), bucket) == []


# --- The aws command -------------------------------------------------------------------------------


def test_the_aws_command_copies_lists_and_removes(server, tmp_path):
    aws = server.aws
    big = os.urandom(20 * MIB)
    (tmp_path / "big.bin").write_bytes(big)
    (tmp_path / "small ü.txt").write_text("small")

    assert "make_bucket" in aws("s3", "mb", "s3://cli-bucket").stdout
    aws("s3", "cp", tmp_path / "big.bin", "s3://cli-bucket/in/big.bin")
    aws("s3", "cp", tmp_path / "small ü.txt", "s3://cli-bucket/in/", "--metadata", "a=1")
    listed = aws("s3", "ls", "s3://cli-bucket/in/").stdout
    assert f"{len(big)} big.bin" in listed
    assert "small ü.txt" in listed
    assert "PRE in/" in aws("s3", "ls", "s3://cli-bucket").stdout
    assert "cli-bucket" in aws("s3", "ls").stdout
    aws("s3", "cp", "s3://cli-bucket/in/big.bin", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == big
    aws("s3", "cp", "s3://cli-bucket/in/", "s3://cli-bucket/copied/", "--recursive")
    aws("s3", "mv", "s3://cli-bucket/copied/small ü.txt", "s3://cli-bucket/moved.txt")
    assert aws("s3", "cp", "s3://cli-bucket/moved.txt", "-").stdout == "small"
    head = json.loads(aws("s3api", "head-object", "--bucket", "cli-bucket", "--key", "moved.txt").stdout)
    assert head["Metadata"] == {"a": "1"}
    assert aws("s3", "cp", "-", "s3://cli-bucket/piped", input="from a pipe").returncode == 0
    link = aws("s3", "presign", "s3://cli-bucket/piped", "--expires-in", "60").stdout.strip()
    assert fetch(link) == (200, b"from a pipe")
    aws("s3", "rm", "s3://cli-bucket/in/", "--recursive")
    left = aws("s3", "ls", "s3://cli-bucket", "--recursive").stdout
    assert [line.split()[-1] for line in left.splitlines()] == ["copied/big.bin", "moved.txt", "piped"]
    refused = aws("s3", "rb", "s3://cli-bucket", check=False)
    assert (refused.returncode, "BucketNotEmpty" in refused.stderr) == (1, True)
    aws("s3", "rb", "s3://cli-bucket", "--force")
    assert "cli-bucket" not in aws("s3", "ls").stdout


def test_the_aws_command_synchronises_both_ways(server, tmp_path):
    aws = server.aws
    here = tmp_path / "here"
    (here / "deep").mkdir(parents=True)
    for name in ("one", "two", "deep/three"):
        (here / name).write_text(name)
    aws("s3", "mb", "s3://cli-sync")

    assert aws("s3", "sync", here, "s3://cli-sync/s").stdout.count("upload:") == 3
    assert aws("s3", "sync", here, "s3://cli-sync/s").stdout == ""  # nothing is newer
    (here / "one").write_text("another size")
    (here / "two").unlink()
    changed = aws("s3", "sync", here, "s3://cli-sync/s", "--delete").stdout
    assert (changed.count("upload:"), changed.count("delete:")) == (1, 1)
    aws("s3", "sync", "s3://cli-sync/s", tmp_path / "there")
    assert (tmp_path / "there" / "one").read_text() == "another size"
    assert (tmp_path / "there" / "deep" / "three").read_text() == "deep/three"
    assert not (tmp_path / "there" / "two").exists()


# --- What must survive -----------------------------------------------------------------------------


def test_everything_acknowledged_is_there_after_a_kill(make_server):
    server = make_server()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="crash")
    acknowledged = {}

    def write(writer):
        client = server.client("s3")
        for number in range(10_000):
            key = f"{writer}/{number % 20}"
            body = f"{key}:{number}:".encode() + os.urandom(50_000)
            try:
                client.put_object(Bucket="crash", Key=key, Body=body)
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
                in_doubt[key] = body
                return
            acknowledged[key] = body

    in_doubt = {}
    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    while len(acknowledged) < 60:
        assert any(writer.is_alive() for writer in writers)
        time.sleep(0.01)
    server.kill()
    for writer in writers:
        writer.join()
    server.restart()

    s3 = server.client("s3")
    for key, body in acknowledged.items():
        assert get(s3, "crash", key) in (body, in_doubt.get(key, body)), key
    assert set(keys_in(s3, "crash")) <= set(acknowledged) | set(in_doubt)
    assert list((server.data / "objects" / "new").iterdir()) == []
