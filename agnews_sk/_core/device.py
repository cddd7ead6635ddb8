"""The torch device to compute on."""


def choose_device(device: str) -> str:
    """Return the torch device for the parameter `device` of an estimator.

    Parameters
    ----------
    device : str
        "auto", or a torch device such as "cpu" or "cuda:1".

    Returns
    -------
    str
        For "auto" the accelerator that torch finds ("cuda", "mps", "xpu" ...), and "cpu" if it
        finds none; anything else as it is.

    Examples
    --------
    >>> from agnews_sk._core.device import choose_device
    >>> choose_device("cpu")
    'cpu'
    """
    if device != "auto":
        return device
    import torch

    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return "cpu" if accelerator is None else accelerator.type
