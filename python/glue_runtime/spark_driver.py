"""What spark-submit runs in the place of the script: run_script.py, with the script's own standard error.

    spark_driver.py SCRIPT ARGUMENT...

Spark merges a Python driver's standard error into its standard output. Java's process, which has
been submit.py before, still has the run's two apart, so what stands in $GLUE_STDERR (its file of
descriptor 2 in /proc) becomes this process's standard error again. Where that cannot be opened, all
goes to standard output.
"""

import os
import sys

from glue_runtime import run_script


def take_standard_error(path: str) -> None:
    try:
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
    except OSError as error:
        print(f"glue: standard error goes to standard output: {error}", file=sys.stderr)
        return
    os.dup2(opened, 2)
    os.close(opened)


if __name__ == "__main__":
    if standard_error := os.environ.pop("GLUE_STDERR", None):
        take_standard_error(standard_error)
    sys.exit(run_script.main())
