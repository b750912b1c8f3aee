"""Every error a client can see.

ApiError
├── BadRequest 400       malformed · captcha_required · otp_invalid · Invalid (a map of fields, no code)
├── Unauthorized 401     not_authenticated · token_not_valid · invalid_credentials · otp_required
│                        for Basic credentials also captcha_required · locked_out
├── Forbidden 403        permission_denied · wrong_account_type · pending_approval · rejected · account_disabled
├── NotFound 404         not_found
├── MethodNotAllowed 405 method_not_allowed
├── Conflict 409         conflict
├── PayloadTooLarge 413  payload_too_large
├── UnsupportedMedia 415 unsupported_media_type
├── Throttled 429        throttled · locked_out
├── Unavailable 503      unavailable · overloaded
└── Internal 500         internal

A class is one row of this table, its docstring the sentence the client reads. Layers below the
handlers raise them and know no HTTP; middleware/errors.py alone turns one into a response.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

FieldErrors = Mapping[str, Sequence[str]]


class ApiError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, detail: str | None = None, *, retry_after: int | None = None, **extra: Any) -> None:
        """detail: instead of the docstring's sentence; retry_after: seconds; extra: more members of the body."""
        self.detail = detail or (self.__doc__ or "").strip()
        self.retry_after = retry_after
        self.clears_cookies = False  # the client's session cookies are of no use any more
        self.extra = extra
        super().__init__(self.detail)

    def body(self) -> dict[str, Any]:
        """The JSON object that the client gets."""
        return {"detail": self.detail, "code": self.code, **self.extra}


class Malformed(ApiError):
    """The request could not be understood."""

    status, code = 400, "malformed"


class Invalid(ApiError):
    """The request has invalid fields."""

    status, code = 400, "invalid"

    def __init__(self, fields: FieldErrors) -> None:
        super().__init__()
        self.fields = fields

    def body(self) -> dict[str, Any]:
        return {name: list(sentences) for name, sentences in self.fields.items()}


class CaptchaRequired(ApiError):
    """A captcha is required."""

    status, code = 400, "captcha_required"

    def __init__(self) -> None:
        super().__init__(captcha_token=["Solve a captcha and send its captcha_token."])


class OtpInvalid(ApiError):
    """The code is invalid or has expired."""

    status, code = 400, "otp_invalid"


class WrongPassword(ApiError):
    """Current password is incorrect."""

    status, code = 400, "invalid_credentials"


class Unauthorized(ApiError):
    """Base of all 401: carries WWW-Authenticate."""

    status = 401
    scheme: ClassVar[str] = 'Bearer realm="authsvc"'


class NotAuthenticated(Unauthorized):
    """Authentication credentials were not provided."""

    code = "not_authenticated"


class TokenNotValid(Unauthorized):
    """Given token not valid for any token type."""

    code = "token_not_valid"
    scheme = 'Bearer realm="authsvc", error="invalid_token"'


class InvalidCredentials(Unauthorized):
    """No active account found with the given credentials."""

    code = "invalid_credentials"


class CaptchaRequiredFirst(Unauthorized):
    """A captcha is required: sign in once where one can be solved."""

    code = "captcha_required"


class LockedOutFirst(Unauthorized):
    """Too many failed attempts. Try again later."""

    code = "locked_out"


class OtpRequired(Unauthorized):
    """A code of your second factor is required."""

    code = "otp_required"


class PermissionDenied(ApiError):
    """You do not have permission to perform this action."""

    status, code = 403, "permission_denied"


class WrongAccountType(ApiError):
    """This endpoint is not for your kind of account."""

    status, code = 403, "wrong_account_type"


class PendingApproval(ApiError):
    """Your account is waiting for approval."""

    status, code = 403, "pending_approval"


class Rejected(ApiError):
    """Your account was rejected."""

    status, code = 403, "rejected"


class AccountDisabled(ApiError):
    """Your account is disabled."""

    status, code = 403, "account_disabled"


class NotFound(ApiError):
    """Not found."""

    status, code = 404, "not_found"


class MethodNotAllowed(ApiError):
    """Method not allowed."""

    status, code = 405, "method_not_allowed"


class Conflict(ApiError):
    """This conflicts with what is there already."""

    status, code = 409, "conflict"


class PayloadTooLarge(ApiError):
    """The request is too large."""

    status, code = 413, "payload_too_large"


class UnsupportedMedia(ApiError):
    """Unsupported media type in request."""

    status, code = 415, "unsupported_media_type"


class Throttled(ApiError):
    """Request was throttled."""

    status, code = 429, "throttled"


class LockedOut(ApiError):
    """Too many failed attempts. Try again later."""

    status, code = 429, "locked_out"


class Unavailable(ApiError):
    """The service is temporarily unavailable. Try again shortly."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(detail, retry_after=retry_after)


class Overloaded(Unavailable):
    """Too many sign-ins at this moment. Try again shortly."""

    code = "overloaded"


class Internal(ApiError):
    """Internal server error."""


# A unique constraint is the check: what its violation means to the client, field and sentence.
# No SELECT-then-INSERT; the same names stand in the migrations.
BY_CONSTRAINT: dict[str, tuple[str, str]] = {
    "users_email_key": ("email", "A user with this email already exists."),
    "users_username_key": ("username", "A user with this username already exists."),
    "users_phone_number_key": ("phone_number", "A user with this phone number already exists."),
    "employees_email_key": ("email", "An employee with this email already exists."),
    "employees_username_key": ("username", "An employee with this username already exists."),
    "employees_phone_number_key": ("phone_number", "An employee with this phone number already exists."),
    "company_ids_pkey": ("company_id", "This company id is taken."),
}

# Constraints that stand for a conflict with what is there, and the sentence.
CONFLICTS: dict[str, str] = {
    "systems_slug_key": "A system with this slug exists already.",
    "systems_name_key": "A system with this name exists already.",
    "roles_name_key": "This system has a role of that name already.",
    "assignments_user_role_key": "This person holds the role already.",
    "systems_keep_an_admin": "A system keeps at least one active Admin.",
    "users_keep_a_superuser": "At least one superuser must remain.",
}
