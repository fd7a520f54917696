#!/usr/bin/env python3
"""Writes the tables of docs/compatibility.md: which operations are built, and which tests name each.

    docs/make_compatibility.py          rewrites the tables between the two marks
    docs/make_compatibility.py --check  fails when a table lacks an operation that is built, has one that is not, or
                                        names a test that does not name the operation

Only what stands between the marks is made here; the rest of the page is written by hand.
"""
import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "compatibility.md"
BEGIN = "<!-- tables: made by docs/make_compatibility.py -->"
END = "<!-- end of tables -->"
MAX_PROOFS = 2  # files named for each operation

sys.path.insert(0, str(ROOT / "src" / "wire"))
from generate import load_model, read_operations, snake  # noqa: E402


def tests():
    """[(path from the root, text)], what a client sees before what a unit test sees."""
    groups = [
        sorted((ROOT / "tests" / "scenarios").rglob("*.txt")),
        sorted((ROOT / "tests" / "clients").glob("test_*.py")) + [ROOT / "tests" / "clients" / "movies_workflow.py"],
        sorted((ROOT / "src" / "services").rglob("*_test.cc")),
        sorted((ROOT / "src" / "server").glob("*_test.cc")),
    ]
    return [(path.relative_to(ROOT), path.read_text(encoding="utf-8")) for group in groups for path in group if path.exists()]


def names(path, text, service, operation):
    """True when this test of the service (or of all) names the operation: as it is, or as boto3 does."""
    if service.split("-")[0] not in path.parts and not {"clients", "server"} & set(path.parts):
        return False
    spellings = {operation, snake(operation)} if path.suffix == ".py" else {operation}
    return any(re.search(rf"\b{spelling}\b", text) for spelling in spellings)


def proofs(service, operation, files):
    named = [path for path, text in files if names(path, text, service, operation)]
    # One of each kind of test says more than two of one kind.
    kinds = {}
    for path in named:
        kinds.setdefault(path.parts[:2], path)
    return list(kinds.values())[:MAX_PROOFS]


def tables():
    files = tests()
    summary = ["| service | protocol | operations built | of |", "|---|---|---|---|"]
    sections = []
    for service, built in read_operations(ROOT / "src" / "wire" / "operations.txt").items():
        model = load_model(service)
        title = model["metadata"]["serviceFullName"]
        protocol = model["metadata"]["protocol"]
        summary.append(f"| {title} (`{service}`) | {protocol} | {len(built)} | {len(model['operations'])} |")
        if not built:
            continue
        lines = [f"### {title} (`{service}`)", "", "| operation | tests that name it |", "|---|---|"]
        for operation in sorted(built):
            found = ", ".join(f"`{path}`" for path in proofs(service, operation, files))
            lines.append(f"| {operation} | {found or 'none'} |")
        missing = sorted(set(model["operations"]) - built)
        lines += ["", f"Not built ({len(missing)}): {', '.join(missing) or 'none'}.", ""]
        sections.append("\n".join(lines))
    return "\n".join(summary) + "\n\n" + "\n".join(sections)


def faults(made):
    """What is wrong with the tables as they stand on the page."""
    built = read_operations(ROOT / "src" / "wire" / "operations.txt")
    files = dict(tests())
    listed = {}
    service = None
    for line in made.splitlines():
        if heading := re.fullmatch(r"### .* \(`(.+)`\)", line):
            service = heading[1]
        elif service and (row := re.fullmatch(r"\| (\w+) \| (.+) \|", line)) and row[1] != "operation":
            listed.setdefault(service, {})[row[1]] = re.findall(r"`([^`]+)`", row[2])
    for name, operations in built.items():
        rows = listed.get(name, {})
        yield from (f"{name} {operation} has no row" for operation in sorted(operations - set(rows)))
        yield from (f"{name} {operation} is not built" for operation in sorted(set(rows) - operations))
        for operation, paths in rows.items():
            if not paths:
                yield f"no test names {name} {operation}"
            for path in paths:
                if not names(Path(path), files.get(Path(path), ""), name, operation):
                    yield f"{path} does not name {name} {operation}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    old, _, after = rest.partition(END)
    if arguments.check:
        found = list(faults(old))
        if found:
            sys.exit("docs/compatibility.md (run docs/make_compatibility.py): " + "; ".join(found))
        return
    wanted = f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"
    if wanted != page:
        PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
