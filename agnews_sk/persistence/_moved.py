"""Models that were saved before the first release: names of modules and parameters."""

import io
import re
import sys
import zipfile

from agnews_sk.persistence._errors import blaming
from agnews_sk.persistence._reading import check_stored
from agnews_sk.persistence._schema import PIPELINE

_SCHEMA = "schema.json"
# Inside of a JSON string quotes are escaped, so that no content of a model looks like this.
_PRIVATE_MODULE = re.compile(
    rb'"__module__": "agnews_sk\.(classifiers|cleaning|sampling|tokenization|vectorization)\._\w+"'
)
# A parameter of the transformers was in GiB, as a float.
_GIB = re.compile(rb'"cache_gib": (\{[^{}]*?"content": ")([0-9.e+-]+|Infinity)"')


def with_public_names(content: bytes) -> bytes:
    """Return a skops file whose types and parameters have their present names.

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
    with blaming(PIPELINE), zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = check_stored(archive, len(content))
        schema = archive.read(_SCHEMA)
        renamed = _PRIVATE_MODULE.sub(rb'"__module__": "agnews_sk.\1"', schema)
        renamed = _GIB.sub(_in_bytes, renamed)
        renamed = renamed.replace(b'"_fingerprint": ', b'"_model_digest": ')
        if renamed == schema:
            return content
        files = {name: archive.read(name) for name in names} | {_SCHEMA: renamed}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, file in files.items():
            archive.writestr(name, file)
    return written.getvalue()


def _in_bytes(found: re.Match[bytes]) -> bytes:
    """Return the parameter `max_cache_bytes` for a `cache_gib`."""
    n_bytes = int(min(float(found[2]) * 2**30, sys.maxsize))
    return b'"max_cache_bytes": %b%d"' % (found[1], n_bytes)
