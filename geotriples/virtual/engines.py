"""Engines that read sources, kept between queries: to start one takes long."""

import os
from pathlib import Path
from threading import Lock
from typing import Final

from geotriples.execution import Execution
from geotriples.sources.catalog import SourceCatalog
from ontologies.progress import silent

_NOWHERE: Final = Path(os.devnull)
_IDLE: Final = 4
"""Engines that wait for the next query."""


class Engines:
    """Engines that several graphs may share; usable from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._idle: list[Execution] = []
        self._is_closed = False

    def take(self, catalog: SourceCatalog) -> Execution:
        """An engine that nobody else uses, over some sources; nothing goes to disk."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        if idle is None:
            engine = Execution(catalog, silent, _NOWHERE)
            engine.connection.execute("SET temp_directory = ''")
            return engine
        idle.catalog, idle.failure = catalog, None
        return idle

    def give_back(self, engine: Execution) -> None:
        """Let others use an engine."""
        with self._lock:
            is_kept = not self._is_closed and len(self._idle) < _IDLE
            if is_kept:
                self._idle.append(engine)
        if not is_kept:
            engine.close()

    def close(self) -> None:
        """Stop those that wait; others stop when they are given back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for engine in idle:
            engine.close()
