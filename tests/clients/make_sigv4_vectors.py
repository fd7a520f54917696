"""Writes requests signed by botocore, with the bodies they promise, as JSON for the tests in C++.

    make_sigv4_vectors.py OUT.json

botocore signs the requests; it does not sign chunks, so the framing with chunk signatures and with
signed trailers is made here from its description in the S3 API reference, as are the CRCs that the
Python library lacks. Nothing of this comes from the code under test.
"""

import base64
import datetime
import hashlib
import hmac
import json
import random
import sys
import zlib
from urllib.parse import quote, urlsplit

import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 3, 14, 15, 9, 26)
REGION = "eu-central-1"
ACCESS_KEY = "AKIAUSHERTEST0000001"
SECRET = "s3cr3t/With+Special=Characters0123456789"
TOKEN = "FwoGZXIvYXdzEJr//////////wEaDExample+Token/With=Specials=="
HOST = "127.0.0.1:4566"


class FixedPayload(S3SigV4Auth):
    """Signs a value of x-amz-content-sha256 that botocore does not make by itself."""

    content_sha256 = ""

    def payload(self, request):
        return self.content_sha256


# ---- checksums --------------------------------------------------------------------------------


def reflected_crc(data, polynomial, width):
    mask = (1 << width) - 1
    crc = mask
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (polynomial if crc & 1 else 0)
    return (crc ^ mask).to_bytes(width // 8, "big")


CHECKSUMS = {
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "crc32c": lambda data: reflected_crc(data, 0x82F63B78, 32),
    "crc64nvme": lambda data: reflected_crc(data, 0x9A6C9329AC4BC9B5, 64),
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
}


def checksum_text(name, data):
    return base64.b64encode(CHECKSUMS[name](data)).decode()


# ---- aws-chunked ------------------------------------------------------------------------------


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(secret, date, region, service):
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac_sha256(key, part)
    return key


class ChunkChain:
    def __init__(self, seed, secret=SECRET, timestamp=None, region=REGION):
        self.previous = seed
        self.timestamp = timestamp or NOW.strftime("%Y%m%dT%H%M%SZ")
        date = self.timestamp[:8]
        self.scope = f"{date}/{region}/s3/aws4_request"
        self.key = signing_key(secret, date, region, "s3")

    def chunk(self, data):
        empty = hashlib.sha256(b"").hexdigest()
        text = "\n".join(
            ["AWS4-HMAC-SHA256-PAYLOAD", self.timestamp, self.scope, self.previous, empty]
            + [hashlib.sha256(data).hexdigest()]
        )
        self.previous = hmac_sha256(self.key, text).hex()
        return self.previous

    def trailer(self, canonical):
        text = "\n".join(
            ["AWS4-HMAC-SHA256-TRAILER", self.timestamp, self.scope, self.previous]
            + [hashlib.sha256(canonical.encode()).hexdigest()]
        )
        return hmac_sha256(self.key, text).hex()


def frame(data, chunk_size, chain=None, trailers=(), signed_trailer=False, blank_before=False):
    """The framed body. `trailers`: (name, value) pairs; None leaves the trailer section out."""
    out = bytearray()
    pieces = [data[at : at + chunk_size] for at in range(0, len(data), chunk_size)] + [b""]
    for piece in pieces:
        out += b"%x" % len(piece)
        if chain:
            out += b";chunk-signature=" + chain.chunk(piece).encode()
        out += b"\r\n"
        if piece:
            out += piece + b"\r\n"
    canonical = ""
    for name, value in trailers:
        canonical += f"{name}:{value}\n"
        # One signer in use ends the fields by LF and an empty line before the signature.
        out += f"{name}:{value}\n".encode() if blank_before else f"{name}:{value}\r\n".encode()
    if signed_trailer:
        if blank_before:
            out += b"\r\n"
        out += b"x-amz-trailer-signature:" + chain.trailer(canonical).encode() + b"\r\n"
    out += b"\r\n"
    return bytes(out)


# ---- vectors ----------------------------------------------------------------------------------


class Vectors:
    def __init__(self):
        self.rows = []

    def add(self, name, rules, request, body, decoded=None, token=None, late_seconds=5):
        prepared = request.prepare()
        parts = urlsplit(prepared.url)
        target = parts.path or "/"
        if parts.query:
            target += "?" + parts.query
        headers = [[key, value] for key, value in request.headers.items()]
        if not any(key.lower() == "host" for key, _ in headers):
            headers.insert(0, ["Host", parts.netloc])
        headers.append(["User-Agent", "Boto3/1.44 md/Botocore"])
        self.rows.append(
            {
                "name": name,
                "rules": rules,
                "method": request.method,
                "target": target,
                "headers": headers,
                "body": base64.b64encode(body).decode(),
                "decoded": base64.b64encode(body if decoded is None else decoded).decode(),
                "token": token or "",
                "now": (NOW + datetime.timedelta(seconds=late_seconds)).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                ),
            }
        )


