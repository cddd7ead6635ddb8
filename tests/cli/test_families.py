"""Every family has a pipeline, which takes the options of commands."""

import pytest
import typer

from agnews_sk.cli._families import (
    COMPOSED,
    NETS,
    Family,
    check_devices,
    check_not_composed,
    check_pretrained,
    make_pipeline,
)


@pytest.mark.parametrize("family", sorted(set(Family) - COMPOSED))
def test_the_options_reach_the_pipeline(family):
    pipeline = make_pipeline(family, model="a/b", epochs=5, seed=7, show=True)
    params = pipeline.get_params()
    assert params["classify__random_state"] == 7
    assert params.get("classify__max_epochs", 5) == 5
    assert params.get("classify__verbose", 1) == 1 or family not in NETS
    named = [params[name] for name in ("embed__model", "classify__model") if name in params]
    assert named == ([] if family in (Family.TFIDF, Family.TRANSFORMER) else ["a/b"])


@pytest.mark.parametrize("family", sorted(COMPOSED))
def test_the_options_reach_the_pipelines_of_a_composed_classifier(family):
    options = {"columns": ["price"], "texts": ["title"]}
    classifier = make_pipeline(family, model="a/b", epochs=5, seed=7, **options)
    params = classifier.get_params()
    assert params["random_state"] == 7
    named = {key: value for key, value in params.items() if key.endswith("__model")}
    assert set(named.values()) == {"a/b"}
    assert {params[k] for k in params if k.endswith("classify__max_epochs")} == {5}
    assert [params[k] for k in params if k.endswith("join__columns")] == [["title"]] * 2


def test_devices_reach_networks_and_are_rejected_for_other_families():
    assert make_pipeline(Family.FINETUNE, devices=3).get_params()["classify__devices"] == 3
    composed = make_pipeline(Family.CASCADE, devices=3).get_params()
    assert [composed[k] for k in composed if k.endswith("classify__devices")] == [3]
    check_devices(2, Family.DISTILLED)
    check_devices(1, Family.TFIDF)
    with pytest.raises(typer.BadParameter, match="tfidf trains no network; choose --family casc"):
        check_devices(2, Family.TFIDF)


def test_networks_have_their_own_number_of_epochs_by_default():
    assert make_pipeline(Family.TRANSFORMER).get_params()["classify__max_epochs"] == 3


def test_a_pretrained_model_is_checked_by_its_configuration(tiny_model):
    check_pretrained(tiny_model)
    with pytest.raises(typer.BadParameter, match="nowhere") as rejected:
        check_pretrained("./nowhere")
    assert rejected.value.param_hint == "--model"


@pytest.mark.parametrize("family", sorted(COMPOSED))
def test_a_composed_classifier_is_rejected_where_one_pipeline_is_needed(family):
    with pytest.raises(typer.BadParameter, match=f"{family} is made of several; choose embedding"):
        check_not_composed([Family.TFIDF, family], "a search is over single pipelines")
    check_not_composed([Family.TFIDF], "a search is over single pipelines")
