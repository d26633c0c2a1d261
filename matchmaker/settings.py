"""Every setting with its default; refuses to start unsafely in production."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, fields
from datetime import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What can be set; the environment variable of each is ``MATCHMAKER_<NAME>``."""

    production: bool = False
    """Production refuses weak secrets and plain http cookies, and demands TOTP of staff."""
    database_url: str = f"sqlite:///{ROOT / 'instance' / 'matchmaker.db'}"
    secret_key: str = ""
    """Signs cookies and links. Made and kept in instance/secret_key when empty outside production."""
    instance_folder: str = str(ROOT / "instance")
    demo_town: bool = True
    """Pages say that people and institutions are invented, and what is simulated."""
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = 0
    """How many reverse proxies in front set X-Forwarded-For."""
    rate_limit_storage: str = "memory://"
    """redis://… when there are several web processes."""
    rate_limits: bool = True
    tools_limit: str = "60 per minute; 600 per hour"
    """How often one address may post to each of the public calculators' pages: faster than anybody types."""
    tools_api_limit: str = "240 per minute"
    """The same for each calculator as JSON: four questions a second, since one with 2,000 flows is a second of work.
    Whoever asks more often is answered 429 with Retry-After."""
    insurance_licence: bool = False
    """The operator's licence for insurance intermediation is on file: premiums and comparison may be shown."""
    office_opens: time = time(9, 0)
    office_closes: time = time(17, 30)
    """The working day in Shanghai by which clocks run. One that runs already keeps its end."""
    contract_days: int = 7
    payout_days: int = 7
    """Working days from an accepted offer to the contract and from there to the pay-out, 1 to 7: a consent leaves
    twenty calendar days for both."""
    need_days: int = 60
    """How long a posted need stands."""
    live_leads_per_need: int = 3
    hands_per_day: int = 20
    """How many hands an institution may raise for sealed cards in a day."""
    virus_scanner: str = "signature"
    """Who is asked about uploads: ``clamd:HOST:PORT`` or ``clamd:/path/of.socket`` (ClamAV). The built-in
    ``signature`` knows the harmless test file of EICAR and no real virus."""
    paper_largest_mb: int = 10
    """The largest upload, at most 10."""
    paper_most_pages: int = 30
    """The most pages of an uploaded PDF."""
    invitations_per_day: int = 30
    """How many owners an institution may let the platform invite in a day, delivered or not."""
    session_days: int = 30
    mail_channel: str = "console"
    """console (codes there, other letters in the file), file or smtp."""
    smtp_url: str = ""
    phone_relay: str = ""
    """Empty: who carries a lead sees the owner's number. ``simulated``: a lent one that rings nowhere and says so."""
    sms_url: str = ""
    """A gateway of one's own that takes text messages as JSON (https); empty: the console or the file takes them."""
    sms_token: str = ""
    mail_from: str = "no-reply@matchmaker.invalid"
    jobs_in_process: bool = True
    """Carry jobs with a thread of the web process (the embedded default)."""
    threads: int = 4


def load(**overrides: Any) -> Settings:
    """Settings from overrides, then environment, then defaults.

    Raises SystemExit with one sentence when production would start unsafely.
    """
    values: dict[str, Any] = {}
    for field in fields(Settings):
        text = os.environ.get(f"MATCHMAKER_{field.name.upper()}")
        if field.name == "database_url":
            text = text or os.environ.get("DATABASE_URL")
        if text is not None and text != "":
            values[field.name] = _typed(field.name, text, type(field.default))
    values.update(overrides)
    settings = Settings(**values)
    if settings.virus_scanner != "signature" and not settings.virus_scanner.startswith("clamd:"):
        raise SystemExit("MATCHMAKER_VIRUS_SCANNER is signature, clamd:HOST:PORT or clamd:/path/of.socket.")
    if not (1 <= settings.paper_largest_mb <= 10 and settings.paper_most_pages >= 1):
        raise SystemExit("MATCHMAKER_PAPER_LARGEST_MB is 1 to 10, MATCHMAKER_PAPER_MOST_PAGES at least 1.")
    if settings.office_opens >= settings.office_closes:
        raise SystemExit("MATCHMAKER_OFFICE_OPENS is earlier than MATCHMAKER_OFFICE_CLOSES.")
    if not (1 <= settings.contract_days <= 7 and 1 <= settings.payout_days <= 7):
        raise SystemExit("MATCHMAKER_CONTRACT_DAYS and MATCHMAKER_PAYOUT_DAYS are 1 to 7.")
    if settings.production:
        if len(settings.secret_key) < 32:
            raise SystemExit("Production needs MATCHMAKER_SECRET_KEY with at least 32 characters.")
        if settings.demo_town:
            raise SystemExit("Production needs MATCHMAKER_DEMO_TOWN=0: invented people must not mix with real ones.")
        if not settings.public_url.startswith("https://"):
            raise SystemExit("Production needs MATCHMAKER_PUBLIC_URL with https://.")
    elif not settings.secret_key:
        settings = Settings(**{**values, "secret_key": _kept_secret(Path(settings.instance_folder))})
    return settings


def _typed(name: str, text: str, kind: type) -> Any:
    """Raises SystemExit with one sentence where the text is none of that kind."""
    if kind is bool:
        return text.strip().lower() in {"1", "true", "yes", "on"}
    try:
        return time.fromisoformat(text.strip().rjust(5, "0")) if kind is time else kind(text)
    except ValueError:
        wanted = "a time such as 17:30" if kind is time else "a whole number"
        raise SystemExit(f"MATCHMAKER_{name.upper()} is {wanted}.") from None


def _kept_secret(folder: Path) -> str:
    """The development secret: made once, readable by this user only, so that sessions survive a restart."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "secret_key"
    try:
        with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as fresh:
            fresh.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return file.read_text()