def credentials(token=None):
    return Credentials(ACCESS_KEY, SECRET, token)


def make_request(method, path, query="", headers=(), body=b"", host=HOST, context=None):
    url = f"http://{host}{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method=method, url=url, data=body or b"")
    for name, value in headers:
        request.headers.add_header(name, value)
    request.context.update(context or {})
    return request


def s3(vectors, name, method, path, token=None, body=b"", **kwargs):
    request = make_request(method, path, body=body, **kwargs)
    S3SigV4Auth(credentials(token), "s3", REGION).add_auth(request)
    vectors.add("s3 " + name, "s3", request, body, token=token)


def s3_framed(vectors, name, content_sha256, data, make_body, headers=()):
    """`make_body` gets the seed signature and gives the framed body."""
    request = make_request(
        "PUT",
        "/bucket/framed.bin",
        headers=[
            ("Content-Encoding", "aws-chunked"),
            ("X-Amz-Decoded-Content-Length", str(len(data))),
            *headers,
        ],
    )
    signer = FixedPayload(credentials(), "s3", REGION)
    signer.content_sha256 = content_sha256
    signer.add_auth(request)
    seed = request.headers["Authorization"].rsplit("Signature=", 1)[1]
    vectors.add("s3 " + name, "s3", request, make_body(seed), decoded=data)


def service(vectors, name, method, path, signing_name, token=None, body=b"", **kwargs):
    request = make_request(method, path, body=body, **kwargs)
    SigV4Auth(credentials(token), signing_name, REGION).add_auth(request)
    vectors.add("service " + name, "service", request, body, token=token)


def presigned(vectors, name, signer, method, path, signing_name, token=None, expires=900, body=b"",
              late_seconds=5, **kwargs):
    request = make_request(method, path, **kwargs)
    signer(credentials(token), signing_name, REGION, expires=expires).add_auth(request)
    rules = "s3" if signer is S3SigV4QueryAuth else "service"
    vectors.add("presigned " + name, rules, request, body, token=token, late_seconds=late_seconds)


