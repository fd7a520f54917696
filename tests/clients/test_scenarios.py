"""Every scenario in tests/scenarios/ against a live server, each on a data folder of its own."""

import pytest

import scenario
from usher_server import ROOT

SCENARIOS = sorted((ROOT / "tests" / "scenarios").glob("*/*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_scenario(make_server, path):
    scenario.play(path, make_server())


def test_there_are_scenarios():
    assert len(SCENARIOS) > 10
