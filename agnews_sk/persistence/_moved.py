"""Models that were saved when classes still carried the names of private modules."""

import io
import re
import zipfile

from agnews_sk.persistence._errors import artifact_errors
from agnews_sk.persistence._reading import check_stored
from agnews_sk.persistence._schema import PIPELINE

_SCHEMA = "schema.json"
# Inside of a JSON string quotes are escaped, so that no content of a model looks like this.
_PRIVATE_MODULE = re.compile(
    rb'"__module__": "agnews_sk\.(classifiers|cleaning|sampling|tokenization|vectorization)\._\w+"'
)


def with_public_names(content: bytes) -> bytes:
    """Return a skops file whose types have the names of their public modules.

    Parameters
    ----------
    content : bytes
        Of `pipeline.skops`.

    Returns
    -------
    bytes
        The same, unless it was saved before the first release.

    Raises
    ------
    ArtifactError
        If the file is damaged.
    """
    with artifact_errors(PIPELINE), zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = check_stored(archive, len(content))
        schema = archive.read(_SCHEMA)
        renamed = _PRIVATE_MODULE.sub(rb'"__module__": "agnews_sk.\1"', schema)
        if renamed == schema:
            return content
        files = {name: archive.read(name) for name in names} | {_SCHEMA: renamed}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, file in files.items():
            archive.writestr(name, file)
    return written.getvalue()
