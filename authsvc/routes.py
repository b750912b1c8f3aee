"""Every endpoint: method, path, what answers, who may call, how often, its other names."""
# fmt: off

from authsvc.handlers import captcha, meta, otp, passwords, profile, sessions, systems, tokens, users
from authsvc.pages import links
from authsvc.routing import BOTH_KINDS, Access, Limit, delete, get, patch, post, put

PUBLIC, SIGNED_IN, REFRESH, BASIC = Access.PUBLIC, Access.SIGNED_IN, Access.REFRESH, Access.BASIC
PAGE = Access.PUBLIC_PAGE

SIGN_IN    = Limit(30, 60)
SIGN_OUT   = Limit(60, 60)
ROTATE     = Limit(120, 60)
REGISTER   = Limit(20, 3600)
FORGOT     = Limit(20, 3600)
CAPTCHA    = Limit(30, 60)
SECRET     = Limit(60, 60)
OWN        = Limit(30, 60, per="person")
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
    post ("/api/v1/users/login/verify-otp/",         sessions.verify_otp,        PUBLIC, SIGN_IN),
    get  ("/api/v1/users/sessions/",                 sessions.list_own,          SIGNED_IN),
    delete("/api/v1/users/sessions/{id:[1-9][0-9]{0,9}}/",
                                                     sessions.end_own,           SIGNED_IN, OWN),
    post ("/api/v1/users/logout-all/",               sessions.logout_all,        SIGNED_IN, OWN),
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

    # --- passwords and addresses
    post ("/api/v1/users/password/forgot/",          passwords.forgot,           PUBLIC, FORGOT),
    get  ("/api/v1/users/password/reset/",           links.reset_page,           PAGE, also=("/password/reset/",)),
    post ("/api/v1/users/password/reset/",           passwords.reset,            PUBLIC, SECRET),
    post ("/password/reset/",                        links.reset,                PAGE, SECRET),
    post ("/api/v1/users/password/change/",          passwords.change,           SIGNED_IN, OWN, kinds=BOTH_KINDS,
          also=("/api/v1/users/profile/reset-password/", "/api/v1/users/change-password/")),
    post ("/api/v1/users/password/verify/",          passwords.check,            SIGNED_IN, OWN, kinds=BOTH_KINDS,
          also=("/api/v1/users/verify-password/",)),
    post ("/api/v1/users/email/confirm/",            passwords.confirm_address,  PUBLIC, SECRET),
    get  ("/email/confirm/",                         links.confirm_page,         PAGE),
    post ("/email/confirm/",                         links.confirm,              PAGE, SECRET),

    # --- second factor
    post ("/api/v1/users/2fa/request-otp/",          otp.request,                PUBLIC, SIGN_IN, knows_caller=True),
    post ("/api/v1/users/2fa/request-otp-authenticated/",
                                                     otp.request_signed_in,      SIGNED_IN, OWN),
    post ("/api/v1/users/2fa/enable/",               otp.enable,                 SIGNED_IN, OWN),
    post ("/api/v1/users/2fa/disable/",              otp.disable,                SIGNED_IN, OWN),
    post ("/api/v1/users/verify-disable-otp/",       otp.check_before_disabling, SIGNED_IN, OWN),
    post ("/api/v1/users/2fa/totp/setup/",           otp.set_up_app,             SIGNED_IN, OWN),
    post ("/api/v1/users/2fa/totp/confirm/",         otp.confirm_app,            SIGNED_IN, OWN),
    post ("/api/v1/users/2fa/recovery-codes/",       otp.renew_recovery_codes,   SIGNED_IN, OWN),

    # --- captcha
    post ("/api/v1/users/captcha/generate/",         captcha.generate,           PUBLIC, CAPTCHA),
    post ("/api/v1/users/captcha/verify/",           captcha.verify,             PUBLIC, CAPTCHA),
    get  ("/api/v1/users/captcha/required/",         captcha.required,           PUBLIC, Limit(120, 60)),

    # --- systems
    get  ("/api/v1/systems/public/",                 systems.public,             PUBLIC),
)
