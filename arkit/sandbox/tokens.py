"""Access tokens: issued for the right secrets, kept as digests, ended by time or by script."""

import hashlib
import hmac
import secrets
import sqlite3
import time

from flask import Request, Response

from . import lockout
from .answers import json_response, malformed, unauthorized
from .call import Call, Service
from .store import Store

FORM_FIELDS = ("username", "password", "grant_type", "clientId")


def issue(call: Call) -> Response:
    """Exchange the credentials of client and user for a token; the answer stands outside the envelope."""
    call.query()
    form = call.request.form
    if call.request.mimetype != "application/x-www-form-urlencoded":
        raise malformed("the body must be application/x-www-form-urlencoded")
    missing = [name for name in FORM_FIELDS if len(form.getlist(name)) != 1]
    if missing:
        raise malformed(f"the form must hold once: {', '.join(missing)}")
    if form["grant_type"] != "password":
        raise malformed("the grant_type must be password")
    token = secrets.token_urlsafe(32)
    with call.service.store.write() as connection:
        refusal = _refusal(connection, call)
        if refusal is None:
            expires_at = time.time() + call.service.token_lifetime_s
            connection.execute("DELETE FROM token WHERE expiresAt < ?", (time.time(),))
            connection.execute("INSERT INTO token VALUES (?, ?)", (_digest(token), expires_at))
    if refusal:
        raise unauthorized("Basic", refusal)
    return json_response(
        {
            "access_token": token,
            "token_type": "bearer",
            "refresh_token": secrets.token_urlsafe(32),
            "expires_in": call.service.token_lifetime_s,
            "scope": "read write trust",
        }
    )


def _refusal(connection: sqlite3.Connection, call: Call) -> str | None:
    """Why this user gets no token, if so. Wrong passwords are counted."""
    facts, form = call.service.facts, call.request.form
    pairs = [("username", "username"), ("password", "password"), ("clientId", "companyId")]
    is_user, is_password, is_company = [_is_same(form[field], facts[fact]) for field, fact in pairs]
    user = facts["username"]
    if is_user and lockout.is_locked(connection, user):
        return "the user is locked after three wrong passwords"
    if is_user and not is_password:
        lockout.count_failure(connection, user, call.service.lockout_s)
    if not (is_user and is_password and is_company):
        return "the user or the password is wrong"
    lockout.forget(connection, user)
    return None


def check_client(service: Service, request: Request) -> None:
    """Let in only who sends the client's id and secret."""
    given = request.authorization
    if given is None or given.type != "basic":
        raise unauthorized("Basic", "the client's id and secret are needed")
    facts = service.facts
    is_known = _is_same(given.username or "", facts["clientId"])
    if not (_is_same(given.password or "", facts["clientSecret"]) and is_known):
        raise unauthorized("Basic", "the client is unknown")


def check_bearer(service: Service, request: Request) -> None:
    """Let in only who sends a token that is still good."""
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise unauthorized("Bearer", "an access token is needed")
    with service.store.read() as connection:
        row = connection.execute(
            "SELECT 1 FROM token WHERE digest = ? AND expiresAt > ?", (_digest(given.token), time.time())
        ).fetchone()
    if row is None:
        raise unauthorized("Bearer", "the access token is unknown or has expired")


def expire_all(store: Store) -> None:
    """End every token at once."""
    with store.write() as connection:
        connection.execute("DELETE FROM token")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
