"""Signatures against a live server, over raw sockets: what is proven is let in, all else leaves no
trace. Chunk signatures come from the independent signer of make_sigv4_vectors.py."""

import datetime
import hashlib
import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import boto3
import botocore.auth
import botocore.exceptions
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from make_sigv4_vectors import CHECKSUMS, ChunkChain, FixedPayload, checksum_text, frame

BUCKET = "signed"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
DATA = bytes(range(256)) * 400  # 102,400 bytes: two chunks of 64 KiB and less


@pytest.fixture(scope="module")
def s3(server):
    client = server.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


class Request:
    """One request, signed for S3, as bytes that a test may change before they are sent."""

    def __init__(self, server, method, path, content_sha256, headers=(), at=None):
        self.server = server
        request = AWSRequest(method, f"{server.endpoint}{path}")
        for name, value in headers:
            request.headers.add_header(name, value)
        signer = FixedPayload(
            Credentials(
                server.exports["AWS_ACCESS_KEY_ID"], server.exports["AWS_SECRET_ACCESS_KEY"]
            ),
            "s3",
            server.region,
        )
        signer.content_sha256 = content_sha256
        real_clock = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *_, **__: at or utc_now()
        try:
            signer.add_auth(request)
        finally:
            botocore.auth.get_current_datetime = real_clock
        self.line = f"{method} {path} HTTP/1.1"
        self.fields = [("Host", server.listen), *request.headers.items()]
        self.signature = request.headers["Authorization"].rsplit("Signature=", 1)[1]
        self.timestamp = request.headers["X-Amz-Date"]

    def chain(self):
        return ChunkChain(
            self.signature,
            self.server.exports["AWS_SECRET_ACCESS_KEY"],
            self.timestamp,
            self.server.region,
        )

    def head(self, close=True):
        fields = self.fields + ([("Connection", "close")] if close else [])
        lines = [self.line, *(f"{name}: {value}" for name, value in fields), "", ""]
        return "\r\n".join(lines).encode()


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.status = int(head.split()[1]) if head else 0

    @property
    def code(self):
        text = self.body.decode(errors="replace")
        return text.partition("<Code>")[2].partition("</Code>")[0]

    def __repr__(self):
        return f"{self.status} {self.code or self.body[:200]}"


def exchange(server, data, half_close=True):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        raw = b""
        while block := connection.recv(65536):
            raw += block
    return raw


def send(server, data):
    return Answer(exchange(server, data))


def exists(s3, key):
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents", [])
    return key in [item["Key"] for item in listed]


def framed_request(server, key, mode, data=DATA, checksum=None, chunk_size=65536, change=None):
    """A chunked PUT of `data`; `change` alters the framed body."""
    headers = [
        ("Content-Encoding", "aws-chunked"),
        ("X-Amz-Decoded-Content-Length", str(len(data))),
    ]
    trailers = []
    if checksum:
        name = f"x-amz-checksum-{checksum}"
        headers.append(("X-Amz-Trailer", name))
        trailers = [(name, checksum_text(checksum, data))]
    request = Request(server, "PUT", f"/{BUCKET}/{key}", mode, headers)
    is_signed = mode.startswith(SIGNED_CHUNKS)
    body = frame(
        data,
        chunk_size,
        request.chain() if is_signed else None,
        trailers,
        signed_trailer=is_signed and bool(checksum),
    )
    whole = len(body)
    if change:
        body = change(body)
    request.fields.append(("Content-Length", str(whole)))
    return request.head() + body


def flip(at):
    return lambda body: body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


# --- Chunks that are let in ----------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65536, 102_400])
def test_signed_chunks_are_kept_without_their_frames(server, s3, size):
    answer = send(server, framed_request(server, f"plain-{size}", SIGNED_CHUNKS, DATA[:size]))

    assert answer.status == 200, answer
    stored = s3.get_object(Bucket=BUCKET, Key=f"plain-{size}")
    assert stored["Body"].read() == DATA[:size]
    assert not stored.get("ContentEncoding"), "aws-chunked is of the way, not of the object"


@pytest.mark.parametrize("mode", [SIGNED_CHUNKS + "-TRAILER", UNSIGNED_CHUNKS])
@pytest.mark.parametrize("checksum", sorted(CHECKSUMS))
def test_every_trailing_checksum_is_understood(server, s3, mode, checksum):
    key = f"{mode}-{checksum}"

    answer = send(server, framed_request(server, key, mode, checksum=checksum))

    assert answer.status == 200, answer
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == DATA


