"""A registered network looks at whatever it is for: a scene, or a cube of series."""

from pathlib import Path

from ml.prediction.map_writer import PredictedMap
from ml.prediction.scene_map import TILE_PX, predict_scene
from ml.prediction.series_map import is_for_series, predict_cube
from ml.products.georeference import parse_crs
from ml.registry.store import Registry
from ontologies.progress import Progress, silent


def predict(  # noqa: PLR0913 - what users set, by name
    registry: Registry,
    name: str,
    path: Path,
    out_dir: Path,
    *,
    crs: str | None = None,
    tile_px: int = TILE_PX,
    progress: Progress = silent,
) -> PredictedMap:
    """Map a scene or a cube.

    Args:
        registry: Where the model is.
        name: As `Registry.find` takes it.
        path: The scene or cube; see `predict_scene` and `predict_cube`.
        out_dir: A new folder, or one of an earlier prediction.
        crs: For a cube that does not declare its own.
        tile_px: Rows and columns of a tile of a scene.
        progress: Told of the rows that are done.

    Raises:
        NoSuchModel: There is no such model.
        CorruptModel: It is not what was registered.
        UnsuitableModel: It is not for such input; networks for patches are for none.
    """
    version = registry.find(name)
    model = registry.load(version)
    if is_for_series(model):
        named = None if crs is None else parse_crs(crs)
        return predict_cube(version, model, path, out_dir, crs=named, progress=progress)
    return predict_scene(
        version, model, path, out_dir, tile_px=tile_px, progress=progress
    )
