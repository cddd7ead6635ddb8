"""Files with numbers and dates beside texts are predicted as the frame is."""

import pandas as pd
import polars as pl
import pytest

from agnews_sk import make_tfidf_pipeline, save
from agnews_sk.bulk import predict_files

N = 24
FRAME = pd.DataFrame(
    {
        "subject": [f"The parcel {i} is late" for i in range(N)],
        "amount": [None, *[float(i % 5) for i in range(1, N)]],
        "opened": pd.date_range("2026-01-01T08:30", periods=N, freq="31h"),
        "paid": [True, False] * 12,
    }
)
Y = ["high" if i % 5 > 2 else "low" for i in range(N)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    pipeline = make_tfidf_pipeline(columns="auto").fit(FRAME, Y)
    path = tmp_path_factory.mktemp("mixed") / "model"
    save(pipeline, path)
    return pipeline, path


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_predictions_of_the_frame(model, tmp_path, suffix):
    pipeline, path = model
    file = tmp_path / f"rows.{suffix}"
    if suffix == "csv":
        FRAME.to_csv(file, index=False)
    elif suffix == "jsonl":
        FRAME.to_json(file, orient="records", lines=True, date_format="iso")
    else:
        FRAME.to_parquet(file)
    predict_files(path, file, tmp_path / "out.parquet")
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found["p_high"].to_list() == pipeline.predict_proba(FRAME)[:, 0].tolist()


def test_a_row_with_a_cell_of_another_kind_is_skipped_with_the_reason(model, tmp_path):
    FRAME.head(3).astype(object).assign(amount=["1", "much", "2"]).to_csv(
        tmp_path / "rows.csv", index=False
    )
    predict_files(model[1], tmp_path / "rows.csv", tmp_path / "out.csv")
    assert pl.read_csv(tmp_path / "out.csv")["line"].to_list() == [2, 4]
    (skipped,) = tmp_path.glob("*skipped*")
    assert "amount must be a number, got 'much'" in skipped.read_text()


def test_a_file_without_a_column_is_rejected_by_name(model, tmp_path):
    FRAME.drop(columns="paid").to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(ValueError, match=r"rows\.csv has no column 'paid'; its columns are 'subj"):
        predict_files(model[1], tmp_path / "rows.csv", tmp_path / "out.csv")
