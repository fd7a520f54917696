"""Where Spark is for the tests."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SPARK_HOME = Path(os.environ.get("USHER_SPARK_HOME", ROOT / ".spark"))
IS_INSTALLED = (SPARK_HOME / "stamp").exists()
