"""Ed25519 keys for checkpoints: made, rotated, and used. The extra `[seal]` (cryptography) does the arithmetic.

A key is two files: FILE, the private key (PEM, for its owner alone), and FILE.pub, the public key with a line for each rotation
that led to it. A rotation is a certificate that both keys sign, so that who trusts one of them can trust the other.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from lineage_graph.canonical import canonical, digest_of, iso
from lineage_graph.errors import CheckpointProblem, ExtraMissing
from lineage_graph.events import now

PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
FIELDS = ("key", "by", "at")
Certificate = dict[str, Any]


def _need(module: str) -> Any:
    try:
        return import_module(f"cryptography.{module}")
    except ImportError:
        raise ExtraMissing("signing checkpoints (cryptography)", "seal") from None


def _text(raw: bytes) -> str:
    return "ed25519:" + base64.b64encode(raw).decode()


def fingerprint(key: str) -> str:
    """A short name of a public key."""
    return digest_of(key.encode())[:23]


@dataclass(frozen=True)
class Public:
    """A public key, and the rotations that led to it."""

    key: str
    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True)
class Private:
    """A private key, ready to sign. public: its public key; certificates: the rotations that led to it."""

    public: str
    certificates: list[Certificate]
    inner: Any

    def sign(self, data: bytes) -> str:
        return base64.b64encode(self.inner.sign(data)).decode()


def public_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def make(path: Path, old: Path | None = None) -> Public:
    """Makes a key: `path` and `path`.pub. old: the private key that it follows, which signs that it does.

    Raises CheckpointProblem, also where a file is there already; ExtraMissing.
    """
    ed25519, forms = _need("hazmat.primitives.asymmetric.ed25519"), _need("hazmat.primitives.serialization")
    before = load_private(old) if old is not None else None
    for there in (path, public_path(path)):
        if there.exists():
            raise CheckpointProblem(there, "it is there already; a key is never written over, so give another name")
    inner = ed25519.Ed25519PrivateKey.generate()
    public = _raw(inner.public_key(), forms)
    made = Private(public, [], inner)
    certificates: list[Certificate] = []
    if before is not None:
        said = {"key": public, "by": before.public, "at": iso(now())}
        text = canonical(said)
        certificates = [*before.certificates, said | {"signed_by": before.sign(text), "signed": made.sign(text)}]
    private = inner.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    pem = inner.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
        public_path(path).write_bytes(pem + b"".join(canonical(one) + b"\n" for one in certificates))
    except OSError as error:
        raise CheckpointProblem(path, f"it cannot be written ({error.strerror})") from None
    return Public(public, tuple(certificates))


def _raw(key: Any, forms: Any) -> str:
    return _text(key.public_bytes(forms.Encoding.Raw, forms.PublicFormat.Raw))


def load_private(path: Path) -> Private:
    """A private key from its file. Raises CheckpointProblem, ExtraMissing."""
    ed25519, forms = _need("hazmat.primitives.asymmetric.ed25519"), _need("hazmat.primitives.serialization")
    try:
        inner = forms.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise CheckpointProblem(path, f"it cannot be read ({error.strerror}); `audit key {path}` makes one") from None
    except (ValueError, TypeError):
        raise CheckpointProblem(path, "it is no private key; give the file that `audit key` made") from None
    if not isinstance(inner, ed25519.Ed25519PrivateKey):
        raise CheckpointProblem(path, "it is a key of another kind than Ed25519; `audit key` makes one")
    beside = public_path(path)
    certificates = _certificates(beside.read_text(encoding="utf-8")) if beside.exists() else []
    return Private(_raw(inner.public_key(), forms), certificates, inner)


def load_public(path: Path) -> Public:
    """A public key, with its rotations, from its file. Raises CheckpointProblem, ExtraMissing."""
    forms = _need("hazmat.primitives.serialization")
    try:
        text = path.read_text(encoding="utf-8")
        match = PEM.search(text)
        if match is None:
            raise ValueError
        return Public(_raw(forms.load_pem_public_key(match[0].encode()), forms), tuple(_certificates(text)))
    except OSError as error:
        raise CheckpointProblem(path, f"it cannot be read ({error.strerror})") from None
    except (ValueError, TypeError):
        raise CheckpointProblem(path, "it is no public key; give the file that ends in .pub") from None


def _certificates(text: str) -> list[Certificate]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _signed(key: str, data: bytes, signature: Any) -> bool:
    ed25519 = _need("hazmat.primitives.asymmetric.ed25519")
    invalid = _need("exceptions").InvalidSignature
    try:
        raw = base64.b64decode(key.removeprefix("ed25519:"), validate=True)
        ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature, validate=True), data)
    except (invalid, ValueError, TypeError, AttributeError, binascii.Error):
        return False
    return True


def trusted(public: Public, certificates: Iterable[Any]) -> set[str]:
    """The keys that who trusts `public` can trust: those before and after it, by rotations that both keys signed."""
    links = []
    for one in [*public.certificates, *certificates]:
        if not isinstance(one, dict) or not all(isinstance(one.get(name), str) for name in FIELDS):
            continue
        text = canonical({name: one[name] for name in FIELDS})
        if _signed(one["by"], text, one.get("signed_by")) and _signed(one["key"], text, one.get("signed")):
            links.append((one["by"], one["key"]))
    found, more = {public.key}, True
    while more:
        new = {b for a, b in links if a in found} | {a for a, b in links if b in found}
        more = not new <= found
        found |= new
    return found


def wrong(content: Mapping[str, Any], body: bytes, signature: str | None, public: Public | None) -> str | None:
    """What is wrong with a checkpoint's signature, if anything."""
    key = content.get("key")
    if key is None and signature is None:
        return None if public is None else "it is not signed"
    if not isinstance(key, str) or signature is None:
        return "its signature is gone" if signature is None else "it is signed, and does not say with which key"
    if public is None:
        try:
            _need("exceptions")
        except ExtraMissing:
            return None  # nothing was asked of signatures
    if not _signed(key, body, signature):
        return "its signature is not that of its key"
    if public is not None and key not in trusted(public, content.get("certificates") or ()):
        return f"it is signed with key {fingerprint(key)}, which the given public key does not vouch for"
    return None
