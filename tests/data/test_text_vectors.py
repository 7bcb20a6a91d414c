"""Vectors of texts, where the extra is installed; one line where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import SparkSession

import graphrec as gr
from graphrec.data.text_vectors import sentence_vectors
from graphrec.errors import MissingExtraError
from graphrec.spark.extras import TEXT

installed = pytest.mark.skipif(bool(TEXT.missing()), reason=f"needs {', '.join(TEXT.missing())}")


@installed
def test_texts_of_one_subject_are_near_each_other() -> None:
    texts = ["A dog runs in the park", "Puppies play outdoors", "Interest rates rose again"]
    vectors = sentence_vectors(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    cosines = vectors @ vectors.T
    assert cosines[0, 1] > 0.2 + max(cosines[0, 2], cosines[1, 2])
    np.testing.assert_allclose(sentence_vectors(texts[2:])[0], vectors[2], atol=1e-5)


@installed
def test_columns_are_read_as_one_text(spark: SparkSession) -> None:
    films = spark.createDataFrame(
        [(1, "Alien", "Horror|Sci-Fi"), (2, None, " "), (3, "Alien", None)],
        "item int, title string, genres string",
    )
    found = {
        row["item"]: row.text_vector for row in gr.text_vectors(films, "title", "genres").collect()
    }
    first, third = sentence_vectors(["Alien. Horror, Sci-Fi", "Alien"])
    np.testing.assert_allclose(found[1], first, atol=1e-5)
    assert found[2] is None
    np.testing.assert_allclose(found[3], third, atol=1e-5)


@pytest.mark.skipif(not TEXT.missing(), reason="the extra is installed")
def test_without_the_extra_it_says_what_to_install(spark: SparkSession) -> None:
    with pytest.raises(MissingExtraError, match=r"vectors of texts need .*graphrec\[text\]'"):
        gr.text_vectors(spark.range(1), "id")
