"""Who may come in by the service: tokens, each with a role and perhaps a project.

They are in one file, `<home>/service/tokens.json`, which only its owner may read. It is replaced whole under a lock, so a
service that runs sees either the old file or the new one, and sees that it is another at the next request. Of a token's secret
only the SHA-256 is kept; as the secret is random and long, nothing slower is needed.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, TypeVar, get_args

from pydantic import ValidationError

from lineage_graph.errors import NotRecorded, ParameterWrong, TokenRefused, TokensProblem
from lineage_graph.events import Time, Word, now
from lineage_graph.models import Frozen
from lineage_graph.names import check_project, check_word
from lineage_graph.settings import Settings

Role = Literal["reader", "recorder", "auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
ID, SECRET = 5, 32  # bytes
TEXT = re.compile(rf"lg_([0-9a-f]{{{2 * ID}}})_([0-9a-f]{{{2 * SECRET}}})")
AGE = re.compile(r"([1-9][0-9]{0,4})([dh])")
UNITS = {"d": "days", "h": "hours"}
DATE = re.compile(r"\d{4}-\d\d-\d\d")
NOBODY = "0" * 64  # compared with where there is no such id, so that this takes as long
T = TypeVar("T")


class Token(Frozen):
    """A token as it is kept. digest: SHA-256 of its secret. project: it sees and records only that one. Times are in UTC."""

    id: str
    role: Role
    project: str | None = None
    name: Word | None = None
    created: Time
    expires: Time | None = None
    revoked: Time | None = None
    digest: str

    def state(self, at: datetime | None = None) -> Literal["good", "expired", "revoked"]:
        """What has become of it by then, by default by now."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= (at or now()) else "good"


class _File(Frozen):
    """What is in the file. key: by it, what a project's token must not see gets ids that tell nothing."""

    format: Literal[1] = 1
    key: str
    tokens: tuple[Token, ...] = ()


class Tokens:
    """The tokens of one home. Raises TokensProblem wherever the file cannot be read or written, so that nobody comes in."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.home / "service" / "tokens.json"
        self._seen: tuple[tuple[int, ...], _File] | None = None

    def all(self) -> tuple[Token, ...]:
        """Every token there ever was, the oldest first."""
        return self._read().tokens

    def key(self) -> bytes:
        """A secret of this home, made with the first token; empty before."""
        return bytes.fromhex(self._read().key)

    def check(self, text: str) -> Token:
        """The token of that text, `lg_ID_SECRET`. Raises TokenRefused, saying more only to who has the whole secret."""
        match = TEXT.fullmatch(text)
        if match is None:
            raise TokenRefused("it is no token")
        found = next((token for token in self.all() if token.id == match[1]), None)
        known = compare_digest(sha256(bytes.fromhex(match[2])).hexdigest(), NOBODY if found is None else found.digest)
        if found is None or not known:
            raise TokenRefused("it is not known here")
        if (state := found.state()) != "good":
            raise TokenRefused(f"it is {state}" if state == "revoked" else "it has expired")
        return found

    def create(
        self, role: Role, *, project: str | None = None, expires: datetime | None = None, name: str | None = None
    ) -> tuple[Token, str]:
        """A new token and its text, which is nowhere kept. Raises NameNotUnderstood, ParameterWrong."""
        if role not in ROLES:
            raise ParameterWrong("role", f"it is {', '.join(ROLES)}, not {role!r}")
        if project is not None:
            check_project(project)
        check_word(name, "a token's name")
        if expires is not None and expires <= now():
            raise ParameterWrong("expires", f"{expires.isoformat()} is over; give a time to come, such as 90d")
        secret = secrets.token_bytes(SECRET)

        def add(file: _File) -> tuple[_File, Token]:
            taken = {token.id for token in file.tokens}
            own = next(one for one in iter(lambda: secrets.token_hex(ID), None) if one not in taken)
            token = Token(
                id=own, role=role, project=project, name=name, created=now(), expires=expires,
                digest=sha256(secret).hexdigest(),
            )  # fmt: skip
            return file.model_copy(update={"tokens": (*file.tokens, token)}), token

        made = self._change(add)
        return made, f"lg_{made.id}_{secret.hex()}"

    def revoke(self, id: str) -> Token:
        """Ends a token, from the next request on; one that is revoked stays as it is. Raises NotRecorded."""

        def end(file: _File) -> tuple[_File, Token]:
            found = next((token for token in file.tokens if token.id == id), None)
            if found is None:
                raise NotRecorded("token", id, "`lineage-graph token list` lists them")
            ended = found if found.revoked is not None else found.model_copy(update={"revoked": now()})
            return file.model_copy(update={"tokens": tuple(ended if t is found else t for t in file.tokens)}), ended

        return self._change(end)

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> _File:
        try:
            status = self.path.stat()
            sign = (status.st_mtime_ns, status.st_ino, status.st_size)
            if self._seen is None or self._seen[0] != sign:
                self._seen = sign, _File.model_validate_json(self.path.read_bytes())
            return self._seen[1]
        except FileNotFoundError:
            return _File(key="")
        except OSError as error:
            raise TokensProblem(self.path, f"it cannot be read ({error.strerror})") from error
        except ValidationError:
            raise TokensProblem(self.path, "it is not what `lineage-graph token` writes; restore it, or move it away") from None

    def _change(self, change: Callable[[_File], tuple[_File, T]]) -> T:
        try:
            with self._locked():
                file, made = change(self._read())
                file = file if file.key else file.model_copy(update={"key": secrets.token_hex(SECRET)})
                new = self.path.with_name(f".{self.path.name}")
                with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                    out.write(file.model_dump_json(indent=1))
                    out.flush()
                    os.fsync(out.fileno())
                new.replace(self.path)
                return made
        except OSError as error:
            raise TokensProblem(self.path, f"it cannot be written ({error.strerror})") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def until(text: str) -> datetime:
    """When a token ends that is told so: '90d', '12h', '2027-01-31' (its end, in UTC) or a time. Raises ParameterWrong."""
    if match := AGE.fullmatch(text):
        return now() + timedelta(**{UNITS[match[2]]: int(match[1])})
    try:
        if DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
        at = datetime.fromisoformat(text)
        if DATE.match(text) and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ParameterWrong("expires", f"{text!r} is no time; write it as 90d, 12h, 2027-01-31 or 2027-01-31T08:00:00Z")
