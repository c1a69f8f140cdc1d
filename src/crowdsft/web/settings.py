"""Django settings, all of them from the environment, with defaults for one laptop.

CROWDSFT_DATA           folder of the database, artifacts and secret key (set by `crowdsft serve --data`)
CROWDSFT_DATABASE_URL   postgres://user:password@host:port/name; default SQLite in CROWDSFT_DATA
CROWDSFT_DATABASE_FILE  name of the SQLite file; default crowdsft.sqlite
CROWDSFT_ARTIFACTS      where artifacts are kept: a URL that fsspec knows (s3://bucket/folder); default CROWDSFT_DATA
CROWDSFT_DEVICE         where workers put base models: cpu, cuda, cuda:1 ...; default: a GPU for large models
CROWDSFT_PRECISION      float32 or bfloat16, of base models; default: bfloat16 on a GPU; adapters are float32 everywhere
CROWDSFT_HOSTS          host names that may be served, separated by commas; default loopback
CROWDSFT_ORIGINS        origins that forms may come from (https://crowd.example.org), separated by commas
CROWDSFT_SECRET_KEY     default: made once and kept in CROWDSFT_DATA/secret-key
CROWDSFT_HTTPS          1 when a proxy in front speaks HTTPS: secure cookies, strict transport security
CROWDSFT_PROXIES        how many proxies in front add to X-Forwarded-For; default 1 with CROWDSFT_HTTPS, else 0
CROWDSFT_RATE_LIMITS    0 turns the limits on sign-ups, log-ins and requests off; loopback is never limited
CROWDSFT_TRUST_ORGANISERS  1 lets campaigns use models from this machine's folders, models with code, and LLM judges
CROWDSFT_MACHINE_HOUR_COST  what an hour of the worker's machine costs ("2.50 EUR"), for estimates; default: not told
CROWDSFT_SMTP           smtp://user:password@host:587 (smtps:// for TLS from the start), for mails; default: printed
CROWDSFT_ADDRESS        where people reach the platform (https://crowd.example.org), for links in mails; default: the
                        first of CROWDSFT_ORIGINS; without either, notices are not mailed
CROWDSFT_MAIL_FROM      sender of mails; default crowdsft@localhost
CROWDSFT_OIDC           address of an OpenID Connect provider that people may sign in with; default: none
CROWDSFT_OIDC_CLIENT    client id there; its redirect address is /accounts/oidc/sso/login/callback/ here
CROWDSFT_OIDC_SECRET    client secret there
CROWDSFT_OIDC_NAME      what the button calls it; default "single sign-on"
CROWDSFT_METRICS_TOKEN  what a scraper sends as bearer token to /metrics; default: only this machine may ask
CROWDSFT_LOG_FORMAT     json for one JSON object a line, requests included; default: lines for people
CROWDSFT_LOG_LEVEL      of crowdsft's own messages on standard error; default INFO
CROWDSFT_DEBUG          1 for developing only
"""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from django.core.exceptions import ImproperlyConfigured

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("CROWDSFT_DATA", Path.cwd() / "crowdsft-data"))
DEBUG = os.environ.get("CROWDSFT_DEBUG") == "1"
HTTPS = os.environ.get("CROWDSFT_HTTPS") == "1"
RATE_LIMITS = os.environ.get("CROWDSFT_RATE_LIMITS", "1") != "0"
MACHINE_HOUR_COST = os.environ.get("CROWDSFT_MACHINE_HOUR_COST", "")
METRICS_TOKEN = os.environ.get("CROWDSFT_METRICS_TOKEN", "")
LOG_FORMAT = os.environ.get("CROWDSFT_LOG_FORMAT", "line")
TRUST_ORGANISERS = os.environ.get("CROWDSFT_TRUST_ORGANISERS") == "1"


def _secret_key() -> str:
    """From the environment, or made once and kept in a file that only its owner reads."""
    if key := os.environ.get("CROWDSFT_SECRET_KEY"):
        if len(key) < 32:
            raise ImproperlyConfigured(
                "CROWDSFT_SECRET_KEY is shorter than 32 characters; use a long random text."
            )
        return key
    if not DATA.is_dir():
        return secrets.token_urlsafe(48)
    file = DATA / "secret-key"
    if not file.exists():
        _write_secret(file)
    if key := file.read_text().strip():
        return key
    raise ImproperlyConfigured(f"{file} is empty. Delete it: a new key is made, and everybody logs in again.")


