"""Functions of Lambda for tests: zips made on the spot, and what to wait for."""

import io
import json
import stat
import time
import zipfile

ROLE = "arn:aws:iam::000000000000:role/functions"
WAIT_SECONDS = 60
POLL_SECONDS = 0.05

ECHO = """
def lambda_handler(event, context):
    return event
"""


def zip_of(files):
    """A zip of {name: text or bytes}; a name that ends in '!' is executable."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name.rstrip("!"))
            entry.external_attr = (stat.S_IFREG | (0o755 if name.endswith("!") else 0o644)) << 16
            archive.writestr(entry, content)
    return out.getvalue()


def python_zip(source):
    return zip_of({"lambda_function.py": source})


def create(client, name, source=ECHO, **more):
    """Creates a Python function and waits until it is active."""
    settings = {
        "Runtime": "python3.9",
        "Role": ROLE,
        "Handler": "lambda_function.lambda_handler",
        "Code": {"ZipFile": python_zip(source)},
        "Timeout": 30,
        **more,
    }
    made = client.create_function(FunctionName=name, **settings)
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return made


def invoke(client, name, event=None, **more):
    """Invokes and gives (payload, whole answer)."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
    payload = answer["Payload"].read()
    return (json.loads(payload) if payload else None), answer


def eventually(check, seconds=WAIT_SECONDS):
    """Waits until check() gives something true, and gives it."""
    give_up = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < give_up, f"not within {seconds} s"
        time.sleep(POLL_SECONDS)
