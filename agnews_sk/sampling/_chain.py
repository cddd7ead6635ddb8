"""A sampler that applies several samplers in order."""

from typing import Any

import numpy as np
from sklearn.base import clone

from agnews_sk._core.base import RowSampler
from agnews_sk._core.named_parts import NamedParts
from agnews_sk._core.validation import n_rows


class SamplerChain(RowSampler, NamedParts):
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
    _parts_parameter = "steps"

    def __init__(self, steps):
        self.steps = steps

    def _sample(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        """Return the position that each output row comes from, and the output rows."""
        steps = self._check_steps()
        self.steps_ = [(name, clone(s)) for name, s in steps if not _is_skipped(s)]
        indices = np.arange(n_rows(X))
        for _, sampler in self.steps_:
            X, y = sampler.fit_resample(X, y)
            indices = indices[sampler.sample_indices_]
        return indices, X

    def _check_steps(self) -> list[tuple[str, Any]]:
        """Return the steps; reject those without a name, and those that are no samplers."""
        steps = self._named_parts("sampler")
        for name, sampler in steps:
            if not _is_skipped(sampler) and not hasattr(sampler, "fit_resample"):
                raise TypeError(
                    f"steps must hold samplers, which have fit_resample, or 'passthrough'; "
                    f"{name!r} is {sampler!r}."
                )
        return steps


def _is_skipped(step: Any) -> bool:
    """Return whether a step is "passthrough"."""
    return isinstance(step, str) and step == "passthrough"
