use super::*;

fn refusal(status: u16, code: &str, message: &str, retry_after: Option<u64>) -> Refusal {
    let body = serde_json::json!({ "error": { "code": code, "message": message,
        "innerError": { "date": "2026-11-21T10:00:00", "request-id": "0a1b-2c", "client-request-id": "0a1b-2c" } } });
    let told = Told::read(body.to_string().as_bytes(), None);
    Refusal { status: StatusCode::from_u16(status).unwrap(), retry_after: retry_after.map(Duration::from_secs), told }
}

fn error(refusal: Refusal, effect: Effect) -> Error {
    refusal.failure(Side::Target, Scope::Folder, effect, "graph.example".to_owned()).error
}

#[test]
fn each_documented_refusal_has_its_meaning() {
    use Disposition::{GiveUp, NeedsPerson, RetryAfter};
    for (status, word, code, disposition, scope) in [
        (401, "InvalidAuthenticationToken", Code::Auth, NeedsPerson, Scope::Mailbox),
        (403, "ErrorAccessDenied", Code::AuthAccess, NeedsPerson, Scope::Mailbox),
        (403, "Authorization_RequestDenied", Code::Consent, NeedsPerson, Scope::Endpoint),
        (404, "Request_ResourceNotFound", Code::NotFound, NeedsPerson, Scope::Mailbox),
        (404, "ErrorInvalidUser", Code::NotFound, NeedsPerson, Scope::Mailbox),
        (404, "MailboxNotEnabledForRESTAPI", Code::AuthAccess, NeedsPerson, Scope::Mailbox),
        (404, "ErrorItemNotFound", Code::ItemVanished, GiveUp, Scope::Message),
        (404, "ErrorSyncFolderNotFound", Code::FolderSelect, GiveUp, Scope::Folder),
        (409, "ErrorFolderExists", Code::FolderName, GiveUp, Scope::Folder),
        (400, "ErrorMessageSizeExceeded", Code::ItemTooBig, GiveUp, Scope::Message),
        (413, "", Code::ItemTooBig, GiveUp, Scope::Message),
        (410, "SyncStateNotFound", Code::Identity, RetryAfter(None), Scope::Folder),
        (410, "resyncRequired", Code::Identity, RetryAfter(None), Scope::Folder),
        (500, "ErrorCorruptData", Code::ItemFetch, RetryAfter(None), Scope::Message),
        (500, "ErrorInternalServerError", Code::Server, RetryAfter(None), Scope::Folder),
        (503, "serviceNotAvailable", Code::Server, RetryAfter(None), Scope::Folder),
        (504, "UnknownError", Code::Server, RetryAfter(None), Scope::Folder),
        (507, "QuotaExceededException", Code::Quota, NeedsPerson, Scope::Mailbox),
        (403, "ErrorQuotaExceeded", Code::Quota, NeedsPerson, Scope::Mailbox),
        (400, "BadRequest", Code::Protocol, GiveUp, Scope::Folder),
    ] {
        let error = error(refusal(status, word, "Words.", None), Effect::Repeatable);
        assert_eq!((error.code(), error.disposition(), error.scope()), (code, disposition, scope), "{status} {word}");
        let reply = error.reply().unwrap();
        assert!(reply.contains(word) && reply.contains("0a1b-2c"), "{reply}");
    }
}

#[test]
fn both_throttles_are_obeyed_for_the_stated_time() {
    for message in ["Application is over its MailboxConcurrency limit.", "Application is over its IncomingBytes limit."]
    {
        let refusal = refusal(429, "ApplicationThrottled", message, Some(25));
        let wait = Some(Duration::from_secs(25));
        assert_eq!(refusal.throttle(), Some(Throttle { wait, kind: ThrottleKind::Rate }), "{message}");
        assert_eq!(error(refusal, Effect::Once).disposition(), Disposition::RetryAfter(wait));
    }
    let untold = refusal(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", None);
    assert_eq!(untold.throttle().map(|throttle| throttle.kind), Some(ThrottleKind::Connections));
    assert_eq!(refusal(503, "", "", Some(3)).throttle().map(|throttle| throttle.kind), Some(ThrottleKind::Busy));
    assert_eq!(refusal(503, "", "", None).throttle(), None);
    assert_eq!(refusal(404, "", "", Some(3)).throttle(), None);
}

#[test]
fn what_creates_is_in_doubt_where_the_answer_does_not_tell() {
    for (status, word, doubt) in [
        (500, "ErrorInternalServerError", true),
        (502, "", true),
        (503, "serviceNotAvailable", true),
        (504, "UnknownError", true),
        (507, "QuotaExceededException", false),
        (429, "ApplicationThrottled", false),
        (404, "ErrorItemNotFound", false),
    ] {
        let disposition = error(refusal(status, word, "", None), Effect::Once).disposition();
        assert_eq!(disposition == Disposition::InDoubt, doubt, "{status}");
    }
}

#[test]
fn busy_words_about_one_item_of_several_are_the_services() {
    let told = |word| error(refusal(200, word, "", None), Effect::Repeatable);
    let busy = told("ErrorServerBusy");
    assert_eq!(
        (busy.code(), busy.scope(), busy.disposition()),
        (Code::Throttled, Scope::Mailbox, Disposition::RetryAfter(None))
    );
    assert_eq!((told("ErrorCorruptData").code(), told("ErrorCorruptData").scope()), (Code::ItemFetch, Scope::Message));
}

#[test]
fn no_token_is_kept() {
    let message = "The url 'https://outlook.example/importItem?authtoken=s3cret' with Bearer eyJ0s3cret is over.";
    let error = error(refusal(401, "ErrorInvalidToken", message, None), Effect::Once);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("is over."), "{shown}");
}

#[test]
fn other_shapes_are_read_too() {
    let message = "Invalid import session. The target session is expected in mailbox MBX:1@2.";
    let told = Told::read(serde_json::json!({ "Message": message }).to_string().as_bytes(), Some("77"));
    assert_eq!(told.words(), format!("{message}: request-id 77"));
    assert_eq!(Told::read(b"<html>Bad Gateway</html>", Some("78")).words(), "request-id 78");
    let long = serde_json::json!({ "error": { "code": "X", "message": "é ".repeat(5000) } });
    assert!(Told::read(long.to_string().as_bytes(), None).words().len() <= limits::REPLY_KEPT);
}
