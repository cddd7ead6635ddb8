"""Load the names that rooms import when asked for, so that the examples of all of them run."""

from agnews_sk import classifiers

for _name in classifiers.__all__:
    getattr(classifiers, _name)
