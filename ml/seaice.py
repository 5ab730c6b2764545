"""The sea-ice use case: a scene becomes a map product."""

from pathlib import Path
from typing import Final

from ml.map_product import write_map_product
from ml.maps import Generalization, MapProduct
from ml.scene import read_scene
from ontologies.progress import Progress, silent

MINIMUM_MAPPING_UNIT_M2: Final = 100_000.0
"""A big floe (500 m to 2 km across, WMO Sea Ice Nomenclature) covers more."""

TOLERANCE_PX: Final = 1.0


def run(
    scene_path: Path,
    out_dir: Path,
    *,
    mmu_m2: float = MINIMUM_MAPPING_UNIT_M2,
    tolerance_px: float = TOLERANCE_PX,
    progress: Progress = silent,
) -> MapProduct:
    """Classify a scene by incidence angle: COGs, polygons and a STAC item.

    Args:
        scene_path: The folder of a scene, or its `scene.json`.
        out_dir: A new folder, or one that holds an earlier map product.
        mmu_m2: Ice of one class on less than this joins its largest neighbour.
        tolerance_px: How far edges are smoothed; 0 keeps them on the pixels.
        progress: Told about each stage.

    Raises:
        ProductError: The scene cannot become a map; nothing was written.
        MissingExtra: torch is not installed.
        OutputExists: `out_dir` holds something else.
    """
    # Here, so that the base package and `pytheas --help` do without torch.
    from ml.models.classify import classify_scene  # noqa: PLC0415
    from ml.models.gia import GaussianIncidenceAngle  # noqa: PLC0415

    scene = read_scene(scene_path)
    model = GaussianIncidenceAngle.from_parameters()
    class_map = classify_scene(scene, model, progress=progress)
    generalization = Generalization(mmu_m2, tolerance_px)
    return write_map_product(class_map, out_dir, generalization, progress)
