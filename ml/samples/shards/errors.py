"""What only shards of samples raise.

* MlError
  - SamplesError
    - UnreadableShards        a file of them is missing, broken, or not ours
    - UnwritableShards        they cannot be written; nothing is left of them
"""

from pathlib import Path

from ml.errors import SamplesError


class UnreadableShards(SamplesError):
    """A file of a folder of shards is missing, broken, or not what was written.

    Attributes:
        path: The file.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}; write the shards again, or copy them anew")


class UnwritableShards(SamplesError):
    """Shards cannot be written; nothing is left of them.

    Attributes:
        path: Their folder.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; nothing was written")
