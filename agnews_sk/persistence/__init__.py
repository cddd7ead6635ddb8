"""Save fitted pipelines, and load them without trusting who wrote the files.

A saved model is a folder or an uncompressed zip of files that hold data only: no pickle, no code.
`load` proceeds in this order, and each step relies on those before it:

1. `_reading`: read plain files under known names, compare them with the manifest's checksums.
2. `_moved`: replace names of classes and attributes that were renamed since.
3. `_schema`, `_trusted`: check all of `pipeline.skops` from its description, before any object is
   made: known loaders, trusted types, the attributes of each type, sound arrays.
4. `_checks`, `_shapes`: make the objects and check their values, before anything computes.
5. `_tensors`, `_tokenizers`, `_patterns`: check weights and tokenizers before libraries read them.
6. `_parts`: set weights and tokenizers on their estimators, which check them in `set_parts`.
7. `_save_load.probe`: predict two texts.

Checksums show that files are complete and belong together, but not who wrote them: a
forger can compute them, which is why steps 3 to 6 trust nothing.
"""

from agnews_sk._core.public import publish
from agnews_sk.persistence._card import ModelCard
from agnews_sk.persistence._errors import ArtifactError, VersionWarning, artifact_errors
from agnews_sk.persistence._hub import from_hub, push_to_hub
from agnews_sk.persistence._manifest import MANIFEST
from agnews_sk.persistence._reading import (
    open_source,
    read_files,
    saved_label_options,
    saved_reference,
)
from agnews_sk.persistence._save_load import (
    load,
    model_from_files,
    parts_as_files,
    save,
    store_reference,
    with_manifest,
)
from agnews_sk.persistence._writing import saved_files, write_files

__all__ = [
    "ArtifactError",
    "ModelCard",
    "VersionWarning",
    "from_hub",
    "load",
    "push_to_hub",
    "save",
    "store_reference",
]

publish(__name__)
