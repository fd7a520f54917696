"""Plays a scenario: requests and the answers they must get, as text (tests/scenarios/README.md)."""

import fnmatch
import http.client
import json
import re
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

import botocore.auth
import botocore.awsrequest
import botocore.credentials

MAX_FILE_BYTES = 64 << 10
# Signing name and X-Amz-Target prefix of the services whose operations are called by name.
JSON_SERVICES = {
    "cloudwatch": ("monitoring", "GraniteServiceVersion20100801", "application/x-amz-json-1.0"),
    "glue": ("glue", "AWSGlue", "application/x-amz-json-1.1"),
    "logs": ("logs", "Logs_20140328", "application/x-amz-json-1.1"),
    "personalize": ("personalize", "AmazonPersonalize", "application/x-amz-json-1.1"),
    "stepfunctions": ("states", "AWSStepFunctions", "application/x-amz-json-1.0"),
}


class ScenarioError(Exception):
    """The scenario's text is not right."""


@dataclass
class Exchange:
    """One request and what its answer must look like."""

    line: int
    method: str = "POST"
    target: str = "/"
    signed_as: str | None = None
    headers: list = field(default_factory=list)
    body: str = ""
    status: int | None = None
    answer_json: object = None
    answer_headers: list = field(default_factory=list)
    answer_bodies: list = field(default_factory=list)
    kept: list = field(default_factory=list)


def read(path):
    """The exchanges of a file."""
    text = Path(path).read_text(encoding="utf-8")
    if len(text) > MAX_FILE_BYTES:
        raise ScenarioError(f"{path} is too long for a scenario")
    exchanges = []
    for number, words, rest in _statements(text):
        try:
            _take(exchanges, number, words, rest)
        except (ValueError, IndexError) as error:
            raise ScenarioError(f"{path}:{number}: {error}") from error
    for exchange in exchanges:
        if exchange.status is None:
            raise ScenarioError(f"{path}:{exchange.line}: no `answers` after this request")
    return exchanges


def _statements(text):
    """(line number, keyword, rest); an indented line goes on with the one before."""
    statements = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            statements[-1][2] += "\n" + line.strip()
        else:
            keyword, _, rest = line.partition(" ")
            statements.append([number, keyword, rest.strip()])
    return statements


def _take(exchanges, number, keyword, rest):
    if keyword == "call":
        operation, _, body = rest.partition(" ")
        service, _, name = operation.partition(".")
        signed_as, prefix, content_type = JSON_SERVICES[service]
        exchanges.append(
            Exchange(
                number,
                signed_as=signed_as,
                body=body.strip() or "{}",
                headers=[("X-Amz-Target", f"{prefix}.{name}"), ("Content-Type", content_type)],
            )
        )
    elif keyword == "send":
        words = rest.split()
        exchange = Exchange(number, method=words[0], target=words[1])
        if words[2:3] == ["as"]:
            exchange.signed_as = words[3]
        elif words[2:] != ["unsigned"]:
            raise ValueError("a request ends in `as SERVICE` or in `unsigned`")
        exchanges.append(exchange)
    elif keyword == "header":
        name, _, value = rest.partition(":")
        exchange = exchanges[-1]
        (exchange.headers if exchange.status is None else exchange.answer_headers).append(
            (name.strip(), value.strip())
        )
    elif keyword == "body":
        if exchanges[-1].status is None:
            exchanges[-1].body = rest
        else:
            exchanges[-1].answer_bodies.append(rest)
    elif keyword == "answers":
        status, _, body = rest.partition(" ")
        exchanges[-1].status = int(status)
        exchanges[-1].answer_json = body.strip() or None
    elif keyword == "keep":
        name, _, pattern = rest.partition(" ")
        exchanges[-1].kept.append((name, pattern))
    else:
        raise ValueError(f"unknown keyword {keyword!r}")


def play(path, server):
    kept = {}
    for exchange in read(path):
        status, headers, body = _send(exchange, server, kept)
        where = f"{path}:{exchange.line}: {exchange.method} {exchange.target}"
        told = f"answered {status} {dict(headers)}\n{body}"
        assert status == exchange.status, f"{where} {told}"
        for name, pattern in exchange.answer_headers:
            value = headers.get(name)
            if pattern == "absent":
                assert value is None, f"{where}: has {name}; {told}"
            else:
                assert value is not None, f"{where}: no {name}; {told}"
                assert matches(
                    value, _filled(pattern, kept)
                ), f"{where}: {name} is {value!r}; {told}"
        if exchange.answer_json is not None:
            wanted = json.loads(_filled(exchange.answer_json, kept))
            compare(json.loads(body), wanted, f"{where}: {told}\nat $")
        for pattern in exchange.answer_bodies:
            wanted = _filled(pattern, kept)
            assert matches(body, wanted), f"{where}: expected {wanted!r}; {told}"
        for name, pattern in exchange.kept:
            found = re.search(pattern, body)
            assert found, f"{where}: nothing matches {pattern!r}; {told}"
            kept[name] = found.group(1)


def _send(exchange, server, kept):
    target = _filled(exchange.target, kept)
    body = _filled(exchange.body, kept).encode()
    headers = [(name, _filled(value, kept)) for name, value in exchange.headers]
    if exchange.signed_as:
        headers = _signed(exchange, target, headers, body, server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.putrequest(exchange.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", server.listen), *headers]:
            connection.putheader(name, value)
        if body or exchange.method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def _signed(exchange, target, headers, body, server):
    """The headers with those of Signature Version 4 added, by botocore's own signer."""
    request = botocore.awsrequest.AWSRequest(
        exchange.method, f"{server.endpoint}{target}", dict(headers), body
    )
    credentials = botocore.credentials.Credentials(
        server.exports["AWS_ACCESS_KEY_ID"], server.exports["AWS_SECRET_ACCESS_KEY"]
    )
    signer = botocore.auth.S3SigV4Auth if exchange.signed_as == "s3" else botocore.auth.SigV4Auth
    path, _, query = target.partition("?")
    request.url = f"{server.endpoint}{path}"
    request.params = urllib.parse.parse_qsl(query, keep_blank_values=True)
    signer(credentials, exchange.signed_as, server.region).add_auth(request)
    return list(request.headers.items())


def _filled(text, kept):
    for name, value in kept.items():
        text = text.replace("{" + name + "}", value)
    return text


def matches(text, pattern):
    """`*` stands for any text, everything else for itself."""
    escaped = "".join("*" if part == "*" else _escape(part) for part in re.split(r"(\*)", pattern))
    return fnmatch.fnmatchcase(text, escaped)


def _escape(text):
    return re.sub(r"([\[?])", r"[\1]", text)


def compare(found, wanted, where):
    """Objects hold what is wanted, and nothing beside it unless there is a member "…"."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict), f"{where} is no object"
        open_ended = "…" in wanted
        names = set(wanted) - {"…"}
        assert names <= set(found), f"{where} misses {sorted(names - set(found))}"
        assert open_ended or names == set(found), f"{where} has also {sorted(set(found) - names)}"
        for name in names:
            compare(found[name], wanted[name], f"{where}.{name}")
    elif isinstance(wanted, list):
        assert isinstance(found, list), f"{where} is no list"
        assert len(found) == len(wanted), f"{where} has {len(found)} members"
        for index, one in enumerate(wanted):
            compare(found[index], one, f"{where}[{index}]")
    elif isinstance(wanted, str):
        text = found if isinstance(found, str) else json.dumps(found)
        assert matches(text, wanted), f"{where} is {found!r}, not {wanted!r}"
    else:
        assert found == wanted, f"{where} is {found!r}, not {wanted!r}"
