"""Base of estimators that are made of named parts, such as the steps of a chain."""

from typing import Any, Self

from agnews_sk._core.validation import BaseComposition


class NamedParts(BaseComposition):
    """Get and set the parts of an estimator, and their parameters, by name.

    A subclass says in `_parts_parameter` which of its parameters is the list of (name, part)
    tuples.
    """

    _parts_parameter: str

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters and, if deep, the parts by name and theirs.

        Parameters
        ----------
        deep : bool, default=True

        Returns
        -------
        dict
        """
        return self._get_params(self._parts_parameter, deep=deep and self._are_pairs())

    def set_params(self, **params: Any) -> Self:
        """Set parameters, replace parts by name, or set their parameters.

        Parameters
        ----------
        **params : dict
            `<parameter>`, `<name>` or `<name>__<parameter>`.

        Returns
        -------
        self
        """
        others = dict(params)
        if self._parts_parameter in others:
            setattr(self, self._parts_parameter, others.pop(self._parts_parameter))
        if not self._are_pairs():  # `fit` rejects them with a message
            return super().set_params(**others)
        self._set_params(self._parts_parameter, **others)
        return self

    def _are_pairs(self) -> bool:
        """Return whether the parts are a list of names with a part each."""
        parts = getattr(self, self._parts_parameter)
        return isinstance(parts, list) and all(
            isinstance(part, (tuple, list)) and len(part) == 2 and isinstance(part[0], str)
            for part in parts
        )

    def _named_parts(self, kind: str, *, fewest: int = 0) -> list[tuple[str, Any]]:
        """Return the parts; reject anything but a list of different names with a part each.

        Parameters
        ----------
        kind : str
            What a part is, for the message.
        fewest : int, default=0

        Returns
        -------
        list of (str, object) tuples
        """
        parts = getattr(self, self._parts_parameter)
        if not self._are_pairs() or len(parts) < fewest:
            at_least = f"at least {fewest} " if fewest else ""
            raise ValueError(
                f"{self._parts_parameter} must be a list of {at_least}(name, {kind}) tuples, got "
                f"{parts!r:.80}; give each {kind} a name."
            )
        self._validate_names([name for name, _ in parts])
        return [(name, part) for name, part in parts]
