"""Drives Microsoft's msal through every flow; prints the tokens it got as JSON."""

import hashlib
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

import msal

asked = json.loads(sys.argv[1])
EXCHANGE = ["https://outlook.office365.com/.default"]
IMAP = ["https://outlook.office.com/IMAP.AccessAsUser.All"]
common = {"authority": asked["authority"], "instance_discovery": False, "verify": asked["ca"], "timeout": 20}
trust = ssl.create_default_context(cafile=asked["ca"])


def token(result):
    assert "access_token" in result, result
    return result["access_token"]


def application(credential):
    return msal.ConfidentialClientApplication(asked["app"], client_credential=credential, **common)


def thumbprint(pem):
    return hashlib.sha1(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def redirected(url):
    opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=trust))
    try:
        opener.open(url, timeout=20)
    except urllib.error.HTTPError as error:
        assert error.code == 302, error
        return error.headers["Location"]
    raise AssertionError("no redirect")


got = {}
app = application(asked["secret"])
got["secret"] = token(app.acquire_token_for_client(EXCHANGE))
got["graph"] = token(app.acquire_token_for_client(["https://graph.microsoft.com/.default"]))
key, certificate = asked["key"], asked["certificate"]
modern = {"private_key": key, "public_certificate": certificate}
got["certificate_sha256"] = token(application(modern).acquire_token_for_client(EXCHANGE))
older = {"private_key": key, "thumbprint": thumbprint(certificate)}
got["certificate_sha1"] = token(application(older).acquire_token_for_client(EXCHANGE))

public = msal.PublicClientApplication(asked["public"], **common)
flow = public.initiate_device_flow(IMAP)
assert "user_code" in flow, flow
page = flow["verification_uri"] + "?" + urllib.parse.urlencode({"user_code": flow["user_code"], "user": asked["user"]})
urllib.request.urlopen(page, context=trust, timeout=20).read()
got["device"] = token(public.acquire_token_by_device_flow(flow))
(account,) = public.get_accounts()
assert account["username"] == asked["user"], account
got["refresh"] = token(public.acquire_token_silent(IMAP, account, force_refresh=True))

flow = public.initiate_auth_code_flow(IMAP, redirect_uri="http://localhost:1", login_hint=asked["user"])
back = urllib.parse.urlsplit(redirected(flow["auth_uri"]))
parameters = dict(urllib.parse.parse_qsl(back.query))
got["browser"] = token(public.acquire_token_by_auth_code_flow(flow, parameters))

for name, refused in [
    ("wrong_secret", application("wrong").acquire_token_for_client(EXCHANGE)),
    ("wrong_scope", app.acquire_token_for_client(IMAP)),
]:
    got[name] = [refused.get("error"), refused.get("error_codes")]
print(json.dumps(got))
