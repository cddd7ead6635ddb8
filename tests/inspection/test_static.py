"""Contributions of tokens to linear classifiers of static vectors."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from agnews_sk import make_embedding_pipeline
from agnews_sk.inspection import explain

TEXTS = ["Oil prices rise", "", "the 石 cup, cup"]
LABELS = {"two": list("aaaabbbb"), "three": list("aabbccaa")}


@pytest.mark.parametrize("classes", LABELS)
@pytest.mark.parametrize("normalize", [True, False])
def test_contributions_and_the_intercept_add_up_to_the_score(
    tiny_model, headlines, classes, normalize
):
    pipeline = make_embedding_pipeline(tiny_model, static=True, embed__normalize=normalize)
    pipeline.fit(headlines[0], LABELS[classes])
    found = explain(pipeline, TEXTS)
    assert found.method == "linear"
    assert found.error.max() < 1e-4
    np.testing.assert_allclose(found.scores.loc[1], found.baseline.loc[1])
    intercept = found.baseline.loc[0].to_numpy()
    np.testing.assert_allclose(intercept[-len(pipeline[-1].intercept_) :], pipeline[-1].intercept_)
    assert found.scores.columns.tolist() == sorted(set(LABELS[classes]))


def test_the_contribution_of_a_word_is_that_of_its_vector(tiny_model, headlines):
    pipeline = make_embedding_pipeline(tiny_model, static=True, classify=LogisticRegression())
    pipeline.fit(headlines[0], LABELS["three"])
    found = explain(pipeline, ["oil 石 rise"]).of(0, "c")
    embedder, classifier = pipeline["embed"], pipeline["classify"]
    ids = [embedder.tokenizer_.transform([word])[0].to_list()[1:-1] for word in ("oil", "rise")]
    vectors = [embedder.embeddings_[i].astype(float).sum(axis=0) for i in ids]
    expected = np.array(vectors) @ classifier.coef_[2] / np.linalg.norm(sum(vectors))
    assert found["word"].tolist() == ["oil", "石", "rise"]
    np.testing.assert_allclose(found["contribution"], [expected[0], 0, expected[1]], atol=1e-6)


def test_another_classifier_of_static_vectors_is_explained_by_occlusion(tiny_model, headlines):
    pipeline = make_embedding_pipeline(tiny_model, static=True, classify=KNeighborsClassifier(1))
    pipeline.fit(*headlines)
    assert explain(pipeline, ["oil rise"]).method == "occlusion"
    with pytest.raises(ValueError, match="method='linear' does not apply to KNeighborsClassifier"):
        explain(pipeline, ["oil rise"], method="linear")
