"""Every endpoint: method, path, what answers, who may call, how often, its other names."""
# fmt: off

from authsvc.handlers import meta, profile, sessions, systems, tokens, users
from authsvc.routing import BOTH_KINDS, Access, Limit, get, patch, post, put

PUBLIC, SIGNED_IN, REFRESH, BASIC = Access.PUBLIC, Access.SIGNED_IN, Access.REFRESH, Access.BASIC

SIGN_IN    = Limit(30, 60)
SIGN_OUT   = Limit(60, 60)
ROTATE     = Limit(120, 60)
REGISTER   = Limit(20, 3600)
VERIFY     = Limit(600, 60)
EDIT       = Limit(60, 60, per="person")

ROUTES = (
    # --- the service itself
    get  ("/healthz",                                meta.alive,                 PUBLIC, also=("/health/",)),
    get  ("/readyz",                                 meta.ready,                 PUBLIC),
    get  ("/.well-known/jwks.json",                  meta.jwks,                  PUBLIC),
    get  ("/api/",                                   meta.api_index,             PUBLIC),
    get  ("/api/v1/",                                meta.v1_index,              PUBLIC),
    get  ("/api/v1/token/",                          meta.token_index,           PUBLIC),
    get  ("/media/{digest:[0-9a-f]{64}}.webp",       profile.picture,            PUBLIC),

    # --- signing in and out
    post ("/api/v1/users/register/",                 users.register,             PUBLIC, REGISTER),
    post ("/api/v1/users/login/",                    sessions.obtain,            PUBLIC, SIGN_IN,
          also=("/api/v1/token/obtain/", "/token/")),
    post ("/api/v1/users/login/api/",                sessions.login_api,         PUBLIC, SIGN_IN),
    post ("/api/v1/users/logout/",                   sessions.logout,            SIGNED_IN, SIGN_OUT,
          kinds=BOTH_KINDS, settles_itself=True),
    post ("/api/v1/token/logout/",                   sessions.logout_anyway,     PUBLIC, SIGN_OUT, also=("/logout/",)),
    get  ("/logout/",                                sessions.logout_page,       PUBLIC, SIGN_OUT),

    # --- tokens
    post ("/api/v1/token/refresh/",                  tokens.rotate,              REFRESH, ROTATE, kinds=BOTH_KINDS),
    post ("/api/v1/users/token/refresh/",            tokens.rotate_cookie,       REFRESH, ROTATE, kinds=BOTH_KINDS,
          also=("/api/v1/token/refresh/cookie/",)),
    post ("/api/v1/token/verify/",                   tokens.verify,              PUBLIC, VERIFY),
    get  ("/api/v1/users/token/validate/",           tokens.validate,            SIGNED_IN, kinds=BOTH_KINDS),
    get  ("/token/",                                 tokens.obtain_basic,        BASIC, SIGN_IN),

    # --- the own profile
    get  ("/api/me/",                                profile.me,                 SIGNED_IN, kinds=BOTH_KINDS),
    get  ("/api/v1/users/profile/",                  profile.show,               SIGNED_IN, kinds=BOTH_KINDS),
    patch("/api/v1/users/profile/",                  profile.edit,               SIGNED_IN, EDIT, kinds=BOTH_KINDS),
    put  ("/api/v1/users/profile/",                  profile.edit,               SIGNED_IN, EDIT, kinds=BOTH_KINDS),
    get  ("/api/v1/users/profile/by-company/{company_id:[A-Za-z0-9-]{1,32}}/",
                                                     profile.show_by_company_id, SIGNED_IN),

    # --- systems
    get  ("/api/v1/systems/public/",                 systems.public,             PUBLIC),
)
