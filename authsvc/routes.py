"""Every endpoint: method, path, what answers, who may call, how often, its other names."""
# fmt: off

from authsvc.handlers import (
    assignments,
    audit,
    captcha,
    internal,
    invitations,
    managed_users,
    meta,
    otp,
    passwords,
    profile,
    review,
    roles,
    sessions,
    systems,
    tokens,
    tts,
    users,
)
from authsvc.pages import docs, forgotten, links, sign_in, styles
from authsvc.routing import BOTH_KINDS, EMPLOYEES_ONLY, Access, Limit, delete, get, patch, post, put

PUBLIC, SIGNED_IN, REFRESH, BASIC = Access.PUBLIC, Access.SIGNED_IN, Access.REFRESH, Access.BASIC
PAGE, ADMIN, ADMIN_PAGE = Access.PUBLIC_PAGE, Access.ADMIN, Access.ADMIN_PAGE
EMPLOYEE, INTERNAL = Access.EMPLOYEE, Access.INTERNAL

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
MANAGE     = Limit(600, 60, per="person")
LOOK_UP    = Limit(6000, 60, per="person")

BY_ID      = "{id:[1-9][0-9]{0,9}}"
BY_SLUG    = "{slug:[A-Za-z0-9-]{1,50}}"
BY_USER_ID = "{user_id:[1-9][0-9]{0,9}}"
EMPLOYEES  = "/api/v1/hdts/employees/api"
THEIRS     = EMPLOYEES_ONLY

