"""Every exception that this package raises; folders below it have more.

* MlError
  - ProductError            a product cannot become a class map
    - UnreadableProduct       empty, truncated, or not of the format
      - UnreadableRaster        the same, of a raster
    - IncompleteScene         a scene lacks bands, or they lie on different grids
    - UnsuitableProduct       whole, but not what it is asked to be used for
    - MissingPart             a file that the product needs is absent or empty
    - MissingBands            bands are asked for that the product does not have
    - MissingCrs              nobody says in which CRS the grid lies
    - ConflictingCrs          two sources of the CRS disagree
    - InvalidPeriod           the observed period lacks an end, or ends too early
    - UnknownClass            a code that the class scheme does not hold
    - NoValidPixels           every pixel is nodata
  - UnknownCrs              a text that names no CRS
  - InvalidCoverage         polygons overlap or leave gaps (a bug of ours)
  - OutputExists            the output folder is taken
  - UnreadablePolygons      not a polygon table that we wrote
  - UnreadableModel         not the parameters of a model that we wrote
  - UnknownNetwork          a description is of no network that can be built
  - RegistryError           a registry cannot do what it is asked for
    - NoSuchModel             there is no such model, version or stage
    - CorruptModel            a file is not what was registered
    - ExportMismatch          an exported model answers otherwise
  - UnfittableClass         too few samples of a class, or none that differ
  - InvalidSimulation       a simulation is asked for what cannot be
  - SamplesError            samples cannot be used
    - UnreadableSamples       a file of them is missing or broken
    - InvalidSamples          their parts do not fit
    - InvalidSplit            a split leaks, or cannot be made
  - InvalidTraining         a training is asked for what cannot be
    - UnknownRecipe           there is none of this name
  - TrainingDiverged        the loss is no number any more
  - CheckpointError         a checkpoint is of no use
    - UnreadableCheckpoint    a file of it is missing or broken
    - UnwritableCheckpoint    it cannot be written; the older ones remain
    - CheckpointMismatch      it is of another network, or of another config
  - MissingExtra            an optional dependency is not installed
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ontologies.errors import PytheasError


class MlError(PytheasError):
    """Something about scenes, models or maps that the user can cure."""


class ProductError(MlError):
    """A product cannot become a class map.

    Attributes:
        path: The product; text where it is no file of this machine.
    """

    def __init__(self, path: Path | str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class UnreadableProduct(ProductError):
    """The file is empty, truncated, or not what its reader expects.

    Attributes:
        reason: What is wrong with it.
    """

    def __init__(self, path: Path | str, reason: str, cure: str) -> None:
        self.reason = reason
        super().__init__(path, f"{reason}; {cure}")


class UnreadableRaster(UnreadableProduct):
    """The file is empty, truncated, no raster, or lies nowhere on Earth."""

    def __init__(self, path: Path | str, reason: str) -> None:
        cure = "make or fetch it again, and check that it is a georeferenced raster"
        super().__init__(path, reason, cure)


class IncompleteScene(ProductError):
    """A scene lacks bands, or its bands do not lie on one grid.

    Attributes:
        bands: The bands at fault.
    """

    def __init__(self, path: Path, bands: Sequence[str], reason: str) -> None:
        self.bands = tuple(bands)
        super().__init__(path, f"{', '.join(bands)}: {reason}; prepare the scene again")


class UnsuitableProduct(ProductError):
    """A product is whole, but not what it is asked to be used for.

    Attributes:
        reason: Why it does not fit.
    """

    def __init__(self, path: Path | str, reason: str, cure: str) -> None:
        self.reason = reason
        super().__init__(path, f"{reason}; {cure}")


class MissingPart(ProductError):
    """A file that the product needs is absent or empty.

    Attributes:
        part: What is in the file.
        looked_for: The names under which it was looked for.
    """

    def __init__(self, path: Path | str, part: str, looked_for: Sequence[str]) -> None:
        self.part = part
        self.looked_for = tuple(looked_for)
        names = ", ".join(looked_for)
        super().__init__(
            path,
            f"it has no {part} (looked for {names}); fetch the whole product again",
        )


class MissingBands(ProductError):
    """Bands are asked for that the product does not have.

    Attributes:
        bands: The bands at fault.
        present: The bands that it has.
    """

    def __init__(
        self, path: Path | str, bands: Sequence[str], present: Sequence[str]
    ) -> None:
        self.bands = tuple(bands)
        self.present = tuple(present)
        super().__init__(
            path,
            f"it has no band {', '.join(bands)}; it has {', '.join(present) or 'none'}",
        )


class MissingCrs(ProductError):
    """Neither the product, nor the user, nor a companion names the CRS.

    Attributes:
        looked_at: The companion files that were asked.
    """

    def __init__(self, path: Path | str, looked_at: Sequence[Path]) -> None:
        self.looked_at = tuple(looked_at)
        companions = ", ".join(p.name for p in looked_at) or "there is none"
        super().__init__(
            path,
            "the product declares no CRS, and no companion in its folder with the same "
            f"x and y coordinates declares one (looked at: {companions}); "
            "name it with --crs, for example --crs EPSG:32631",
        )


class ConflictingCrs(ProductError):
    """Two sources of the CRS disagree.

    Attributes:
        claims: Source of the claim, and the CRS that it names.
    """

    def __init__(self, path: Path, claims: Sequence[tuple[str, str]]) -> None:
        self.claims = tuple(claims)
        said = "; ".join(f"{source} says {name}" for source, name in claims)
        super().__init__(
            path, f"the CRS is contradictory: {said}; correct the one that is wrong"
        )


class InvalidPeriod(ProductError):
    """The observed period lacks one of its ends, or ends before it begins.

    Attributes:
        start: Its beginning, or None.
        end: Its end, or None.
    """

    def __init__(
        self, path: Path, start: datetime | None, end: datetime | None
    ) -> None:
        self.start = start
        self.end = end
        super().__init__(
            path,
            f"it was observed from {start or 'unknown'} to {end or 'unknown'}; "
            "name both ends, the earlier one first, or neither",
        )


class UnknownClass(ProductError):
    """A class code that the class scheme does not hold.

    Attributes:
        code: The code or class name.
        count: How many pixels carry it.
        first: Row and column of the first of them, or None where no pixel is at fault.
    """

    def __init__(
        self, path: Path, code: object, count: int, first: tuple[int, int] | None
    ) -> None:
        self.code = code
        self.count = count
        self.first = first
        where = f", the first at row {first[0]}, column {first[1]}" if first else ""
        super().__init__(
            path,
            f"class {code!r} is not in the class scheme ({count} pixels{where}); "
            "correct the product, or declare the code as nodata or in a class table",
        )


class NoValidPixels(ProductError):
    """Every pixel is nodata, so there is no map to make."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            path, "every pixel is nodata; check the product's extent and nodata value"
        )


