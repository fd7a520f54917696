"""Functions that misbehave, and zips that are traps: each harms itself alone."""

import base64
import io
import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from lambda_code import ECHO, ROLE, create, eventually, invoke, zip_of


@pytest.fixture(scope="module")
def functions(server):
    return server.client("lambda", read_timeout=120)


def processes_of(server, function):
    """Pids of the function's processes, of this server alone: other tests may run beside this."""
    marks = (
        f"AWS_LAMBDA_FUNCTION_NAME={function}\0".encode(),
        f"AWS_ENDPOINT_URL={server.endpoint}\0".encode(),
    )
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if all(mark in environment for mark in marks):
                found.append(int(entry.name))
    return found


def is_well(functions):
    if not exists(functions, "well"):
        create(functions, "well")
    return invoke(functions, "well", "still here")[0] == "still here"


def exists(functions, name):
    try:
        functions.get_function(FunctionName=name)
        return True
    except ClientError:
        return False


def test_a_fork_bomb_is_ended_whole(server, functions):
    source = """
import os, time
def lambda_handler(event, context):
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)
"""
    create(functions, "bomb", source, Timeout=5)
    payload, answer = invoke(functions, "bomb")

    assert answer["FunctionError"] == "Unhandled"
    assert "more than 256 processes" in payload["errorMessage"] or "timed out" in str(payload)
    eventually(lambda: not processes_of(server, "bomb"), 10)
    assert is_well(functions)


def test_endless_output_is_cut_with_a_line_that_says_so(functions):
    source = """
import sys
def lambda_handler(event, context):
    while True:
        print("x" * 1000)
"""
    create(functions, "endless", source, Timeout=2)
    payload, answer = invoke(functions, "endless", LogType="Tail")

    assert "timed out" in payload["errorMessage"]
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "The output of this invocation is longer than" in tail and "END RequestId" in tail
    assert is_well(functions)


def test_a_function_that_ignores_sigterm_and_leaves_its_group_is_ended(server, functions):
    source = """
import os, signal, subprocess, sys, time
def lambda_handler(event, context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    time.sleep(600)
"""
    create(functions, "stubborn", source, Timeout=1)
    payload, _ = invoke(functions, "stubborn")
    assert "timed out" in payload["errorMessage"]
    eventually(lambda: not processes_of(server, "stubborn"), 10)


@pytest.mark.parametrize(
    "ending, words",
    [
        ("os._exit(3)", "exit status 3"),
        ("os.kill(os.getpid(), 9)", "signal: KILL"),
        ("sys.exit(0)", "exit status 0"),
    ],
)
def test_a_process_that_ends_is_a_failed_invocation_and_a_new_one_starts(functions, ending, words):
    name = "ending-" + ending[:6].replace(".", "-").replace("_", "-")
    source = f"import os, sys\ndef lambda_handler(event, context):\n  if event: {ending}\n"
    create(functions, name, source)
    payload, answer = invoke(functions, name, True)
    if ending != "sys.exit(0)":  # the runtime reports that one as an error of the function
        assert payload["errorType"] == "Runtime.ExitError" and words in payload["errorMessage"]
    assert answer["FunctionError"] == "Unhandled"
    assert invoke(functions, name, False)[0] is None


def test_a_sandbox_that_ends_while_idle_is_not_noticed(functions):
    source = """
import os, threading
def lambda_handler(event, context):
    threading.Timer(0.2, lambda: os._exit(1)).start()
    return os.getpid()
"""
    create(functions, "restless", source)
    first = invoke(functions, "restless")[0]
    eventually(lambda: not Path(f"/proc/{first}").exists() or is_zombie(first), 10)
    payload, answer = invoke(functions, "restless")
    assert "FunctionError" not in answer and payload != first


def is_zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z"
    except OSError:
        return True


