"""The one door to every check of a secret.

Whoever wants to know whether a password is right asks here, for staff and employees, known and unknown
names alike, so that every spelling of every endpoint pays the same price and leaves the same time.
"""

from authsvc.service import Service


async def password_is_right(svc: Service, password: str, stored: str | None) -> bool:
    """Check a (normalised) password against a stored hash; None (nobody, or no password set) takes as long.

    Overloaded (503) when too many checks wait already.
    """
    return await svc.hasher.verify(password, stored)
