"""docs/operators.md says what the code says; `make operators` writes it anew."""

from pathlib import Path

from laminae.ops.registry import FOLDERS, versions
from tests.conformance.support import derivative, names

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"


def test_the_table_of_operators_is_the_codes():
    rows, domain = {}, ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            domain = line[3:].replace("ai.onnx", "", 1) if line == "## ai.onnx" else line[3:]
        elif line.startswith("| ") and "operator | since" not in line:
            name, since, _, gradient = (cell.strip() for cell in line.strip("|").split("|"))
            rows[domain, name] = since, gradient
    expected = {
        (domain, name): (", ".join(str(o.since) for o in versions(domain, name)), derivative(name, None))
        for domain in FOLDERS
        for name in names(domain)
    }
    assert rows == expected
