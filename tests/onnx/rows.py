"""What the tests of exported models predict."""

from tests.conftest import HEADLINES

TEXTS = ["oil prices rise", "the cup final", "", None, "Ünïcode ☃ words never seen", "oil " * 90]
ROWS = [text for of_class in HEADLINES.values() for text in of_class]
LABELS = [label for label, of_class in HEADLINES.items() for _ in of_class]
# Families that are quantized too, by the name of the quantized export.
INT8 = {"finetune int8": "finetune", "embedding int8": "embedding", "scratch int8": "scratch"}
NETWORKS = ["embedding", "scratch", "finetune", "pooled"]
