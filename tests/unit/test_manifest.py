"""What a manifest accepts, what its digest stands for, and what a draft notices."""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.draft import Draft
from lineage_graph.errors import ArtifactClosed, ContentProblem
from lineage_graph.manifest import FORMAT, Difference, Entry, Manifest, clean_path, diff, local_of


def of(text: str) -> str:
    return "sha256:" + sha256(text.encode()).hexdigest()


def entry(path: str, text: str = "x") -> Entry:
    return Entry(path, of(text), len(text))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "a.txt"
    path.parent.mkdir()
    path.write_text("alpha")
    return path


# --- paths


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("a", "a"),
        ("./a//b", "a/b"),
        ("a/./b/", "a/b"),
        ("..a/b..", "..a/b.."),
        (".hidden", ".hidden"),
        ("ab:c", "ab:c"),
        ("é/日", "é/日"),
    ],
)
def test_a_path_has_one_form(given: str, clean: str) -> None:
    assert clean_path(given) == clean == clean_path(clean)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "./",
        "/",
        "/etc/passwd",
        "//x",
        "..",
        "../a",
        "a/../b",
        "a/..",
        "./../a",
        "a\\b",
        "..\\a",
        "C:/a",
        "c:a",
        "./c:a",
        "a\0b",
        "a\nb",
        "a\x7f",
        "a\x85",
        "a\udcff",
        "/..",
    ],
)
def test_a_path_that_leaves_its_folder_or_has_odd_characters_is_refused(path: str) -> None:
    with pytest.raises(ContentProblem) as told:
        clean_path(path)
    assert "\n" not in str(told.value)
    str(told.value).encode()
    with pytest.raises(ContentProblem):
        Manifest([entry(path)])


@given(st.text(st.sampled_from("ab./\\:C\0\n é\ud800"), max_size=12))
def test_no_path_that_passes_can_climb(path: str) -> None:
    try:
        clean = clean_path(path)
    except ContentProblem:
        return
    assert os.path.normpath(clean) == clean and not clean.startswith(("/", "../")) and clean not in {"..", "."}
    assert clean_path(clean) == clean


# --- manifests

SEGMENT = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\:"), min_size=1, max_size=8).filter(
    lambda s: s not in {".", ".."}
)
ENTRIES = st.lists(
    st.builds(
        lambda path, text, size, ref: Entry(path, of(text), size, ref),
        SEGMENT,
        st.text(max_size=3),
        st.integers(0, 2**53 - 1),
        st.none() | st.just('s3://b/"é\u2028\U0001f600'),
    ),
    unique_by=lambda e: e.path,
)


