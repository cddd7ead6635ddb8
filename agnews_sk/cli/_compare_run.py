"""The command `agnews-sk compare`: its work."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from sklearn.base import clone

from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.optional import check_optional
from agnews_sk._core.validation import n_rows, take_rows
from agnews_sk.auditing import audit
from agnews_sk.cli._explaining import explain_best
from agnews_sk.cli._families import (
    N_TEACHERS,
    NETS,
    PRETRAINED,
    TRAINS_NET,
    Family,
    check_columns,
    check_one_label,
    check_pretrained,
    make_pipeline,
)
from agnews_sk.cli._output import check_model_path, output_folder, print_written
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import RowOptions, check_classes, draw_rows, load_rows, training_rows
from agnews_sk.cli._saving import (
    choose_winner,
    model_card,
    print_saved,
    write_confusion_matrices,
)
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult, Evaluation, evaluate_classifier
from agnews_sk.inspection import Explanation
from agnews_sk.persistence import save
from agnews_sk.pipeline import TextPipeline
from agnews_sk.reporting import comparison_table, write_report

PROBE_ROWS = 128
# How long networks may train, of the five minutes on 2 cores that a comparison may take, or of the
# one minute with the built-in sample. The rest is for loading, the baselines, measuring the speed
# and predicting the test rows.
NET_SECONDS = 120.0
SAMPLE_NET_SECONDS = 20.0
EXPLAINED_ROWS = 8
EXPLANATION_SECONDS = 20.0
# Explaining a text takes about as long as predicting so many: steps of an integral, or its words.
PREDICTIONS_PER_EXPLANATION = 500

Pipelines = dict[Family, Any]  # pipelines, and classifiers made of them


def run_compare(
    options: RowOptions,
    *,
    families: list[Family],
    model: str | None,
    epochs: int | None,
    columns: list[str] | None,
    n_wanted: int | None,
    out: Path | None,
    seed: int,
) -> None:
    """Compare families on the same rows, print the result, and write models and report.

    Parameters
    ----------
    options : RowOptions
    families : list of Family
    model : str or None
        Pretrained model of the families that have one.
    epochs : int or None
        Epochs of networks; None leaves them to their classifiers.
    columns : list of str or None
        Columns to use beside texts, or ["auto"], in the families that can.
    n_wanted : int or None
        Number of training rows; None takes as many as the time allows.
    out : pathlib.Path or None
        Folder for the models and the report.
    seed : int
    """
    console = Console()
    _check(families, model, out)
    others = check_columns(columns, families)
    with output_folder(out) as folder:
        if out is not None:
            for family in families:
                check_model_path(out / family)
        rows = load_rows(options, console, columns=others)
        check_one_label(is_multilabel(rows.y_train), families)
        if others is not None and (nets := NETS.intersection(families)):
            console.print(f"{' and '.join(sorted(nets))} use texts only.", highlight=False)
        pipelines = {
            family: make_pipeline(
                family,
                model=model,
                epochs=epochs,
                seed=seed,
                show=console.is_terminal,
                columns=others,
                texts=rows.texts,
            )
            for family in Family
            if family in families
        }
        chosen = _training_rows(pipelines, rows, n_wanted, seed, console)
        evaluations = _evaluate_all(pipelines, rows, chosen, console)
        result = ComparisonResult.from_evaluations(evaluations, random_state=seed)
        console.print(comparison_table(result))
        console.print(result.summary(), highlight=False, markup=False)
        saved, written = None, []
        if folder is not None:
            saved = _save_all(result, evaluations, rows, folder)
            written = _write(result, evaluations, rows, seed, folder, console)
    if out is not None and saved is not None:
        print_written(console, out, *written)
        print_saved(console, out, *saved, multilabel=result.multilabel)


def _check(families: list[Family], model: str | None, out: Path | None) -> None:
    """Reject models that cannot be loaded, and an output without what it needs, before any work.

    Parameters
    ----------
    families : list of Family
    model : str or None
    out : pathlib.Path or None

    Raises
    ------
    ImportError
        If matplotlib is not installed, which the report needs.
    typer.BadParameter
    """
    if PRETRAINED.intersection(families):
        check_pretrained(model)
    if out is not None:
        check_optional("matplotlib", extra="plot", needed_by="--out")


def _training_rows(
    pipelines: Pipelines,
    rows: TrainTest,
    n_wanted: int | None,
    seed: int,
    console: Console,
) -> np.ndarray:
    """Return the positions of the training rows that all families are fitted on.

    Parameters
    ----------
    pipelines : dict of Family to classifier
    rows : TrainTest
    n_wanted : int or None
        None takes as many as the time allows; all rows if there is no network.
    seed : int
    console : rich.console.Console

    Returns
    -------
    ndarray of int of shape (n_chosen,)
    """
    found = [_net_fits(family, classifier) for family, classifier in pipelines.items()]
    nets = [net for net in found if net is not None]
    if n_wanted is None and nets:
        n_wanted = _affordable_rows(nets, rows, seed, console)
    chosen = draw_rows(rows.y_train, n_wanted or n_rows(rows.X_train), seed)
    check_classes(take_rows(rows.y_train, chosen), f"{len(chosen)} training rows have")
    return chosen


def _net_fits(family: Family, classifier: Any) -> tuple[TextPipeline, int] | None:
    """Return the pipeline whose network a family trains, and on how many times all rows."""
    if family is Family.CASCADE:
        return dict(classifier.estimators)[Family.FINETUNE], 1
    if family is Family.DISTILLED:
        return classifier.teacher, N_TEACHERS - 1  # each lacks one part of the rows
    return (classifier, 1) if family in NETS else None


def _affordable_rows(
    nets: list[tuple[TextPipeline, int]], rows: TrainTest, seed: int, console: Console
) -> int:
    """Return how many rows the time allows, measured by training on a few.

    Parameters
    ----------
    nets : list of (TextPipeline, int)
        Clones of the pipelines are trained for one epoch; the numbers are those of their fits.
    rows : TrainTest
    seed : int
    console : rich.console.Console
        Shows the progress, and the number that is returned.

    Returns
    -------
    int
    """
    from agnews_sk.training import MIN_EPOCHS  # loads torch

    n_all = n_rows(rows.X_train)
    probe = draw_rows(rows.y_train, PROBE_ROWS, seed)
    per_text = 0.0
    with stages(console, f"Measuring the speed on {len(probe)} rows"):
        for net, n_fits in nets:
            quick = clone(net).set_params(classify__max_epochs=1, classify__verbose=0)
            quick.fit(*training_rows(rows, probe))
            n_epochs = net.get_params()["classify__max_epochs"] or MIN_EPOCHS
            per_text += n_fits * n_epochs * quick[-1].history_["dur"].sum() / len(probe)
    seconds = SAMPLE_NET_SECONDS if rows.notice else NET_SECONDS
    affordable = int(seconds / per_text) // 100 * 100
    n_chosen = min(n_all, max(affordable, PROBE_ROWS))
    console.print(
        f"[bold]Training rows:[/] {n_chosen:,} of {n_all:,}, as training networks on them takes "
        f"about {n_chosen * per_text:.0f} seconds; set --train-rows to change this."
    )
    return n_chosen


def _evaluate_all(
    pipelines: Pipelines, rows: TrainTest, chosen: np.ndarray, console: Console
) -> list[Evaluation]:
    """Evaluate each pipeline on the chosen training rows, and TF-IDF on all rows too.

    Parameters
    ----------
    pipelines : dict of Family to classifier
    rows : TrainTest
    chosen : ndarray of int of shape (n_chosen,)
        Positions of training rows.
    console : rich.console.Console

    Returns
    -------
    list of Evaluation
        In the order of the families, with the number of training rows in the name where it differs.
    """
    every = np.arange(n_rows(rows.X_train))
    evaluations = []
    for family, classifier in pipelines.items():
        some = len(chosen) < len(every)
        name = f"{family} ({len(chosen):,})" if some else str(family)
        evaluations.append(_evaluate(name, classifier, rows, chosen, console))
        if family is Family.TFIDF and some:
            name = f"{family} ({len(every):,})"
            evaluations.append(_evaluate(name, classifier, rows, every, console))
    return evaluations


def _family(evaluation: Evaluation) -> Family:
    """Return the family with which the name of an evaluation begins."""
    return Family(evaluation.name.partition(" ")[0])


def _evaluate(
    name: str, classifier: Any, rows: TrainTest, kept: np.ndarray, console: Console
) -> Evaluation:
    """Evaluate one classifier, and show its stages; a network shows its epochs itself.

    Parameters
    ----------
    name : str
        Begins with that of the family.
    classifier : TextPipeline, or classifier made of them
    rows : TrainTest
    kept : ndarray of int of shape (n_kept,)
        Positions of training rows.
    console : rich.console.Console

    Returns
    -------
    Evaluation
    """
    X_train, y_train = training_rows(rows, kept)
    own_bar = "fitting" if name.startswith(tuple(TRAINS_NET)) else ""
    with stages(console, name, own_bar=own_bar) as shown:
        return evaluate_classifier(
            name, classifier, X_train, y_train, rows.X_test, rows.y_test, progress=shown.show
        )


def _save_all(
    result: ComparisonResult, evaluations: list[Evaluation], rows: TrainTest, folder: Path
) -> tuple[Family, list[Family]]:
    """Save the model of each family that was fitted on most rows, with a card.

    Returns
    -------
    winner : Family
    others : list of Family
    """
    of_family = {_family(one): one for one in sorted(evaluations, key=lambda e: e.n_train_rows)}
    for family, one in of_family.items():
        remark = f"Fitted on {one.n_train_rows:,} of the training rows."
        card = model_card(one.estimator, rows, result, one.name, remarks=[remark])
        save(one.estimator, folder / family, card=card)
    winner = choose_winner(result, [one.name for one in of_family.values()])
    best = next(family for family, one in of_family.items() if one.name == winner)
    return best, [family for family in of_family if family is not best]


def _write(
    result: ComparisonResult,
    evaluations: list[Evaluation],
    rows: TrainTest,
    seed: int,
    folder: Path,
    console: Console,
) -> list[str]:
    """Write the report with an audit and explanations, and return the names of the files.

    Parameters
    ----------
    result : ComparisonResult
    evaluations : list of Evaluation
        Their fitted classifiers are explained.
    rows : TrainTest
        Audited, and shown where classifiers disagree.
    seed : int
    folder : pathlib.Path
        Existing folder.
    console : rich.console.Console
        Shows the progress.

    Returns
    -------
    list of str
    """
    result.to_json(folder / "comparison.json")
    X_train, X_test = (X[list(rows.texts) or list(X)] for X in (rows.X_train, rows.X_test))
    with stages(console, "Writing the report") as shown:
        plots = write_confusion_matrices(result, folder)
        findings = audit(
            X_train,
            rows.y_train,
            X_test,
            label_errors=find_spec("cleanlab") is not None,
            random_state=seed,
            progress=shown.show,
        )
        write_report(
            result,
            folder / "report.html",
            source=" ".join(filter(None, [rows.source, rows.summary])),
            notice=rows.notice,
            texts=X_test,
            explanations=_explanations(result, evaluations, rows),
            findings=findings,
        )
    return ["report.html", "comparison.json", *plots]


def _explanations(
    result: ComparisonResult, evaluations: list[Evaluation], rows: TrainTest
) -> dict[str, Explanation]:
    """Explain some rows on which the classifiers disagree, by each classifier; fewer by slow ones.

    Parameters
    ----------
    result : ComparisonResult
    evaluations : list of Evaluation
    rows : TrainTest

    Returns
    -------
    dict of str to Explanation
        By name of the classifier; empty if all predict the same.
    """
    differing = result.rows[result.differing_rows(EXPLAINED_ROWS)]
    if not len(differing):
        return {}
    explanations = {}
    for one in evaluations:
        affordable = EXPLANATION_SECONDS * one.texts_per_second / PREDICTIONS_PER_EXPLANATION
        shown = differing[: max(1, int(affordable))]
        explanations[one.name] = explain_best(one.estimator, take_rows(rows.X_test, shown))
    return explanations
