"""A person's second factor, as he meets it."""

import pyotp

from tests.client import PASSWORD, Api
from tests.conftest import FakeClock
from tests.mailbox import Mailbox


async def test_mailed_code_then_app_then_recovery_code(api: Api, mailbox: Mailbox, clock: FakeClock) -> None:
    tokens = await api.sign_in()
    email, bearer = tokens.user["email"], tokens.bearer
    await api.post("/api/v1/users/2fa/request-otp-authenticated/", headers=bearer)
    code = await mailbox.code(api, email)
    enabled = await api.post("/api/v1/users/2fa/enable/", {"otp_code": code}, headers=bearer)
    assert enabled.status == 200, enabled.text
    recovery = enabled.json["recovery_codes"]
    assert len(set(recovery)) == 10

    asked = await api.post("/api/v1/users/login/", {"email": email, "password": PASSWORD})
    assert (asked.status, asked.code, asked.json["methods"]) == (401, "otp_required", ["email"])
    code = await mailbox.code(api, email)
    answer = {"temporary_token": asked.json["temporary_token"], "otp_code": code}
    signed_in = await api.post("/api/v1/users/login/verify-otp/", answer)
    assert signed_in.status == 200, signed_in.text
    assert (await api.post("/api/v1/users/login/verify-otp/", answer)).code == "otp_invalid"

    bearer = {"Authorization": f"Bearer {signed_in.json['access']}"}
    app = await api.post("/api/v1/users/2fa/totp/setup/", headers=bearer)
    phone = pyotp.TOTP(app.json["secret"])
    confirmed = await api.post("/api/v1/users/2fa/totp/confirm/", {"otp_code": phone.at(clock.now)}, headers=bearer)
    assert confirmed.status == 200, confirmed.text
    clock.now += 30
    body = {"email": email, "password": PASSWORD, "otp_code": phone.at(clock.now)}
    assert (await api.post("/api/v1/users/login/", body)).status == 200
    assert (await api.post("/api/v1/users/login/", body)).code == "otp_invalid"

    body["otp_code"] = recovery[3].upper()
    assert (await api.post("/api/v1/users/login/", body)).status == 200
    assert (await api.post("/api/v1/users/login/", body)).code == "otp_invalid"
