"""What stands beside the code: one version, a way to cite, links that lead somewhere."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

import sbpath

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "docs/howto/*.md",
        "mechanisms/*.md",
        "literature/*.md",
        "benchmarks/*.md",
    )
    for path in ROOT.glob(pattern)
)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_stands_in_one_place():
    assert version("sbpath") == sbpath.__version__
    assert not re.search(r"^version *=", read("pyproject.toml"), flags=re.MULTILINE)
    assert not re.search(r"^version:", read("CITATION.cff"), flags=re.MULTILINE)
    (newest, *_) = re.findall(r"^## \[(.+?)\]", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert newest in ("Unreleased", sbpath.__version__)


def test_the_review_is_cited():
    (doi,) = re.findall(r"^ +doi: (\S+)", read("CITATION.cff"), flags=re.MULTILINE)
    assert doi == "10.20517/energymater.2023.146"
    assert f"https://doi.org/{doi}" in read("README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target and "generated/" not in target]
    assert not [target for target in local if not (page.parent / target).exists()]


def test_what_contributors_are_told_to_run_is_there():
    told = read("CONTRIBUTING.md")
    extras = re.findall(r"\.\[(.+?)\]", told)[0].split(",")
    project = read("pyproject.toml")
    assert all(re.search(rf"^{extra} = \[", project, flags=re.MULTILINE) for extra in extras)
    hooks = read(".pre-commit-config.yaml")
    for program in re.findall(r"entry: (\S+)", hooks):
        assert program == "sbpath" or f'"{program}' in project
