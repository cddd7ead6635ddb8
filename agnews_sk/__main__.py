"""`python -m agnews_sk`, the same as `agnews-sk`."""

from agnews_sk.cli import app

if __name__ == "__main__":
    app()