# --- Chunks that are refused ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "at"),
    [("size", 0), ("signature", 30), ("line end", 86), ("first data", 88), ("last data", -200)],
)
def test_a_changed_byte_of_a_signed_chunk_leaves_no_object(server, s3, what, at):
    key = f"changed {what}".replace(" ", "-")

    answer = send(server, framed_request(server, key, SIGNED_CHUNKS, change=flip(at)))

    assert answer.status in (400, 403), answer
    assert answer.code in ("SignatureDoesNotMatch", "InvalidRequest", "IncompleteBody"), answer
    assert not exists(s3, key)


@pytest.mark.parametrize("mode", [SIGNED_CHUNKS + "-TRAILER", UNSIGNED_CHUNKS])
def test_a_wrong_trailing_checksum_leaves_no_object(server, s3, mode):
    key = f"wrong-checksum-{mode}"
    right = checksum_text("crc32", DATA).encode()
    wrong = checksum_text("crc32", b"other").encode()

    answer = send(
        server,
        framed_request(
            server, key, mode, checksum="crc32", change=lambda body: body.replace(right, wrong)
        ),
    )

    expected = (403, "SignatureDoesNotMatch") if mode != UNSIGNED_CHUNKS else (400, "BadDigest")
    assert (answer.status, answer.code) == expected
    assert not exists(s3, key)


@pytest.mark.parametrize("kept", [0, 50, 90, 65_536, 65_700, 102_500, -90, -3, -1])
def test_a_cut_signed_upload_neither_makes_nor_replaces_an_object(server, s3, kept):
    s3.put_object(Bucket=BUCKET, Key="old", Body=b"before")

    for key in ("new", "old"):
        cut = framed_request(server, key, SIGNED_CHUNKS, change=lambda body: body[:kept])
        exchange(server, cut)

    assert not exists(s3, "new")
    assert s3.get_object(Bucket=BUCKET, Key="old")["Body"].read() == b"before"


def test_chunks_signed_from_another_seed_are_refused(server, s3):
    """A body recorded from one upload does not fit the head of the next."""
    first = framed_request(server, "seed-a", SIGNED_CHUNKS)
    second = framed_request(server, "seed-b", SIGNED_CHUNKS)
    mixed = second.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + first.partition(b"\r\n\r\n")[2]

    answer = send(server, mixed)

    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert not exists(s3, "seed-b")


# --- Bodies --------------------------------------------------------------------------------------


def hashed_put(server, key, signed_body, headers=()):
    request = Request(
        server, "PUT", f"/{BUCKET}/{key}", hashlib.sha256(signed_body).hexdigest(), headers
    )
    request.fields.append(("Content-Length", str(len(signed_body))))
    return request


def test_a_tampered_body_leaves_no_object(server, s3):
    answer = send(server, hashed_put(server, "tampered", b"user,item").head() + b"user,itum")

    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
    assert not exists(s3, "tampered")


def test_a_tampered_body_changes_nothing_at_a_json_service(server):
    credentials = Credentials(
        server.exports["AWS_ACCESS_KEY_ID"], server.exports["AWS_SECRET_ACCESS_KEY"]
    )
    signed = b'{"name":"harmless"}'
    sent = b'{"name":"harmfull"}'
    request = AWSRequest("POST", server.endpoint + "/", data=signed)
    request.headers["X-Amz-Target"] = "AmazonPersonalize.CreateDatasetGroup"
    request.headers["Content-Type"] = "application/x-amz-json-1.1"
    botocore.auth.SigV4Auth(credentials, "personalize", server.region).add_auth(request)
    fields = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    head = f"POST / HTTP/1.1\r\nHost: {server.listen}\r\nConnection: close\r\n{fields}"
    head += f"Content-Length: {len(sent)}\r\n\r\n"

    answer = send(server, head.encode() + sent)

    assert answer.status == 400
    assert b"InvalidSignatureException" in answer.body
    assert server.client("personalize").list_dataset_groups()["datasetGroups"] == []


# --- Heads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_twenty_minutes_off_is_refused(server, s3, minutes):
    at = utc_now() + datetime.timedelta(minutes=minutes)
    request = Request(server, "GET", f"/{BUCKET}", "UNSIGNED-PAYLOAD", at=at)

    answer = send(server, request.head())

    assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed")
    assert b"<ServerTime>" in answer.body


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_fourteen_minutes_off_is_let_in(server, s3, minutes):
    at = utc_now() + datetime.timedelta(minutes=minutes)

    request = Request(server, "GET", f"/{BUCKET}", "UNSIGNED-PAYLOAD", at=at)

    assert send(server, request.head()).status == 200


