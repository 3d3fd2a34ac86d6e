"""The secret that the machines of a band share."""

from __future__ import annotations

import hashlib
import secrets

from musebots.errors import ConfigError

__all__ = ["MIN_LENGTH", "derived_key", "new_phrase"]

MIN_LENGTH = 12
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that looks like something else
N_GROUPS, GROUP_LENGTH = 4, 5
SALT = b"musebots band key 1"
WORK = {"n": 2**14, "r": 8, "p": 1}  # about 50 ms: a guess costs as much


def new_phrase() -> str:
    """A phrase nobody guesses (100 random bits), in groups that can be read out.

    Examples
    --------
    >>> [len(group) for group in new_phrase().split("-")]
    [5, 5, 5, 5]
    """
    groups = (
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(N_GROUPS)
    )
    return "-".join(groups)


def derived_key(phrase: str) -> bytes:
    """The 32 bytes that sign datagrams, from what people type (scrypt, RFC 7914).

    Raises
    ------
    ConfigError
        When the phrase is too short to keep anybody out.
    """
    if len(phrase) < MIN_LENGTH:
        raise ConfigError(
            f"a key has at least {MIN_LENGTH} characters, got {len(phrase)}; leave it out to have "
            "one made"
        )
    return hashlib.scrypt(phrase.encode(), salt=SALT, dklen=32, **WORK)
