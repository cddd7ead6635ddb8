"""A sampler that applies several samplers in order."""

from typing import Any

import numpy as np
from sklearn.base import clone

from agnews_sk._core.base import RowSampler
from agnews_sk._core.validation import BaseComposition, n_rows


class SamplerChain(RowSampler, BaseComposition):
    """Apply samplers one after the other, as one step of a pipeline.

    Parameters
    ----------
    steps : list of (str, sampler) tuples
        Names and samplers in order. A sampler has `fit_resample` and records `sample_indices_`;
        "passthrough" skips a step. `set_params` sets their parameters as `<name>__<parameter>`,
        or replaces the sampler `<name>`.

    Attributes
    ----------
    steps_ : list of (str, sampler) tuples
        Fitted clones of the samplers, without those that were skipped.
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        For each row of the output, the position of the row of X that it comes from.

    Examples
    --------
    >>> from agnews_sk.sampling import DuplicateFilter, MissingTextFilter, SamplerChain
    >>> chain = SamplerChain([("missing", MissingTextFilter()), ("duplicates", DuplicateFilter())])
    >>> chain.fit_resample(["Oil rises", None, "Goal", "Oil rises"])
    (['Oil rises', 'Goal'], None)
    >>> chain.sample_indices_
    array([0, 2])
    >>> chain.set_params(duplicates__keep="last").fit(["Oil", "Goal", "Oil"]).sample_indices_
    array([1, 2])
    """

    _parameter_constraints: dict = {"steps": [list]}

    def __init__(self, steps):
        self.steps = steps

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the chain and, if deep, the samplers and theirs.

        Parameters
        ----------
        deep : bool, default=True

        Returns
        -------
        dict
        """
        return self._get_params("steps", deep=deep)

    def set_params(self, **params: Any) -> "SamplerChain":
        """Set `steps`, replace samplers by name, or set their parameters.

        Parameters
        ----------
        **params : dict
            `steps`, `<name>` or `<name>__<parameter>`.

        Returns
        -------
        self
        """
        self._set_params("steps", **params)
        return self

    def _sample(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        """Return the position that each output row comes from, and the output rows."""
        self._check_steps()
        self.steps_ = [(name, clone(s)) for name, s in self.steps if s != "passthrough"]
        indices = np.arange(n_rows(X))
        for _, sampler in self.steps_:
            X, y = sampler.fit_resample(X, y)
            indices = indices[sampler.sample_indices_]
        return indices, X

    def _check_steps(self) -> None:
        """Check the names of the steps, and that all of them are samplers."""
        self._validate_names([name for name, _ in self.steps])
        for name, sampler in self.steps:
            if sampler != "passthrough" and not hasattr(sampler, "fit_resample"):
                raise TypeError(
                    f"steps must hold samplers, which have fit_resample, or 'passthrough'; "
                    f"{name!r} is {sampler!r}."
                )