class UnknownCrs(MlError):
    """A text that names no CRS.

    Attributes:
        text: What was said.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        super().__init__(
            f"{text!r} names no CRS ({reason}); "
            "write a code such as EPSG:32631, or WKT or PROJJSON in full"
        )


class InvalidCoverage(MlError):
    """Polygons overlap or leave gaps: an invariant of the vectorizer is broken.

    Attributes:
        count: How many polygons have an edge that no neighbour shares exactly.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(
            f"{count} polygons are no valid coverage after simplification; "
            "use a smaller tolerance and report this as a bug"
        )


class OutputExists(MlError):
    """The output folder holds something already.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path}: the output folder is not empty; name another, or remove it first"
        )


class UnreadablePolygons(MlError):
    """A file is not a polygon table of this package.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; make the map again")


class UnreadableModel(MlError):
    """A file does not hold the parameters of a model.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; export the model again")


class UnknownNetwork(MlError):
    """A description is of no network that can be built.

    Attributes:
        name: What it says.
        known: What there is.
    """

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"no network is called {name!r}; there are {', '.join(known)}")


class RegistryError(MlError):
    """A model registry cannot do what it is asked for."""


class NoSuchModel(RegistryError):
    """The registry holds no such model, version or stage."""


class CorruptModel(RegistryError):
    """A file of a registered model is not what was registered.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; register the model again")


class ExportMismatch(RegistryError):
    """An exported model answers otherwise than the network.

    Attributes:
        difference: The largest one of a probability.
    """

    def __init__(self, path: Path, difference: float) -> None:
        self.difference = difference
        super().__init__(
            f"{path}: probabilities differ by {difference:.2g} from the network's; it "
            "was not exported"
        )


class UnfittableClass(MlError):
    """The samples of a class do not determine its parameters.

    Attributes:
        name: The class.
        count: How many samples it has.
        least: How many distinct ones are needed.
    """

    def __init__(self, name: str, count: int, least: int) -> None:
        self.name = name
        self.count = count
        self.least = least
        super().__init__(
            f"class {name!r} has {count} samples; its slope, intercept and covariance "
            f"need at least {least}, at two incidence angles or more and not on one "
            "line; add samples, or leave the class out"
        )


class InvalidSimulation(MlError):
    """A simulation is asked for something that cannot be.

    Attributes:
        parameter: Which parameter says so.
    """

    def __init__(self, parameter: str, reason: str) -> None:
        self.parameter = parameter
        super().__init__(f"cannot simulate a scene: {parameter} {reason}")


class MissingExtra(MlError):
    """An optional dependency is not installed.

    Attributes:
        package: What is missing.
        extra: The extra of this distribution that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(
            f"{package} is not installed: pip install 'pytheas-eo[{extra}]'"
        )


class SamplesError(MlError):
    """Samples cannot be used."""


class UnreadableSamples(SamplesError):
    """A file of samples is missing, broken, or not what its reader expects.

    Attributes:
        path: The file or folder.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}; fetch the data set again")


class InvalidSamples(SamplesError):
    """The parts of a set of samples do not fit, or leave nothing to learn from."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"samples of {name}: {reason}")


class InvalidSplit(SamplesError):
    """A split of samples leaks, or cannot be made."""


class InvalidTraining(MlError):
    """A training is asked for what cannot be."""


class UnknownRecipe(InvalidTraining):
    """There is no recipe, data set or split of this name.

    Attributes:
        name: What was asked for.
        known: What there is.
    """

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"there is no {name!r}; there are {', '.join(known)}")


class TrainingDiverged(MlError):
    """The loss is no number any more.

    Attributes:
        step: At which step.
    """

    def __init__(self, step: int, loss: float) -> None:
        self.step = step
        super().__init__(
            f"step {step}: the loss is {loss}; train with a lower learning rate"
        )


class CheckpointError(MlError):
    """A checkpoint is of no use.

    Attributes:
        path: Its folder.
    """

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class UnreadableCheckpoint(CheckpointError):
    """A file of a checkpoint is missing or broken."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, f"{reason}; remove it to go on from the one before")


class UnwritableCheckpoint(CheckpointError):
    """A checkpoint cannot be written; the older ones remain."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, f"{reason}; the older checkpoints are whole")


class CheckpointMismatch(CheckpointError):
    """A checkpoint is of another network, or of another config.

    Attributes:
        found: What it is of.
        expected: What it should be of.
    """

    def __init__(self, path: Path, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(
            path,
            f"is of {found}, not of {expected}; train in another folder, or with what "
            "it was made by",
        )
