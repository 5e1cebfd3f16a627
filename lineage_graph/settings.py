"""What can be set, and where from: the call, then the environment, then the config file, then the default.

Every setting is an environment variable `LINEAGE_GRAPH_<NAME>` and a key of the config file `config.toml` in the user's
config folder (`lineage-graph doctor` prints where that is). Neo4j's own `NEO4J_URI`, `NEO4J_USERNAME`,
`NEO4J_PASSWORD` and `NEO4J_DATABASE` are honoured after ours.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from platformdirs import user_config_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from lineage_graph.errors import SettingWrong

APP = "lineage-graph"


def config_file() -> Path:
    """Where the config file is looked for."""
    return user_config_path(APP) / "config.toml"


# Neo4j's own variables, honoured after ours.
NEO4J = {"uri": "NEO4J_URI", "user": "NEO4J_USERNAME", "password": "NEO4J_PASSWORD", "database": "NEO4J_DATABASE"}


class Settings(BaseSettings):
    """Every setting, with its meaning.

    uri, user, password, database   the Neo4j to use; without `uri` it is the managed local server
    home        folder for journals, the local server and, by default, content
    store       where content goes: a folder or an fsspec URL (`s3://bucket/prefix`); 'off' keeps manifests only
    project     the default project
    mode        online | offline (journal only) | disabled (record nothing)
    fsync       always (each event) | batch (every `fsync_interval` seconds) | never
    timeout     seconds to wait for the graph when a run starts to use, or ends
    """

    model_config = SettingsConfigDict(env_prefix="LINEAGE_GRAPH_", extra="ignore", frozen=True)

    uri: str | None = Field(None)
    user: str = Field("neo4j")
    password: SecretStr | None = Field(None)
    database: str = Field("neo4j")
    home: Path = Field(default_factory=lambda: user_data_path(APP))
    store: str | None = Field(None)
    project: str | None = Field(None)
    mode: Literal["online", "offline", "disabled"] = Field("online")
    fsync: Literal["always", "batch", "never"] = Field("batch")
    fsync_interval: float = Field(0.2, gt=0)
    timeout: float = Field(30.0, gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        neo4j = InitSettingsSource(settings_cls, {k: os.environ[v] for k, v in NEO4J.items() if v in os.environ})
        return init_settings, env_settings, neo4j, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def journals(self) -> Path:
        return self.home / "journals"

    @property
    def server(self) -> Path:
        """The managed local server's folder."""
        return self.home / "neo4j"

    @property
    def store_url(self) -> str:
        return str(self.home / "store") if self.store in (None, "off") else str(self.store)


def load(**given: object) -> Settings:
    """The settings in force now; `given` wins where it is not None. Raises SettingWrong."""
    said = tuple((k, v) for k, v in sorted(given.items()) if v is not None)
    ours = ("LINEAGE_GRAPH_", "NEO4J_", "XDG_", "HOME")
    environment = tuple((k, v) for k, v in os.environ.items() if k.upper().startswith(ours))
    file = config_file()
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _load(said, environment, str(file), changed)


@lru_cache(maxsize=8)
def _load(given: tuple[tuple[str, object], ...], environment: object, file: str, changed: int) -> Settings:
    """Reads them all; what else is given says when to do it again, as it takes a millisecond."""
    try:
        return Settings(**dict(given))  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise SettingWrong(name, f"{first['msg']}, not {first['input']!r}") from None
    except ValueError as error:
        raise SettingWrong(file, f"cannot be read: {error}") from None
