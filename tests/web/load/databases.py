"""A PostgreSQL database that a server of its own can use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlparse


@contextmanager
def own_database(url: str | None) -> Iterator[str | None]:
    """A fresh database beside the one at `url`, removed at the end; None without PostgreSQL."""
    if url is None:
        yield None
        return
    import psycopg

    name = f"crowdsft_load_{os.getpid()}"
    with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlparse(url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
