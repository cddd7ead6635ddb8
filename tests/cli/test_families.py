"""Every family has a pipeline, which takes the options of commands."""

import pytest
import typer

from agnews_sk.cli._families import NETS, Family, check_pretrained, make_pipeline


@pytest.mark.parametrize("family", Family)
def test_the_options_reach_the_pipeline(family):
    pipeline = make_pipeline(family, model="a/b", epochs=5, seed=7, show=True)
    params = pipeline.get_params()
    assert params["classify__random_state"] == 7
    assert params.get("classify__max_epochs", 5) == 5
    assert params.get("classify__verbose", 1) == 1 or family not in NETS
    named = [params[name] for name in ("embed__model", "classify__model") if name in params]
    assert named == ([] if family in (Family.TFIDF, Family.TRANSFORMER) else ["a/b"])


def test_networks_have_their_own_number_of_epochs_by_default():
    assert make_pipeline(Family.TRANSFORMER).get_params()["classify__max_epochs"] == 3


def test_a_pretrained_model_is_checked_by_its_configuration(tiny_model):
    check_pretrained(tiny_model)
    with pytest.raises(typer.BadParameter, match="nowhere") as rejected:
        check_pretrained("./nowhere")
    assert rejected.value.param_hint == "--model"
