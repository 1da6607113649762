"""Logs in, delegates, lists and searches with python-zimbra; what it saw goes to standard output as JSON."""

import json
import os

from pythonzimbra.communication import Communication
from pythonzimbra.exceptions.auth import AuthenticationFailed
from pythonzimbra.tools import auth

asked = json.loads(os.environ["ASKED"])
users, admins, form = asked["users"] + "service/soap", asked["admins"] + "service/admin/soap", asked["form"]
user, admin = asked["user"], asked["admin"]


def bare(token):
    """In JSON the library gives the token as it came."""
    while isinstance(token, (dict, list)):
        token = token["_content"] if isinstance(token, dict) else token[0]
    return token


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def ask(url, token, name, content, namespace):
    communication = Communication(url)
    request = communication.gen_request(request_type=form, token=token)
    request.add_request(name, content, namespace)
    response = communication.send_request(request)
    assert not response.is_fault(), response.get_fault_code()
    return response.get_response()[name.replace("Request", "Response")]


def names(folder):
    for below in listed(folder.get("folder")):
        yield below["name"]
        yield from names(below)


def messages(folder):
    own = sum(len(str(group["ids"]).split(",")) for group in listed(folder.get("m")))
    return own + sum(messages(below) for below in listed(folder.get("folder")))


seen = {}
seen["by_password"] = bare(auth.authenticate(users, user, asked["password"], use_password=True, request_type=form, raise_on_error=True))
seen["by_key"] = bare(auth.authenticate(users, user, asked["key"], request_type=form, raise_on_error=True))
seen["as_admin"] = bare(auth.authenticate(admins, admin, asked["admin_password"], use_password=True, admin_auth=True, request_type=form, raise_on_error=True))
delegate = {"account": {"by": "name", "_content": user}, "duration": 3600}
seen["delegated"] = bare(ask(admins, seen["as_admin"], "DelegateAuthRequest", delegate, "urn:zimbraAdmin")["authToken"])
directory = {"domain": "old.example", "types": "accounts", "limit": 100, "query": {"_content": ""}}
seen["accounts"] = len(listed(ask(admins, seen["as_admin"], "SearchDirectoryRequest", directory, "urn:zimbraAdmin")["account"]))
token = seen["delegated"]
seen["folders"] = list(names(listed(ask(users, token, "GetFolderRequest", {}, "urn:zimbraMail")["folder"])[0]))
seen["listed"] = messages(listed(ask(users, token, "SyncRequest", {"typed": "1"}, "urn:zimbraMail")["folder"])[0])
search = {"types": "message", "query": "in:inbox", "limit": 1000}
seen["found"] = len(listed(ask(users, token, "SearchRequest", search, "urn:zimbraMail").get("m")))
try:
    auth.authenticate(users, user, "wrong", use_password=True, request_type=form, raise_on_error=True)
    seen["refused"] = None
except AuthenticationFailed as refusal:
    seen["refused"] = "account.AUTH_FAILED" if "AUTH_FAILED" in str(refusal) else str(refusal)
print(json.dumps(seen))
