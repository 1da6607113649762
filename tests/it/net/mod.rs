//! Dialling on loopback: what works, and that each way to fail says what is wrong.

pub mod servers;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use mailhaul::{
    clock,
    error::{Code, Disposition, Error, Side},
    net::{self, Dial, Encryption, Stream},
};
use servers::{Authority, GREETING};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn dial_to(address: SocketAddr, encryption: Encryption) -> Dial {
    Dial {
        host: "localhost".to_owned(),
        port: address.port(),
        encryption,
        ca: Vec::new(),
        insecure: false,
        proxy: None,
        connect_deadline: Duration::from_secs(10),
        side: Side::Target,
    }
}

async fn read_greeting(stream: &mut Stream) {
    let mut greeting = vec![0; GREETING.len()];
    stream.read_exact(&mut greeting).await.unwrap();
    assert_eq!(greeting, GREETING.as_bytes());
}

/// That bytes arrive unchanged in both directions, more than any buffer holds.
async fn assert_carries(mut stream: Stream) {
    read_greeting(&mut stream).await;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| (n * 7) as u8).collect();
    let mut received = vec![0; sent.len()];
    let (mut reader, mut writer) = tokio::io::split(stream);
    let write = async {
        writer.write_all(&sent).await.unwrap();
        writer.flush().await.unwrap();
    };
    let (_, read) = tokio::join!(write, reader.read_exact(&mut received));
    read.unwrap();
    assert!(sent == received);
}

async fn refused(dial: &Dial) -> Error {
    net::dial(dial).await.expect_err("it must not connect")
}

fn assert_says(error: &Error, code: Code, words: &[&str]) {
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.side(), Side::Target);
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in {error}");
    }
}

#[tokio::test]
async fn a_plain_connection_carries() {
    let dial = dial_to(servers::plain("127.0.0.1").await, Encryption::None);
    let stream = net::dial(&dial).await.unwrap();
    assert!(!stream.is_secure() && stream.tls_facts().is_empty());
    assert_eq!(stream.peer().port(), dial.port);
    assert_carries(stream).await;
}

#[tokio::test]
async fn tls_with_our_own_authority_carries() {
    let authority = Authority::new();
    let server = servers::tls("127.0.0.1", authority.server("localhost", |_| {})).await;
    let dial = Dial { ca: vec![authority.pem()], ..dial_to(server, Encryption::Tls) };
    let stream = net::dial(&dial).await.unwrap();
    assert!(stream.is_secure());
    let facts = stream.tls_facts().join("\n");
    for word in ["TLS 1.3", "CN=localhost", "issued by CN=Our own authority", "valid until"] {
        assert!(facts.contains(word), "{word:?} is not in {facts}");
    }
    assert_carries(stream).await;
}

#[tokio::test]
async fn an_address_is_a_name_too() {
    let authority = Authority::new();
    let server = servers::tls("127.0.0.1", authority.server("127.0.0.1", |_| {})).await;
    let dial = Dial { host: "127.0.0.1".to_owned(), ca: vec![authority.pem()], ..dial_to(server, Encryption::Tls) };
    assert_carries(net::dial(&dial).await.unwrap()).await;
}

#[tokio::test]
async fn starttls_goes_on_inside_tls() {
    let authority = Authority::new();
    let server = servers::starttls(authority.server("localhost", |_| {})).await;
    let dial = Dial { ca: vec![authority.pem()], ..dial_to(server, Encryption::StartTls) };
    let mut stream = net::dial(&dial).await.unwrap();
    assert!(!stream.is_secure());
    read_greeting(&mut stream).await;
    stream.write_all(b"a1 STARTTLS\r\n").await.unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    let stream = stream.start_tls(&dial).await.unwrap();
    assert!(stream.is_secure());
    assert_carries(stream).await;
}

