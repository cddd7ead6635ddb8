"""Skorch callbacks of ours: report to scikit-learn's callbacks, and draw a progress bar."""

from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback


class OwnCallback(Callback):
    """Base of the callbacks that a classifier adds itself, for one fit; a copy is empty."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


class ScikitLearnCallbacks(OwnCallback):
    """Report each epoch to the callbacks that `set_callbacks` gave an estimator.

    Parameters
    ----------
    estimator : TextNetClassifier
    context : sklearn.callback.CallbackContext
        Of the whole fit.
    X, y : as `fit` was given them
        What monitors score on.
    """

    def __init__(self, estimator: Any, context: Any, X: Any, y: Any) -> None:
        self.estimator = estimator
        self.context = context
        self.X = X
        self.y = y

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin a task."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(estimator=self.estimator, X=self.X, y=self.y)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """End the task, and training too if a callback says so."""
        net.stop_training |= self.epoch.call_on_fit_task_end(
            estimator=self.estimator,
            X=self.X,
            y=self.y,
            reconstruction_attributes={"net_": net},
        )


class ProgressLine(OwnCallback):
    """Draw a bar of the texts seen, one an epoch, with the last losses behind it."""

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, **kwargs: Any) -> None:
        """Begin a bar."""
        from tqdm.auto import tqdm

        name = f"epoch {net.history[-1, 'epoch']}"
        self.bar = tqdm(total=len(dataset_train), desc=name, unit="text")

    def on_batch_end(self, net: Any, batch: Any, training: bool = False, **kwargs: Any) -> None:
        """Draw the batch, if it is one to train on."""
        if training:
            self.bar.update(len(batch[1]))

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """End the bar."""
        losses = {k: f"{v:.4f}" for k, v in net.history[-1].items() if k.endswith("_loss")}
        self.bar.set_postfix(losses)
        self.bar.close()


def is_given_by_user(name: str, callback: Any, net: NeuralNet) -> bool:
    """Tell whether a callback of a net was given by the user.

    Parameters
    ----------
    name : str
    callback : skorch callback
    net : skorch.NeuralNet

    Returns
    -------
    bool
    """
    defaults = {default for default, _ in net.get_default_callbacks()}
    return name not in defaults and not isinstance(callback, OwnCallback)


def hear_batches(named: list[tuple[str, Any]]) -> bool:
    """Tell whether one of some callbacks does something at the end of a batch.

    Parameters
    ----------
    named : list of (str, skorch callback)

    Returns
    -------
    bool
    """
    hooks = [getattr(type(callback), "on_batch_end", None) for _, callback in named]
    return any(hook is not Callback.on_batch_end for hook in hooks)
