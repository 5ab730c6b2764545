"""What a person who runs the service can set, from the environment or in code."""

from pathlib import Path

from pydantic import ByteSize, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import InvalidSettings
from ontologies.rdfs import Entailment


class Settings(BaseSettings):
    """Settings of the HTTP service; each is read from `PYTHEAS_<NAME>` too.

    Attributes:
        location: The folder of the store.
        query_timeout_s: How long a query may take, reading its answer included; a
            request may ask for less.
        max_queries: How many queries run at once.
        queue_timeout_s: How long a query waits for its turn.
        max_query_bytes: How long the body of a request with a query may be.
        entailment: The regime by which queries are answered; none: what was said.
        geosparql_axioms: Whether a regime knows the ontologies of GeoSPARQL, Simple
            Features and GML, where a graph uses a term of theirs.
        rewrite_relations: Whether `?a geo:sfWithin ?b` follows from geometries (the
            query rewrite extension of GeoSPARQL), and not only from what was said.
        allow_update: Whether the service takes updates. It knows no users, so whoever
            can reach it could change everything.
        allow_load: The documents that LOAD in an update may read, of this machine
            (`file:`) or of the web; an IRI that ends in `/` stands for all below it.
        load_timeout_s: How long the server of such a document may be silent.
        max_load_bytes: How long a document of the web may be.
        allow_service: The endpoints that SERVICE in a query may ask, by the same rule.
        update_timeout_s: How long an update may take, waiting for another included.
        max_update_bytes: How long the body of a request with an update may be.
        backups: The folder that backups are made in; none are made without.
        max_result_rows: How many rows an answer may have; any number when unset.
        max_result_bytes: How long an answer may be.
        memory_limit: What all queries together may hold in memory ("4GB"); 80 % of
            the machine's when unset.
        spill_limit: What they may put on disk beyond that; what there is when unset.
        cors_origins: Which sites' pages may ask; `["*"]` for all, `[]` for none.
    """

    model_config = SettingsConfigDict(env_prefix="PYTHEAS_", frozen=True)

    location: Path = Path("store")
    query_timeout_s: float = Field(default=30.0, gt=0)
    max_queries: int = Field(default=4, ge=1)
    queue_timeout_s: float = Field(default=10.0, ge=0)
    max_query_bytes: int = Field(default=2**20, ge=1)
    entailment: Entailment | None = None
    geosparql_axioms: bool = True
    rewrite_relations: bool = True
    allow_update: bool = False
    allow_load: tuple[str, ...] = ()
    load_timeout_s: float = Field(default=30.0, gt=0)
    max_load_bytes: ByteSize = Field(default=ByteSize(2**32), ge=1)
    allow_service: tuple[str, ...] = ()
    update_timeout_s: float = Field(default=300.0, gt=0)
    max_update_bytes: int = Field(default=2**24, ge=1)
    backups: Path | None = None
    max_result_rows: int | None = Field(default=None, ge=1)
    max_result_bytes: ByteSize = Field(default=ByteSize(2**40), ge=1)
    memory_limit: ByteSize | None = None
    spill_limit: ByteSize | None = None
    cors_origins: tuple[str, ...] = ("*",)


def read_settings() -> Settings:
    """The settings of the environment.

    Raises:
        InvalidSettings: A variable has a value that does not fit.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = (
            (f"PYTHEAS_{str(one['loc'][0]).upper()}", one["msg"])
            for one in error.errors()
        )
        raise InvalidSettings(tuple(wrong)) from error
