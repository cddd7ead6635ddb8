"""Every estimator of the package that takes texts, small enough for the checks."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.classifiers import (
    AbstainingClassifier,
    EmbeddingBagClassifier,
    FineTunedTransformerClassifier,
    SelfTrainedClassifier,
)
from agnews_sk.cleaning import ColumnJoiner, MixedColumnJoiner, TextCleaner
from agnews_sk.ensembles import CascadeClassifier, DistilledClassifier
from agnews_sk.pipeline import (
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
    make_transformer_pipeline,
)
from agnews_sk.sampling import (
    DuplicateFilter,
    EDAAugmenter,
    LabelConflictFilter,
    LengthFilter,
    MissingTextFilter,
    SamplerChain,
)
from agnews_sk.tokenization import PretrainedTokenizer, SubwordTokenizer, Vocabulary, WordTokenizer
from agnews_sk.vectorization import (
    MixedVectorizer,
    NgramUnion,
    NgramVectorizer,
    SentenceEmbedder,
    StaticEmbedder,
)

FEW_CHARACTERS = NgramVectorizer(analyzer="char_wb", ngram_range=(2, 2))

ESTIMATORS = [
    ColumnJoiner(),
    TextCleaner(),
    MissingTextFilter(),
    DuplicateFilter(),
    DuplicateFilter(method="near"),
    LengthFilter(min_words=2),
    LabelConflictFilter(),
    SamplerChain([("missing", MissingTextFilter()), ("duplicates", DuplicateFilter())]),
    EDAAugmenter(),
    WordTokenizer(),
    SubwordTokenizer(vocab_size=200),
    make_pipeline(WordTokenizer(), Vocabulary()),
    NgramVectorizer(),
    NgramUnion(words=NgramVectorizer(), characters=FEW_CHARACTERS),
    MixedColumnJoiner(),
    MixedVectorizer(text=NgramVectorizer()),
    make_tfidf_pipeline(),
]

# Functions of the folder of a pretrained model, by the names in `agnews_sk`.
ENCODERS = {
    "PretrainedTokenizer": lambda model: PretrainedTokenizer(model=model),
    "SentenceEmbedder": lambda model: SentenceEmbedder(model=model),
    "StaticEmbedder": lambda model: StaticEmbedder(model=model),
}
# Those that take longer to fit.
CLASSIFIERS = {
    "AbstainingClassifier": lambda model: AbstainingClassifier(
        make_pipeline(NgramVectorizer(), LogisticRegression()),
        coverage=0.8,
        calibration_fraction=0.5,
    ),
    "CascadeClassifier": lambda model: CascadeClassifier(
        [
            ("counts", make_pipeline(NgramVectorizer(use_idf=False), LogisticRegression())),
            ("tfidf", make_pipeline(NgramVectorizer(), LogisticRegression())),
        ],
        max_passed=0.5,
        calibration_fraction=0.5,
    ),
    "DistilledClassifier": lambda model: DistilledClassifier(
        make_pipeline(NgramVectorizer(use_idf=False), LogisticRegression()),
        make_pipeline(NgramVectorizer(), LogisticRegression()),
        n_folds=2,
    ),
    "EmbeddingBagClassifier": lambda model: make_tfidf_pipeline(
        characters=False,
        classify=EmbeddingBagClassifier(embedding_dim=8, max_epochs=20, random_state=0),
    ),
    "SelfTrainedClassifier": lambda model: SelfTrainedClassifier(
        make_pipeline(NgramVectorizer(), LogisticRegression())
    ),
    "make_embedding_pipeline": make_embedding_pipeline,
    "make_embedding_pipeline(static=True)": lambda model: make_embedding_pipeline(
        model, static=True
    ),
    "FineTunedTransformerClassifier": lambda model: FineTunedTransformerClassifier(
        model=model, max_epochs=1
    ),
    "make_transformer_pipeline": lambda model: make_transformer_pipeline(
        classify__max_epochs=1, classify__d_model=16
    ),
    "make_finetune_pipeline": lambda model: make_finetune_pipeline(model, classify__max_epochs=1),
}
# Their other columns are read from frames, so that they have messages of their own.
MIXED = {"make_tfidf_pipeline(columns='auto')": lambda model: make_tfidf_pipeline(columns="auto")}
