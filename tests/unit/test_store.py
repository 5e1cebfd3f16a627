"""What a store keeps is what was given, whoever puts it, and whatever breaks on the way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import fsspec
import pytest

from lineage_graph import places as room
from lineage_graph.draft import Draft
from lineage_graph.errors import ContentProblem
from lineage_graph.manifest import Entry, Manifest
from lineage_graph.store import CannotFetch, Staging, Store


def of(data: bytes) -> str:
    return "sha256:" + sha256(data).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"alpha")
    (folder / "deep" / "er" / "b.bin").write_bytes(b"beta" * 1_000_000)
    (folder / "deep" / "twin").write_bytes(b"alpha")
    (folder / "empty").write_bytes(b"")
    return folder


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield Store(tmp_path / "store")
        return
    fsspec.filesystem("memory").store.clear()
    yield Store("memory://bucket/prefix")
    fsspec.filesystem("memory").store.clear()


def drafted(folder: Path) -> Draft:
    draft = Draft()
    draft.add_dir(folder)
    return draft


def spoil(store: Store, digest: str, data: bytes | None) -> None:
    """Puts other bytes where a blob is, or takes it away."""
    key = f"sha256/{digest[7:9]}/{digest[7:]}"
    if isinstance(store._place, room._Folder):
        path = store._place.root / key
        path.chmod(0o644)
        path.unlink() if data is None else path.write_bytes(data)
    else:
        memory = fsspec.filesystem("memory")
        memory.rm(f"/bucket/prefix/{key}") if data is None else memory.pipe_file(f"/bucket/prefix/{key}", data)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


def test_what_is_put_comes_back(store: Store, source: Path, tmp_path: Path) -> None:
    draft, done = drafted(source), []
    assert len(store.missing(draft.manifest())) == 4 and not store.has_manifest(draft.manifest().digest)
    manifest = store.put(draft, done.append)
    assert sum(done) == manifest.size == 4_000_010
    assert store.missing(manifest) == [] and store.has_manifest(manifest.digest) and store.has(of(b"alpha"))
    assert store.manifest(manifest.digest) == manifest
    with store.open(of(b"alpha")) as blob:
        assert blob.read() == b"alpha"
    done.clear()
    target = store.download(manifest, tmp_path / "to" / "here", progress=done.append)
    assert {p.relative_to(target).as_posix(): p.read_bytes() for p in target.rglob("*") if p.is_file()} == {
        e.path: (source / e.path).read_bytes() for e in manifest.values()
    }
    assert sum(done) == manifest.size and not leftovers(tmp_path)
    assert os.access(target / "a.txt", os.W_OK) and (target / "a.txt").stat().st_mode & stat.S_IWUSR


def test_a_put_again_reads_nothing(store: Store, source: Path) -> None:
    file = source / "a.txt"
    assert store.put_file(file, of(b"alpha")) is True
    file.write_bytes(b"ALPHA")
    assert store.put_file(file, of(b"alpha")) is False


@pytest.mark.parametrize("data", [b"ALPHA", b"alph", b""])
def test_bytes_of_another_digest_are_refused_and_leave_nothing(store: Store, source: Path, tmp_path: Path, data: bytes) -> None:
    (source / "a.txt").write_bytes(data)
    with pytest.raises(ContentProblem, match=r"a\.txt"):
        store.put_file(source / "a.txt", of(b"alpha"))
    assert not store.has(of(b"alpha")) and not leftovers(tmp_path)
    assert not [k for k in fsspec.filesystem("memory").store if k.endswith(".part")]
    with pytest.raises(ContentProblem):
        store.put_file(source / "none", of(b"alpha"))


@pytest.mark.parametrize("digest", ["md5:" + "0" * 32, "sha256:../../etc/passwd", "", "sha256:" + "A" * 64])
def test_only_a_digest_names_a_blob(store: Store, source: Path, digest: str) -> None:
    for call in (
        store.has,
        store.open,
        store.has_manifest,
        store.manifest,
        lambda d: store.put_file(source / "a.txt", d),
    ):
        with pytest.raises(ContentProblem):
            call(digest)


@pytest.mark.parametrize("data", [b"ALPHA", b"alph", b"", None])
def test_a_blob_that_is_not_itself_is_not_handed_out(store: Store, source: Path, tmp_path: Path, data: bytes | None) -> None:
    manifest = store.put(drafted(source))
    spoil(store, of(b"alpha"), data)
    (tmp_path / "kept").write_text("before")
    with pytest.raises(ContentProblem, match="put it again"):
        store.fetch(manifest["a.txt"], tmp_path / "kept")
    with pytest.raises(ContentProblem):
        store.fetch(manifest["a.txt"], tmp_path / "new")
    with pytest.raises(ContentProblem):
        store.download(manifest, tmp_path / "all")
    assert (tmp_path / "kept").read_text() == "before" and not (tmp_path / "new").exists() and not leftovers(tmp_path)
    assert not (tmp_path / "all" / "a.txt").exists()


@pytest.mark.parametrize("data", [b"alph", None])
def test_a_blob_cut_short_or_gone_is_missing_and_put_again(store: Store, source: Path, data: bytes | None) -> None:
    manifest = store.put(drafted(source))
    spoil(store, of(b"alpha"), data)
    assert [e.path for e in store.missing(manifest)] == ["a.txt", "deep/twin"]
    assert store.put_file(source / "a.txt", of(b"alpha")) is True
    assert store.missing(manifest) == []


@pytest.mark.parametrize("damage", ["altered", "cut"])
def test_a_manifest_that_is_not_itself_is_not_handed_out_and_put_again(store: Store, source: Path, damage: str) -> None:
    manifest = store.put(drafted(source))
    text = manifest.to_json()
    text = text[:50] if damage == "cut" else text.replace("a.txt", "z.txt")
    store._place.write(f"manifests/{manifest.digest[7:9]}/{manifest.digest[7:]}.json", text.encode())
    with pytest.raises(ContentProblem):
        store.manifest(manifest.digest)
    store.put_manifest(manifest)
    assert store.manifest(manifest.digest) == manifest
    with pytest.raises(ContentProblem):
        store.manifest(of(b"none"))


def test_blobs_are_read_only_copies_and_respect_the_umask(source: Path, tmp_path: Path) -> None:
    store, place = Store(str(tmp_path / "store")), tmp_path / "store" / "sha256"
    old = os.umask(0o022)
    try:
        store.put_file(source / "a.txt", of(b"alpha"))
        os.umask(0o077)
        store.put_file(source / "empty", of(b""))
    finally:
        os.umask(old)
    blob = place / of(b"alpha")[7:9] / of(b"alpha")[7:]
    assert blob.stat().st_mode & 0o777 == 0o444 and blob.stat().st_nlink == 1
    assert (place / of(b"")[7:9] / of(b"")[7:]).stat().st_mode & 0o777 == 0o400
    assert not list((tmp_path / "store" / "tmp").iterdir())


def test_a_store_is_found_by_path_text_or_file_uri(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a store"
    Store(folder).put_file(source / "a.txt", of(b"alpha"))
    assert Store(str(folder)).has(of(b"alpha")) and Store(folder.as_uri()).has(of(b"alpha"))
    assert not Store(tmp_path / "nowhere").has(of(b"alpha")) and not (tmp_path / "nowhere").exists()


def test_a_local_store_does_without_fsspec(source: Path, tmp_path: Path) -> None:
    code = f"""
