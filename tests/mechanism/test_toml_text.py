"""Documents written as TOML: `tomllib` reads them back unchanged, and the reader makes the same mechanism of them."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import sbpath
from sbpath.mechanism.documents import shipped_folder
from sbpath.mechanism.reader import mechanism_from_written
from sbpath.mechanism.toml_text import toml_text

FILES = sorted(shipped_folder().rglob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_file_reads_back_as_it_was(path):
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    assert tomllib.loads(toml_text(document)) == document


def test_a_whole_mechanism_reads_back_and_is_the_same(tmp_path):
    mechanism = sbpath.load_mechanism("k-sb")
    document = mechanism.document
    name = document.pop("name")
    path = tmp_path / f"{name}.toml"
    path.write_text(toml_text(document), encoding="utf-8")
    assert sbpath.load_mechanism(path).sha256 == mechanism.sha256
    assert mechanism_from_written(document, path).sha256 == mechanism.sha256


def test_extends_are_resolved_as_in_a_file(tmp_path):
    document = {"extends": "li-sb", "title": "mine", "kinetics": {"extends": "na-sb"}}
    path = tmp_path / "mine.toml"
    path.write_text(toml_text(document), encoding="utf-8")
    assert mechanism_from_written(document, path).document == sbpath.load_mechanism(path).document


texts = some.text(some.characters(exclude_categories=("Cs",)), max_size=12).map(lambda t: t.replace("\r", ""))
numbers = (
    some.floats(allow_nan=False, allow_infinity=False) | some.integers(-(2**60), 2**60) | some.booleans()
)
values = some.recursive(
    texts | numbers,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(some.dictionaries(texts, values, max_size=4))
def test_any_document_reads_back(document):
    assert tomllib.loads(toml_text(document)) == document


def test_scalars_of_numpy_are_written_as_numbers():
    table = {
        "whole": np.int64(3),
        "real": np.float64(0.1),
        "flag": np.bool_(True),
        "text": np.str_("a"),
        "all": [np.float64(2.5)],
    }
    assert tomllib.loads(toml_text(table)) == {
        "whole": 3,
        "real": 0.1,
        "flag": True,
        "text": "a",
        "all": [2.5],
    }
