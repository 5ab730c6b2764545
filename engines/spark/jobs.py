"""Jobs of Spark that tell how far they are, and that can be ended."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engines.spark.failures import wrap_error
from ontologies.progress import Progress

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

_INTERVAL_S: Final = 0.2


@contextmanager
def watched(
    session: "SparkSession", stage: str, progress: Progress = lambda *_: None
) -> Iterator[None]:
    """Run the jobs of a block: how far they are is told, and errors are ours.

    What `progress` raises ends the jobs, and is raised here; so does Ctrl-C.

    Args:
        session: The session.
        stage: What the jobs are about, for `progress`.
        progress: Told which part of the tasks that are known so far is done.

    Raises:
        PytheasError: The error of ours that a task met.
        SparkFailed: Spark gave up a job for another reason.
    """
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra
    from pyspark.errors import PySparkException  # noqa: PLC0415

    context = session.sparkContext
    group = f"pytheas-{uuid.uuid4().hex}"
    context.setJobGroup(group, stage, interruptOnCancel=True)
    watch = _Watch(context, group, stage, progress)
    watch.start()
    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise (watch.stopped_by or wrap_error(error)) from error
    except BaseException:
        context.cancelJobGroup(group)
        raise
    finally:
        watch.end()
        context.setJobGroup("", "")


@dataclass(slots=True)
class _Watch:
    """A thread that asks Spark how far the jobs of a group are."""

    context: "SparkContext"
    group: str
    stage: str
    progress: Progress
    stopped_by: BaseException | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    fraction: float = 0.0

    def start(self) -> None:
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.ended.set()
        if self.thread is not None:
            self.thread.join()

    def watch(self) -> None:
        while not self.ended.wait(_INTERVAL_S):
            try:
                self.tell()
            except BaseException as error:  # noqa: BLE001 - raised by the block
                self.stopped_by = error
                self.context.cancelJobGroup(self.group)
                return

    def tell(self) -> None:
        """Tell how far the jobs are; never less far than before."""
        tracker = self.context.statusTracker()
        done = known = 0
        for job in tracker.getJobIdsForGroup(self.group):
            info = tracker.getJobInfo(job)
            for number in info.stageIds if info else ():
                stage = tracker.getStageInfo(number)
                if stage is not None:
                    done += stage.numCompletedTasks
                    known += stage.numTasks
        self.fraction = max(self.fraction, done / known if known else 0.0)
        self.progress(self.stage, self.fraction)