ROUTES = (
    # --- the service itself
    get  ("/healthz",                                meta.alive,                 PUBLIC, also=("/health/",)),
    get  ("/readyz",                                 meta.ready,                 PUBLIC),
    get  ("/metrics",                                meta.metrics,               INTERNAL, scope="metrics"),
    get  ("/.well-known/jwks.json",                  meta.jwks,                  PUBLIC),
    get  ("/api/",                                   meta.api_index,             PUBLIC),
    get  ("/api/schema/",                            meta.schema,                PUBLIC),
    get  ("/api/docs/",                              docs.browse,                PUBLIC),
    get  ("/static/docs.css",                        styles.docs,                PUBLIC),
    get  ("/static/pages.css",                       styles.pages,               PUBLIC),
    get  ("/api/v1/",                                meta.v1_index,              PUBLIC),
    get  ("/api/v1/token/",                          meta.section_index,         PUBLIC),
    get  ("/api/v1/tts/",                            meta.section_index,         PUBLIC),
    get  ("/api/v1/hdts/",                           meta.section_index,         PUBLIC),
    get  ("/",                                       meta.home,                  PUBLIC),
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
    get  ("/logout/",                                sign_in.leave,              PUBLIC, SIGN_OUT, revokes=True),
    get  ("/staff/login/",                           sign_in.show,               PAGE, SIGN_OUT, knows_caller=True,
          revokes=True),
    post ("/staff/login/",                           sign_in.submit,             PAGE, SIGN_IN),
    get  ("/login/",                                 sign_in.show,               PAGE, SIGN_OUT, knows_caller=True,
          kinds=THEIRS, revokes=True),
    post ("/login/",                                 sign_in.submit,             PAGE, SIGN_IN, kinds=THEIRS),
    get  ("/staff/login/forgot/",                    forgotten.show,             PAGE),
    post ("/staff/login/forgot/",                    forgotten.submit,           PAGE, FORGOT),
    get  ("/login/forgot/",                          forgotten.show,             PAGE, kinds=THEIRS),
    post ("/login/forgot/",                          forgotten.submit,           PAGE, FORGOT, kinds=THEIRS),

    # --- tokens
    post ("/api/v1/token/refresh/",                  tokens.rotate,              REFRESH, ROTATE, kinds=BOTH_KINDS,
          revokes=False),
    post ("/api/v1/users/token/refresh/",            tokens.rotate_cookie,       REFRESH, ROTATE, kinds=BOTH_KINDS,
          also=("/api/v1/token/refresh/cookie/",), revokes=False),
    post ("/api/v1/token/verify/",                   tokens.verify,              PUBLIC, VERIFY, revokes=False),
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

    # --- users, by superusers and admins
    get  ("/api/v1/users/",                          managed_users.index,        ADMIN,
          also=("/api/v1/users/list/", "/api/v1/users/management/")),
    post ("/api/v1/users/",                          managed_users.create,       ADMIN, MANAGE,
          also=("/api/v1/users/management/",)),
    get  ("/api/v1/users/agents/",                   managed_users.agents,       SIGNED_IN),
    get  (f"/api/v1/users/{BY_ID}/",                 managed_users.show,         ADMIN,
          also=(f"/api/v1/users/management/{BY_ID}/",)),
    patch(f"/api/v1/users/{BY_ID}/",                 managed_users.edit,         ADMIN, MANAGE,
          also=(f"/api/v1/users/management/{BY_ID}/",)),
    put  (f"/api/v1/users/{BY_ID}/",                 managed_users.edit,         ADMIN, MANAGE,
          also=(f"/api/v1/users/management/{BY_ID}/",)),
    delete(f"/api/v1/users/{BY_ID}/",                managed_users.remove,       ADMIN, MANAGE,
          also=(f"/api/v1/users/management/{BY_ID}/",)),

    get  ("/api/v1/audit/",                          audit.index,                ADMIN),

    # --- invitations
    get  ("/api/v1/users/invite-agent/",             invitations.offers,         ADMIN_PAGE,
          also=("/api/v1/users/management/invite_agent/",)),
    post ("/api/v1/users/invite-agent/",             invitations.send,           ADMIN, MANAGE,
          also=("/api/v1/users/management/invite_agent/", "/api/v1/system-roles/invite/")),
    get  ("/api/v1/users/invitations/",              invitations.index,          ADMIN),
    post (f"/api/v1/users/invitations/{BY_ID}/resend/", invitations.resend,      ADMIN, MANAGE),
    delete(f"/api/v1/users/invitations/{BY_ID}/",    invitations.revoke,         ADMIN, MANAGE),
    post ("/api/v1/users/invitations/accept/",       invitations.accept,         PUBLIC, SECRET),
    get  ("/invitations/accept/",                    links.invitation_page,      PAGE),
    post ("/invitations/accept/",                    links.accept_invitation,    PAGE, SECRET),

    # --- systems
    get  ("/api/v1/systems/public/",                 systems.public,             PUBLIC),
    get  ("/api/v1/systems/",                        systems.index,              SIGNED_IN),
    post ("/api/v1/systems/",                        systems.create,             ADMIN, MANAGE),
    get  (f"/api/v1/systems/{BY_ID}/",               systems.show,               SIGNED_IN),
    put  (f"/api/v1/systems/{BY_ID}/",               systems.edit,               ADMIN, MANAGE),
    patch(f"/api/v1/systems/{BY_ID}/",               systems.edit,               ADMIN, MANAGE),
    delete(f"/api/v1/systems/{BY_ID}/",              systems.remove,             ADMIN, MANAGE),

    # --- roles
    get  ("/api/v1/roles/",                          roles.index,                SIGNED_IN),
    post ("/api/v1/roles/",                          roles.create,               ADMIN, MANAGE,
          also=("/api/v1/roles/register/",)),
    get  (f"/api/v1/roles/{BY_ID}/",                 roles.show,                 SIGNED_IN),
    put  (f"/api/v1/roles/{BY_ID}/",                 roles.edit,                 ADMIN, MANAGE),
    patch(f"/api/v1/roles/{BY_ID}/",                 roles.edit,                 ADMIN, MANAGE),
    delete(f"/api/v1/roles/{BY_ID}/",                roles.remove,               ADMIN, MANAGE),
    get  (f"/api/v1/system-roles/system/{BY_SLUG}/roles/", roles.of_system,      SIGNED_IN,
          also=(f"/api/v1/system-roles/user-system-roles/system/{BY_SLUG}/roles/",)),

    # --- assignments: the plain paths, and those of the old service
    get  ("/api/v1/system-roles/",                   assignments.index,          SIGNED_IN,
          also=("/api/v1/system-roles/user-system-roles/",)),
    post ("/api/v1/system-roles/",                   assignments.create,         ADMIN, MANAGE,
          also=("/api/v1/system-roles/user-system-roles/",)),
    get  (f"/api/v1/system-roles/{BY_ID}/",          assignments.show,           SIGNED_IN,
          also=(f"/api/v1/system-roles/user-system-roles/{BY_ID}/",)),
    patch(f"/api/v1/system-roles/{BY_ID}/",          assignments.edit,           ADMIN, MANAGE,
          also=(f"/api/v1/system-roles/user-system-roles/{BY_ID}/", f"/api/v1/tts/update-assignment/{BY_ID}/")),
    put  (f"/api/v1/system-roles/user-system-roles/{BY_ID}/", assignments.edit,  ADMIN, MANAGE,
          also=(f"/api/v1/tts/update-assignment/{BY_ID}/",)),
    delete(f"/api/v1/system-roles/{BY_ID}/",         assignments.remove,         ADMIN, MANAGE,
          also=(f"/api/v1/system-roles/user-system-roles/{BY_ID}/", f"/api/v1/tts/update-assignment/{BY_ID}/")),
    post ("/api/v1/system-roles/user-system-roles/edit-settings/",
                                                     assignments.edit_settings,  ADMIN, MANAGE),
    get  (f"/api/v1/system-roles/systems/{BY_SLUG}/users/",
                                                     assignments.users_of_system, ADMIN),

    # --- what the ticket tracker asks
    get  ("/api/v1/tts/round-robin/",                tts.round_robin,            SIGNED_IN, scope="turns"),
    post ("/api/v1/tts/round-robin/next/",           tts.next_turn,              SIGNED_IN, LOOK_UP, scope="turns",
          revokes=False),
    get  (f"/api/v1/tts/user-info/{BY_USER_ID}/",    tts.user_info,              SIGNED_IN),
    post ("/api/v1/tts/users-info/",                 tts.users_info,             SIGNED_IN, LOOK_UP, revokes=False),
    post ("/api/v1/tts/assign-agent-to-role/",       tts.assign_agent,           ADMIN, MANAGE),
    post ("/api/v1/tts/create-role/",                tts.create_role,            ADMIN, MANAGE),
    get  ("/api/v1/tts/assign-agent-to-role/",       tts.form_data,              ADMIN_PAGE,
          also=("/api/v1/tts/assign-role/", "/api/v1/tts/create-role/", "/assign-role/")),

    # --- employees: what staff have at /api/v1/users/, on the same flows
    post (f"{EMPLOYEES}/register/",                  users.register_employee,    PUBLIC, REGISTER, kinds=THEIRS),
    post (f"{EMPLOYEES}/login/",                     sessions.login_employee,    PUBLIC, SIGN_IN, kinds=THEIRS),
    post (f"{EMPLOYEES}/2fa/verify-otp/",            sessions.verify_otp_employee, PUBLIC, SIGN_IN, kinds=THEIRS),
    post (f"{EMPLOYEES}/token/refresh/",             tokens.rotate_cookie,       REFRESH, ROTATE,
          kinds=THEIRS, revokes=False),
    post (f"{EMPLOYEES}/logout/",                    sessions.logout,            EMPLOYEE, SIGN_OUT,
          kinds=THEIRS, settles_itself=True),
    get  (f"{EMPLOYEES}/sessions/",                  sessions.list_own,          EMPLOYEE, kinds=THEIRS),
    delete(f"{EMPLOYEES}/sessions/{BY_ID}/",         sessions.end_own,           EMPLOYEE, OWN, kinds=THEIRS),
    post (f"{EMPLOYEES}/logout-all/",                sessions.logout_all,        EMPLOYEE, OWN, kinds=THEIRS),
    get  (f"{EMPLOYEES}/me/",                        profile.me,                 EMPLOYEE, kinds=THEIRS),
    get  (f"{EMPLOYEES}/profile/",                   profile.show,               EMPLOYEE, kinds=THEIRS),
    patch(f"{EMPLOYEES}/profile/",                   profile.edit,               EMPLOYEE, EDIT, kinds=THEIRS),
    put  (f"{EMPLOYEES}/profile/",                   profile.edit,               EMPLOYEE, EDIT, kinds=THEIRS),
    post (f"{EMPLOYEES}/profile/change-password/",   passwords.change,           EMPLOYEE, OWN, kinds=THEIRS),
    post (f"{EMPLOYEES}/password/forgot/",           passwords.forgot,           PUBLIC, FORGOT, kinds=THEIRS),
    post (f"{EMPLOYEES}/password/reset/",            passwords.reset,            PUBLIC, SECRET, kinds=THEIRS),
    post (f"{EMPLOYEES}/2fa/request-otp/",           otp.request,                PUBLIC, SIGN_IN,
          kinds=THEIRS, knows_caller=True),
    post (f"{EMPLOYEES}/2fa/enable/",                otp.enable,                 EMPLOYEE, OWN, kinds=THEIRS),
    post (f"{EMPLOYEES}/2fa/disable/",               otp.disable,                EMPLOYEE, OWN, kinds=THEIRS),
    post (f"{EMPLOYEES}/2fa/totp/setup/",            otp.set_up_app,             EMPLOYEE, OWN, kinds=THEIRS),
    post (f"{EMPLOYEES}/2fa/totp/confirm/",          otp.confirm_app,            EMPLOYEE, OWN, kinds=THEIRS),
    post (f"{EMPLOYEES}/2fa/recovery-codes/",        otp.renew_recovery_codes,   EMPLOYEE, OWN, kinds=THEIRS),

    # --- review of employees
    get  ("/api/v1/hdts/employees/",                 review.employees,           ADMIN),
    get  ("/api/v1/hdts/user-management/pending/api/", review.pending,           ADMIN),
    get  ("/api/v1/hdts/user-management/users/api/", review.help_desk,           ADMIN),
    patch(f"/api/v1/hdts/user-management/update-status/{BY_ID}/", review.decide, ADMIN, MANAGE),
    post (f"/api/v1/hdts/user-management/update-status/{BY_ID}/", review.decide, ADMIN, MANAGE),

    # --- lookups by other services
    get  (f"/api/v1/users/internal/{BY_ID}/",        internal.user,              INTERNAL, scope="users"),
    get  (f"/api/v1/hdts/employees/internal/{BY_ID}/", internal.employee,        INTERNAL, scope="employees"),
    get  (f"/api/v1/hdts/users/{BY_USER_ID}/",       internal.help_desk_user,    INTERNAL, scope="users"),
)
