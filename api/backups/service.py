"""Backups, one at a time, into a directory that whoever runs the service names."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from api.errors import BackupsForbidden
from strabon_store.storage.backup import BackupReport

_log = logging.getLogger(__name__)


@runtime_checkable
class BackedUp(Protocol):
    """Something that can be backed up while it is in use."""

    def backup(self, target: Path) -> BackupReport:
        """Copy what is there now to a directory that is not there yet.

        Raises:
            PytheasError: No backup was made.
        """
        ...


@dataclass(frozen=True, slots=True)
class BackupService:
    """Makes backups, and tells which there are.

    Attributes:
        source: What is backed up; None where it cannot be.
        directory: Where to; None where nobody named one.
        turn: Held while a backup is made.
    """

    source: BackedUp | None
    directory: Path | None
    turn: asyncio.Lock

    async def make(self) -> dict[str, Any]:
        """Make a backup, to its end even if the client does not wait.

        Returns:
            Its `name`, and how much is in it.

        Raises:
            BackupsForbidden: Nobody named a directory, or nothing can be backed up.
            BackupFailed: No backup was made.
        """
        source, directory = self._allowed()
        async with self.turn:
            # The rest after the time makes two of one second differ.
            moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            target = directory / f"{moment}-{secrets.token_hex(4)}"
            making = asyncio.to_thread(source.backup, target)
            report = await asyncio.shield(making)
        _log.info("backup %s", report)
        return {
            "name": target.name,
            "triples": report.triples,
            "size": report.size,
            "seconds": report.seconds,
        }

    def names(self) -> Sequence[str]:
        """The names of the backups, the oldest first.

        Raises:
            BackupsForbidden: Nobody named a directory, or nothing can be backed up.
        """
        _, directory = self._allowed()
        if not directory.is_dir():
            return ()
        return sorted(
            each.name for each in directory.iterdir() if not each.name.startswith(".")
        )

    def _allowed(self) -> tuple[BackedUp, Path]:
        if self.directory is None or self.source is None:
            raise BackupsForbidden(
                "this service makes no backups; whoever runs it can name a folder for "
                "them with `pytheas serve --backups FOLDER`"
            )
        return self.source, self.directory
