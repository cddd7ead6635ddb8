"""The card describes the model, and states only what was given."""

import json
import re

import pandas as pd

from agnews_sk import make_tfidf_pipeline
from agnews_sk.persistence import ModelCard, save


def test_the_card_contains_the_given_information(fitted, tmp_path):
    scores = pd.Series(
        {"accuracy": 0.91, "accuracy_low": 0.9, "accuracy_high": 0.92, "f1_Sports": 0.95}
    )
    card = ModelCard(
        data="8 headlines that were made up",
        scores=scores.to_dict(),
        limitations=["not for poems"],
        weights_license="Apache-2.0",
        data_license="CC0-1.0",
    )
    readme = (save(fitted["tfidf"], tmp_path / "model", card=card) / "README.md").read_text()
    assert readme.startswith("---\nlibrary_name: agnews_sk\n")
    for line in (
        'license: "apache-2.0"',
        "| accuracy | 0.9100 | 0.9000 to 0.9200 |",
        "| f1_Sports | 0.9500 |  |",
        "8 headlines that were made up",
        "Licence of the data: CC0-1.0.",
        "- not for poems",
        "`Business`, `Sports`",
    ):
        assert line in readme


def test_the_card_notes_missing_information(saved):
    readme = (saved["tfidf"] / "README.md").read_text()
    assert readme.count("Not stated.") == 3
    assert "license:" not in readme


def test_the_manifest_says_how_the_model_was_trained(saved):
    manifest = json.loads((saved["finetune"] / "manifest.json").read_text())
    assert manifest["classes"] == ["Business", "Sports"]
    assert manifest["training"]["epochs"] == "1"
    assert "max_epochs=1" in manifest["training"]["classify"]
    assert manifest["versions"]["torch"]
    assert set(manifest["files"]) == {
        "README.md",
        "pipeline.skops",
        "classify/config.json",
        "classify/model.safetensors",
        "classify/tokenizer/tokenizer.json",
    }


FRAME = pd.DataFrame(
    {
        "subject": ["late", "refund", "too late", "no refund"],
        "body": ["parcel", "order", "box", "card"],
    }
)


def test_the_card_names_the_columns_that_the_model_reads(tmp_path):
    pipeline = make_tfidf_pipeline().fit(FRAME, ["delivery", "billing"] * 2)
    folder = save(pipeline, tmp_path / "model", card=ModelCard(evaluation="Measured on 2 rows."))
    readme = (folder / "README.md").read_text()
    assert json.loads((folder / "manifest.json").read_text())["columns"] == ["subject", "body"]
    assert "the columns `subject`, `body` of a table, joined in this order" in readme
    assert "Measured on 2 rows." in readme
    assert predicted_by_code(folder).shape == (1,)


def predicted_by_code(folder):
    """Run the code of a card, and return what it predicts."""
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    used: dict = {}
    last = code.strip().replace("FOLDER", str(folder)).rpartition("\n")
    exec(f"{last[0]}\npredicted = {last[2]}", used)
    return used["predicted"]


def test_the_card_names_the_columns_beside_texts(tmp_path):
    kinds = {"amount": "number", "paid": "boolean", "country": "category", "day": "date"}
    frame = FRAME.assign(
        amount=[1.5, 2.0, None, 9.0],
        paid=[True, True, False, False],
        country=["DE", "DE", "FR", "FR"],
        day=["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"],
    )
    pipeline = make_tfidf_pipeline(columns=kinds, join__columns=["subject", "body"])
    folder = save(pipeline.fit(frame, ["delivery", "billing"] * 2), tmp_path / "model")
    readme = (folder / "README.md").read_text()
    assert "It reads a table: the texts of `subject`, `body`, joined in this order" in readme
    assert "`amount` (number), `paid` (boolean), `country` (category), `day` (date)" in readme
    assert predicted_by_code(folder).shape == (1,)


def test_the_card_says_how_many_labels_are_predicted(saved, tmp_path):
    assert (
        "It predicts one of these labels: `Business`" in (saved["tfidf"] / "README.md").read_text()
    )
    texts = [f"{word} {i}" for i in range(12) for word in ("late", "paid")]
    model = make_tfidf_pipeline().fit(texts, [["late"], ["paid"]] * 12)
    readme = (save(model, tmp_path / "model") / "README.md").read_text()
    assert "those of these labels whose probabilities reach their thresholds: `late`" in readme
    assert "one of" not in readme


def test_the_card_of_a_model_of_texts_says_so(saved):
    assert "\nIt reads texts.\n" in (saved["tfidf"] / "README.md").read_text()


def test_no_card_speaks_of_other_data_than_the_models(saved):
    text = "\n".join((folder / "README.md").read_text() for folder in saved.values())
    assert (
        re.findall(r"\bnews\b|\bstor(?:y|ies)\b|\bheadlines?\b|\bAG\b", text, re.IGNORECASE) == []
    )
