"""The options with which commands read labelled rows, and functions that load and draw rows."""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from agnews_sk._core.home import data_path

if TYPE_CHECKING:
    import numpy as np

    from agnews_sk.datasets import TrainTest

SAMPLE = "sample"
_DETECTED = "detected"

DataOption = Annotated[
    str | None,
    typer.Option(
        help="File or folder of labelled rows, or 'sample' for the built-in sample.",
        show_default="AGNEWS_SK_DATA, else AG News from the cache or by download, else the sample",
    ),
]
TextOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of the text; repeat it to join several, in this order.",
        show_default=_DETECTED,
    ),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of the label; repeat it for columns of 0 and 1, one per label.",
        show_default=_DETECTED,
    ),
]
SepOption = Annotated[
    str | None,
    typer.Option(
        help="Separator of the fields of text files, such as ';' or tab.", show_default=_DETECTED
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(help="Encoding of text files, such as cp1252.", show_default=_DETECTED),
]
HeaderOption = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line of text files names the columns.",
        show_default=_DETECTED,
    ),
]
SheetOption = Annotated[
    str | None, typer.Option(help="Sheet of a workbook.", show_default="the only one with rows")
]
LabelSepOption = Annotated[
    str | None,
    typer.Option(help="What separates several labels in a cell.", show_default="one label per row"),
]
OnBadRowsOption = Annotated[
    str,
    typer.Option(help="What broken rows and rows without a label are: 'error', or 'skip'."),
]
SeedOption = Annotated[int, typer.Option(help="Random seed.")]


@dataclass(frozen=True)
class RowOptions:
    """What the options of a command say about the rows to read.

    Attributes
    ----------
    data : str or None
        File or folder.
    text : list of str or None
        Columns of the text.
    label : list of str or None
        Column of the label, or columns of 0 and 1.
    sep, encoding : str or None
    header : bool or None
    sheet, label_sep : str or None
    on_bad_rows : {"error", "skip"}
    """

    data: DataOption = None
    text: TextOption = None
    label: LabelOption = None
    sep: SepOption = None
    encoding: EncodingOption = None
    header: HeaderOption = None
    sheet: SheetOption = None
    label_sep: LabelSepOption = None
    on_bad_rows: OnBadRowsOption = "error"

    @property
    def path(self) -> Path | None:
        """File or folder of `--data` or of `AGNEWS_SK_DATA`; None for the default data."""
        data = self.data or data_path()
        return None if data in (None, SAMPLE) else Path(data).expanduser()

    def reading(self) -> dict[str, Any]:
        """Return the options that were given, as the loaders of `agnews_sk.datasets` take them."""
        given = {
            "text": self.text or None,
            "label": self.label or None,
            "sep": self.sep,
            "encoding": self.encoding,
            "header": self.header,
            "sheet": self.sheet,
            "label_sep": self.label_sep,
            "on_bad_rows": self.on_bad_rows,
        }
        return {name: value for name, value in given.items() if value is not None}


