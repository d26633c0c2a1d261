"""The web server and the files it sends itself: one process with threads, fit for one command and no other server.

Production may run ``gunicorn wsgi:app`` instead (``gunicorn.conf.py``) with workers of its own for the jobs; both
send static files through this module, compressed ahead of time by ``tools/assets.py``.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import waitress.server
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from whitenoise import WhiteNoise
from whitenoise.responders import StaticFile

from matchmaker.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)
A_YEAR = 365 * 86400
ONE_HOUR = 3600


class StaticFiles(WhiteNoise):
    """Answers /static/ from a list made at the start, with the .gz beside a file where the browser takes it.

    An address that carries the file's digest (``?v=…``) never changes its content and is kept for a year.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        file: StaticFile | None = self.files.get(environ.get("PATH_INFO", ""))
        if file is None:
            return self.application(environ, start_response)  # type: ignore[no-any-return]
        if not environ.get("QUERY_STRING", "").startswith("v="):
            return self.serve(file, environ, start_response)  # type: ignore[no-any-return]

        def kept_for_a_year(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            headers = [(name, value) for name, value in headers if name.lower() != "cache-control"]
            return start_response(status, [*headers, ("Cache-Control", f"public, max-age={A_YEAR}, immutable")], *rest)

        return self.serve(file, environ, kept_for_a_year)  # type: ignore[no-any-return]


def serve_static_files(app: Flask) -> None:
    """Let the process send static files itself, and put each file's digest into its address. Doing it twice is once."""
    if "static_files" in app.extensions or app.static_folder is None:
        return
    folder = Path(app.static_folder)
    app.extensions["static_files"] = files = StaticFiles(
        app.wsgi_app, root=str(folder), prefix=app.static_url_path, max_age=ONE_HOUR, charset="utf-8",
        add_headers_function=lambda headers, path, url: headers.add_header("X-Content-Type-Options", "nosniff"),
        mimetypes={".otf": "font/otf"}, allow_all_origins=False,
    )
    app.wsgi_app = files  # type: ignore[method-assign]
    digests: dict[str, str] = {}

    @app.url_defaults
    def name_the_content(endpoint: str, values: dict[str, Any]) -> None:
        name = values.get("filename")
        if endpoint != "static" or not isinstance(name, str) or not (folder / name).is_file():
            return
        if name not in digests:
            digests[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:10]
        values.setdefault("v", digests[name])


def serve(app: Flask, host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM, then end the threads and return.

    A thread carries the jobs beside it where the settings say so. Raises SystemExit with one sentence when the
    port cannot be had.
    """
    serve_static_files(app)
    listening = _listen(host, port)
    name_the_port_in_links(app, listening.getsockname()[1])
    settings = app.config["SETTINGS"]
    server = waitress.server.create_server(
        app, sockets=[listening], threads=settings.threads, ident="", max_request_body_size=64 * 1024 * 1024,
        clear_untrusted_proxy_headers=not settings.trusted_proxies,
    )
    warm_in_background(app)
    end_jobs = _carry_jobs(app) if settings.jobs_in_process else lambda: None
    for told in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a script's background job would ignore it
        signal.signal(told, _end)
    try:
        print(f"Serving on http://{host}:{port} - end with Ctrl-C.", flush=True)
        server.run()  # returns after SystemExit, when the requests at work are answered
    except SystemExit:
        pass
    finally:
        for told in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C must not cut the ending short
            signal.signal(told, signal.SIG_IGN)
        end_jobs()
        server.close()
    print("\nStopped; what was entered is kept.", flush=True)


def name_the_port_in_links(app: Flask, port: int) -> None:
    """Let links in messages lead to the port that is served, unless a public address was set."""
    settings = app.config["SETTINGS"]
    if settings.public_url == Settings.public_url:
        app.config["SETTINGS"] = dataclasses.replace(settings, public_url=f"http://127.0.0.1:{port}")


def warm_in_background(app: Flask) -> threading.Thread:
    """Compile the kernels and read the market into memory while the first requests are answered already.

    For every process that serves or carries jobs, at its start; until it is done answers come by numpy and the loop.
    """
    thread = threading.Thread(target=_warm, args=(app,), name="warming", daemon=True)
    thread.start()
    return thread


def _warm(app: Flask) -> None:
    from matchmaker.matching.following import followed
    from matchmaker.ranking import compiled

    compiled.warm()
    try:
        with app.app_context():
            followed().catch_up()
    except SQLAlchemyError:  # the first request will say so, and try again
        log.warning("the market could not be read at the start", exc_info=True)


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises SystemExit with one sentence otherwise."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as refused:
        listening.close()
        if refused.errno == errno.EADDRINUSE:
            raise SystemExit(f"Port {port} is taken by another program. "
                             f"Choose another: make run PORT={port + 1}") from None
        raise SystemExit(f"The site cannot listen on {host}:{port}: {refused.strerror}.") from None
    return listening


def _carry_jobs(app: Flask) -> Callable[[], None]:
    """Start the threads that carry jobs. Returns what ends them: after the jobs at work, or in ten seconds.

    A job that is cut off then is taken up again at the next start, when its lease has run out.
    """
    from matchmaker.queue import work
    from matchmaker.timetable import enqueue_due

    stop = threading.Event()
    thread = threading.Thread(target=work, args=(app, stop, enqueue_due), name="jobs", daemon=True)
    thread.start()
    carry_quick_jobs(app, stop)

    def end() -> None:
        stop.set()
        thread.join(timeout=0.5)
        if thread.is_alive():
            print("\nThe job at work ends first, ten seconds at most …", flush=True)
            thread.join(timeout=9.5)

    return end


def carry_quick_jobs(app: Flask, stop: threading.Event) -> None:
    """Let a thread of its own carry what somebody waits for, whatever else is at work."""
    from matchmaker.queue import work

    threading.Thread(target=work, args=(app, stop), kwargs={"quick": True}, name="quick jobs", daemon=True).start()


def _end(_signal: int, _frame: Any) -> None:
    raise SystemExit(0)