HOSTILE_RUNTIME = f"#!{sys.executable}" + """
import json, os, socket, urllib.error, urllib.request
address = os.environ["AWS_LAMBDA_RUNTIME_API"]
api = "http://" + address + "/2018-06-01/runtime/"
def raw(text):
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 5) as peer:
        peer.sendall(text)
        peer.settimeout(5)
        return peer.recv(200).split(b"\\r\\n")[0].decode()
def post(path, body):
    try:
        with urllib.request.urlopen(api + path, body, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
seen = {}
while True:
    with urllib.request.urlopen(api + "invocation/next") as work:
        request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(work)
    if event == "broken":
        seen["no http"] = raw(b"what is this\\r\\n\\r\\n")
        seen["bare lf"] = raw(b"GET / HTTP/1.1\\nHost: x\\n\\n")
        seen["long head"] = raw(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nA: " + b"a" * (2 << 20))
        seen["huge body"] = raw(b"POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nHost: x\\r\\n"
                                b"Content-Length: 99999999999\\r\\n\\r\\n")
        seen["nowhere"] = post("invocation/other", b"")
        seen["foreign id"] = post("invocation/0-0-0/response", b"1")
        seen["next again"] = raw(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        seen["init error late"] = post("init/error", b"{}")
    body = json.dumps(seen).encode()
    seen["first"] = post("invocation/" + request_id + "/response", body)
    seen["second"] = post("invocation/" + request_id + "/response", b'"the second"')
    seen["then error"] = post("invocation/" + request_id + "/error", b"{}")
"""


def test_broken_calls_of_the_runtime_api_are_refused_with_the_invocation_as_it_was(functions):
    create(
        functions,
        "hostile-runtime",
        Runtime="provided.al2023",
        Code={"ZipFile": zip_of({"bootstrap!": HOSTILE_RUNTIME})},
    )
    seen, answer = invoke(functions, "hostile-runtime", "broken")

    assert "FunctionError" not in answer, seen
    assert seen["no http"].startswith("HTTP/1.1 400")
    assert seen["bare lf"].startswith("HTTP/1.1 400")
    assert seen["long head"].startswith("HTTP/1.1 4")
    assert seen["huge body"].startswith("HTTP/1.1 413")
    assert seen["nowhere"] == 404 and seen["foreign id"] == 400
    assert seen["next again"].startswith("HTTP/1.1 403") and seen["init error late"] == 403

    # Two responses for one request: the first counts, the others are refused.
    seen, answer = invoke(functions, "hostile-runtime", "what came of the others?")
    assert "FunctionError" not in answer
    assert seen["first"] == 202 and seen["second"] == 403 and seen["then error"] == 403


def test_nobody_gets_a_port_of_a_sandbox_to_himself(functions):
    source = """
import os, socket
def lambda_handler(event, context):
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    kept = [socket.create_connection((host, int(port))) for _ in range(100)]
    return len(kept)
"""
    create(functions, "greedy", source)
    payload, answer = invoke(functions, "greedy")
    assert payload == 100 and "FunctionError" not in answer


def trap(write):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("lambda_function.py", ECHO)
        write(archive)
    return out.getvalue()


def link(archive):
    entry = zipfile.ZipInfo("link")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(entry, "/etc/passwd")


def twice(archive):
    with pytest.warns(UserWarning):
        archive.writestr("lambda_function.py", "other")


TRAPS = {
    "parent": (lambda archive: archive.writestr("../outside.py", "x"), "'..'"),
    "deep parent": (lambda archive: archive.writestr("a/../../outside.py", "x"), "'..'"),
    "absolute": (lambda archive: archive.writestr("/tmp/outside.py", "x"), "absolute"),
    "backslash": (lambda archive: archive.writestr("..\\outside.py", "x"), "backslash"),
    "link": (link, "symbolic link"),
    "twice": (twice, "already exists"),
}


@pytest.mark.parametrize("kind", TRAPS)
def test_a_zip_that_reaches_outside_is_refused_whole(functions, kind):
    write, words = TRAPS[kind]
    with pytest.raises(ClientError) as caught:
        create(functions, "trap", Code={"ZipFile": trap(write)})
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterValueException" and words in error["Message"]
    assert not exists(functions, "trap")


