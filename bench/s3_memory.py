#!/usr/bin/env python3
"""How much the server's memory grows while large objects go in and out, and how fast they do.

  bench/s3_memory.py                       1 GiB by PutObject and GetObject, 2 GiB by `aws s3 cp`
  bench/s3_memory.py --mib 256 --no-cli    smaller, and without the aws command

Starts a server of its own on a fresh data folder. Memory is the resident set of its process, read every
10 ms; growth is counted from what it was before each step. The client shares the machine with the server,
so the server's own processor time is given beside the rate.
"""
import argparse
import base64
import hashlib
import hmac
import http.client
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import zlib

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = 1 << 20
CHUNK = 1 << 16
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Server:
    def __init__(self, usher, folder):
        self.process = subprocess.Popen(
            [usher, "serve", "--data", folder, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        banner = self.process.stdout.readline()
        if not banner:
            sys.exit("s3_memory.py: the server did not start")
        self.address = banner.split()[-1].removeprefix("http://")
        exports = subprocess.run([usher, "env", "--data", folder, "--listen", self.address], check=True, capture_output=True, text=True).stdout
        lines = [line.removeprefix("export ").split("=", 1) for line in exports.splitlines() if line.startswith("export ")]
        self.settings = {name: value.strip("'\"") for name, value in lines}
        self.credentials = Credentials(self.settings["AWS_ACCESS_KEY_ID"], self.settings["AWS_SECRET_ACCESS_KEY"])

    def resident_mib(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sign(self, method, path, headers, content_sha256):
        request = AWSRequest(method, f"http://{self.address}{path}", {"x-amz-content-sha256": content_sha256, **headers})
        signer = SigV4Auth(self.credentials, "s3", "us-east-1")
        signer.payload = lambda _: content_sha256
        signer.add_auth(request)
        return dict(request.headers.items())

    def send(self, method, path, headers, content_sha256, body=None):
        connection = http.client.HTTPConnection(self.address, blocksize=BLOCK)
        signed = self.sign(method, path, headers, content_sha256)
        connection.request(method, path, body=body(signed) if callable(body) else body, headers=signed,
                           encode_chunked="Transfer-Encoding" in headers)
        answer = connection.getresponse()
        if answer.status != 200:
            sys.exit(f"s3_memory.py: {method} {path}: {answer.status} {answer.read().decode()}")
        return answer


class Growth:
    """Highest resident set above the one at the start."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.begin = self.highest = self.server.resident_mib()
        self.done = threading.Event()
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()
        return self

    def watch(self):
        while not self.done.wait(0.01):
            self.highest = max(self.highest, self.server.resident_mib())

    def __exit__(self, *_):
        self.done.set()
        self.watcher.join()
        self.mib = self.highest - self.begin


def blocks(path):
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            yield block


def trailer_of(path):
    crc = 0
    for block in blocks(path):
        crc = zlib.crc32(block, crc)
    return f"x-amz-checksum-crc32:{base64.b64encode(crc.to_bytes(4, 'big')).decode()}"


def unsigned_chunks(path, trailer):
    for block in blocks(path):
        yield b"%x\r\n%s\r\n" % (len(block), block)
    yield f"0\r\n{trailer}\r\n\r\n".encode()


def signed_chunks(path, trailer, server, headers):
    """Each chunk's signature covers the one before; the first covers the request's own."""
    stamp = headers["X-Amz-Date"]
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    key = ("AWS4" + server.credentials.secret_key).encode()
    for part in (stamp[:8], "us-east-1", "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    previous = headers["Authorization"].rsplit("=", 1)[1]
    empty = hashlib.sha256().hexdigest()

    def next_signature(kind, *lines):
        nonlocal previous
        text = "\n".join((kind, stamp, scope, previous, *lines))
        previous = hmac.new(key, text.encode(), "sha256").hexdigest()
        return previous

    for block in blocks(path):
        out = []
        for at in range(0, len(block), CHUNK):
            chunk = block[at:at + CHUNK]
            signature = next_signature("AWS4-HMAC-SHA256-PAYLOAD", empty, hashlib.sha256(chunk).hexdigest())
            out.append(b"%x;chunk-signature=%s\r\n%s\r\n" % (len(chunk), signature.encode(), chunk))
        yield b"".join(out)
    last = next_signature("AWS4-HMAC-SHA256-PAYLOAD", empty, empty)
    of_trailer = next_signature("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(f"{trailer}\n".encode()).hexdigest())
    yield f"0;chunk-signature={last}\r\n{trailer}\r\nx-amz-trailer-signature:{of_trailer}\r\n\r\n".encode()


def measure(server, name, size_mib, step):
    with Growth(server) as growth:
        begin, begin_cpu = time.perf_counter(), server.cpu_seconds()
        step()
        seconds, cpu_seconds = time.perf_counter() - begin, server.cpu_seconds() - begin_cpu
    print(f"{name:<40} {size_mib / seconds:7.0f} MiB/s {cpu_seconds / size_mib * 1024:8.2f} s {growth.mib:+9.1f} MiB")


def download(server, path, expected_sha256):
    def step():
        answer = server.send("GET", path, {}, "UNSIGNED-PAYLOAD")
        digest = hashlib.sha256()
        while block := answer.read(BLOCK):
            digest.update(block)
        if digest.hexdigest() != expected_sha256:
            sys.exit(f"s3_memory.py: GET {path} gave other bytes")
    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=1024, help="size of the object")
    parser.add_argument("--no-cli", action="store_true", help="leave out `aws s3 cp` of twice the size")
    parser.add_argument("--usher", type=pathlib.Path, default=ROOT / "build" / "release" / "bin" / "usher")
    arguments = parser.parse_args()
    size = arguments.mib << 20

    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        file = pathlib.Path(folder) / "object"
        digest = hashlib.sha256()
        pattern = os.urandom(BLOCK)
        with open(file, "wb") as out:
            for number in range(arguments.mib):
                block = number.to_bytes(8, "big") + pattern[8:]
                digest.update(block)
                out.write(block)
        sha256 = digest.hexdigest()
        trailer = trailer_of(file)

        server = Server(arguments.usher, pathlib.Path(folder) / "data")
        try:
            server.send("PUT", "/bench", {}, hashlib.sha256().hexdigest())
            server.send("PUT", "/bench/warm", {"Content-Length": "1"}, "UNSIGNED-PAYLOAD", b"x")
            server.send("GET", "/bench/warm", {}, "UNSIGNED-PAYLOAD").read()
            print(f"resident set before: {server.resident_mib():.1f} MiB")
            print(f"{'':<40} {'rate':>13} {'CPU a GiB':>10} {'growth':>13}")

            plain = {"Content-Length": str(size)}
            framed = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(size),
                      "x-amz-trailer": "x-amz-checksum-crc32", "Transfer-Encoding": "chunked"}
            measure(server, "PutObject, payload signed", arguments.mib,
                    lambda: server.send("PUT", "/bench/signed", plain, sha256, lambda _: blocks(file)))
            measure(server, "GetObject", arguments.mib, download(server, "/bench/signed", sha256))
            measure(server, "PutObject, unsigned chunks and trailer", arguments.mib,
                    lambda: server.send("PUT", "/bench/chunks", framed, UNSIGNED_CHUNKS,
                                        lambda _: unsigned_chunks(file, trailer)))
            measure(server, "PutObject, signed chunks and trailer", arguments.mib,
                    lambda: server.send("PUT", "/bench/chunks", framed, SIGNED_CHUNKS,
                                        lambda headers: signed_chunks(file, trailer, server, headers)))
            measure(server, "GetObject", arguments.mib, download(server, "/bench/chunks", sha256))
            if not arguments.no_cli:
                twice = pathlib.Path(folder) / "twice"
                subprocess.run(f"cat {file} {file} > {twice}", shell=True, check=True)
                environment = {**os.environ, **server.settings}
                aws = ROOT / ".venv" / "bin" / "aws"

                def copy(*ends):
                    subprocess.run([aws, "s3", "cp", "--only-show-errors", *ends], check=True, env=environment)

                measure(server, "aws s3 cp, up", 2 * arguments.mib, lambda: copy(twice, "s3://bench/twice"))
                twice.unlink()
                measure(server, "aws s3 cp, down", 2 * arguments.mib, lambda: copy("s3://bench/twice", twice))
                subprocess.run(f"cat {file} {file} | cmp - {twice}", shell=True, check=True)
        finally:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
