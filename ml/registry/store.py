"""A registry of models in a folder.

    registry/
      objects/SHA-256/            what a model is; never changed
        model.json                  network, signature, classes
        weights.safetensors
      models/NAME/VERSION.json    what is known of it: metrics, stage, training

A version names the content by its hash, so equal models are kept once, and a file that
was changed is found out when it is read.  Nothing is pickled.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from engines.whole_files import scratch_directory, sync_directory
from ml.errors import CorruptModel, NoSuchModel, RegistryError
from ml.models.architectures import build, describe, text_of

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MODEL: Final = "model.json"
_WEIGHTS: Final = "weights.safetensors"


class Stage(StrEnum):
    """What a version is for."""

    NONE = "none"
    STAGING = "staging"
    PRODUCTION = "production"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output of a model.

    Attributes:
        name: Of the tensor.
        datatype: As the Open Inference Protocol has it: FP32, UINT8.
        shape: -1 where any size will do.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """What goes into a model, and what comes out."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """What is known of one version of a model.

    Attributes:
        name: Of the model: lower-case letters, digits, hyphens.
        version: From 1.
        sha256: Of its content.
        signature: What goes in and comes out.
        classes: IRIs (or names) of its classes, in the order of its logits.
        metrics: Numbers by name, of samples that it had not seen.
        training: Where it comes from: data set, split, recipe, config, git commit.
        card: What a person should know, Markdown.
        created: When it was registered.
        stage: What it is for.
        tags: Words that people gave it.
    """

    name: str
    version: int
    sha256: str
    signature: Signature
    classes: tuple[str, ...]
    metrics: Mapping[str, float]
    training: Mapping[str, str]
    card: str
    created: datetime
    stage: Stage = Stage.NONE
    tags: Mapping[str, str] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Refuse what is no name of a model.

    Raises:
        RegistryError: It has other characters, or too many.
    """
    if not _NAME.fullmatch(name):
        raise RegistryError(
            f"{name!r} is no name of a model: lower-case letters, digits, hyphens"
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """Models in a folder, which is made when the first is kept."""

    folder: Path

    def register(  # noqa: PLR0913 - what is known of a model, by name
        self,
        name: str,
        model: nn.Module,
        signature: Signature,
        classes: tuple[str, ...],
        *,
        metrics: Mapping[str, float],
        training: Mapping[str, str],
        card: str = "",
    ) -> ModelVersion:
        """Keep a model as the next version of a name.

        Raises:
            RegistryError: The name is none, or the folder cannot be written.
            UnknownNetwork: The network is of no kind that can be rebuilt.
        """
        check_name(name)
        sha256 = self._keep(model, signature, classes)
        made = ModelVersion(
            name=name,
            version=1 + max((one.version for one in self._versions(name)), default=0),
            sha256=sha256,
            signature=signature,
            classes=classes,
            metrics=dict(metrics),
            training=dict(training),
            card=card,
            created=datetime.now(UTC),
        )
        return self._record_next(made)

    def names(self) -> tuple[str, ...]:
        """The models that there are."""
        return tuple(sorted(each.name for each in self._models.glob("*")))

    def versions(self, name: str) -> tuple[ModelVersion, ...]:
        """The versions of a model, from the first.

        Raises:
            NoSuchModel: There is none of this name.
        """
        if found := self._versions(name):
            return found
        known = ", ".join(self.names()) or "none"
        raise NoSuchModel(f"there is no model {name!r}; there are {known}")

    def get(self, name: str, version: int | None = None) -> ModelVersion:
        """A version of a model; the newest where none is named.

        Raises:
            NoSuchModel: There is none.
        """
        found = self.versions(name)
        if version is None:
            return found[-1]
        for one in found:
            if one.version == version:
                return one
        raise NoSuchModel(
            f"{name} has versions 1 to {found[-1].version}, not {version}"
        )

    def find(self, text: str) -> ModelVersion:
        """The version that `NAME`, `NAME@VERSION` or `NAME@STAGE` names.

        Raises:
            NoSuchModel: There is none.
        """
        name, at, which = text.partition("@")
        if not at:
            return self.get(name)
        if which.isdecimal():
            return self.get(name, int(which))
        if which not in set(Stage):
            raise NoSuchModel(f"{which!r} is no version and no stage of {name}")
        return self.in_stage(name, Stage(which))

    def best(
        self, name: str, metric: str, *, is_higher_better: bool = True
    ) -> ModelVersion:
        """The version with the best value of a metric; the newest of equal ones.

        Raises:
            NoSuchModel: No version has it.
        """
        measured = [one for one in self.versions(name) if metric in one.metrics]
        if not measured:
            raise NoSuchModel(f"no version of {name} has the metric {metric!r}")
        sign = 1 if is_higher_better else -1
        return max(measured, key=lambda one: (sign * one.metrics[metric], one.version))

    def in_stage(self, name: str, stage: Stage) -> ModelVersion:
        """The newest version in a stage.

        Raises:
            NoSuchModel: There is none.
        """
        found = [one for one in self.versions(name) if one.stage is stage]
        if not found:
            raise NoSuchModel(f"no version of {name} is in stage {stage}")
        return found[-1]

    def set_stage(self, name: str, version: int, stage: Stage) -> ModelVersion:
        """Move a version to a stage; one that was in production before is archived."""
        chosen = self.get(name, version)
        if stage is Stage.PRODUCTION:
            for other in self.versions(name):
                if other.stage is stage and other.version != version:
                    self._record(replace(other, stage=Stage.ARCHIVED))
        return self._record(replace(chosen, stage=stage))

    def load(self, chosen: ModelVersion) -> nn.Module:
        """The network of a version, ready to predict.

        Raises:
            CorruptModel: Its files are missing, or not what was registered.
        """
        folder = self.folder / "objects" / chosen.sha256
        if not folder.is_dir() or _digest(folder) != chosen.sha256:
            raise CorruptModel(folder, "is not what was registered")
        model = build(json.loads((folder / _MODEL).read_text())["network"])
        try:
            model.load_state_dict(load_file(folder / _WEIGHTS))
        except (SafetensorError, RuntimeError) as error:
            raise CorruptModel(folder / _WEIGHTS, str(error)) from error
        return model.eval()

    @property
    def _models(self) -> Path:
        return self.folder / "models"

    def _versions(self, name: str) -> tuple[ModelVersion, ...]:
        files = (self._models / name).glob("*.json") if _NAME.fullmatch(name) else ()
        return tuple(sorted(map(_read, files), key=lambda one: one.version))

    def _keep(
        self, model: nn.Module, signature: Signature, classes: tuple[str, ...]
    ) -> str:
        """Write the content under its hash, unless it is there."""
        content = {
            "network": describe(model),
            "signature": asdict(signature),
            "classes": classes,
        }
        with _writing(self.folder / "objects" / "model") as partial:
            (partial / _MODEL).write_text(text_of(content))
            save_file(
                {name: each.contiguous() for name, each in model.state_dict().items()},
                partial / _WEIGHTS,
            )
            sha256 = _digest(partial)
            target = partial.with_name(sha256)
            if not target.exists():
                partial.rename(target)
                sync_directory(target.parent)
        return sha256

    def _record_next(self, made: ModelVersion) -> ModelVersion:
        """Record a version; where another process took its number, under the next."""
        folder = self._models / made.name
        while True:
            target = folder / f"{made.version}.json"
            with _writing(target) as partial:
                file = partial / target.name
                file.write_text(_text(made))
                try:
                    # A link is made only where nothing is, by one process at a time.
                    os.link(file, target)
                except FileExistsError:
                    made = replace(made, version=made.version + 1)
                    continue
            return made

    def _record(self, changed: ModelVersion) -> ModelVersion:
        target = self._models / changed.name / f"{changed.version}.json"
        with _writing(target) as partial:
            file = partial / target.name
            file.write_text(_text(changed))
            file.replace(target)
        return changed


@contextmanager
def _writing(target: Path) -> Iterator[Path]:
    """A folder beside `target` for what is not whole yet; gone unless it was renamed.

    Raises:
        RegistryError: It cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_directory(target) as partial:
            yield partial
    except (OSError, SafetensorError) as error:
        raise RegistryError(f"{target}: {error}; nothing was registered") from error


def _digest(folder: Path) -> str:
    """SHA-256 over the files of a model, in a fixed order."""
    digest = hashlib.sha256()
    for name in (_MODEL, _WEIGHTS):
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _text(one: ModelVersion) -> str:
    return json.dumps(
        {**asdict(one), "created": one.created.isoformat()}, indent=1, sort_keys=True
    )


def _read(path: Path) -> ModelVersion:
    try:
        data = json.loads(path.read_text())
        return ModelVersion(**{**data, **_typed(data)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptModel(path, str(error)) from error


def _typed(data: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON has in other types."""
    signature = {
        side: tuple(
            Tensor(one["name"], one["datatype"], tuple(one["shape"]))
            for one in data["signature"][side]
        )
        for side in ("inputs", "outputs")
    }
    return {
        "signature": Signature(**signature),
        "classes": tuple(data["classes"]),
        "created": datetime.fromisoformat(data["created"]),
        "stage": Stage(data["stage"]),
    }
