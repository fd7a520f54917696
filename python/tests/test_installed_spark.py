"""What `./setup --spark` has installed is what submit looks for. Skipped where it is not."""

import re
import subprocess

import pytest

from spark_home import IS_INSTALLED, ROOT, SPARK_HOME


def test_submit_finds_the_pinned_spark_and_its_jars():
    if not IS_INSTALLED:
        pytest.skip(f"Spark is not in {SPARK_HOME} (./setup --spark): with_spark/ is left out too")
    pinned = re.search(r"^pyspark==(\S+)", (ROOT / "spark" / "requirements.txt").read_text(), re.M)
    jars = [line.split()[1] for line in (ROOT / "spark" / "jars.sha256").read_text().splitlines()]
    found = subprocess.run(
        [SPARK_HOME / "bin" / "python", "-c"]
        + [
            "import pyspark, boto3\n"
            "from glue_runtime.submit import find_spark\n"
            "home, jars = find_spark()\n"
            "print(pyspark.__version__, *(jar.name for jar in jars))\n"
            "assert (home / 'bin' / 'spark-submit').exists()\n"
        ],
        env={"PYTHONPATH": str(ROOT / "python")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == [pinned.group(1), *sorted(jars)]
