import optuna
import pytest

from agnews_sk.tuning import FoldPruner

# Scores of the folds 0, 1, 2 of complete trials, whose differences from the best vary by 0.01.
BEST, OTHER = (0.90, 0.92, 0.91), (0.88, 0.92, 0.90)


def is_pruned(scores, *, complete=(BEST, OTHER), direction="maximize", patience=1.0):
    """Whether a trial with scores by fold is pruned after those, in this order of the folds."""
    sign = 1 if direction == "maximize" else -1
    study = optuna.create_study(direction=direction, pruner=FoldPruner(patience))
    for values in complete:
        trial = study.ask()
        for fold, value in enumerate(values):
            trial.report(sign * value, fold)
        study.tell(trial, sign * sum(values) / len(values))
    trial = study.ask()
    for fold, value in scores.items():
        trial.report(sign * value, fold)
    return trial.should_prune()


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize(
    ("scores", "pruned"),
    [
        ({1: 0.909}, True),
        ({1: 0.911}, False),  # within the noise
        ({1: 0.911, 0: 0.891}, True),  # but not twice
        ({1: 0.912, 0: 0.91}, False),
        ({2: 0.95}, False),
    ],
    ids=str,
)
def test_a_trial_is_pruned_if_it_is_worse_than_the_best_beyond_noise(scores, pruned, direction):
    assert is_pruned(scores, direction=direction) is pruned


def test_folds_are_compared_with_the_same_folds():
    # Worse than the best trial's mean, but better on this fold.
    assert not is_pruned({0: 0.901})
    assert is_pruned({1: 0.901})


def test_without_noise_of_earlier_trials_one_fold_does_not_suffice():
    assert not is_pruned({1: 0.5}, complete=[BEST])
    assert is_pruned({1: 0.5, 0: 0.5}, complete=[BEST])
    assert not is_pruned({1: 0.5, 0: 0.5}, complete=[])


def test_more_patience_prunes_later():
    assert is_pruned({1: 0.911}, patience=0.5)
    assert not is_pruned({1: 0.901}, patience=3.0)


def test_a_trial_without_scores_is_not_pruned():
    assert not is_pruned({})


def test_the_best_trial_is_the_one_of_the_highest_mean():
    better = tuple(value + 0.05 for value in BEST)
    assert is_pruned({1: 0.93}, complete=[OTHER, better, BEST])
    assert not is_pruned({1: 0.93}, complete=[OTHER, BEST])
