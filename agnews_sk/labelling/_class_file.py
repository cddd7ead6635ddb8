"""The labels to choose from, in their order, in a file beside that of the decisions."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from agnews_sk.labelling._label_file import check_label


def class_path(path: str | Path) -> Path:
    """Return the file of the labels to choose from.

    Parameters
    ----------
    path : str or path
        File of the decisions.

    Returns
    -------
    pathlib.Path
    """
    return Path(path).with_suffix(".classes.json")


def read_classes(path: Path) -> list[str]:
    """Return the labels of a file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    list of str
        Empty if there is no file.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list):
            raise ValueError("it is no list")
        for name in found:
            check_label(name)
    except FileNotFoundError:
        return []
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} must hold a list of labels in JSON: {error}; repair or delete it."
        ) from error
    return list(dict.fromkeys(found))


def write_classes(path: Path, names: Sequence[str]) -> None:
    """Write labels to a file, which is replaced as a whole once they are on disk.

    Parameters
    ----------
    path : pathlib.Path
    names : sequence of str
    """
    unfinished = path.with_name(f".{path.name}")
    with open(unfinished, "w", encoding="utf-8") as file:
        json.dump(list(names), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
