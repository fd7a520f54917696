"""Runs a job's script as a program of its own and tells why it failed.

    run_script.py SCRIPT ARGUMENT...

The script sees sys.argv = [SCRIPT, ARGUMENT...] and its own folder first in sys.path, as if Python had been given it. What it
raises goes to standard error as a traceback that begins with the script, and the exception's last line
("KeyError: 'Contents'") into the file that $GLUE_RUN_REASON names, for the run's ErrorMessage. Exits with 0 when the script
came to its end, with its own status when it exited, and with 1 when it raised.
"""
import os
import runpy
import sys
import traceback

MAX_REASON_BYTES = 4096


def leave_reason(text):
    path = os.environ.get("GLUE_RUN_REASON")
    if not path:
        return
    try:
        with open(path, "wb") as file:
            file.write(text.strip().encode("utf-8", "replace")[:MAX_REASON_BYTES])
    except OSError as error:
        print(f"cannot leave the reason of the failure: {error}", file=sys.stderr)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass  # closed by the script, or nobody reads any more


def status_of(code):
    """The exit status that Python gives for SystemExit's code, and what it prints."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def own_traceback(error):
    """The error's traceback from the script on, without the frames of this file and of runpy."""
    frame = error.__traceback__
    ours = (os.path.abspath(__file__), "<frozen runpy>", os.path.abspath(runpy.__file__))
    while frame is not None and frame.tb_frame.f_code.co_filename in ours:
        frame = frame.tb_next
    return error.with_traceback(frame)


def run(script, arguments):
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    try:
        runpy.run_path(script, run_name="__main__")
        return 0
    except SystemExit as error:
        status = status_of(error.code)
        if status != 0:
            leave_reason(f"SystemExit: {error.code}")
        return status
    except BaseException as error:  # whatever it is, the run has failed and says why
        error = own_traceback(error)
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        sys.stderr.write("".join(lines))
        leave_reason(traceback.format_exception_only(type(error), error)[-1])
        return 1


def main():
    if len(sys.argv) < 2:
        print("usage: run_script.py SCRIPT ARGUMENT...", file=sys.stderr)
        return 2
    status = run(sys.argv[1], sys.argv[2:])
    flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
