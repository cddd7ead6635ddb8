"""The option `--dask`, of the commands that can use a cluster."""

from contextlib import nullcontext
from typing import Annotated, Any

import typer

from agnews_sk._core.optional import import_optional

DaskOption = Annotated[
    str | None,
    typer.Option(help="Address of a Dask scheduler, or 'local' for a cluster on this machine."),
]


def open_client(address: str | None) -> Any:
    """Return a context manager that yields a Dask client, or None without an address.

    Parameters
    ----------
    address : str or None
        Address of a scheduler; "local" starts a cluster of one process per core on this machine.

    Returns
    -------
    context manager

    Raises
    ------
    ImportError
        If the `dask` extra is not installed.
    """
    if address is None:
        return nullcontext()
    distributed = import_optional("distributed", extra="dask", needed_by="--dask")
    if address == "local":
        return distributed.Client(threads_per_worker=1, dashboard_address=None)
    return distributed.Client(address)
