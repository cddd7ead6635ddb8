"""Synthetic rows in files of the format of AG News."""

from agnews_sk.datasets import make_news

NUMBERS = {"World": 1, "Sports": 2, "Business": 3, "Sci/Tech": 4}


def write_rows(folder, n_train, n_test):
    """Write train.csv and test.csv into a folder, which is created."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, n_rows, seed in (("train", n_train, 0), ("test", n_test, 1)):
        frame, y = make_news(n_rows, random_state=seed, return_X_y=True)
        quoted = frame.fillna("").apply(lambda column: column.str.replace('"', '""'))
        lines = [
            f'"{NUMBERS[label]}","{title}","{description}"\n'
            for label, title, description in zip(y, quoted["title"], quoted["description"])
        ]
        (folder / f"{part}.csv").write_text("".join(lines))
    return folder