def add_s3(vectors):
    odd_keys = [
        "plain.txt", "with space.txt", "plus+and%percent", "tilde~dash-dot.under_", "a//b///c",
        "./dot/../dotdot/.", "eq=amp&semi;colon:at@", "paren(1)'quote'!star*", "comma,dollar$hash#",
        "ünïcödé/ключ/鍵", "emoji-🎬.csv", "back\\slash", "trailing/", "[brackets]{braces}|pipe^",
        "quote\"less<more>", "tick`", "new\nline", "null\x01ctl", "movie-lens/batch/results//x.out",
    ]
    for key in odd_keys:
        path = "/bucket/" + quote(key, safe="/~")
        s3(vectors, f"GET key {key!r}", "GET", path)
        s3(vectors, f"PUT key {key!r}", "PUT", path, body=key.encode())
        presigned(vectors, f"GET key {key!r}", S3SigV4QueryAuth, "GET", path, "s3")
    for query in [
        "list-type=2", "list-type=2&prefix=&delimiter=%2F", "acl", "tagging=", "uploads",
        "partNumber=2&uploadId=abc%2Fdef%3D%3D", "prefix=a%20b%2Bc%25&max-keys=10",
        "a=2&a=1&a=10", "B=1&a=2&A=3&b=4", "x-id=GetObject&versionId=null",
        "prefix=%D0%BA%D0%BB%D1%8E%D1%87&encoding-type=url", "q=~-._&%24=%26", "a=&a&a=b",
        "a-b=1&a=2&a%3Db=3", "k=v%3D%3D&k=v%3D",
    ]:
        s3(vectors, f"query {query}", "GET", "/bucket", query=query)
        service(vectors, f"query {query}", "GET", "/tags", "lambda", query=query)
    s3(vectors, "root", "GET", "/")
    s3(vectors, "virtual host", "GET", "/key", host="bucket.localhost:4566")
    s3(vectors, "ipv6", "GET", "/bucket/key", host="[::1]:4566")
    s3(vectors, "session token", "PUT", "/bucket/key", token=TOKEN, body=b"x")
    s3(vectors, "metadata", "PUT", "/bucket/key", body=b"\0\xff" * 3000, headers=[
        ("Content-Type", "text/csv; charset=utf-8"), ("Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="),
        ("x-amz-meta-spaces", "   many    inner \t spaces   "), ("x-amz-meta-Upper-Name", "MiXeD"),
        ("x-amz-meta-empty", ""), ("x-amz-meta-quoted", '"a   b"'),
        ("x-amz-storage-class", "STANDARD"), ("Expect", "100-continue"),
    ])
    s3(vectors, "unicode metadata", "PUT", "/bucket/key", headers=[("x-amz-meta-title", "ünï 鍵")])
    s3(vectors, "duplicate headers", "PUT", "/bucket/key", headers=[
        ("x-amz-meta-a", "2"), ("x-amz-meta-a", "1"), ("X-Amz-Meta-A", "  3  "),
        ("Range", "bytes=0-9"),
    ])
    s3(vectors, "copy", "PUT", "/bucket/to", headers=[("x-amz-copy-source", "bucket/fr%C3%B6m%20x")])
    s3(vectors, "unsigned payload", "PUT", "/bucket/key", body=b"anything",
       context={"client_config": type("C", (), {"s3": {"payload_signing_enabled": False}})()})
    s3(vectors, "delete", "DELETE", "/bucket/key")
    s3(vectors, "head", "HEAD", "/bucket/key")


def add_framed(vectors):
    def pattern(size):
        return random.Random(size).randbytes(size)

    signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    for size, chunk in [(0, 8192), (1, 8192), (8192, 8192), (8193, 8192), (70000, 65536),
                        (300000, 9000), (100, 7)]:
        data = pattern(size)
        s3_framed(vectors, f"signed chunks {size}/{chunk}", signed, data,
                  lambda seed: frame(data, chunk, ChunkChain(seed)))
    for name in CHECKSUMS:
        for size, chunk in [(0, 8192), (20000, 8192)]:
            data = pattern(size)
            header = "x-amz-checksum-" + name
            trailers = [(header, checksum_text(name, data))]
            announce = [("X-Amz-Trailer", header), ("X-Amz-Sdk-Checksum-Algorithm", name.upper())]
            s3_framed(vectors, f"unsigned chunks with {name} {size}",
                      "STREAMING-UNSIGNED-PAYLOAD-TRAILER", data,
                      lambda seed: frame(data, chunk, trailers=trailers), announce)
            for blank in (False, True):
                s3_framed(
                    vectors, f"signed chunks with {name} {size} blank={blank}", signed + "-TRAILER",
                    data,
                    lambda seed: frame(data, chunk, ChunkChain(seed), trailers, True, blank),
                    announce,
                )
    # As botocore itself frames an upload.
    from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
    import io

    data = pattern(1_100_000)
    wrapper = AwsChunkedWrapper(io.BytesIO(data), checksum_cls=Crc32Checksum,
                                checksum_name="x-amz-checksum-crc32")
    s3_framed(vectors, "chunks framed by botocore", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", data,
              lambda seed: wrapper.read(), [("X-Amz-Trailer", "x-amz-checksum-crc32")])


