"""Pages behind mailed links: set a new password, confirm an address. Opening one never spends its link."""

from aiohttp import web

from authsvc import bodies
from authsvc.errors import Invalid
from authsvc.flows import accept_invitation as invitations
from authsvc.flows import prove_address, recover_password
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE
from authsvc.pages.render import page, wants_json
from authsvc.replies import reply
from authsvc.routing import BOTH_KINDS, api
from authsvc.schemas import passwords as s


@api(query=s.LinkQuery, reply=s.LinkState)
async def reset_page(request: web.Request) -> web.Response:
    """The form for a new password."""
    svc, token = request.app[SERVICE], request[QUERY]["token"]
    valid = await recover_password.is_live(svc, token, request[ORIGIN])
    if wants_json(request):
        return reply({"valid": valid})
    return _reset_form(token, {}) if valid else _dead("This link is invalid, was used, or has expired.")


@api(body=s.ResetForm, forms=True)
async def reset(request: web.Request) -> web.Response:
    """Set the password that the form holds."""
    form = request[BODY]
    try:
        body = bodies.load(s.ResetBody, form)
        svc, token = request.app[SERVICE], body["token"]
        await recover_password.reset(svc, BOTH_KINDS, token, body["password"], "password", request[ORIGIN])
    except Invalid as err:
        if "token" in err.fields:
            return _dead("This link is invalid, was used, or has expired.")
        return _reset_form(form["token"], dict(err.fields))
    return page("done.html", title="Password changed", text="Sign in with your new password.")


@api(query=s.LinkQuery, reply=s.LinkState)
async def confirm_page(request: web.Request) -> web.Response:
    """The button that confirms an address."""
    svc, token = request.app[SERVICE], request[QUERY]["token"]
    valid = await prove_address.is_live(svc, token, request[ORIGIN])
    if wants_json(request):
        return reply({"valid": valid})
    if not valid:
        return _dead("This link is invalid, was used, or has expired.")
    return page("confirm_address.html", token=token)


@api(body=s.LinkQuery, forms=True)
async def confirm(request: web.Request) -> web.Response:
    """Confirm the address that the link was mailed to."""
    try:
        email = await prove_address.confirm(request.app[SERVICE], request[BODY]["token"], request[ORIGIN])
    except Invalid as err:
        dead = "This link is invalid, was used, or has expired."
        return _dead(" ".join(err.fields.get("email", [dead])))
    return page("done.html", title="Address confirmed", text=f"{email} is confirmed.")


@api(query=s.LinkQuery, reply=s.LinkState)
async def invitation_page(request: web.Request) -> web.Response:
    """The form that accepts an invitation."""
    svc, token = request.app[SERVICE], request[QUERY]["token"]
    found = await invitations.look(svc, token, request[ORIGIN])
    if wants_json(request):
        return reply({"valid": found is not None})
    if found is None:
        return _dead("This invitation is invalid, was used, or has expired.")
    return page("invitation.html", token=token, errors={}, system=found["system_name"], role=found["role"])


@api(body=s.ResetForm, forms=True)
async def accept_invitation(request: web.Request) -> web.Response:
    """Accept the invitation that the form belongs to."""
    svc, form = request.app[SERVICE], request[BODY]
    try:
        body = bodies.load(s.ResetBody, form)
        email = await invitations.accept(svc, body["token"], body["password"], {}, request[ORIGIN])
    except Invalid as err:
        found = None if "token" in err.fields else await invitations.look(svc, form["token"], request[ORIGIN])
        if found is None:
            return _dead("This invitation is invalid, was used, or has expired.")
        values = {"token": form["token"], "errors": dict(err.fields)}
        return page("invitation.html", 400, **values, system=found["system_name"], role=found["role"])
    return page("done.html", title="Welcome", text=f"You can sign in as {email} now.")


def _reset_form(token: str, errors: dict[str, object]) -> web.Response:
    return page("reset_password.html", 400 if errors else 200, token=token, errors=errors)


def _dead(text: str) -> web.Response:
    return page("done.html", 400, title="This link does not work", text=text)
