"""Shared fixtures: tiny models and tokenizers, built locally, so that no test needs a network."""

import os
import shutil

import pytest

collect_ignore = ["fuzz"]  # programs, not tests
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Tiny models gain nothing from threads, and slow down when other programs use the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

HEADLINES = {
    "Business": ["oil prices rise", "stocks fall on weak profit", "bank shares rise", "oil profit"],
    "Sports": ["cup final tonight", "coach resigns", "team wins the cup", "coach wins the final"],
}


@pytest.fixture
def headlines():
    """Eight headlines of two classes, and their labels."""
    texts = [text for of_class in HEADLINES.values() for text in of_class]
    labels = [label for label, of_class in HEADLINES.items() for _ in of_class]
    return texts, labels


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A folder with a BERT of 2 layers, 16 wide, and a WordPiece tokenizer to match."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-bert")
    # Not trained, since the trainer breaks ties at random.
    words = sorted(
        {w for of_class in HEADLINES.values() for text in of_class for w in text.split()}
    )
    letters = sorted(set("".join(words)))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*special, *letters, *(f"##{letter}" for letter in letters), *words]
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)) + "\n")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(set(vocabulary)),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_encoder(tiny_model, tmp_path_factory):
    """A folder with a tiny encoder without a head, which takes as many tokens as the default."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder") / "model"
    shutil.copytree(tiny_model, folder)
    config = BertConfig.from_pretrained(tiny_model, max_position_embeddings=512)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def tiny_default(tiny_encoder, tmp_path, monkeypatch):
    """A working folder in which the default model's name on the hub is that of a tiny encoder.

    Latencies are measured on few calls, which would take most of the time otherwise.
    """
    from agnews_sk._core import pretrained
    from agnews_sk.evaluation import _costs

    monkeypatch.setattr(_costs, "MAX_LATENCY_CALLS", 5)
    monkeypatch.setattr(pretrained, "packaged_folder", lambda model: None)
    monkeypatch.chdir(tmp_path)
    default = tmp_path / pretrained.DEFAULT_MODEL
    default.parent.mkdir()
    default.symlink_to(tiny_encoder, target_is_directory=True)
    return tmp_path


@pytest.fixture
def headline_ids(headlines):
    """The eight headlines as ids of words, and their labels."""
    from agnews_sk.tokenization import Vocabulary, WordTokenizer

    texts, labels = headlines
    return Vocabulary().fit_transform(WordTokenizer().transform(texts)), labels


@pytest.fixture(scope="session")
def fitted(tiny_model):
    """The pipelines fitted on eight headlines, by family."""
    from tests.families import make_pipelines

    texts = [text for of_class in HEADLINES.values() for text in of_class]
    labels = [label for label, of_class in HEADLINES.items() for _ in of_class]
    return {name: p.fit(texts, labels) for name, p in make_pipelines(tiny_model).items()}


@pytest.fixture(scope="session")
def saved(fitted, tmp_path_factory):
    """The folder that each fitted pipeline was saved to, by family; read-only for tests."""
    from agnews_sk.persistence import save

    root = tmp_path_factory.mktemp("saved")
    return {name: save(pipeline, root / name) for name, pipeline in fitted.items()}


@pytest.fixture
def ids(headlines):
    """The headlines as ids of a vocabulary of words."""
    from agnews_sk.tokenization import Vocabulary, WordTokenizer

    return Vocabulary().fit_transform(WordTokenizer().transform(headlines[0]))


@pytest.fixture
def labels(headlines):
    return headlines[1]


@pytest.fixture
def small():
    """An encoder from scratch that trains in milliseconds, without dropout and seeded."""
    from agnews_sk.classifiers import TransformerClassifier

    return TransformerClassifier(
        d_model=16,
        n_heads=2,
        max_epochs=2,
        batch_size=8,
        learning_rate=0.01,
        dropout=0.0,
        token_dropout=0.0,
        precision="fp32",
        random_state=0,
    )


def scale_weights(path, factor):
    """Multiply the weights of a saved model, so that they differ as after another training run."""
    from safetensors.numpy import load_file, save_file

    weights = {name: array * factor for name, array in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})
