"""The arguments of a job."""

from collections.abc import Sequence

# What the service itself passes or reads; given to a script that did not ask for it, too.
_RESERVED = ("JOB_NAME", "JOB_ID", "JOB_RUN_ID", "TempDir", "SECURITY_CONFIGURATION")


class GlueArgumentError(Exception):
    """The job was started without an argument that its script needs."""


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str]:
    """The values of the named options, as strings, of `--name value` or `--name=value`.

    Also has those of JOB_NAME, JOB_ID, JOB_RUN_ID, TempDir and SECURITY_CONFIGURATION that were
    given. Others are passed over; the last of several wins. A value that itself begins with `--`
    takes the form with `=`.

    GlueArgumentError names the options that are missing, or the one without a value.
    """
    given: dict[str, str | None] = {}
    words = list(args)
    for i, word in enumerate(words):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if equals:
            given[name] = value
        elif i + 1 < len(words) and not words[i + 1].startswith("--"):
            given[name] = words[i + 1]
        else:
            given[name] = None

    wanted = [*options, *(name for name in _RESERVED if name in given)]
    if missing := [f"--{name}" for name in options if name not in given]:
        raise GlueArgumentError(f"the following arguments are required: {', '.join(missing)}")
    for name in wanted:
        if given[name] is None:
            raise GlueArgumentError(f"argument --{name}: expected one argument")
    return {name: given[name] for name in wanted}  # type: ignore[misc]
