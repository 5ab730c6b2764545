"""Objects of an S3 service as files: fetched to a folder, and put there whole.

Where the service is and who asks is what the usual variables say: `AWS_ENDPOINT_URL`,
`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, and
`AWS_SKIP_SIGNATURE=true` for a public bucket.  They are in no message: what a service
answers may hold them, so of that only its code is passed on.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Final, Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from engines.errors import ObjectFailed
from engines.whole_files import whole_file

_SCHEMES: Final = re.compile(r"s3a?://")
_CODE: Final = re.compile(r"<Code>(\w{1,64})</Code>")
_STATUS: Final = re.compile(r"non-2xx status code: (\d{3}(?: [A-Za-z ]{1,40})?)")
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_SIDECARS: Final = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix"})
_SUCCESS: Final = "_SUCCESS"
_REFUSED: Final = frozenset({"401", "403"})


@dataclass(frozen=True, slots=True)
class ObjectUrl:
    """The place of an object, or of all below it: `s3://bucket/key`."""

    bucket: str
    key: str

    @classmethod
    def of(cls, text: str) -> Self:
        """What a URL says.

        Raises:
            ObjectFailed: It names no bucket or no key, or says who asks.

        Examples:
            >>> ObjectUrl.of("s3://maps/2026/ice.nq")
            ObjectUrl(bucket='maps', key='2026/ice.nq')
        """
        bucket, _, key = _SCHEMES.sub("", text, count=1).partition("/")
        if "@" in bucket:
            # What stands before the sign is not to be seen.
            where = f"s3://{bucket.rpartition('@')[2]}/{key}"
            raise ObjectFailed(where, "says who asks; set AWS_ACCESS_KEY_ID instead")
        parts = PurePosixPath(key).parts
        if not bucket or not parts or ".." in parts:
            raise ObjectFailed(text, "is not s3://bucket/key")
        return cls(bucket, key.strip("/"))

    @property
    def name(self) -> str:
        """The last name of the key."""
        return PurePosixPath(self.key).name

    def beside(self, name: str) -> "ObjectUrl":
        """The object of another name next to this one."""
        return ObjectUrl(self.bucket, str(PurePosixPath(self.key).parent / name))

    def below(self, name: str) -> "ObjectUrl":
        """The object of a name below this one, which is a folder."""
        return ObjectUrl(self.bucket, f"{self.key}/{name}")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def is_object_url(text: str) -> bool:
    """Whether a text is the URL of an object.

    Examples:
        >>> is_object_url("s3://maps/ice.nq"), is_object_url("maps/ice.nq")
        (True, False)
    """
    return _SCHEMES.match(text) is not None


def fetch_object(url: ObjectUrl, folder: Path, max_bytes: int) -> Path:
    """Put an object into a folder: a file of its name, or a folder of what is below.

    The other files of a shapefile come with its `.shp`.

    Args:
        url: The object; where there is none, all that have it as their folder.
        folder: Where it is put.
        max_bytes: How much may be fetched.

    Raises:
        ObjectFailed: It is not there, is too large, or cannot be had.
    """
    with _told(url):
        store = _store(url.bucket)
        sizes = _sizes(store, url)
        if not sizes:
            raise ObjectFailed(str(url), "does not exist")
        if sum(sizes.values()) > max_bytes:
            raise ObjectFailed(str(url), f"is longer than {max_bytes:,} bytes")
        parent = PurePosixPath(url.key).parent
        for key, size in sizes.items():
            target = folder / PurePosixPath(key).relative_to(parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            _download(store, key, target, size)
    return folder / url.name


def put_file(path: Path, url: ObjectUrl) -> None:
    """Make a file an object: whole, or the object stays as it is.

    Large files go in parts, which are dropped where one of them fails.

    Raises:
        ObjectFailed: The service is not to be had, or refuses it.
    """
    with _told(url):
        obstore.put(_store(url.bucket), url.key, path)


def put_bytes(content: bytes, url: ObjectUrl) -> None:
    """Make bytes an object.

    Raises:
        ObjectFailed: The service is not to be had, or refuses it.
    """
    with _told(url):
        obstore.put(_store(url.bucket), url.key, content)


def names_below(url: ObjectUrl) -> list[str]:
    """The names of the objects below a folder, from there on.

    Raises:
        ObjectFailed: They cannot be listed.
    """
    with _told(url):
        found = _below(_store(url.bucket), url)
    return [one.removeprefix(f"{url.key}/") for one in found]


def delete_below(url: ObjectUrl, names: Iterable[str]) -> None:
    """Delete objects below a folder.

    Raises:
        ObjectFailed: One cannot be deleted; others may be gone.
    """
    with _told(url):
        _delete(_store(url.bucket), {f"{url.key}/{name}" for name in names})


def put_files(folder: Path, url: ObjectUrl) -> None:
    """Put what a folder holds next to an object, and what tells that all is there last.

    That is the file of the object's name, or `_SUCCESS` where it is a folder.  Of a
    folder that is there, `_SUCCESS` goes first, and what is not among the files goes.

    Raises:
        ObjectFailed: One cannot be put; those before it are there.
    """
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    names = {one: url.beside(one.relative_to(folder).as_posix()) for one in files}
    last = {folder / url.name, folder / url.name / _SUCCESS}
    with _told(url):
        store = _store(url.bucket)
        before = set(_below(store, url))
        _delete(store, before & {f"{url.key}/{_SUCCESS}"})
    for path in files:
        if path not in last:
            put_file(path, names[path])
    with _told(url):
        _delete(store, before - {one.key for one in names.values()})
    for path in last & set(files):
        put_file(path, names[path])


def check_place(url: ObjectUrl) -> None:
    """Refuse a place to which nothing can be put, or where something else is.

    Raises:
        ObjectFailed: There are objects below it that no run has completed, or the
            bucket cannot be listed.
    """
    with _told(url):
        found = _below(_store(url.bucket), url)
    if found and f"{url.key}/{_SUCCESS}" not in found:
        raise ObjectFailed(str(url), "is a folder that no run has completed")


def _store(bucket: str) -> S3Store:
    endpoint = next(filter(None, map(os.environ.get, _ENDPOINTS)), "")
    return S3Store(
        bucket,
        client_options={
            "allow_http": endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=10),
            "read_timeout": timedelta(seconds=30),
            # Of all of an object, which may be large.
            "timeout": timedelta(hours=6),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
    )


def _sizes(store: S3Store, url: ObjectUrl) -> dict[str, int]:
    """The keys that a URL stands for, with their lengths."""
    key = PurePosixPath(url.key)
    try:
        found = {url.key: obstore.head(store, url.key)["size"]}
    except FileNotFoundError:
        return _below(store, url)
    if key.suffix.lower() == ".shp":
        parent = "" if str(key.parent) == "." else f"{key.parent}/"
        beside = obstore.list_with_delimiter(store, parent)["objects"]
        for one in beside:
            path = PurePosixPath(one["path"])
            if path.stem == key.stem and path.suffix.lower() in _SIDECARS:
                found[one["path"]] = one["size"]
    return found


def _below(store: S3Store, url: ObjectUrl) -> dict[str, int]:
    """The keys of all that has a URL as its folder, with their lengths."""
    batches = obstore.list(store, f"{url.key}/")
    return {one["path"]: one["size"] for batch in batches for one in batch}


def _delete(store: S3Store, keys: set[str]) -> None:
    if keys:
        obstore.delete(store, sorted(keys))


def _download(store: S3Store, key: str, target: Path, size: int) -> None:
    with whole_file(target) as file:
        for chunk in obstore.get(store, key):
            file.write(chunk)
        if file.tell() != size:
            reason = f"cut short after {file.tell():,} of {size:,} bytes"
            raise ObjectFailed(key, reason)


@contextmanager
def _told(url: ObjectUrl) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise ObjectFailed(str(url), _reason(error)) from None


def _reason(error: Exception) -> str:
    """What is wrong, in our words: those of the library tell all that was said."""
    text = str(error)
    code, status = _CODE.search(text), _STATUS.search(text)
    if code is not None and code[1] == "NoSuchBucket":
        return "is in a bucket that does not exist"
    if status is not None and status[1][:3] in _REFUSED:
        told = f" ({code[1]})" if code else ""
        return (
            f"is refused{told}: see AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
            "AWS_REGION, or AWS_SKIP_SIGNATURE=true for a public bucket"
        )
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if code is not None or status is not None:
        return f"the service answers {code[1] if code else status and status[1]}"
    if isinstance(error, OSError):
        return error.strerror or "cannot be written to a file"
    return "the service cannot be asked: see AWS_ENDPOINT_URL and AWS_REGION"