import sys
from lineage_graph.draft import Draft
from lineage_graph.store import Store
draft = Draft(); draft.add_dir({str(source)!r})
store = Store({str(tmp_path / "s")!r})
store.download(store.put(draft), {str(tmp_path / "d")!r})
sys.exit("fsspec" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_place_that_cannot_be_written_is_told(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "store")
    assert not store.has(of(b"alpha"))
    for call in (lambda: store.put(drafted(source)), lambda: store.put_manifest(Manifest())):
        with pytest.raises(ContentProblem, match=r"make .* writable"):
            call()
    good = Store(tmp_path / "good")
    manifest = good.put(drafted(source))
    with pytest.raises(ContentProblem):
        good.download(manifest, tmp_path / "file")
    with pytest.raises(ContentProblem):
        good.fetch(manifest["a.txt"], tmp_path / "file" / "a")


@pytest.mark.parametrize("url", ["nosuchprotocol://u:secret@x/y", "s3://bucket/x"])
def test_a_protocol_that_is_not_there_is_told_without_the_password(url: str) -> None:
    if url.startswith("s3"):
        try:
            import s3fs  # noqa: F401
        except ImportError:
            pass
        else:
            url = "nosuchprotocol://x"
    with pytest.raises(ContentProblem, match="install") as told:
        Store(url).has(of(b""))
    assert "secret" not in str(told.value) and "secret" not in repr(Store(url))


def test_many_processes_may_put_the_same_blob(source: Path, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from lineage_graph.store import Store
place, file = Store({str(tmp_path / "store")!r})._place, Path({str(source / "deep/er/b.bin")!r})
for _ in range(20):
    place.put("sha256/ab/x", file, {of(b"beta" * 1_000_000)!r}, id)
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    blob = tmp_path / "store" / "sha256" / "ab" / "x"
    while any(process.poll() is None for process in running):
        if blob.exists():
            assert blob.stat().st_size == 4_000_000
    assert [process.returncode for process in running] == [0] * 4
    assert of(blob.read_bytes()) == of(b"beta" * 1_000_000) and not leftovers(tmp_path)


def test_many_threads_may_put_the_same_draft(store: Store, source: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        manifests = list(pool.map(lambda _: store.put(drafted(source)), range(16)))
    assert len({m.digest for m in manifests}) == 1 and store.missing(manifests[0]) == []


def test_an_interrupted_copy_leaves_nothing(store: Store, source: Path, tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    draft = drafted(source)
    if isinstance(store._place, room._Folder):
        with pytest.raises(KeyboardInterrupt):
            store.put_file(source / "a.txt", of(b"alpha"), stop)
        assert not store.has(of(b"alpha"))
    store.put(draft)
    with pytest.raises(KeyboardInterrupt):
        store.fetch(draft.manifest()["a.txt"], tmp_path / "a", stop)
    assert not (tmp_path / "a").exists() and not leftovers(tmp_path)


# --- download


def test_right_files_stay_wrong_ones_are_replaced_others_are_left(source: Path, tmp_path: Path) -> None:
    store, to = Store(tmp_path / "store"), tmp_path / "to"
    manifest = store.put(drafted(source))
    store.download(manifest, to)
    before = (to / "a.txt").stat().st_ino
    (to / "deep" / "twin").write_text("ALPHA")
    (to / "mine").write_text("mine")
    spoil(store, of(b""), None)  # not needed again
    store.download(manifest, to)
    assert (to / "a.txt").stat().st_ino == before and (to / "deep" / "twin").read_bytes() == b"alpha"
    assert (to / "mine").read_text() == "mine"


def test_nothing_is_written_outside_the_folder(source: Path, tmp_path: Path) -> None:
    store, to, out = Store(tmp_path / "store"), tmp_path / "to", tmp_path / "out"
    manifest = store.put(drafted(source))
    out.mkdir()
    to.mkdir()
    (to / "deep").symlink_to(out)
    with pytest.raises(ContentProblem, match="link"):
        store.download(manifest, to)
    assert not list(out.iterdir())
    (to / "deep").unlink()
    (to / "deep").write_text("a file")
    with pytest.raises(ContentProblem, match="folder must be"):
        store.download(manifest, to)
    (to / "deep").unlink()
    (out / "victim").write_text("keep")
    (to / "a.txt").symlink_to(out / "victim")
    store.download(manifest, to)
    assert (out / "victim").read_text() == "keep" and (to / "a.txt").read_bytes() == b"alpha"
    assert not (to / "a.txt").is_symlink()
    (out / "victim").write_bytes(b"alpha")
    (to / "a.txt").unlink()
    (to / "a.txt").symlink_to(out / "victim")  # right bytes now, and they would change with the victim
    store.download(manifest, to)
    assert not (to / "a.txt").is_symlink()
    (to / "empty").unlink()
    (to / "empty").mkdir()
    with pytest.raises(ContentProblem, match="empty"):
        store.download(manifest, to)


def test_memory_stays_bounded(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as out:
        out.truncate(300 << 20)
    code = f"""
import resource
from lineage_graph.draft import Draft
from lineage_graph.store import Store
resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
draft = Draft(); draft.add_file({str(big)!r})
store = Store({str(tmp_path / "s")!r})
store.download(store.put(draft), {str(tmp_path / "d")!r})
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- references


def test_references_are_fetched_and_verified(source: Path, tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/far/x", b"far")
    draft = Draft()
    draft.add_reference((source / "a.txt").as_uri())
    draft.add_reference("memory://far/x", "sized", size=3)
    draft.add_reference("memory://far/x", "summed", checksum="md5:" + md5(b"far").hexdigest())
    store = Store(tmp_path / "store")
    manifest = store.put(draft)
    assert store.missing(manifest) == [] and not store.has(of(b"alpha"))
    to = store.download(manifest, tmp_path / "to")
    assert [(to / n).read_bytes() for n in ("a.txt", "sized", "summed")] == [b"alpha", b"far", b"far"]
    for data in (b"FAR", b"farther"):
        memory.pipe_file("/far/x", data)
        with pytest.raises(ContentProblem, match="not what was recorded"):
            store.download(manifest, tmp_path / f"to-{data.decode()}", allow_missing_references=True)
    # Without a checksum the size alone tells, and the same size passes.
    with pytest.raises(ContentProblem, match="not what was recorded"):
        store.fetch(manifest["sized"], tmp_path / "one")
    assert not (tmp_path / "one").exists()
    memory.pipe_file("/far/x", b"FAR")
    store.fetch(manifest["sized"], tmp_path / "one")
    memory.rm("/far/x")


def test_references_that_cannot_be_reached_are_counted_and_the_rest_is_written(source: Path, tmp_path: Path) -> None:
    draft = Draft()
    draft.add_file(source / "a.txt", "z.txt")
    draft.add_reference("nosuch://x/1")
    draft.add_reference("memory://none/2")
    store = Store(tmp_path / "store")
    manifest = store.put(draft)
    with pytest.raises(CannotFetch, match=r"^1: nosuch://x/1.*1 of 2 references"):
        store.download(manifest, tmp_path / "to")
    assert (tmp_path / "to" / "z.txt").read_bytes() == b"alpha"
    assert store.download(manifest, tmp_path / "to", allow_missing_references=True) == tmp_path / "to"


def test_a_reference_is_taken_from_the_store_that_has_its_bytes(store: Store, source: Path, tmp_path: Path) -> None:
    draft = Draft()
    draft.add_reference((source / "a.txt").as_uri())
    store.put(drafted(source))
    manifest = store.put(draft)
    (source / "a.txt").unlink()
    assert (store.download(manifest, tmp_path / "to") / "a.txt").read_bytes() == b"alpha"


# --- staging


@pytest.fixture
def staged(source: Path, tmp_path: Path) -> tuple[Staging, Manifest]:
    staging = Staging(tmp_path / "staging")
    return staging, staging.put(drafted(source))


def test_what_is_staged_arrives_once(store: Store, staged: tuple[Staging, Manifest], tmp_path: Path) -> None:
    (staging, manifest), done = staged, []
    staging.upload_to(store, manifest, progress=done.append)
    assert sum(done) == 4_000_005  # the twins are one blob
    assert store.missing(manifest) == [] and store.manifest(manifest.digest) == manifest
    done.clear()
    staging.upload_to(store, manifest, progress=done.append)
    assert done == []
    assert (store.download(manifest, tmp_path / "to") / "deep" / "twin").read_bytes() == b"alpha"


def test_an_upload_that_breaks_has_no_manifest_and_goes_on_later(
    store: Store, staged: tuple[Staging, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    staging, manifest = staged
    put, calls = type(store._place).put, []

    def breaks(self: Any, key: str, *more: Any) -> None:
        calls.append(key)
        if len(calls) == 2:
            raise ConnectionError("the line is cut")
        put(self, key, *more)

    monkeypatch.setattr(type(store._place), "put", breaks)
    with pytest.raises(ContentProblem, match="the line is cut"):
        staging.upload_to(store, manifest)
    assert not store.has_manifest(manifest.digest) and 0 < len(store.missing(manifest)) < 4
    staging.upload_to(store, manifest)
    assert store.has_manifest(manifest.digest) and store.missing(manifest) == [] and len(calls) == 4


def test_a_staged_blob_that_is_gone_or_spoilt_is_named_and_not_sent(store: Store, staged: tuple[Staging, Manifest]) -> None:
    staging, manifest = staged
    spoil(staging, of(b"alpha"), b"ALPHA")
    with pytest.raises(ContentProblem, match="is not sha256:"):
        staging.upload_to(store, manifest)
    spoil(staging, of(b"alpha"), None)
    with pytest.raises(ContentProblem, match=r"twin: is neither in .* nor in "):
        staging.upload_to(store, manifest)
    assert not store.has(of(b"alpha")) and not store.has_manifest(manifest.digest)


def test_object_stores_get_the_last_name_at_once_by_several_threads(
    staged: tuple[Staging, Manifest], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WHOLE", {"memory"})
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    seen: set[int] = set()
    put_file = type(memory).put_file

    def slow(self: Any, *arguments: Any, **named: Any) -> None:
        seen.add(threading.get_ident())
        assert "/tmp/" not in arguments[1]
        put_file(self, *arguments, **named)

    monkeypatch.setattr(type(memory), "put_file", slow)
    many = tmp_path / "many"
    many.mkdir()
    for i in range(100):
        (many / str(i)).write_text(str(i))
    store, (staging, _) = Store("memory://bucket/prefix"), staged
    manifest, done, busy = staging.put(drafted(many)), [], []

    def progress(count: int) -> None:
        assert not busy
        busy.append(count)
        time.sleep(0.001)
        done.append(busy.pop())

    staging.upload_to(store, manifest, progress=progress)
    assert len(seen) > 1 and sum(done) == manifest.size and store.missing(manifest) == []
    assert (store.download(manifest, tmp_path / "to") / "99").read_text() == "99"
    memory.store.clear()


def test_an_upload_cut_short_is_noticed_and_taken_back(
    staged: tuple[Staging, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    staging, manifest = staged
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    monkeypatch.setattr(type(memory), "put_file", lambda self, local, path, **_: self.pipe_file(path, b"al"))
    for whole in (set(), {"memory"}):
        monkeypatch.setattr(room, "WHOLE", whole)
        with pytest.raises(ContentProblem, match="cut short"):
            staging.upload_to(Store("memory://bucket/prefix"), manifest)
        assert not memory.store


def test_a_digest_that_is_not_of_a_blob_has_no_source(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ContentProblem):
        store.fetch(Entry("a", "md5:" + "0" * 32, 1), tmp_path / "a")
