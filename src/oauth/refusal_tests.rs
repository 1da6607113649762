use std::time::Duration;

use super::*;

/// Microsoft's own form of it, with the parameters of the request sent along.
fn refused(asker: Asker, status: u16, body: &str) -> Error {
    let mut response = HttpResponse::new(body.as_bytes().to_vec());
    *response.status_mut() = status.try_into().unwrap();
    response.headers_mut().insert("Retry-After", "7".parse().unwrap());
    of_response("login.example:443", asker, &response, b"grant_type=x&client_id=app&client_secret=hunter%202&scope=s")
}

fn told(word: &str, number: u32) -> String {
    format!(
        r#"{{"error":"{word}","error_description":"AADSTS{number}: Words for people. Trace ID: t-1 Correlation ID: c-1 Timestamp: now",
            "error_codes":[{number}],"timestamp":"2026-11-21 10:00:00Z","trace_id":"t-1","correlation_id":"c-1"}}"#
    )
}

#[test]
fn entras_numbers_decide_where_they_are_known() {
    let cases = [
        ("invalid_client", 7_000_215, Code::ClientSecret),
        ("invalid_client", 7_000_222, Code::ClientExpired),
        ("unauthorized_client", 700_016, Code::ClientUnknown),
        ("invalid_grant", 65_001, Code::Consent),
        ("invalid_request", 90_002, Code::Tenant),
        ("invalid_grant", 50_076, Code::AuthMfa),
        ("invalid_grant", 53_003, Code::AuthMfa),
        ("invalid_grant", 700_082, Code::SignInNeeded),
        ("invalid_scope", 70_011, Code::TokenScope),
        ("invalid_resource", 500_011, Code::TokenScope),
        ("invalid_client", 7_000_999, Code::ClientSecret),
    ];
    for (word, number, code) in cases {
        let error = refused(Asker::User, 400, &told(word, number));
        assert_eq!(error.code(), code, "{number}");
        assert_eq!(error.disposition(), Disposition::NeedsPerson, "{number}");
        let reply = error.reply().unwrap();
        assert_eq!(reply, format!("{word} AADSTS{number}: Words for people.; trace id t-1; correlation id c-1"));
    }
}

#[test]
fn oauths_words_decide_where_there_is_no_number() {
    let code = |asker, word: &str| refused(asker, 400, &format!(r#"{{"error":"{word}"}}"#)).code();
    assert_eq!(code(Asker::Application, "invalid_client"), Code::ClientSecret);
    assert_eq!(code(Asker::Application, "invalid_scope"), Code::TokenScope);
    assert_eq!(code(Asker::Application, "consent_required"), Code::Consent);
    assert_eq!(code(Asker::User, "interaction_required"), Code::AuthMfa);
    assert_eq!(code(Asker::User, "invalid_grant"), Code::SignInNeeded);
    assert_eq!(code(Asker::Person, "invalid_grant"), Code::SignInExpired);
    assert_eq!(code(Asker::ServiceAccount, "invalid_grant"), Code::ClientSecret);
    assert_eq!(code(Asker::ServiceAccount, "unauthorized_client"), Code::Consent);
    for word in ["authorization_declined", "access_denied"] {
        assert_eq!(code(Asker::Person, word), Code::SignInDeclined);
    }
    for word in ["expired_token", "bad_verification_code"] {
        assert_eq!(code(Asker::Person, word), Code::SignInExpired);
    }
}

#[test]
fn only_what_passes_is_tried_again() {
    let wait = Disposition::RetryAfter(Some(Duration::from_secs(7)));
    for (status, body, code) in [(429, "{}", Code::Throttled), (503, "<html>", Code::Server), (500, "", Code::Server)] {
        let error = refused(Asker::Application, status, body);
        assert_eq!((error.code(), error.disposition()), (code, wait), "{status}");
    }
    let error = refused(Asker::Application, 400, r#"{"error":"temporarily_unavailable"}"#);
    assert_eq!((error.code(), error.disposition()), (Code::Server, Disposition::RetryAfter(None)));
    let error = refused(Asker::Application, 403, "<html>a proxy</html>");
    assert_eq!((error.code(), error.disposition()), (Code::Protocol, Disposition::NeedsPerson));
    assert_eq!(error.reply(), Some("HTTP 403"));
}

#[test]
fn an_echoed_secret_is_blotted_out() {
    let body = r#"{"error":"invalid_client","error_description":"the secret 'hunter 2' of app is wrong"}"#;
    let error = refused(Asker::Application, 401, body);
    assert_eq!(error.reply(), Some("invalid_client the secret '[secret]' of app is wrong"));
    let long = format!(r#"{{"error":"invalid_client","error_description":"{}"}}"#, "ü".repeat(5000));
    assert!(refused(Asker::Application, 401, &long).reply().unwrap().len() <= limits::REPLY_KEPT);
}

#[test]
fn a_redirect_has_its_number_in_its_words() {
    let error = of_redirect("login.example:443", "access_denied", "AADSTS65004: User declined to consent.");
    assert_eq!(error.code(), Code::SignInDeclined);
    let error = of_redirect("login.example:443", "invalid_request", "AADSTS90094: Admin consent is required.");
    assert_eq!(error.code(), Code::Consent);
    assert_eq!(error.reply(), Some("invalid_request AADSTS90094: Admin consent is required."));
}
