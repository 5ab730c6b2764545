"""Which representation a client gets: `Accept` with q-values, or `?format=`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from api.errors import NotAcceptable


class Offer(Protocol):
    """A representation on offer."""

    @property
    def name(self) -> str:
        """Short name, for `?format=`."""
        ...

    @property
    def media_type(self) -> str:
        """What `Content-Type` says."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other media types that ask for the same."""
        ...


AnyOffer = TypeVar("AnyOffer", bound=Offer)


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One element of an `Accept` header (RFC 9110 section 12.5.1)."""

    media_type: str
    quality: float

    def matches(self, media_type: str) -> bool:
        """Whether the range covers a media type."""
        kind, _, subtype = self.media_type.partition("/")
        if subtype != "*":
            return self.media_type == media_type
        return kind in {"*", media_type.partition("/")[0]}

    @property
    def specificity(self) -> int:
        """0 for `*/*`, 1 for `text/*`, 2 for `text/csv`; the most specific decides."""
        return 2 - self.media_type.count("*")


def parse_accept(header: str) -> tuple[MediaRange, ...]:
    """The media ranges of an `Accept` header; parameters but `q` are not looked at.

    Examples:
        >>> parse_accept("text/csv;q=0.5, */*;q=0.1")[0]
        MediaRange(media_type='text/csv', quality=0.5)
    """
    return tuple(_ranges(header))


def _ranges(header: str) -> Iterator[MediaRange]:
    for element in header.split(","):
        media_type, *parameters = (part.strip().lower() for part in element.split(";"))
        if "/" in media_type:
            yield MediaRange(media_type, _quality(parameters))


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def negotiate(
    offers: Sequence[AnyOffer], *, accept: str | None, name: str | None = None
) -> AnyOffer:
    """The offer that suits the client best; among equals the one offered first.

    Args:
        offers: What there is, the preferred one first.
        accept: The `Accept` header; None or empty takes anything.
        name: `?format=`: a short name or a media type; it beats `accept`.

    Raises:
        NotAcceptable: Nothing on offer suits.
    """
    if name is not None:
        return _named(offers, name)
    ranges = parse_accept(accept or "*/*")
    qualities = [_offer_quality(offer, ranges) for offer in offers]
    best = max(qualities)
    if best <= 0:
        raise NotAcceptable(accept or "", [offer.media_type for offer in offers])
    return offers[qualities.index(best)]


def _named(offers: Sequence[AnyOffer], name: str) -> AnyOffer:
    wanted = name.strip().lower()
    for offer in offers:
        if wanted in {offer.name, offer.media_type, *offer.aliases}:
            return offer
    raise NotAcceptable(name, [f"{o.name} ({o.media_type})" for o in offers])


def _offer_quality(offer: Offer, ranges: Sequence[MediaRange]) -> float:
    media_types = (offer.media_type, *offer.aliases)
    return max(quality_of(media_type, ranges) for media_type in media_types)


def quality_of(media_type: str, ranges: Sequence[MediaRange]) -> float:
    """How much a client wants a media type: 0 for not at all, to 1.

    Examples:
        >>> quality_of("text/csv", parse_accept("text/*;q=0.3, text/csv"))
        1.0
    """
    fitting = [one for one in ranges if one.matches(media_type)]
    if not fitting:
        return 0.0
    return max(fitting, key=lambda one: one.specificity).quality
