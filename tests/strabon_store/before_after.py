"""Files of cases: `# title`, a query, `---`, the text that is expected of it."""

from collections.abc import Iterator
from pathlib import Path


def read_cases(path: Path) -> Iterator[tuple[str, str, str]]:
    """Title, query and expected text of each case, in the order of the file."""
    for block in path.read_text("utf-8").split("# ")[1:]:
        title, rest = block.split("\n", 1)
        query, expected = rest.split("\n---\n")
        yield title, query, expected.strip()
