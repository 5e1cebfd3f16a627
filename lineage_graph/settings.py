"""What can be set, and where from: the call, then the environment, then the config file, then the default.

Every setting is an environment variable `LINEAGE_GRAPH_<NAME>` and a key of the config file `config.toml` in the user's
config folder (`lineage-graph doctor` prints where that is). Neo4j's own `NEO4J_URI`, `NEO4J_USERNAME`,
`NEO4J_PASSWORD` and `NEO4J_DATABASE` are honoured after ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platformdirs import user_config_path, user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from lineage_graph.errors import SettingWrong

APP = "lineage-graph"


def config_file() -> Path:
    """Where the config file is looked for."""
    return user_config_path(APP) / "config.toml"


def _either(name: str, *others: str) -> AliasChoices:
    # never the bare name: HOME and USER are other people's variables
    return AliasChoices(f"lineage_graph_{name}", *others)


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

    model_config = SettingsConfigDict(env_prefix="", extra="ignore", frozen=True, populate_by_name=True)

    uri: str | None = Field(None, validation_alias=_either("uri", "neo4j_uri"))
    user: str = Field("neo4j", validation_alias=_either("user", "neo4j_username", "neo4j_user"))
    password: SecretStr | None = Field(None, validation_alias=_either("password", "neo4j_password"))
    database: str = Field("neo4j", validation_alias=_either("database", "neo4j_database"))
    home: Path = Field(default_factory=lambda: user_data_path(APP), validation_alias=_either("home"))
    store: str | None = Field(None, validation_alias=_either("store"))
    project: str | None = Field(None, validation_alias=_either("project"))
    mode: Literal["online", "offline", "disabled"] = Field("online", validation_alias=_either("mode"))
    fsync: Literal["always", "batch", "never"] = Field("batch", validation_alias=_either("fsync"))
    fsync_interval: float = Field(0.2, gt=0, validation_alias=_either("fsync_interval"))
    timeout: float = Field(30.0, gt=0, validation_alias=_either("timeout"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

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
    try:
        return Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise SettingWrong(name, f"{first['msg']}, not {first['input']!r}") from None
    except ValueError as error:
        raise SettingWrong(str(config_file()), f"cannot be read: {error}") from None
