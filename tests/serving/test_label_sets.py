import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.serving import create_app


def test_a_model_of_several_labels_is_rejected_with_a_way_out():
    model = make_tfidf_pipeline().fit(
        ["oil", "war", "oil war", "cup"] * 3, [["a"], ["b"], [], ["a"]] * 3
    )
    with pytest.raises(TypeError, match=r"must predict one label per text, got .* of several"):
        create_app({"sets": model})
