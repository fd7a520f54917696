"""A live Usher server for a test: start, kill, restart, and clients that are pointed at it."""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import botocore.config

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("USHER_BINARY", ROOT / "build" / "release" / "bin" / "usher"))

READY_SECONDS = 30
STOP_SECONDS = 30
POLL_SECONDS = 0.02


class ServerError(Exception):
    """The server did not do what a test's set-up needs; carries the end of its log."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment():
    """The tests' environment without what would point a client or the server elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "USHER_"))}
    kept["AWS_CONFIG_FILE"] = kept["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    kept["AWS_EC2_METADATA_DISABLED"] = "true"
    kept["AWS_PAGER"] = ""
    return kept


class UsherServer:
    """`usher serve` on a data folder. The port stays the same over restarts."""

    def __init__(self, data, *options):
        self.data = Path(data)
        # Servers of other tests run beside this one.
        self.options = options if "--console" in options else (*options, "--console", "off")
        self.port = free_port()
        self.process = None
        self.log = self.data.parent / f"{self.data.name}.log"
        self.exports = {}

    @property
    def listen(self):
        return f"127.0.0.1:{self.port}"

    @property
    def endpoint(self):
        return f"http://{self.listen}"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", self.data, "--listen", self.listen, *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
            )
        give_up = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None:
                raise ServerError(f"server ended with {self.process.returncode}: {self.log_end()}")
            if time.monotonic() > give_up:
                raise ServerError(f"server not ready after {READY_SECONDS} s: {self.log_end()}")
            time.sleep(POLL_SECONDS)
        self.exports = self._read_exports()
        return self

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.endpoint}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self):
        """SIGTERM, as an operator would; gives the exit status."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise ServerError(f"server did not end on SIGTERM: {self.log_end()}") from None
        return self.process.returncode if self.process else None

    def kill(self):
        """SIGKILL: what a power cut or the kernel's memory killer leaves."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        return self.start()

    def log_end(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def child_processes(self):
        """Pids of the job processes that work in this data folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if b"job" in words[:3] and any(
                        str(self.data).encode() in word for word in words
                    ):
                        found.append(int(entry.name))
        return found

    def _read_exports(self):
        """What `usher env` prints, read the way a shell reads it."""
        printed = subprocess.run(
            [BINARY, "env", "--data", self.data, "--listen", self.listen],
            capture_output=True,
            text=True,
            check=True,
            env=clean_environment(),
        ).stdout
        words = shlex.split(printed, comments=True)
        return dict(word.split("=", 1) for word in words if "=" in word)

    @property
    def region(self):
        return self.exports.get("AWS_REGION") or self.exports["AWS_DEFAULT_REGION"]

    def client(self, service, access_key=None, secret_key=None, **config):
        """A boto3 client that asks this server alone and does not hide an error behind retries."""
        config = {"retries": {"total_max_attempts": 1}, "read_timeout": 60, **config}
        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=access_key or self.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret_key or self.exports["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(**config),
        )

    def aws(self, *arguments, check=True, **options):
        """Runs the `aws` command against this server, with what `usher env` exports."""
        return subprocess.run(
            [ROOT / ".venv" / "bin" / "aws", *map(str, arguments)],
            env={**clean_environment(), **self.exports, "AWS_MAX_ATTEMPTS": "1"},
            capture_output=True,
            text=True,
            check=check,
            timeout=300,
            **options,
        )


def run_usher(*arguments, **options):
    """Runs a command of the binary that is expected to end by itself."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=120,
        **options,
    )


def wait_for(describe, wanted="ACTIVE", give_up_seconds=240):
    """Polls until the resource has the wanted status; any other end is an assertion failure."""
    give_up = time.monotonic() + give_up_seconds
    while True:
        resource = describe()
        status = resource["status"]
        if status == wanted:
            return resource
        assert status not in (
            "ACTIVE",
            "CREATE FAILED",
            "CREATE STOPPED",
        ), f"{status} instead of {wanted}: {resource.get('failureReason')}"
        assert time.monotonic() < give_up, f"still {status} after {give_up_seconds} s"
        time.sleep(POLL_SECONDS)
