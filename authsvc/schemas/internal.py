"""What handlers/internal.py gives."""

from marshmallow import Schema, fields


class InternalUser(Schema):
    """A staff user, as other services look him up."""

    id = fields.Int(required=True)
    email = fields.Email(required=True)
    username = fields.Str(required=True)
    first_name = fields.Str(required=True)
    last_name = fields.Str(required=True)
    full_name = fields.Str(required=True)
    company_id = fields.Str(required=True)
    is_active = fields.Bool(required=True)


class InternalEmployee(Schema):
    """An employee, as other services look him up."""

    id = fields.Int(required=True)
    email = fields.Email(required=True)
    username = fields.Str(required=True)
    first_name = fields.Str(required=True)
    middle_name = fields.Str(required=True, allow_none=True)
    last_name = fields.Str(required=True)
    suffix = fields.Str(required=True, allow_none=True)
    full_name = fields.Str(required=True)
    phone_number = fields.Str(required=True, allow_none=True)
    company_id = fields.Str(required=True)
    department = fields.Str(required=True, allow_none=True)
    status = fields.Str(required=True)
    profile_picture = fields.Url(required=True, allow_none=True, require_tld=False)
    created_at = fields.AwareDateTime(required=True)
