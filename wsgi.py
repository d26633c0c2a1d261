"""The WSGI application: ``gunicorn wsgi:app`` or ``flask --app wsgi …``."""

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # several processes serve; each with as many threads as cores would only wait

from matchmaker import create_app  # noqa: E402  numpy and scikit-learn read them when they are imported

app = create_app()