def add_services(vectors):
    target = [("X-Amz-Target", "AmazonPersonalize.CreateCampaign"),
              ("Content-Type", "application/x-amz-json-1.1")]
    service(vectors, "json", "POST", "/", "personalize", headers=target, body=b'{"name": "m"}')
    service(vectors, "json empty", "POST", "/", "personalize", headers=target, body=b"{}")
    service(vectors, "json token", "POST", "/", "personalize", headers=target, body=b"{}",
            token=TOKEN)
    service(vectors, "rest-json", "POST", "/recommendations", "personalize",
            headers=[("Content-Type", "application/json")], body=b'{"userId": "1"}')
    service(vectors, "query", "POST", "/", "iam",
            headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            body=b"Action=ListRoles&Version=2010-05-08&PathPrefix=%2F")
    arn = quote("arn:aws:lambda:eu-central-1:000000000000:function:f", safe="")
    service(vectors, "arn in path", "POST", f"/2015-03-31/functions/{arn}/invocations", "lambda",
            body=b"null")
    service(vectors, "date header", "POST", "/", "sts",
            headers=[("Date", "Thu, 01 Jan 1970 00:00:00 GMT")], body=b"Action=GetCallerIdentity")
    for path in ["//a//b/", "/a/./b/../c", "/%20/%2F/", "/ünï/鍵", "/a%2Bb+c", "/..", "/~t"]:
        service(vectors, f"path {path}", "GET", quote(path, safe="/%~+"), "apigateway")
    service(vectors, "header folding", "GET", "/", "lambda",
            headers=[("My-Header", "  a   b\t c "), ("my-header", ""), ("My-Header", "z")])


def add_presigned(vectors):
    presigned(vectors, "PUT", S3SigV4QueryAuth, "PUT", "/bucket/key", "s3", body=b"whatever comes")
    presigned(vectors, "signed headers", S3SigV4QueryAuth, "PUT", "/bucket/key", "s3",
              headers=[("Content-Type", "text/csv"), ("x-amz-meta-a", "b  c")], body=b"a,b")
    presigned(vectors, "token", S3SigV4QueryAuth, "GET", "/bucket/key", "s3", token=TOKEN)
    presigned(vectors, "one second", S3SigV4QueryAuth, "GET", "/bucket/key", "s3", expires=1,
              late_seconds=1)
    presigned(vectors, "a week", S3SigV4QueryAuth, "GET", "/bucket/key", "s3", expires=604800,
              late_seconds=604800)
    presigned(vectors, "response override", S3SigV4QueryAuth, "GET", "/bucket/key", "s3",
              query="response-content-disposition=attachment%3B%20filename%3D%22a%20b.csv%22"
                    "&versionId=v")
    presigned(vectors, "sts", SigV4QueryAuth, "GET", "/", "sts",
              query="Action=GetCallerIdentity&Version=2011-06-15")
    presigned(vectors, "sts token", SigV4QueryAuth, "GET", "/", "sts", token=TOKEN,
              query="Action=GetCallerIdentity&Version=2011-06-15",
              headers=[("x-k8s-aws-id", "cluster")])


def add_random(vectors, count):
    """Requests nobody thought of: any character in paths, queries, header values and bodies."""
    rng = random.Random(20260314)
    letters = "abcXYZ019-._~ /+%&=?#:;,@!$'()*[]{}|\\^`\"<>éж鍵🎬\t"

    def text(low, high):
        return "".join(rng.choice(letters) for _ in range(rng.randint(low, high)))

    for number in range(count):
        path = "/" + quote(text(0, 24), safe="/~")
        pairs = [(text(1, 6), text(0, 8)) for _ in range(rng.randint(0, 6))]
        query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in pairs)
        printable = "".join(c for c in letters if c != "\t")
        headers = [
            (f"x-amz-meta-{rng.choice('abc')}",
             "".join(rng.choice(printable) for _ in range(rng.randint(0, 20))))
            for _ in range(rng.randint(0, 5))
        ]
        body = rng.randbytes(rng.choice([0, 1, 50, 5000]))
        method = rng.choice(["GET", "PUT", "POST", "DELETE"])
        token = rng.choice([None, TOKEN])
        kind = rng.choice([s3, service])
        extra = {"signing_name": "glue"} if kind is service else {}
        kind(vectors, f"random {number}", method, path, token=token, body=body, query=query,
             headers=headers, **extra)


def main():
    botocore.auth.get_current_datetime = lambda *_, **__: NOW
    vectors = Vectors()
    add_s3(vectors)
    add_framed(vectors)
    add_services(vectors)
    add_presigned(vectors)
    add_random(vectors, 200)
    document = {
        "access_key_id": ACCESS_KEY,
        "secret": SECRET,
        "region": REGION,
        "vectors": vectors.rows,
    }
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(document, out)


if __name__ == "__main__":
    main()
