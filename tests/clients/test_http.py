"""The wire itself, byte by byte: what no well-behaved client sends, and how the server takes it."""

import base64
import contextlib
import re
import resource
import socket
import zlib

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

BUCKET = "wire"


@pytest.fixture(scope="module")
def s3(server):
    client = server.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


class Signer(botocore.auth.S3SigV4Auth):
    """Signs a payload hash that the caller gives."""

    def payload(self, request):
        return request.headers["X-Amz-Content-SHA256"]

    def _modify_request_before_signing(self, request):
        botocore.auth.SigV4Auth._modify_request_before_signing(self, request)


def signed_head(server, method, path, headers, payload_hash="UNSIGNED-PAYLOAD"):
    """A request's line and fields, signed for S3."""
    request = botocore.awsrequest.AWSRequest(
        method, f"{server.endpoint}{path}", {**headers, "X-Amz-Content-SHA256": payload_hash}
    )
    credentials = botocore.credentials.Credentials(
        server.exports["AWS_ACCESS_KEY_ID"], server.exports["AWS_SECRET_ACCESS_KEY"]
    )
    Signer(credentials, "s3", server.region).add_auth(request)
    fields = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: {server.listen}\r\n{fields}\r\n".encode()


def exchange(server, *pieces, half_close=False):
    """Sends the bytes and reads until the server closes, or until no more comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(65536):
            answer += block
        return answer


def statuses(answer):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


# --- Bodies in signed-trailer chunks -------------------------------------------------------------


def chunked_upload(server, key, chunks, checksum, decoded_length=None, end=True):
    body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    if end:
        body += b"0\r\nx-amz-checksum-crc32:" + checksum + b"\r\n\r\n"
    head = signed_head(
        server,
        "PUT",
        f"/{BUCKET}/{key}",
        {
            "Content-Encoding": "aws-chunked",
            "Content-Length": str(len(body)),
            "X-Amz-Decoded-Content-Length": str(
                sum(map(len, chunks)) if decoded_length is None else decoded_length
            ),
            "X-Amz-Trailer": "x-amz-checksum-crc32",
            "Connection": "close",
        },
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    )
    return head, body


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big"))


def keys(s3, prefix):
    return [
        item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    ]


CHUNKS = [b"x" * 70_000, b"y" * 9_000]


def test_a_chunked_upload_with_the_right_checksum_is_kept(server, s3):
    head, body = chunked_upload(server, "chunked/good", CHUNKS, crc32(b"".join(CHUNKS)))

    assert statuses(exchange(server, head, body)) == [200]
    assert s3.get_object(Bucket=BUCKET, Key="chunked/good")["Body"].read() == b"".join(CHUNKS)


@pytest.mark.parametrize("cut", [1, 40_000, 70_000, 79_000, 79_020])
def test_a_chunked_upload_that_is_cut_off_leaves_no_object(server, s3, cut):
    head, body = chunked_upload(server, f"chunked/cut-{cut}", CHUNKS, crc32(b"".join(CHUNKS)))

    exchange(server, head, body[:cut], half_close=True)

    assert keys(s3, f"chunked/cut-{cut}") == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("wrong checksum", {"checksum": crc32(b"other")}),
        ("no last chunk", {"end": False}),
        ("longer than it says", {"decoded_length": 78_999}),
        ("shorter than it says", {"decoded_length": 79_001}),
    ],
)
def test_a_chunked_upload_that_contradicts_itself_is_refused(server, s3, name, change):
    key = "chunked/" + name.replace(" ", "-")
    head, body = chunked_upload(
        server, key, CHUNKS, **{"checksum": crc32(b"".join(CHUNKS)), **change}
    )

    assert statuses(exchange(server, head, body)) == [400]
    assert keys(s3, key) == []


# --- Requests in a row ---------------------------------------------------------------------------


def test_of_pipelined_requests_only_the_unsigned_one_is_refused(server, s3):
    s3.put_object(Bucket=BUCKET, Key="secret", Body=b"hidden")
    signed = signed_head(server, "GET", f"/{BUCKET}/secret", {})
    last = signed_head(server, "GET", f"/{BUCKET}/secret", {"Connection": "close"})
    unsigned = f"GET /{BUCKET}/secret HTTP/1.1\r\nHost: {server.listen}\r\n\r\n".encode()

    answer = exchange(server, signed + unsigned + last)

    assert statuses(answer) == [200, 403, 200]
    assert answer.count(b"hidden") == 2


def test_two_lengths_are_refused(server):
    """What one side takes for a body and the other for a request must never be let in."""
    answer = exchange(
        server,
        (
            f"POST / HTTP/1.1\r\nHost: {server.listen}\r\nContent-Length: 5\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
        ).encode(),
    )

    assert statuses(answer) == [400]


def test_a_head_over_the_limit_is_refused(server):
    head = f"GET / HTTP/1.1\r\nHost: {server.listen}\r\nX-Long: {'x' * (1 << 20)}\r\n\r\n".encode()

    assert statuses(exchange(server, head)) == [431]
    assert server.is_ready()


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nbroken field\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(server, line):
    assert statuses(exchange(server, line, half_close=True)) == [400]
    assert server.is_ready()


def test_nobody_waits_for_a_thousand_slow_clients(server, s3):
    """Half of them stop within their request's head, half within its body."""
    count = 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * count)), hard))
    body = {"Content-Length": "1000"}
    beginnings = [
        f"GET /{BUCKET} HTTP/1.1\r\nHost: {server.listen}\r\nX-Slow: ".encode(),
        signed_head(server, "PUT", f"/{BUCKET}/slow", body) + b"x",
    ]
    with contextlib.ExitStack() as slow:
        for client in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            slow.enter_context(connection).sendall(beginnings[client % 2])

        for quick in range(20):
            newcomer = server.client("s3")  # by a connection of its own, which is refused if it waits
            newcomer.put_object(Bucket=BUCKET, Key="quick", Body=str(quick).encode())
            assert newcomer.get_object(Bucket=BUCKET, Key="quick")["Body"].read() == str(quick).encode()
        assert server.is_ready()
