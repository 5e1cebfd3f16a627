"""The grammar of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.errors import NameNotUnderstood
from lineage_graph.names import (
    ArtifactName,
    RunName,
    VersionName,
    check_alias,
    check_project,
    parse,
    parse_artifact,
    parse_run,
    parse_version,
)

segments = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True).filter(lambda s: s not in {".", "..", "runs"})
projects = st.lists(segments, min_size=1, max_size=2).map("/".join)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("zoo", VersionName(ArtifactName("here", "zoo"), alias="latest")),
        ("vision/zoo", VersionName(ArtifactName("vision", "zoo"), alias="latest")),
        ("team/vision/zoo:v3", VersionName(ArtifactName("team/vision", "zoo"), number=3)),
        ("zoo:v03", None),
        ("zoo:best one", VersionName(ArtifactName("here", "zoo"), alias="best one")),
        ("zoo@1f3a", VersionName(ArtifactName("here", "zoo"), digest="1f3a")),
        ("zoo@sha256:1f3a", VersionName(ArtifactName("here", "zoo"), digest="sha256:1f3a")),
        ("vision/runs/a1", RunName("vision", "a1")),
        ("team/vision/runs/a1", RunName("team/vision", "a1")),
        ("v3", VersionName(ArtifactName("here", "v3"), alias="latest")),
        ("latest:latest", VersionName(ArtifactName("here", "latest"), alias="latest")),
    ],
)
def test_what_a_name_means(text: str, meant: VersionName | RunName | None) -> None:
    if meant is None:
        with pytest.raises(NameNotUnderstood):
            parse(text, "here")
    else:
        assert parse(text, "here") == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "a b", "a/b/c/d", "/a", "a/", "a//b", "zoo:", "zoo:a:b", "zoo:a/b", "zoo@", "zoo@abc", "zoo@a b c d", "..", "a/..",
        "runs/x", "runs/runs/x", "x" * 129, "zoo:v1x/", "ü", "a\nb",
    ],
)  # fmt: skip
def test_what_is_not_a_name_is_one_sentence(text: str) -> None:
    with pytest.raises(NameNotUnderstood) as refused:
        parse(text)
    assert "\n" not in str(refused.value) and repr(text)[:20] in str(refused.value)


@pytest.mark.parametrize("alias", ["v3", "v03", "a/b", "a:b", "a@b", "", " ", "x" * 129, "a\tb"])
def test_what_is_not_an_alias(alias: str) -> None:
    with pytest.raises(NameNotUnderstood):
        check_alias(alias)


@pytest.mark.parametrize("project", ["a/b/c", "runs", "a/runs", "", "a b"])
def test_what_is_not_a_project(project: str) -> None:
    with pytest.raises(NameNotUnderstood):
        check_project(project)


@given(projects, segments, st.integers(0, 10**6))
def test_names_are_read_as_they_are_written(project: str, name: str, number: int) -> None:
    version = VersionName(ArtifactName(project, name), number=number)
    assert parse_version(str(version)) == version
    assert parse_artifact(str(version.artifact)) == version.artifact
    assert parse_run(str(RunName(project, name))) == RunName(project, name)


@given(projects, segments, segments)
def test_uids_are_functions_of_names(project: str, a: str, b: str) -> None:
    one, two = ArtifactName(project, a), ArtifactName(project, b)
    assert (one.uid == two.uid) == (a == b)
    assert one.version_uid("sha256:1") == ArtifactName(project, a).version_uid("sha256:1") != one.version_uid("sha256:2")
    assert len({one.uid, one.version_uid("x"), one.alias_uid("x"), RunName(project, a).uid}) == 4