def test_a_signature_for_one_object_opens_no_other(server, s3):
    s3.put_object(Bucket=BUCKET, Key="mine", Body=b"mine")
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"theirs")
    request = Request(server, "GET", f"/{BUCKET}/mine", "UNSIGNED-PAYLOAD")
    assert send(server, request.head()).body == b"mine"

    request.line = request.line.replace("mine", "theirs")
    answer = send(server, request.head())

    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    "change", [("GET", "DELETE"), ("mine ", "mine?acl "), ("mine ", "mine/ "), ("mine ", "./mine ")]
)
def test_a_changed_request_line_is_refused(server, s3, change):
    s3.put_object(Bucket=BUCKET, Key="mine", Body=b"mine")
    request = Request(server, "GET", f"/{BUCKET}/mine", "UNSIGNED-PAYLOAD")
    request.line = request.line.replace(*change)

    answer = send(server, request.head())

    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert exists(s3, "mine")


def test_an_added_amz_header_is_refused(server, s3):
    """An upload that somebody on the way turns into a copy."""
    s3.put_object(Bucket=BUCKET, Key="secret", Body=b"hidden")
    request = hashed_put(server, "copied", b"")
    request.fields.append(("x-amz-copy-source", f"{BUCKET}/secret"))

    answer = send(server, request.head())

    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert not exists(s3, "copied")


def test_of_requests_in_a_row_only_the_forged_one_is_refused(server, s3):
    s3.put_object(Bucket=BUCKET, Key="mine", Body=b"mine")
    good = Request(server, "GET", f"/{BUCKET}/mine", "UNSIGNED-PAYLOAD").head(close=False)
    digit = good.index(b"Signature=") + len(b"Signature=")
    other = b"1" if good[digit : digit + 1] == b"0" else b"0"
    forged = good[:digit] + other + good[digit + 1 :]
    last = Request(server, "GET", f"/{BUCKET}/mine", "UNSIGNED-PAYLOAD").head()

    raw = exchange(server, good + forged + last, half_close=False)

    answers = raw.split(b"HTTP/1.1 ")[1:]
    assert [int(answer[:3]) for answer in answers] == [200, 403, 200]


# --- Presigned -----------------------------------------------------------------------------------


def fetch(url, data=None, method=None):
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data=data, method=method), timeout=30
        ) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


@pytest.fixture
def s3v4(server, s3):
    """boto3 presigns by version 2 unless asked."""
    return server.client("s3", signature_version="s3v4")


def test_a_presigned_url_works_both_ways(server, s3, s3v4):
    key = "dir/a b+ü.csv"
    put = s3v4.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": key})
    get = s3v4.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})

    assert fetch(put, data=b"user,item", method="PUT")[0] == 200
    assert fetch(get) == (200, b"user,item")


def test_a_presigned_url_ends(server, s3, s3v4, monkeypatch):
    s3.put_object(Bucket=BUCKET, Key="mine", Body=b"mine")
    then = utc_now() - datetime.timedelta(minutes=10)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: then)

    def url(seconds):
        return s3v4.generate_presigned_url(
            "get_object", Params={"Bucket": BUCKET, "Key": "mine"}, ExpiresIn=seconds
        )

    ended, alive, endless = url(540), url(900), url(604801)

    status, body = fetch(ended)
    assert status == 403 and b"Request has expired" in body
    assert fetch(alive) == (200, b"mine")
    status, body = fetch(endless)
    assert status == 400 and b"AuthorizationQueryParametersError" in body


def test_a_changed_presigned_url_is_refused(server, s3, s3v4):
    s3.put_object(Bucket=BUCKET, Key="mine", Body=b"mine")
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"theirs")
    url = s3v4.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "mine"})
    assert fetch(url) == (200, b"mine")
    parts = urlsplit(url)

    for changed in (
        url.replace("/mine?", "/theirs?"),
        url.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200"),
        url + "&versionId=null",
        url.replace(parts.query, parts.query + "&X-Amz-Security-Token=t"),
    ):
        assert changed != url
        assert fetch(changed)[0] in (400, 403), changed
    assert fetch(url, method="DELETE")[0] == 403
    assert exists(s3, "mine")


def test_keys_of_an_assumed_role_are_let_in_also_after_a_restart(make_server):
    server = make_server()
    iam, sts = server.client("iam"), server.client("sts")
    trust = (
        '{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}}'
    )
    arn = iam.create_role(RoleName="Reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    given = sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]

    def client(service, token=given["SessionToken"]):
        return boto3.session.Session().client(
            service,
            endpoint_url=server.endpoint,
            region_name=server.region,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=token,
        )

    client("s3").create_bucket(Bucket="of-a-role")
    server.kill()
    server.restart()
    identity = client("sts").get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::000000000000:assumed-role/Reader/me"
    assert client("s3").list_buckets()["Buckets"][0]["Name"] == "of-a-role"
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client("sts", token="another").get_caller_identity()
    assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        server.client("sts").assume_role(RoleArn=arn + "2", RoleSessionName="me")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
