import platform
import re

import sklearn

from agnews_sk.evaluation._provenance import _version, describe_environment


def test_the_environment_has_versions_date_and_hardware():
    found = describe_environment()
    assert found["scikit-learn"] == sklearn.__version__
    assert found["python"] == platform.python_version()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", found["date"])
    assert int(found["cores"]) >= 1
    assert all(isinstance(value, str) and value for value in found.values())


def test_a_missing_package_is_not_installed():
    assert _version("no-such-distribution") == "not installed"
