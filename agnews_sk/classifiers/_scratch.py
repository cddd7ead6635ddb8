"""A Transformer encoder trained from scratch."""

from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl
from torch import nn

from agnews_sk._core.columnar import flat_values
from agnews_sk._core.validation import StrOptions
from agnews_sk.classifiers._base import TextNetClassifier
from agnews_sk.classifiers._parameters import POSITIVE_INT, SHARE
from agnews_sk.nn import TextTransformer


@dataclass(kw_only=True, eq=False, repr=False)
class TransformerClassifier(TextNetClassifier):
    """Train a small Transformer encoder from scratch on token ids.

    Parameters
    ----------
    vocab_size : int or None, default=None
        Number of token ids; None is one more than the largest id in training.
    d_model : int, default=128
        Width of a token's vector, a multiple of `n_heads`.
    n_heads : int, default=4
        Attention heads per layer.
    n_layers : int, default=2
        Encoder layers.
    d_hidden : int or None, default=None
        Width of the hidden layer in the feed-forward networks; None is 4 x `d_model`.
    positions : {"sinusoidal", "learned"}, default="sinusoidal"
        Position vectors.
    activation : {"gelu", "relu"}, default="gelu"
        Activation of the feed-forward networks.
    norm_first : bool, default=True
        Whether layer normalization comes before attention and feed-forward network or, as in
        Vaswani et al. (2017), after them.
    token_dropout : float, default=0.3
        Share of the tokens whose embedding training sets to zero, drawn again in each step.
    max_epochs : int or None, default=3
        Passes over the training texts. None is 2, or with few texts as many as 50 optimizer steps
        take, 30 with `loss="contrastive"`; with validation rows, `patience` is then a quarter of
        them by default.
    max_steps : int or None, default=None
        Train for this number of optimizer steps, regardless of `max_epochs`.
    batch_size : int, default=64
        Texts per batch. Batches hold texts of similar length and are padded to the longest of them.
    tokens_per_batch : int or None, default=None
        Instead of `batch_size`: as many texts per batch as fit into this number of tokens, padding
        included.
    accumulate : int, default=1
        Batches whose gradients are accumulated before each optimizer step; the memory needed is
        that of one batch.
    learning_rate : float, default=2e-3
        Highest learning rate of the schedule.
    optimizer : {"adamw", "adam", "sgd", "adafactor"}, default="adamw"
        "sgd" has a momentum of 0.9.
    weight_decay : float, default=0.01
        Decay of the matrices; biases and the gains of normalization layers are not decayed.
    l1 : float, default=0.0
        Weight of the sum of the matrices' absolute values, added to the loss.
    layer_decay : float, default=1.0
        Factor of the learning rate from each layer to the one below, in (0, 1].
    warmup : float or int, default=0.1
        Steps over which the learning rate rises: a float is a share of all steps, an int their
        number.
    schedule : {"linear", "cosine", "constant"}, default="linear"
        How the learning rate falls after the warm-up, down to zero after the last step.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient of one step; None does not clip.
    ema_decay : float or None, default=None
        Validate and predict with an exponential moving average of the weights over the steps, with
        this decay in (0, 1): the last 1 / (1 - ema_decay) steps have most of the weight, so that
        0.97 suits a hundred steps, and 0.999 thousands. None takes the weights of the last step.
    dropout : float, default=0.2
        Share of activations that training sets to zero, in all parts of the model.
    loss : {"cross_entropy", "focal", "contrastive"}, default="cross_entropy"
        "focal" gives less weight to texts that are classified well already, see
        `agnews_sk.nn.FocalLoss`. "contrastive" trains the layers below the output layer to give
        texts of one class similar vectors and those of different classes orthogonal ones, by all
        pairs of a batch, and fits the output layer on these vectors afterwards (Tunstall et al.
        2022, arXiv 2209.11055; Reimers and Gurevych 2019, arXiv 1908.10084). Its batches have about
        as many texts of each class, four or more in all, and an epoch draws as many texts as there
        are. Needs a model whose output layer reads one vector per text; validation loss,
        `label_smoothing` and `class_weight` are those of the output layer.
    focal_gamma : float, default=2.0
        Exponent of the focal loss; 0 is cross-entropy.
    label_smoothing : float, default=0.0
        Share of each target that is spread evenly over all classes, in [0, 1). With several labels
        per row, over the presence and the absence of each label.
    class_weight : "balanced", dict of label to float, or None, default=None
        Weight of each class in the loss, in training and in validation; "balanced" is inverse to
        its number of texts. With several labels per row, weight of the texts that have the label;
        "balanced" gives these and the others the same total weight.
    threshold : "f1" or float, default="f1"
        With several labels per row: "f1" chooses the threshold of each label that gives the
        highest F1 on the validation rows or, without any, on a tenth of the rows, which is not
        trained on; a number between 0 and 1 is the threshold of all labels.
    freeze : None, "embeddings", int or "encoder", default=None
        What is not trained: nothing; the embeddings; these and the lowest k layers; all but the
        output layer. Frozen layers run once per text, and their outputs are then read from a cache.
    gradual_unfreezing : bool, default=False
        Train the output layer alone in the first epoch, and one layer more in each epoch after it,
        from the top down to what `freeze` leaves.
    max_cache_bytes : int, default=4294967296
        Largest cache of frozen layers' outputs, 4 GiB by default. They need texts x tokens x width
        x 2 bytes in "bf16", x 4 in "fp32". If that is more, nothing is cached, and frozen layers
        run in each epoch.
    lora : int, dict or None, default=None
        Train low-rank additions to the layers' matrices instead of the matrices: their rank, or
        parameters of `peft.LoraConfig`. They are merged after training. Needs the extra `peft`.
    pooling : {"mean", "max", "first", "attention"}, default="mean"
        How the vectors of a text's tokens become one vector.
    max_length : int, default=128
        Longest text in tokens, special tokens included; the model's own limit if that is smaller.
    truncation : {"head", "tail", "head+tail", "chunk"}, default="head"
        Which part of a longer text is read, always with the special tokens: its start, its end, a
        quarter from the start and the rest from the end, or all of it: "chunk" divides it into
        overlapping chunks, which the model reads one by one. `batch_size` then counts chunks.
    chunk_pooling : {"mean", "max", "attention"}, default="mean"
        How the logits of a text's chunks become those of the text: their mean, the largest of each
        class, or a mean with learned weights.
    chunk_overlap : float or int, default=0.125
        Tokens that neighbouring chunks share at least: a float is a share of a chunk, an int their
        number; at most half of a chunk.
    max_chunks : int, default=32
        Most chunks of a text; what is behind the last is not read. The chunks of a text are in one
        batch, so that this bounds the memory.
    validation_fraction : float or None, default=None
        Share of the rows to validate on instead of training on them, stratified by class or by sets
        of labels. Rows of equal ids, or of one of the `groups` of `fit`, stay together; a class
        with too few rows is trained on only, with a warning.
    patience : int or None, default=None
        Stop after this number of epochs without a lower validation loss, and keep the weights of
        the best epoch. Needs `validation_fraction`, or `X_val` and `y_val` in `fit`. The loss is
        the mean over the rows, weighted by `class_weight` and the rows' `sample_weight`.
    checkpoint_dir : str, path or None, default=None
        Folder to save the state of training to, after each epoch and, without `callbacks`, every
        five minutes. The same `fit` on the same data, with the same callbacks, resumes from there,
        with the same result as an uninterrupted one. Each run has its own file, so that a
        search may share the folder.
    precision : {"auto", "bf16", "fp32"}, default="auto"
        Precision of matrix products in training; "auto" is bfloat16 on hardware that supports it.
        Weights and their updates are float32, and so are predictions.
    compile : bool, default=False
        Compile the model with `torch.compile`. Frozen layers then run in each epoch.
    device : str, default="auto"
        A torch device; "auto" is an accelerator if torch finds one, else the CPU.
    devices : int, default=1
        Number of devices to train on: the first GPUs of "cuda", each in a process of its own, with
        its share of every batch; the sums of the gradients are those of one device, see the guide
        on scaling. With "cpu" processes share the cores, which is of use for tests.
    warm_start : bool, default=False
        Start from the weights of the last `fit`, which must have had the same classes. Of the same
        rows, the same ones are held out again.
    callbacks : list of skorch callbacks or None, default=None
        Called in addition to the package's own; they see labels as positions in `classes_`.
        Callbacks that conflict with other parameters are rejected, see the guide on transformers.
        Pass callbacks of scikit-learn to `set_callbacks`.
    verbose : int, default=0
        1 shows a progress bar.
    random_state : int, RandomState or None, default=None
        Random seed of new weights, dropout and the order of the batches.
    net_params : dict or None, default=None
        Parameters of `skorch.NeuralNet`: `batch_size`, `callbacks`, `criterion`, `criterion__*`,
        `device`, `lr`, `max_epochs`, `optimizer`, `optimizer__*`, `torch_load_kwargs`,
        `use_caching` and `verbose`. They replace the corresponding parameters of the classifier,
        within the same ranges; setting both raises an error. A criterion takes logits. It returns
        one loss per row, or has a `reduction`; if it does neither, weighted rows raise an error.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels: sorted, or in the order of the columns of an indicator.
    thresholds_ : ndarray of float of shape (n_classes,) or None
        Lowest probability of each label that is predicted; None for one label per row.
    label_format_ : str or None
        Format of the sets of labels that `fit` got and `predict` returns; None for one label.
    net_ : skorch.NeuralNet
        The trained net; `net_.module_` is an `agnews_sk.nn.TextTransformer`.
    history_ : pandas.DataFrame
        One row per epoch: training loss, steps so far, seconds (`dur`), and validation loss and
        accuracy (of several labels, of whole sets at thresholds of 0.5) if there are rows to
        validate on; whether a loss is the lowest so far (`*_best`),
        and what callbacks record. `agnews_sk.reporting.HistoryDisplay` plots it.
    vocab_size_ : int
        Number of token ids in the vocabulary of the model.
    max_length_ : int
        Longest text in tokens.
    model_input_ : ModelInput
        What the model takes: `vocab_size_`, `max_length_`, the id of the padding, how longer texts
        are cut, and the special tokens that are kept.

    See Also
    --------
    agnews_sk.tokenization.Vocabulary, agnews_sk.tokenization.SubwordTokenizer : Make the ids.

    Notes
    -----
    The model is `agnews_sk.nn.TextTransformer`. A text without ids is one padding token, the id
    0. Unknown words have the id that the vocabulary gives them; an id outside the vocabulary is
    an error.

    Training takes about 16 bytes of memory per weight and the activations of one batch; texts
    take 8 bytes per token.

    Examples
    --------
    >>> from agnews_sk.classifiers import TransformerClassifier
    >>> from agnews_sk.tokenization import Vocabulary, WordTokenizer
    >>> texts = ["oil prices rise", "oil stocks fall", "cup final", "the coach wins the cup"]
    >>> ids = Vocabulary().fit_transform(WordTokenizer().transform(texts))
    >>> classifier = TransformerClassifier(d_model=16, max_epochs=20, random_state=0)
    >>> classifier.fit(ids, ["Business", "Business", "Sports", "Sports"]).predict(ids).tolist()
    ['Business', 'Business', 'Sports', 'Sports']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **TextNetClassifier._parameter_constraints,
        "vocab_size": [POSITIVE_INT, None],
        "d_model": [POSITIVE_INT],
        "n_heads": [POSITIVE_INT],
        "n_layers": [POSITIVE_INT],
        "d_hidden": [POSITIVE_INT, None],
        "positions": [StrOptions({"sinusoidal", "learned"})],
        "activation": [StrOptions({"gelu", "relu"})],
        "norm_first": ["boolean"],
        "dropout": [SHARE],
        "token_dropout": [SHARE],
        "pooling": [StrOptions({"mean", "max", "first", "attention"})],
    }

    vocab_size: int | None = None
    d_model: int = 128
    n_heads: int = 4
    n_layers: int = 2
    d_hidden: int | None = None
    positions: str = "sinusoidal"
    activation: str = "gelu"
    norm_first: bool = True
    token_dropout: float = 0.3
    # Other defaults than those of pretrained models
    max_epochs: int | None = 3
    batch_size: int = 64
    learning_rate: float = 2e-3
    dropout: float = 0.2
    pooling: str = "mean"

    def _make_tokenizer(self) -> None:
        return None

    def _make_module(self, ids: pl.Series) -> nn.Module:
        return TextTransformer(
            self.vocab_size or int(flat_values(ids).max() or 0) + 1,  # type: ignore[arg-type]
            len(self.classes_),
            d_model=self.d_model,
            n_heads=self.n_heads,
            n_layers=self.n_layers,
            d_hidden=self.d_hidden,
            max_length=self.max_length,
            positions=self.positions,
            activation=self.activation,
            norm_first=self.norm_first,
            pooling=self.pooling,
            dropout=self.dropout,
            token_dropout=self.token_dropout,
        )

    def _module_config(self, module: Any) -> dict[str, Any]:
        return module.settings

    def _module_from_config(self, config: dict[str, Any], n_tensors: int) -> nn.Module:
        if not 1 <= config["n_layers"] <= n_tensors:
            raise ValueError(f"n_layers={config['n_layers']} is more than the {n_tensors} tensors.")
        return TextTransformer(**config)

    def _pad_id(self, module: Any) -> int:
        return 0

    def _vocab_size(self, module: Any) -> int:
        return module.embedding.token.num_embeddings

    def _longest_input(self, module: Any) -> int:
        return len(module.embedding.position)