def test_a_million_entries_are_refused(functions):
    # A directory alone, made by hand: the module zipfile takes half a minute for it.
    directory = b"".join(
        b"PK\x01\x02" + b"\x14\x00" * 2 + bytes(20) + len(name).to_bytes(2, "little") + bytes(16) + name
        for name in (b"%d" % i for i in range(1_000_000))
    )
    count = (1_000_000).to_bytes(8, "little")
    end64 = (
        b"PK\x06\x06" + (44).to_bytes(8, "little") + b"\x2d\x00" * 2 + bytes(8) + count * 2
        + len(directory).to_bytes(8, "little") + bytes(8)
    )  # fmt: skip
    locator = b"PK\x06\x07" + bytes(4) + len(directory).to_bytes(8, "little") + b"\x01\x00\x00\x00"
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2 + b"\xff\xff\xff\xff" * 2 + bytes(2)
    body = directory + end64 + locator + end
    with pytest.raises(ClientError) as caught:
        create(functions, "million", Code={"ZipFile": body})
    assert "1000000 entries" in caught.value.response["Error"]["Message"]


def test_a_hundred_thousand_entries_and_one_are_refused(functions):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(100_001):
            archive.writestr(f"{i}", b"")
    with pytest.raises(ClientError) as caught:
        create(functions, "many", Code={"ZipFile": out.getvalue()})
    assert "100000" in caught.value.response["Error"]["Message"]


def test_a_zip_bomb_is_refused_by_what_it_would_become(functions):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(6):
            archive.writestr(f"zeros{i}", bytes(50 << 20))
    with pytest.raises(ClientError) as caught:
        create(functions, "bomb-zip", Code={"ZipFile": out.getvalue()})
    assert "Unzipped size" in caught.value.response["Error"]["Message"]


def test_a_zip_that_lies_about_its_sizes_never_runs(functions):
    code = bytearray(zip_of({"lambda_function.py": ECHO * 100}))
    at = code.rindex(b"PK\x01\x02")
    code[at + 24 : at + 28] = (5).to_bytes(4, "little")  # the uncompressed size of the directory
    try:
        functions.create_function(
            FunctionName="liar",
            Runtime="python3.9",
            Role=ROLE,
            Handler="lambda_function.lambda_handler",
            Code={"ZipFile": bytes(code)},
        )
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidParameterValueException"
        return
    _, answer = invoke(functions, "liar")
    assert answer["FunctionError"] == "Unhandled"


def test_processes_end_with_the_server(make_server):
    server = make_server()
    functions = server.client("lambda")
    create(functions, "orphan", "import os\ndef lambda_handler(event, context): return os.getpid()")
    pid = invoke(functions, "orphan")[0]
    os.kill(pid, 0)
    server.kill()
    eventually(lambda: not Path(f"/proc/{pid}").exists() or is_zombie(pid), 10)


def test_what_a_function_has_started_ends_at_the_latest_with_the_next_start(make_server):
    server = make_server()
    functions = server.client("lambda")
    source = """
import subprocess, sys
def lambda_handler(event, context):
    code = "import time; time.sleep(600)"
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True).pid
"""
    create(functions, "parent", source)
    pid = invoke(functions, "parent")[0]
    server.kill()
    os.kill(pid, 0)  # nobody could tell it
    server.restart()
    eventually(lambda: not Path(f"/proc/{pid}").exists() or is_zombie(pid), 10)


def test_a_stop_of_the_server_does_not_wait_for_a_function(make_server):
    server = make_server()
    functions = server.client("lambda")
    create(functions, "sleeper", "import time\ndef lambda_handler(e, c): time.sleep(600)", Timeout=900)
    functions.invoke(FunctionName="sleeper", InvocationType="Event", Payload=b"{}")
    eventually(lambda: processes_of(server, "sleeper"), 20)
    assert server.stop() == 0
    assert not processes_of(server, "sleeper")