#[tokio::test]
async fn a_certificate_that_a_person_gave_is_believed_for_its_name_only() {
    let (config, pem) = servers::self_signed("localhost");
    let server = servers::tls("127.0.0.1", config).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    let dial = Dial { ca: vec![file.path().to_owned()], ..dial_to(server, Encryption::Tls) };
    assert_carries(net::dial(&dial).await.unwrap()).await;

    let other = Dial { host: "127.0.0.1".to_owned(), ..dial };
    assert_says(&refused(&other).await, Code::TlsCert, &["not for 127.0.0.1", "localhost"]);
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_words() {
    let authority = Authority::new();
    let ca = vec![authority.pem()];

    let server = servers::tls("127.0.0.1", authority.server("localhost", |_| {})).await;
    let untrusted = dial_to(server, Encryption::Tls);
    assert_says(&refused(&untrusted).await, Code::TlsCert, &["issuer is unknown", "`ca`"]);

    let server = servers::tls("127.0.0.1", authority.server("mail.example.org", |_| {})).await;
    let misnamed = Dial { ca: ca.clone(), ..dial_to(server, Encryption::Tls) };
    assert_says(&refused(&misnamed).await, Code::TlsCert, &["not for localhost", "mail.example.org"]);

    let server = servers::tls("127.0.0.1", authority.expired()).await;
    let expired = Dial { ca, ..dial_to(server, Encryption::Tls) };
    let error = refused(&expired).await;
    assert_says(&error, Code::TlsCert, &["expired on 2021-02-03"]);
    assert_eq!(error.disposition(), Disposition::NeedsPerson);

    for dial in [untrusted, misnamed, expired] {
        assert_carries(net::dial(&Dial { insecure: true, ..dial }).await.unwrap()).await;
    }
}

#[tokio::test]
async fn a_plain_server_on_a_tls_port_is_recognised() {
    let dial = dial_to(servers::plain("127.0.0.1").await, Encryption::Tls);
    assert_says(&refused(&dial).await, Code::TlsProto, &["does not speak TLS", "encryption starttls or none"]);
}

#[tokio::test]
async fn a_server_that_hangs_up_is_lost_and_tried_again() {
    let error = refused(&dial_to(servers::hangs_up().await, Encryption::Tls)).await;
    assert_says(&error, Code::Lost, &["TLS handshake"]);
    assert_eq!(error.disposition(), Disposition::RetryAfter(None));
}

#[tokio::test]
async fn a_server_that_never_answers_meets_the_deadline() {
    let connect_deadline = Duration::from_millis(300);
    let dial = Dial { connect_deadline, ..dial_to(servers::silent().await, Encryption::Tls) };
    let begun = clock::instant();
    assert_says(&refused(&dial).await, Code::Timeout, &["within 0.3 s", "TLS handshake"]);
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_dead_port_refuses() {
    let error = refused(&dial_to(servers::nobody().await, Encryption::Tls)).await;
    assert_says(&error, Code::Connect, &["refused", "localhost"]);
}

#[tokio::test]
async fn a_name_without_address_and_a_name_that_is_none_differ() {
    let server = servers::nobody().await;
    let nowhere = Dial { host: "no-such-host.invalid".to_owned(), ..dial_to(server, Encryption::Tls) };
    assert_says(&refused(&nowhere).await, Code::Dns, &["no-such-host.invalid", "no address"]);
    let nonsense = Dial { host: "not a host".to_owned(), ..nowhere };
    assert_eq!(refused(&nonsense).await.code(), Code::Config);
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_a_fault_of_the_configuration() {
    let server = servers::nobody().await;
    let listening = servers::silent().await;
    let empty = tempfile::NamedTempFile::new().unwrap();
    for file in [PathBuf::from("/nonexistent/ca.pem"), empty.path().to_owned()] {
        let dial = Dial { ca: vec![file.clone()], ..dial_to(listening, Encryption::Tls) };
        let error = refused(&dial).await;
        assert_eq!(error.code(), Code::Config);
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    }
    // A plain connection needs no authority.
    let plain = Dial { ca: vec!["/nonexistent/ca.pem".into()], ..dial_to(server, Encryption::None) };
    assert_eq!(refused(&plain).await.code(), Code::Connect);
}

#[tokio::test]
async fn a_server_on_one_family_only_is_found_by_its_name() {
    assert_carries(net::dial(&dial_to(servers::plain("127.0.0.1").await, Encryption::None)).await.unwrap()).await;
    // A machine without IPv6 has nothing to try here.
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let six = Dial { host: "::1".to_owned(), ..dial_to(servers::plain("::1").await, Encryption::None) };
        assert_carries(net::dial(&six).await.unwrap()).await;
    }
}

#[tokio::test]
async fn socks5_leads_to_the_server_by_its_name() {
    let authority = Authority::new();
    let server = servers::tls("127.0.0.1", authority.server("localhost", |_| {})).await;
    let direct = Dial { ca: vec![authority.pem()], ..dial_to(server, Encryption::Tls) };
    for login in [None, Some(("user", "p@ss"))] {
        let (proxy, uses) = servers::socks5(login, server).await;
        let url = match login {
            None => format!("socks5://{proxy}"),
            Some(_) => format!("socks5://user:p%40ss@{proxy}"),
        };
        let dial = Dial { proxy: Some(url.parse().unwrap()), ..direct.clone() };
        let stream = net::dial(&dial).await.unwrap();
        assert_eq!(stream.peer(), proxy);
        assert_carries(stream).await;
        assert_eq!(uses.load(std::sync::atomic::Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn socks5_refuses_a_wrong_password() {
    let server = servers::nobody().await;
    let (proxy, _) = servers::socks5(Some(("user", "right")), server).await;
    for url in [format!("socks5://user:wrong@{proxy}"), format!("socks5://{proxy}")] {
        let error = refused(&Dial { proxy: Some(url.parse().unwrap()), ..dial_to(server, Encryption::None) }).await;
        assert_says(&error, Code::Connect, &["proxy"]);
        assert_eq!(error.disposition(), Disposition::NeedsPerson);
        assert!(!format!("{error} {error:?}").contains("wrong"));
    }
}

#[tokio::test]
async fn http_connect_leads_to_the_server_and_eats_no_byte_of_it() {
    let server = servers::plain("127.0.0.1").await;
    let reply = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";
    // user:pw in base64.
    let proxy =
        servers::http_proxy(reply, &["CONNECT localhost:", "Proxy-Authorization: Basic dXNlcjpwdw==\r\n"], server);
    let url = format!("http://user:pw@{}", proxy.await);
    let dial = Dial { proxy: Some(url.parse().unwrap()), ..dial_to(server, Encryption::None) };
    assert_carries(net::dial(&dial).await.unwrap()).await;
}

#[tokio::test]
async fn an_http_proxy_that_refuses_is_quoted() {
    let server = servers::nobody().await;
    let endless: &'static str = Box::leak(format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(1 << 20)).into_boxed_str());
    for (reply, wanted, words, disposition) in [
        ("", &["never there"] as &[&str], "407 Proxy Authentication", Disposition::NeedsPerson),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", &[], "403 Forbidden", Disposition::NeedsPerson),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", &[], "502 Bad Gateway", Disposition::RetryAfter(None)),
        ("* OK IMAP4rev1\r\n\r\n", &[], "does not answer as an HTTP proxy", Disposition::NeedsPerson),
    ] {
        let proxy = servers::http_proxy(reply, Box::leak(wanted.to_vec().into_boxed_slice()), server).await;
        let proxy = Some(format!("http://{proxy}").parse().unwrap());
        let error = refused(&Dial { proxy, ..dial_to(server, Encryption::None) }).await;
        assert_says(&error, Code::Connect, &[words]);
        assert_eq!(error.disposition(), disposition, "{error}");
    }
    let proxy = servers::http_proxy(endless, &[], servers::silent().await).await;
    let proxy = Some(format!("http://{proxy}").parse().unwrap());
    let error = refused(&Dial { proxy, ..dial_to(server, Encryption::None) }).await;
    assert_says(&error, Code::Lost, &["no end"]);
}

#[tokio::test]
async fn probe_tells_each_step() {
    let authority = Authority::new();
    let server = servers::tls("127.0.0.1", authority.server("localhost", |_| {})).await;
    let dial = Dial { ca: vec![authority.pem()], ..dial_to(server, Encryption::Tls) };
    let steps = net::probe(&dial).await;
    assert_eq!(steps.iter().map(|step| step.name).collect::<Vec<_>>(), ["DNS", "TCP", "TLS"]);
    assert!(steps.iter().all(|step| step.error.is_none() && !step.found.is_empty()), "{steps:?}");
    assert!(steps[2].found[1].contains("CN=localhost"), "{steps:?}");

    let dead = net::probe(&dial_to(servers::nobody().await, Encryption::Tls)).await;
    assert_eq!(dead.last().unwrap().error.as_ref().unwrap().code(), Code::Connect);
    assert_eq!(dead.len(), 2);
}

#[tokio::test]
async fn probe_shows_the_chain_that_it_refuses() {
    let authority = Authority::new();
    let server = servers::tls("127.0.0.1", authority.expired()).await;
    let steps = net::probe(&Dial { ca: vec![authority.pem()], ..dial_to(server, Encryption::Tls) }).await;
    let tls = steps.last().unwrap();
    assert_eq!(tls.error.as_ref().unwrap().code(), Code::TlsCert);
    assert!(
        tls.found.join("\n").contains("CN=localhost, issued by CN=Our own authority, expired on 2021-02-03"),
        "{tls:?}"
    );
}
