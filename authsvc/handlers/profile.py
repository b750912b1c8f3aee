"""The own profile, colleagues by company id, and the pictures of both."""

import asyncio

from aiohttp import web

from authsvc import media
from authsvc.core.profiles import shown
from authsvc.errors import NotFound
from authsvc.flows import show_profile
from authsvc.flows.edit_profile import edit_profile
from authsvc.keys import BODY, ORIGIN, SERVICE, caller_of
from authsvc.replies import raw, reply
from authsvc.routing import api
from authsvc.schemas import users as s
from authsvc.schemas.base import AnyOf


@api(reply=s.Me)
async def me(request: web.Request) -> web.Response:
    """Who am I, staff or employee?"""
    svc, person = request.app[SERVICE], caller_of(request).person
    found = await show_profile.shown(svc, person)
    return raw(b'{"type":"%b","data":%b}' % (person.kind.noun.encode(), found.json))


@api(reply=s.OWN_PROFILE)
async def show(request: web.Request) -> web.Response:
    """The own profile."""
    found = await show_profile.shown(request.app[SERVICE], caller_of(request).person)
    return raw(found.json)


@api(body=s.ProfileBody, reply=s.OWN_PROFILE, forms=True)
async def edit(request: web.Request) -> web.Response:
    """Change the own profile: what is left out stays as it is."""
    svc, body = request.app[SERVICE], request[BODY]
    profile = await edit_profile(svc, caller_of(request), body, request[ORIGIN])
    return reply(shown(profile, svc.settings.public_url))


@api(reply=AnyOf(s.Card, s.Colleague, s.Employee), errors=(NotFound,))
async def show_by_company_id(request: web.Request) -> web.Response:
    """A colleague by company id: whole for administrators, the directory card for everybody else."""
    found = await show_profile.by_company_id(request.app[SERVICE], request.match_info["company_id"], caller_of(request))
    return reply(found)


@api(errors=(NotFound,), media="image/webp")
async def picture(request: web.Request) -> web.StreamResponse:
    """A profile picture."""
    path = media.path_of(request.app[SERVICE].settings.data_dir, request.match_info["digest"])
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError as err:
        raise NotFound from err
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return web.Response(body=content, headers=headers, content_type="image/webp")
