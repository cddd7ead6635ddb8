"""What transformers have in common that return one column of texts."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted


class TextOutputMixin:
    """Name the output column of a transformer that returns one text per row."""

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of the output column, "text".

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (1,)
        """
        check_is_fitted(self)
        return np.array(["text"], dtype=object)
