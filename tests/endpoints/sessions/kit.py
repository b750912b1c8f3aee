"""What the tests of signing in and out share."""

from typing import Any

from tests.client import PASSWORD, Answer, Api
from tests.endpoints.kit import paths_of

API = "/api/v1/users/login/api/"
SIGN_IN = [*paths_of("sessions.obtain"), API]
SIGN_OUT = paths_of("sessions.logout", "sessions.logout_anyway")
ADA = "ada@example.com"


async def sign_in(api: Api, path: str, email: str = ADA, password: str = PASSWORD, **more: Any) -> Answer:
    """One try; `more` goes into the body."""
    return await api.post(path, {"email": email, "password": password, **more})


def said(path: str, body: dict[str, Any], *, success: bool) -> dict[str, Any]:
    """The body that a path says: the old front ends' path adds `success`."""
    if path != API:
        return body
    return {**body, "success": success, **({"otp_required": False} if success else {})}
