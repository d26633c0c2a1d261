"""Production behind a reverse proxy: ``gunicorn wsgi:app``. Jobs are carried by ``flask --app wsgi work`` beside it."""

from __future__ import annotations

import os
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 2  # measured: more than two threads a worker bring nothing
worker_class = "gthread"
timeout = 60
raw_env = ["OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"]  # many processes, one numeric thread in each


def post_worker_init(worker: Any) -> None:
    """Each worker sends static files, compiles its kernels and keeps the town's time, as the embedded server does."""
    from matchmaker.commands import wake_the_town
    from matchmaker.serving import serve_static_files, warm_in_background

    app = worker.wsgi
    serve_static_files(app)
    with app.app_context():
        wake_the_town()
    warm_in_background(app)
