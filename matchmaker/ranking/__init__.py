"""How what is eligible is ordered: features, estimator, evaluation, store; the only home of scikit-learn."""