def _write_secret(file: Path) -> None:
    """The whole file at once, so that of several processes that start together all read the same key."""
    whole = file.with_name(f".secret-key-{secrets.token_hex(8)}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(whole, file)
    finally:
        whole.unlink()


def _database() -> dict[str, Any]:
    url = os.environ.get("CROWDSFT_DATABASE_URL")
    if url is None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA / os.environ.get("CROWDSFT_DATABASE_FILE", "crowdsft.sqlite"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
            "CONN_MAX_AGE": 60,
        }
    parts = urlparse(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(
            f"CROWDSFT_DATABASE_URL starts with {parts.scheme!r}; only postgres:// is known. Unset it to use SQLite."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _proxies() -> int:
    text = os.environ.get("CROWDSFT_PROXIES", "1" if HTTPS else "0")
    if not text.isdecimal():
        raise ImproperlyConfigured(f"CROWDSFT_PROXIES is {text!r}; it must be a whole number, 0 or more.")
    return int(text)


SECRET_KEY = _secret_key()
DATABASES = {"default": _database()}
ALLOWED_HOSTS = [h for h in os.environ.get("CROWDSFT_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CROWDSFT_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "crowdsft.web.accounts",
    "crowdsft.web.campaigns",
    "crowdsft.web.contributions",
    "crowdsft.web.notices",
    "crowdsft.web.payouts",
    "crowdsft.web.webhooks",
    "crowdsft.web.playground",
    "crowdsft.web.votes",
    "crowdsft.web.imports",
    "crowdsft.web.reviews",
    "crowdsft.web.adapters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "ninja",
]

MIDDLEWARE = [
    "crowdsft.web.metrics.count_requests",
    "crowdsft.web.logs.log_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crowdsft.web.security.content_security_policy",
    "crowdsft.web.api.errors.answer_in_json",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crowdsft.web.language.choose_language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "crowdsft.web.body_size.limit_bodies",
    "crowdsft.web.storable_forms.storable_forms",
]

ROOT_URLCONF = "crowdsft.web.urls"
WSGI_APPLICATION = "crowdsft.web.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crowdsft.web.context.page",
                "crowdsft.web.context.notices",
            ],
            "builtins": ["crowdsft.web.templatetags.crowdsft"],
            "libraries": {"crowdsft": "crowdsft.web.templatetags.crowdsft"},
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {} if RATE_LIMITS else False
ALLAUTH_TRUSTED_PROXY_COUNT = _proxies()
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an address that a provider names opens nobody else's account
SOCIALACCOUNT_STORE_TOKENS = False
MFA_TOTP_ISSUER = "crowdsft"


def _mail() -> dict[str, Any]:
    """Django's mail settings."""
    url = os.environ.get("CROWDSFT_SMTP")
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlparse(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ImproperlyConfigured("CROWDSFT_SMTP must be smtp://user:password@host:port or smtps://...")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and parts.hostname not in ("127.0.0.1", "localhost"),
        "EMAIL_TIMEOUT": 20,
    }


globals().update(_mail())
SMTP = bool(os.environ.get("CROWDSFT_SMTP"))
ADDRESS = (os.environ.get("CROWDSFT_ADDRESS") or next(iter(CSRF_TRUSTED_ORIGINS), "")).rstrip("/")
MAILS_NOTICES = SMTP and bool(ADDRESS)
DEFAULT_FROM_EMAIL = os.environ.get("CROWDSFT_MAIL_FROM", "crowdsft@localhost")


def _single_sign_on(address: str) -> dict[str, Any]:
    """allauth's settings of the one OpenID Connect provider.

    Raises:
        ImproperlyConfigured: without a client.
    """
    client, secret = os.environ.get("CROWDSFT_OIDC_CLIENT"), os.environ.get("CROWDSFT_OIDC_SECRET")
    if not client or not secret:
        raise ImproperlyConfigured(
            "CROWDSFT_OIDC needs CROWDSFT_OIDC_CLIENT and CROWDSFT_OIDC_SECRET; the provider gives both."
        )
    app = {
        "provider_id": "sso",
        "name": os.environ.get("CROWDSFT_OIDC_NAME", "single sign-on"),
        "client_id": client,
        "secret": secret,
        "settings": {"server_url": address, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


OIDC = os.environ.get("CROWDSFT_OIDC", "")
FORM_TARGETS: tuple[str, ...] = ()  # where forms may lead besides here
if OIDC:
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")
    SOCIALACCOUNT_PROVIDERS = _single_sign_on(OIDC)
    FORM_TARGETS = (f"{urlparse(OIDC).scheme}://{urlparse(OIDC).netloc}",)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",  # holds counts of requests, in each process
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each in its own words; see docs/how-to-translate.md
LOCALE_PATHS = [HERE / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "crowdsft.web.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "formatter": "json" if LOG_FORMAT == "json" else "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "crowdsft": {"level": os.environ.get("CROWDSFT_LOG_LEVEL", "INFO")},
        "django.request": {"level": "ERROR"},
    },
}
