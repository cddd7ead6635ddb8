import json

import polars as pl

from agnews_sk import make_tfidf_pipeline
from agnews_sk.bulk._predictor import RowPredictor
from agnews_sk.files import Batch

TEXTS = ["oil prices rise", "army attacks", "oil war", "cup final", "oil falls", "army war"] * 4
SETS = [["oil"], ["war"], ["oil", "war"], [], ["oil"], ["war"]] * 4


def test_several_labels_are_a_json_list():
    model = make_tfidf_pipeline().fit(TEXTS, SETS)
    predictor = RowPredictor(model, columns=["text"])
    rows = [{"text": text} for text in TEXTS[:6]]
    predicted, _ = predictor.predict(Batch(list(range(1, 7)), rows, []), "a.csv")
    assert predicted["predicted"].dtype == pl.String
    assert [json.loads(row) for row in predicted["predicted"]] == model.predict(TEXTS[:6]).tolist()
    assert predicted["p_oil"].to_list() == model.predict_proba(TEXTS[:6])[:, 0].tolist()
