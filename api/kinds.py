"""The kinds of map that the main job makes; nothing heavy is imported here."""

from enum import StrEnum


class Kind(StrEnum):
    """What a map shows: the name of its mapping, and of its module in `ml`."""

    SEAICE = "seaice"
    CROP = "crop"
