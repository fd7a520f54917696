"""spark_driver.py: a script's two streams stay apart although Spark merges them."""

import os
import subprocess
import sys

from glue_runtime import submit

SCRIPT = """
import os, sys
print("arguments", sys.argv[1:], "GLUE_STDERR" in os.environ)
print("warning", file=sys.stderr)
raise KeyError("Contents")
"""


def run(tmp_path, standard_error):
    """Runs SCRIPT as Spark's driver runs it; gives its status and its merged output."""
    (tmp_path / "script.py").write_text(SCRIPT)
    ended = subprocess.run(
        [sys.executable, submit.HERE / "spark_driver.py", tmp_path / "script.py", "--a", "b"],
        env={"PYTHONPATH": str(submit.HERE.parent), "GLUE_STDERR": str(standard_error)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ended.returncode, ended.stdout


def test_standard_error_goes_where_it_went_before_spark(tmp_path):
    reader, writer = os.pipe()
    status, output = run(tmp_path, f"/proc/{os.getpid()}/fd/{writer}")
    os.close(writer)
    with os.fdopen(reader) as pipe:
        errors = pipe.read().splitlines()
    assert status == 1
    assert output == "arguments ['--a', 'b'] False\n"
    assert errors[0] == "warning"
    assert errors[-1] == "KeyError: 'Contents'"


def test_nothing_is_lost_when_it_cannot_be_opened(tmp_path):
    status, output = run(tmp_path, tmp_path / "no" / "such")
    assert status == 1
    assert "standard error goes to standard output" in output
    assert "warning" in output and "KeyError: 'Contents'" in output
    assert "arguments ['--a', 'b'] False" in output
