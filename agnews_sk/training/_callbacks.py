"""Callbacks that the classifiers add: for scikit-learn's callbacks, and a progress bar."""

from collections.abc import Callable
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback


class OwnCallback(Callback):
    """Base of the callbacks that a classifier adds itself, for one fit."""

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing: a copy or a pickle of the net must not hold the data of the fit."""
        return {}


class ScikitLearnCallbacks(OwnCallback):
    """Report each epoch to the callbacks that `set_callbacks` gave an estimator.

    Parameters
    ----------
    estimator : TextNetClassifier
    context : sklearn.callback.CallbackContext
        Of the whole fit.
    X, y : as `fit` was given them
        Monitors score on them.
    attributes : callable
        Returns the attributes that the estimator needs to predict after an epoch, by name.
    """

    def __init__(
        self,
        estimator: Any,
        context: Any,
        X: Any,
        y: Any,
        attributes: Callable[[], dict[str, Any]],
    ) -> None:
        self.estimator = estimator
        self.context = context
        self.X = X
        self.y = y
        self.attributes = attributes

    @property
    def has_listeners(self) -> bool:
        """Whether `set_callbacks` gave the estimator a callback."""
        return bool(getattr(self.estimator, "_skl_callbacks", None))

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin a task."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(estimator=self.estimator, X=self.X, y=self.y)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """End the task, and training too if a callback requests it."""
        net.stop_training |= self.epoch.call_on_fit_task_end(
            estimator=self.estimator,
            X=self.X,
            y=self.y,
            reconstruction_attributes=self.attributes,  # called only if a callback needs them
        )


class ProgressLine(OwnCallback):
    """Show a progress bar over the texts of each epoch, and the losses at its end."""

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, **kwargs: Any) -> None:
        """Start a bar."""
        from tqdm.auto import tqdm

        name = f"epoch {net.history[-1, 'epoch']}"
        self.bar = tqdm(total=len(dataset_train), desc=name, unit="text")

    def on_batch_end(self, net: Any, batch: Any, training: bool = False, **kwargs: Any) -> None:
        """Add a training batch to the bar."""
        if training:
            self.bar.update(len(batch[1]))

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Show the losses of the epoch, and close the bar."""
        losses = {k: f"{v:.4f}" for k, v in net.history[-1].items() if k.endswith("_loss")}
        self.bar.set_postfix(losses)
        self.bar.close()


def is_given_by_user(name: str, callback: Any, net: NeuralNet) -> bool:
    """Return whether a callback of a net was given by the user.

    Parameters
    ----------
    name : str
        Under which the net holds it.
    callback : skorch callback
    net : skorch.NeuralNet

    Returns
    -------
    bool
        False for skorch's defaults and for an `OwnCallback`.
    """
    defaults = {default for default, _ in net.get_default_callbacks()}
    return name not in defaults and not isinstance(callback, OwnCallback)


def listen_to_batches(named: list[tuple[str, Any]]) -> bool:
    """Return whether one of some callbacks does something at the end of a batch.

    It then needs the loss of each batch at once, which makes training wait for the device.

    Parameters
    ----------
    named : list of (str, skorch callback)

    Returns
    -------
    bool
    """
    hooks = [getattr(type(callback), "on_batch_end", None) for _, callback in named]
    return any(hook is not Callback.on_batch_end for hook in hooks)