def with_row_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with the options of `RowOptions` in place of its parameter `rows`.

    Parameters
    ----------
    command : callable
        Its parameter `rows` gets a `RowOptions`.

    Returns
    -------
    callable
        With a signature from which Typer makes the options.
    """
    names = [field.name for field in fields(RowOptions)]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        rows = RowOptions(**{name: given.pop(name) for name in names})
        command(rows=rows, **given)

    parameters = []
    for parameter in inspect.signature(command).parameters.values():
        parameters += _row_parameters() if parameter.name == "rows" else [parameter]
    kinds = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    run.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in kinds}
    return run


def _row_parameters() -> list[inspect.Parameter]:
    """Return a parameter per field of `RowOptions`, with its default and its option."""
    kind = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(field.name, kind, default=field.default, annotation=field.type)
        for field in fields(RowOptions)
    ]


def load_rows(
    options: RowOptions,
    console: Console,
    *,
    test: str | None = None,
    validation: str | None = None,
    columns: list[str] | str | None = None,
    test_size: float = 0.2,
) -> "TrainTest":
    """Load training and test rows, and print their source and what was recognized.

    Parameters
    ----------
    options : RowOptions
    console : rich.console.Console
    test, validation : str, optional
        Files of these rows, values of the options `--test` and `--validation`.
    columns : list of str or "auto", optional
        Columns to keep beside the texts.
    test_size : float, default=0.2
        Share of the rows to hold out if they are not divided; with 0 no test rows are needed.

    Returns
    -------
    TrainTest

    Raises
    ------
    typer.BadParameter
        If they cannot be loaded, or the training rows have only one class.
    """
    from agnews_sk.datasets import load_train_test

    try:
        rows = load_train_test(
            options.data,
            test=test,
            validation=validation,
            test_size=test_size,
            columns=columns,
            **options.reading(),
        )
        check_classes(rows.y_train, f"{rows.source}: the training rows have")
    except (OSError, TypeError, ValueError) as error:
        files = {"--test": test, "--validation": validation}
        hint = next((one for one, file in files.items() if file and file in str(error)), "--data")
        raise typer.BadParameter(str(error), param_hint=hint) from error
    print_rows(rows, console)
    return rows


def read_texts(
    path: str,
    options: RowOptions,
    *,
    subset: str = "train",
    columns: list[str] | str | None = None,
) -> Any:
    """Read all rows of a file, or those of one part of a folder.

    Parameters
    ----------
    path : str
    options : RowOptions
        How to read it.
    subset : {"train", "validation", "test"}, default="train"
        Part of a folder.
    columns : list of str or "auto", optional
        Columns to keep beside the texts.

    Returns
    -------
    Bunch
        As `load_texts` returns it.

    Raises
    ------
    typer.BadParameter
        If it cannot be read.
    """
    from agnews_sk.datasets import load_texts

    try:
        return load_texts(path, subset=subset, columns=columns, **options.reading())
    except (OSError, TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error


def as_input_of(model: Any, X: Any, texts: Sequence[str] = ()) -> Any:
    """Return rows as a model reads them: with its columns, or one text per row without these.

    Parameters
    ----------
    model : fitted pipeline or `OnnxClassifier`
    X : pandas.DataFrame of shape (n_rows, n_columns)
        Its columns are those of a file, which may have other names.
    texts : sequence of str, default=()
        Those of the text; all by default.

    Returns
    -------
    pandas.DataFrame or ndarray of str of shape (n_rows,)
        The texts under the name of the model's first column if it uses others beside texts.
    """
    from agnews_sk._core.joining import column_kinds, fitted_columns
    from agnews_sk.cleaning import ColumnJoiner

    columns, kinds = fitted_columns(model), column_kinds(model)
    X = _named_as([*columns, *kinds], X)
    if columns and {*columns, *kinds} <= set(X.columns):
        return X
    joined = ColumnJoiner(columns=list(texts) or None).fit_transform(X)
    if not kinds or not set(kinds) <= set(X.columns):
        return joined
    return X[list(kinds)].assign(**{columns[0]: joined, **dict.fromkeys(columns[1:])})


def _named_as(wanted: Sequence[str], X: Any) -> Any:
    """Return rows with columns renamed to those that are wanted, which may differ in case.

    Parameters
    ----------
    wanted : sequence of str
    X : pandas.DataFrame of shape (n_rows, n_columns)

    Returns
    -------
    pandas.DataFrame of shape (n_rows, n_columns)
        A column that is spelled as it is wanted comes before one that differs.
    """
    from agnews_sk.files import plain_name

    by_plain = {plain_name(str(name)): name for name in X.columns if name not in wanted}
    lacking = [name for name in wanted if name not in X.columns]
    found = {by_plain[plain_name(name)]: name for name in lacking if plain_name(name) in by_plain}
    return X.rename(columns=found)


def print_rows(rows: "TrainTest", console: Console) -> None:
    """Print where rows come from, which columns were recognized, and a notice if there is one.

    Parameters
    ----------
    rows : TrainTest
    console : rich.console.Console
    """
    console.print("[bold]Data:[/]", escape(rows.source), soft_wrap=True)
    if rows.summary:
        console.print("[bold]Read:[/]", escape(rows.summary), soft_wrap=True)
    if rows.notice:
        console.print(f"[yellow]{escape(rows.notice)}[/]", soft_wrap=True)


def check_classes(y: Any, whose: str) -> None:
    """Raise a ValueError unless rows differ in their class, or in their labels if these are lists.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
    whose : str
        Beginning of the message, such as "100 training rows have".
    """
    import numpy as np

    from agnews_sk._core.label_sets import check_label_sets, is_multilabel

    if is_multilabel(y):
        indicator = check_label_sets(y).indicator
        if (indicator == indicator[0]).all():
            raise ValueError(f"{whose} the same labels, {y[0]!r:.100}; two kinds are needed.")
        return
    classes = set(np.asarray(y).tolist())
    if len(classes) < 2:
        raise ValueError(f"{whose} only one class, {classes.pop()!r}; two are needed.")


def draw_rows(y: Any, n_wanted: int, seed: int) -> "np.ndarray":
    """Draw a stratified random sample of rows, by class or by label.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels, or lists of them.
    n_wanted : int
    seed : int

    Returns
    -------
    ndarray of int of shape (min(n_wanted, n_samples),)
        Positions in increasing order.
    """
    import numpy as np
    from sklearn.utils import resample

    from agnews_sk._core.label_sets import is_multilabel
    from agnews_sk._core.validation import n_rows

    positions = np.arange(n_rows(y))
    if n_wanted >= len(positions):
        return positions
    if is_multilabel(y):
        return np.sort(_draw_sets(y, n_wanted, seed))
    drawn = resample(
        positions, replace=False, n_samples=n_wanted, stratify=np.asarray(y), random_state=seed
    )
    return np.sort(drawn)


def _draw_sets(y: Any, n_wanted: int, seed: int) -> "np.ndarray":
    """Return the positions of rows with several labels that have about their share of each."""
    import numpy as np

    from agnews_sk._core.label_sets import stratification
    from agnews_sk._core.splitting import assign_sets

    indicator = stratification(y)
    shares = [n_wanted / len(indicator), 1 - n_wanted / len(indicator)]
    part = assign_sets(indicator, np.arange(len(indicator)), shares, seed)
    others = np.random.default_rng(seed).permutation(len(indicator))
    return others[np.argsort(part[others], kind="stable")][:n_wanted]


def training_rows(rows: "TrainTest", positions: "np.ndarray") -> tuple[Any, Any]:
    """Return the training rows at these positions, and their labels.

    Parameters
    ----------
    rows : TrainTest
    positions : ndarray of int of shape (n_taken,)

    Returns
    -------
    X : pandas.DataFrame of shape (n_taken, n_columns)
    y : ndarray of shape (n_taken,)
    """
    from agnews_sk._core.validation import take_rows

    return take_rows(rows.X_train, positions), take_rows(rows.y_train, positions)


def draw_training_rows(rows: "TrainTest", n_wanted: int | None, seed: int) -> "TrainTest":
    """Return the same rows with a stratified sample of the training rows; all of them for None.

    Parameters
    ----------
    rows : TrainTest
    n_wanted : int or None
    seed : int

    Returns
    -------
    TrainTest
    """
    if n_wanted is None:
        return rows
    X_train, y_train = training_rows(rows, draw_rows(rows.y_train, n_wanted, seed))
    return rows._replace(X_train=X_train, y_train=y_train)
