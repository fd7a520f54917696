"""The script's runner as a process, as the server starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).resolve().parent.parent / "glue_runtime" / "run_script.py"


class Run:
    """One run of a script: its process, and the reason that it has left."""

    def __init__(self, folder, text, *arguments, reason="reason"):
        script = folder / "script.py"
        script.write_text(text, encoding="utf-8")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        left = folder / reason
        self.process = subprocess.run(
            [sys.executable, RUNNER, script, *arguments],
            env={**environment, "GLUE_RUN_REASON": str(left), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        self.status = self.process.returncode
        self.reason = left.read_text(encoding="utf-8") if left.exists() else None


def test_the_script_is_main_with_its_own_arguments_and_folder(tmp_path):
    (tmp_path / "beside.py").write_text("WORD = 'found'")
    run = Run(tmp_path, "import sys, beside\nprint(__name__, sys.argv[1:], beside.WORD)", "--a", "b c")
    assert run.process.stdout == "__main__ ['--a', 'b c'] found\n"
    assert (run.status, run.reason) == (0, None)


def test_an_exception_leaves_its_last_line_and_the_traceback_of_the_script(tmp_path):
    run = Run(tmp_path, "def inner():\n    {}['Contents']\n\ninner()\n")
    assert (run.status, run.reason) == (1, "KeyError: 'Contents'")
    lines = run.process.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('script.py", line 4, in <module>')
    assert lines[-1] == "KeyError: 'Contents'"
    assert "runpy" not in run.process.stderr and "run_script" not in run.process.stderr


def test_the_reason_of_a_chained_exception_is_the_last_one(tmp_path):
    run = Run(tmp_path, "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('no') from e\n")
    assert run.reason == "ValueError: no"
    assert "ZeroDivisionError" in run.process.stderr


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", 0, None),
        ("raise SystemExit", 0, None),
        ("import sys; sys.exit(0)", 0, None),
        ("import sys; sys.exit(3)", 3, "SystemExit: 3"),
        ("import sys; sys.exit('words')", 1, "SystemExit: words"),
        ("def f(:", 1, "SyntaxError: invalid syntax"),
        ("raise KeyboardInterrupt", 1, "KeyboardInterrupt"),
        ("raise ValueError('two\\nlines')", 1, "ValueError: two\nlines"),
        ("raise ValueError('x' * 10000)", 1, "ValueError: " + "x" * (4096 - 12)),
    ],
)
def test_ends(tmp_path, text, status, reason):
    run = Run(tmp_path, text)
    assert (run.status, run.reason) == (status, reason)


def test_a_reason_that_cannot_be_left_is_told(tmp_path):
    run = Run(tmp_path, "raise ValueError('no')", reason="no/such/folder")
    assert run.status == 1
    assert "cannot leave the reason" in run.process.stderr


def test_a_script_that_closes_its_output_ends_well(tmp_path):
    assert Run(tmp_path, "import sys; sys.stdout.close()").status == 0
