"""Secrets at rest, in Pulumi's own passphrase format (pkg/secrets/passphrase, sdk/go/common/resource/config/crypt.go).

Salt: `v1:SALT:v1:NONCE:CIPHERTEXT of "pulumi"`; a value: `v1:NONCE:CIPHERTEXT`. AES-256-GCM, key from PBKDF2-SHA256.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from components.base.problems import InvalidInputError
from herd.engine.values import UNKNOWN, Secret, b64, canonical
from herd.signatures import RESOURCE, SECRET, SIG, UNKNOWN_STRING

ROUNDS = 1_000_000
_NONCE, _SALT = 12, 8


@functools.lru_cache(maxsize=32)
def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ROUNDS, 32)


class Crypter:
    """Encrypts and decrypts one stack's secrets; the key (0.3 s of work) is derived at the first secret.

    Args:
        passphrase: The stack's passphrase.
        provider: `secrets_providers` of the state, empty for a new stack.
        file: The state file, named in errors.
    """

    def __init__(self, passphrase: str, provider: dict[str, Any] | None, file: str) -> None:
        self._passphrase, self._file, self._provider = passphrase, file, provider
        self._cipher: AESGCM | None = None
        self._known: dict[str, str] = {}  # plaintext -> ciphertext: what didn't change keeps its bytes
        if provider and provider.get("type") != "passphrase":
            raise self._error(f"secrets provider {provider.get('type')!r}", "rehearse with a passphrase instead")

    @property
    def provider(self) -> dict[str, Any] | None:
        """`secrets_providers` for the state; None as long as no secret was met."""
        return self._provider

    def encode(self, value: Any) -> Any:
        """Property data as JSON for the state, secrets encrypted."""
        return _stored(value, self._encrypt)

    def decode(self, value: Any) -> Any:
        """Property data from the state's JSON."""
        if isinstance(value, dict):
            if value.get(SIG) == SECRET:
                return Secret(self._decrypt(value))
            return {k: self.decode(v) for k, v in value.items()}
        return [self.decode(v) for v in value] if isinstance(value, list) else value

    def _error(self, message: str, fix: str) -> InvalidInputError:
        return InvalidInputError.one(message, file=self._file, field="secrets_providers", fix=fix)

    def _open(self) -> AESGCM:
        if self._cipher is None:
            if self._provider is None:
                salt = secrets.token_bytes(_SALT)
                self._cipher = AESGCM(_key(self._passphrase, salt))
                check = self._seal(self._cipher, "pulumi")
                self._provider = {"type": "passphrase", "state": {"salt": f"v1:{b64(salt)}:{check}"}}
            else:
                try:
                    version, salt_text, check = self._provider["state"]["salt"].split(":", 2)
                    cipher = AESGCM(_key(self._passphrase, base64.b64decode(salt_text)))
                except (AttributeError, KeyError, TypeError, ValueError) as error:
                    raise self._error("the salt is malformed", "restore the state from a backup") from error
                if version != "v1" or self._unseal(cipher, check) != "pulumi":
                    raise self._error("incorrect passphrase", "give the passphrase the stack was made with")
                self._cipher = cipher
        return self._cipher

    @staticmethod
    def _seal(cipher: AESGCM, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE)
        return f"v1:{b64(nonce)}:{b64(cipher.encrypt(nonce, text.encode(), None))}"

    def _unseal(self, cipher: AESGCM, sealed: str) -> str:
        try:
            _, nonce, text = sealed.split(":")
            return cipher.decrypt(base64.b64decode(nonce), base64.b64decode(text), None).decode()
        except InvalidTag as error:
            raise self._error("incorrect passphrase", "give the passphrase the stack was made with") from error
        except ValueError as error:
            raise self._error("a ciphertext is malformed", "restore the state from a backup") from error

    def _encrypt(self, secret: Secret) -> dict[str, str]:
        text = canonical(_stored(secret.value, _nested))
        if text not in self._known:
            self._known[text] = self._seal(self._open(), text)
        return {SIG: SECRET, "ciphertext": self._known[text]}

    def _decrypt(self, data: dict[str, str]) -> Any:
        if "plaintext" in data:  # `pulumi stack export --show-secrets`
            return _unnested(json.loads(data["plaintext"]))
        if "ciphertext" not in data:
            raise self._error("a secret has no ciphertext", "restore the state from a backup")
        text = self._unseal(self._open(), data["ciphertext"])
        self._known[text] = data["ciphertext"]
        return _unnested(json.loads(text))


def _stored(value: Any, seal: Callable[[Secret], dict[str, str]]) -> Any:
    if isinstance(value, dict):
        if value.get(SIG) == RESOURCE:  # without what can be told from its URN
            value = {"packageVersion": ""} | {k: v for k, v in value.items() if k not in ("name", "type")}
        return {k: _stored(v, seal) for k, v in value.items()}
    if isinstance(value, list):
        return [_stored(v, seal) for v in value]
    if isinstance(value, Secret):
        return seal(value)
    return UNKNOWN_STRING if value is UNKNOWN else value


def _nested(secret: Secret) -> dict[str, str]:
    """A secret inside a secret is marked, not encrypted again."""
    return {SIG: SECRET, "ciphertext": canonical(_stored(secret.value, _nested))}


def _unnested(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIG) == SECRET:
            return Secret(_unnested(json.loads(value["ciphertext"])))
        return {k: _unnested(v) for k, v in value.items()}
    return [_unnested(v) for v in value] if isinstance(value, list) else value
