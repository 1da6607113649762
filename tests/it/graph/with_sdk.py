"""What Microsoft's msgraph-sdk sees of the stand-in: it lists, reads, patches, exports and imports. What it saw goes to standard output."""

import asyncio, base64, json, os, ssl, time

import httpx
from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.admin.exchange.mailboxes.item.export_items.export_items_post_request_body import ExportItemsPostRequestBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core import GraphClientFactory

asked = json.loads(os.environ["ASKED"])
source, target = asked["source"], asked["target"]


class Credential:
    """A token that was had elsewhere."""

    async def get_token(self, *scopes, **options):
        return AccessToken(asked["token"], int(time.time()) + 3000)

    async def close(self):
        pass


def service():
    http = httpx.AsyncClient(verify=ssl.create_default_context(cafile=asked["ca"]), timeout=30)
    http = GraphClientFactory.create_with_default_middleware(client=http)
    provider = AzureIdentityAuthenticationProvider(Credential(), scopes=["https://graph.microsoft.com/.default"])
    provider.access_token_provider._allowed_hosts_validator.set_allowed_hosts(["localhost"])
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = asked["root"]
    return GraphServiceClient(request_adapter=adapter)


async def pages(builder, first):
    """All items of a list, page by page."""
    page, items = first, []
    while True:
        items.extend(page.value)
        if not page.odata_next_link:
            return items
        page = await builder.with_url(page.odata_next_link).get()


async def main():
    graph = service()
    seen = {}
    mail = graph.users.by_user_id(source)
    folders = await pages(mail.mail_folders, await mail.mail_folders.get())
    seen["folders"] = [folder.display_name for folder in folders]
    drafts = mail.mail_folders.by_mail_folder_id("drafts").messages
    messages = await pages(drafts, await drafts.get())
    seen["messages"] = len(messages)
    seen["delta"] = len(await pages(drafts.delta, await drafts.delta.get()))
    first = next(message for message in messages if message.subject == "0")
    one = mail.messages.by_message_id(first.id)
    seen["value"] = (await one.content.get()).decode()
    seen["patched"] = (await one.patch(Message(categories=["Red"]))).categories
    seen["purpose"] = (await mail.mailbox_settings.get()).user_purpose.value
    try:
        await mail.messages.by_message_id("AAkALgAAnone=").get()
    except ODataError as error:
        seen["missing"] = error.error.code
    seen["imported"] = await transfer(graph)
    print(json.dumps(seen))


async def exchange(graph, user):
    """A mailbox of the import and export interface, and its folders by name."""
    settings = await graph.users.by_user_id(user).settings.exchange.get()
    mailbox = graph.admin.exchange.mailboxes.by_mailbox_id(settings.primary_mailbox_id)
    folders = await pages(mailbox.folders, await mailbox.folders.get())
    return mailbox, {folder.display_name: folder.id for folder in folders}


async def transfer(graph):
    """Copies the calendar."""
    old, old_folders = await exchange(graph, source)
    new, new_folders = await exchange(graph, target)
    items = old.folders.by_mailbox_folder_id(old_folders["Calendar"]).items
    ids = [item.id for item in await pages(items, await items.get())]
    exported = await old.export_items.post(ExportItemsPostRequestBody(item_ids=ids))
    session = await new.create_import_session.post()
    imported = 0
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=asked["ca"])) as http:
        for item in exported.value:
            # The library has decoded it.
            data = base64.b64encode(item.data).decode()
            body = {"FolderId": new_folders["Calendar"], "Mode": "create", "Data": data}
            answer = await http.post(session.import_url, json=body)
            assert answer.status_code == 200 and answer.json()["itemId"], answer.text
            imported += 1
    return imported


asyncio.run(main())
