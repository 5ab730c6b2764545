"""A discriminant and trees that vote: little to learn, so few samples are enough.

The discriminant takes classes for normal with one covariance, shrunk towards what is
independent; it carries to regions where seasons are of another kind.  Trees are good
where fields are like those that were learned from.  Their probabilities are multiplied.

Shape suffixes: N samples, F features, K classes.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.evaluation.crossvalidation import Logits, TrainAndPredict, logits_of
from ml.models.season import REGION, Grid, season_features, season_values
from ml.samples.series import SeriesSamples

_Parts: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""What the discriminant sees, and what trees see."""

_TREES: Final = 300
_LEAST: Final = 1e-3
"""What nobody has seen is not impossible."""


@dataclass(frozen=True, slots=True)
class Committee:
    """A discriminant and trees.

    Attributes:
        grid: Dates at which they look at seasons.
        shrinkage: Of the covariance, 0 to 1.
        tree_votes: How much trees count, the discriminant counting 1.
        regions: How much samples of small regions count more, 0 to 1.
        balance: How much rare classes count more, 0 to 1.
    """

    grid: Grid
    shrinkage: float = 0.3
    tree_votes: float = 2.0
    regions: float = 0.5
    balance: float = 0.3

    def on(self, samples: SeriesSamples) -> TrainAndPredict:
        """Trained and asked on rows of these samples."""
        values_NF = season_values(samples, self.grid).reshape(len(samples), -1)
        features_NF = season_features(samples, self.grid)
        return lambda train, test: self._vote(
            samples.select(train),
            (values_NF[train], features_NF[train]),
            (values_NF[test], features_NF[test]),
        )

    def _vote(self, train: SeriesSamples, of_train: _Parts, of_test: _Parts) -> Logits:
        discriminant = make_pipeline(
            StandardScaler(),
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage=self.shrinkage),
        ).fit(of_train[0], train.labels_N)
        trees = ExtraTreesClassifier(
            _TREES, min_samples_leaf=2, random_state=0, n_jobs=1
        ).fit(of_train[1], train.labels_N, sample_weight=self._weights(train))
        votes_NJ = logits_of(discriminant.predict_proba(of_test[0]), _LEAST)
        votes_NJ += self.tree_votes * logits_of(trees.predict_proba(of_test[1]), _LEAST)
        never = np.log(_LEAST) * (1 + self.tree_votes)
        votes_NK = np.full((len(votes_NJ), len(train.classes)), never)
        votes_NK[:, trees.classes_] = votes_NJ
        return votes_NK

    def _weights(self, samples: SeriesSamples) -> NDArray[np.float64]:
        weights_N = np.ones(len(samples))
        if REGION in samples.groups:
            weights_N *= _share_of(samples.groups[REGION]) ** -self.regions
        return weights_N * _share_of(samples.labels_N) ** -self.balance


def _share_of(names_N: NDArray[np.str_] | NDArray[np.int64]) -> NDArray[np.float64]:
    """How large a part of the samples is of the same name as each."""
    _, index_N, counts = np.unique(names_N, return_inverse=True, return_counts=True)
    share_N: NDArray[np.float64] = counts[index_N] / len(names_N)
    return share_N