@given(ENTRIES)
def test_written_form_and_digest_are_those_of_rfc_8785(entries: list[Entry]) -> None:
    manifest = Manifest(entries)
    ordered = sorted(entries, key=lambda e: e.path.encode())
    pairs = [[e.path, e.digest] for e in ordered]
    assert manifest.digest == "sha256:" + sha256(rfc8785.dumps(pairs)).hexdigest()
    files = [{k: v for k, v in e._asdict().items() if k != "ref" or v is not None} for e in ordered]
    assert manifest.to_json().encode() == rfc8785.dumps({"format": FORMAT, "files": files})
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_an_auditor_recomputes_the_digest_in_two_lines(tmp_path: Path) -> None:
    manifest = Manifest([entry('é"😀', "1"), entry("\uffee", "2"), entry("a/b", "3")])
    (tmp_path / "manifest.json").write_text(manifest.to_json(), encoding="utf-8")
    with (tmp_path / "manifest.json").open(encoding="utf-8") as text:
        pairs = [[f["path"], f["digest"]] for f in json.load(text)["files"]]
    found = sha256(json.dumps(pairs, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
    assert manifest.digest == f"sha256:{found}"


def test_the_digest_is_of_names_and_bytes_only() -> None:
    manifest = Manifest([entry("b", "2"), entry("a", "1")])
    elsewhere = Manifest([Entry("a", of("1"), None, "s3://x/y"), Entry("b", of("2"), 77)])
    assert manifest.digest == elsewhere.digest and manifest != elsewhere
    assert hash(manifest) == hash(Manifest(reversed(list(manifest.values()))))
    assert manifest.digest != Manifest([entry("b", "1"), entry("a", "2")]).digest
    assert Manifest().digest == "sha256:" + sha256(b"[]").hexdigest()
    assert list(manifest) == ["a", "b"] and manifest.size == 2 and manifest.file_count == len(manifest) == 2


@pytest.mark.parametrize(
    "entries",
    [
        [entry("a"), entry("a", "y")],
        [entry("a"), entry("a/b/c")],
        [Entry("a", "md5:" + "0" * 32, 1)],
        [Entry("a", "sha256:" + "A" * 64, 1)],
        [Entry("a", of("x"), None)],
        [Entry("a", of("x"), -1)],
        [Entry("a", of("x"), True)],
        [Entry("a", of("x"), 2**53)],
        [Entry("a", "sha256:short", 1, "s3://b/k")],
        [Entry("a", of("x"), 1, "no uri")],
        [Entry("a", of("x"), 1, "s3://b/\n")],
        [Entry("a//b", of("x"), 1)],
    ],
)
def test_an_entry_out_of_form_is_refused(entries: list[Entry]) -> None:
    with pytest.raises(ContentProblem):
        Manifest(entries)


GOOD = {"path": "a", "digest": of("x"), "size": 1}


@pytest.mark.parametrize(
    "value",
    [
        "{",
        "[" * 100_000,
        b"\xff",
        [],
        {},
        {"files": []},
        {"files": {}, "format": FORMAT},
        {"files": [], "format": "other-2"},
        {"files": [], "format": FORMAT, "more": 1},
    ]
    + [
        {"files": [f], "format": FORMAT}
        for f in (
            1,
            {},
            GOOD | {"more": 1},
            GOOD | {"path": 1},
            GOOD | {"path": None},
            GOOD | {"digest": []},
            GOOD | {"size": 1.0},
            GOOD | {"size": "1"},
            GOOD | {"ref": 1},
            GOOD | {"path": "../a"},
            GOOD | {"path": "./a"},
        )
    ],
    ids=lambda value: str(value)[:50].replace("\x00", ""),
)
def test_a_malformed_text_is_refused(value: object) -> None:
    with pytest.raises(ContentProblem):
        Manifest.from_json(value if isinstance(value, str | bytes) else json.dumps(value))
    assert Manifest.from_json(json.dumps({"files": [GOOD], "format": FORMAT}))["a"] == Entry(**GOOD)  # type: ignore[arg-type]


def test_diff_goes_by_path_and_digest() -> None:
    a = Manifest([entry("same"), entry("gone"), entry("other", "1"), Entry("moved", of("m"), 1)])
    b = Manifest([entry("same"), entry("new"), entry("other", "2"), Entry("moved", of("m"), None, "s3://b/m")])
    assert diff(a, b) == Difference(added=["new"], removed=["gone"], changed=["other"])
    assert diff(a, a) == Difference([], [], [])


def test_a_hundred_thousand_entries_take_seconds_not_minutes() -> None:
    entries = [Entry(f"data/part-{i % 300}/{i:07d}.parquet", of(str(i)), i) for i in range(100_000)]
    begin = time.process_time()
    assert Manifest(entries).digest
    assert time.process_time() - begin < 3  # 0.5 s when nothing else runs


def test_importing_it_brings_no_fsspec() -> None:
    code = "import lineage_graph.manifest, lineage_graph.store, sys; sys.exit('fsspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- drafts


def test_files_and_folders_are_added_under_their_names(file: Path, tmp_path: Path) -> None:
    (file.parent / "deep" / "er").mkdir(parents=True)
    (file.parent / "deep" / "er" / "b").write_text("beta")
    draft = Draft()
    assert draft.add_file(file) == Entry("a.txt", of("alpha"), 5)
    draft.add_file(str(file), name="./as//c.txt")
    assert [e.path for e in draft.add_dir(file.parent, "d")] == ["d/a.txt", "d/deep/er/b"]
    assert [e.path for e in draft.add_dir(file.parent)] == ["a.txt", "deep/er/b"]
    assert list(draft.manifest()) == ["a.txt", "as/c.txt", "d/a.txt", "d/deep/er/b", "deep/er/b"]
    assert dict(draft.sources())[Entry("as/c.txt", of("alpha"), 5)] == file
    draft.check_unchanged()


def test_a_relative_path_stays_found_when_the_folder_changes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    draft = Draft()
    draft.add_file("a.txt")
    monkeypatch.chdir("/")
    draft.check_unchanged()


def test_what_cannot_be_added_says_so_at_the_call(file: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to("nowhere")
    draft = Draft()
    (tmp_path / "self").symlink_to("self")
    for path, words in [
        ("none", "not there"),
        ("in", "use add_dir"),
        ("pipe", "pipe"),
        ("broken", "not there"),
        ("self", "cannot"),
    ]:
        with pytest.raises(ContentProblem, match=words):
            draft.add_file(tmp_path / path)
    for path in ("none", "in/a.txt", "."):  # the last holds a pipe and a broken link
        with pytest.raises(ContentProblem):
            draft.add_dir(tmp_path / path)
    with pytest.raises(ContentProblem, match="climbs"):
        draft.add_file(file, "../a")
    assert not draft.manifest()


def test_a_socket_in_a_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(ContentProblem, match="socket"):
            Draft().add_dir(tmp_path)


def test_links_to_files_and_folders_are_followed_and_loops_are_not(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b").write_text("beta")
    (file.parent / "link.txt").symlink_to(file)
    (file.parent / "far").symlink_to(other)
    (file.parent / "loop").symlink_to(file.parent)
    (other / "back").symlink_to(file.parent)
    draft = Draft()
    draft.add_dir(file.parent)
    assert list(draft.manifest()) == ["a.txt", "far/b", "link.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_a_file_name_that_is_not_unicode_is_refused_in_printable_words(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_text("x")
    with pytest.raises(ContentProblem) as told:
        Draft().add_dir(tmp_path)
    str(told.value).encode()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "self").symlink_to("self")
    with pytest.raises(ContentProblem):
        Draft().add_dir(tmp_path / "in")


def test_one_path_has_one_content(file: Path, tmp_path: Path) -> None:
    draft = Draft("model")
    draft.add_file(file, "a")
    draft.add_file(file, "a")
    file.write_text("other")
    with pytest.raises(ContentProblem, match=r"model.*other bytes"):
        draft.add_file(file, "a")
    with pytest.raises(ContentProblem, match="file and folder"):
        draft.add_file(file, "a/b")
    draft.remove("./a")
    draft.add_file(file, "a/b")
    with pytest.raises(ContentProblem, match="file and folder"):
        draft.add_file(file, "a")
    draft.remove("a/b")
    draft.add_file(file, "a")
    assert draft.manifest()["a"].digest == of("other")
    with pytest.raises(ContentProblem, match="is not in"):
        draft.remove("b")


def test_a_folder_that_clashes_adds_nothing(file: Path) -> None:
    (file.parent / "z").write_text("z")
    draft = Draft()
    with draft.new_file("z") as out:
        out.write("not z")
    before = draft.manifest()
    with pytest.raises(ContentProblem):
        draft.add_dir(file.parent)
    assert draft.manifest() == before


def test_a_closed_draft_does_not_change(file: Path) -> None:
    draft = Draft("model")
    draft.add_file(file)
    draft.close()
    with pytest.raises(ArtifactClosed, match="model"):
        draft.add_file(file)
    with pytest.raises(ArtifactClosed):
        draft.add_dir(file.parent)
    with pytest.raises(ArtifactClosed):
        draft.add_reference("s3://b/k")
    with pytest.raises(ArtifactClosed):
        draft.remove("a.txt")
    with pytest.raises(ArtifactClosed), draft.new_file("n"):
        pass
    assert list(draft.manifest()) == ["a.txt"]


def age(path: Path) -> None:
    os.utime(path, ns=(10**18, 10**18))


def test_a_file_that_changes_or_goes_before_it_is_logged_is_named(file: Path) -> None:
    age(file)
    draft = Draft()
    draft.add_file(file)
    os.utime(file)
    draft.check_unchanged()  # touched, same bytes
    file.write_text("ALPHA")
    with pytest.raises(ContentProblem, match=r"a\.txt.*changed"):
        draft.check_unchanged()
    file.unlink()
    with pytest.raises(ContentProblem, match=r"a\.txt.*gone"):
        draft.check_unchanged()


def test_a_change_within_one_tick_of_the_clock_is_seen(file: Path) -> None:
    draft = Draft()
    file.write_text("12345")
    draft.add_file(file)
    told = file.stat()
    file.write_text("54321")
    os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    with pytest.raises(ContentProblem, match="changed"):
        draft.check_unchanged()


def test_a_new_file_is_written_to_and_added() -> None:
    draft = Draft()
    with draft.new_file("t/x.txt") as text:
        text.write("é")
    with draft.new_file("b", "wb") as raw:
        raw.write(b"\0")
    with draft.new_file("l", "x", encoding="latin-1") as latin:
        latin.write("é")
    assert {e.path: e.digest for e in draft.manifest().values()} == {
        "t/x.txt": of("é"),
        "b": of("\0"),
        "l": "sha256:" + sha256(b"\xe9").hexdigest(),
    }
    with pytest.raises(ZeroDivisionError), draft.new_file("broken") as out:
        out.write("half")
        raise ZeroDivisionError
    with pytest.raises(ContentProblem, match="mode"), draft.new_file("n", "r"):
        pass
    with pytest.raises(ContentProblem, match="other bytes"), draft.new_file("b") as out:
        out.write("other")
    assert len(draft.manifest()) == 3


def test_what_new_file_wrote_goes_with_the_draft() -> None:
    draft = Draft()
    with draft.new_file("a") as out:
        out.write("x")
    ((_, local),) = draft.sources()
    assert local.parent.stat().st_mode & 0o077 == 0
    child = os.fork()
    if child == 0:
        del draft
        gc.collect()
        os._exit(0)
    os.waitpid(child, 0)
    assert local.read_text() == "x"
    del draft
    gc.collect()
    assert not local.parent.exists()


def test_a_draft_goes_on_from_an_earlier_version(file: Path) -> None:
    draft = Draft("a", base=Manifest([entry("old"), entry("dir/x")]))
    draft.add_file(file)
    draft.remove("old")
    assert list(draft.manifest()) == ["a.txt", "dir/x"] and [e.path for e, _ in draft.sources()] == ["a.txt"]
    with pytest.raises(ContentProblem):
        draft.add_file(file, "dir")
    draft.check_unchanged()


# --- references


@pytest.mark.parametrize(
    ("uri", "checksum", "path", "digest"),
    [
        ("s3://b/d/model%20x.bin", None, "model%20x.bin", "uri:" + sha256(b"s3://b/d/model%20x.bin").hexdigest()),
        (
            "https://h/d/a%20b.csv?token=1#x",
            True,
            "a b.csv",
            "uri:" + sha256(b"https://h/d/a%20b.csv?token=1#x").hexdigest(),
        ),
        ("s3://b/d/", False, "d", "uri:" + sha256(b"s3://b/d/").hexdigest()),
        ("s3://b/k", "etag-1", "k", "declared:etag-1"),
        ("s3://b/k", "md5:" + "AB" * 16, "k", "md5:" + "ab" * 16),
        ("s3://b/k", "crc32c:yZRlqg==", "k", "crc32c:yZRlqg=="),
        ("s3://b/k", of("x"), "k", of("x")),
        ("file:///not/there/k", of("x"), "k", of("x")),
        ("file:///not/there/k%20k", False, "k k", "uri:" + sha256(b"file:///not/there/k%20k").hexdigest()),
    ],
)
def test_a_reference_has_a_path_and_a_digest(uri: str, checksum: str | bool | None, path: str, digest: str) -> None:
    draft = Draft()
    assert draft.add_reference(uri, checksum=checksum, size=7) == [Entry(path, digest, 7, uri)]
    assert draft.sources() == [] and Manifest.from_json(draft.manifest().to_json()) == draft.manifest()


@pytest.mark.parametrize(
    "arguments",
    [
        ("/data/x",),
        ("C:\\x",),
        ("s3://bucket",),
        ("s3://bucket/",),
        ("s3://b/k\n",),
        ("s3://b/k", "../k"),
        ("file://host/x",),
        ("file:///not/there",),
        ("s3://b/k", None, "md5:short"),
        ("s3://b/k", None, "a b"),
        ("s3://b/k", None, ""),
        ("s3://b/k", None, None, -1),
        ("file:///dev/null",),
        (7,),
    ],
)
def test_a_reference_that_cannot_be_recorded_is_refused(arguments: tuple[object, ...]) -> None:
    draft = Draft()
    with pytest.raises(ContentProblem):
        draft.add_reference(*arguments)  # type: ignore[arg-type]
    assert not draft.manifest()


def test_what_is_behind_a_file_uri_is_hashed(file: Path) -> None:
    odd = file.parent / "b c#1%20.txt"
    odd.write_text("odd")
    draft = Draft()
    assert draft.add_reference(odd.as_uri()) == [Entry(odd.name, of("odd"), 3, odd.as_uri())]
    assert [(e.path, e.digest, e.ref) for e in draft.add_reference(file.parent.as_uri(), "d")] == [
        ("d/a.txt", of("alpha"), file.as_uri()),
        (f"d/{odd.name}", of("odd"), odd.as_uri()),
    ]
    assert local_of(odd.as_uri()) == odd == local_of(odd.as_uri().replace("file://", "file://localhost"))
    assert draft.sources() == []
    odd.write_text("odder")
    with pytest.raises(ContentProblem, match="changed"):
        draft.check_unchanged()
