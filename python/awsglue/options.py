"""Options of sources, sinks and formats: known ones are read, others refused by their name."""

from collections.abc import Iterable, Mapping
from typing import Any


class NotSupported(NotImplementedError):
    """AWS Glue has this, Usher's awsglue does not. The message names it and what there is."""


def require_known(
    given: Mapping[str, Any], known: Iterable[str], ignored: Iterable[str], where: str
) -> None:
    """Refuses options that would have no effect here but change results in AWS Glue.

    `ignored` are those that only make AWS Glue faster or concern its services alone.
    """
    known = sorted(known)
    for name in given:
        if name not in known and name not in ignored:
            raise NotSupported(
                f"{where} has no option {name!r} in Usher; it has {', '.join(known)}"
            )


def as_bool(value: Any, name: str) -> bool:
    """True or False, also as the strings that generated scripts pass."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(f"the option {name!r} is True or False, got {value!r}")


def as_list(value: Any, name: str) -> list[str]:
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return list(value)
    raise ValueError(f"the option {name!r} is a list of strings, got {value!r}")
