use proptest::prelude::*;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=XyZ";
const JSON: &str = "application/json";

fn read(content_type: &str, body: impl AsRef<[u8]>) -> Result<CreateRequest, CreateRequestError> {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(CreateRequest::from_body(
            Some(content_type),
            Bytes::copy_from_slice(body.as_ref()),
        ))
}

fn multipart(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in parts {
        let head = format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XyZ--\r\n");
    body
}

fn web(port: Option<u16>) -> CreateRequest {
    CreateRequest {
        image: "app:1".parse().unwrap(),
        service: "web".parse().unwrap(),
        port: port.map(|port| port.try_into().unwrap()),
    }
}

fn problem(field: &str, problem: impl Into<FieldProblem>) -> CreateRequestError {
    CreateRequestError::Field {
        field: field.to_owned(),
        problem: problem.into(),
    }
}

#[test]
fn the_three_encodings_mean_the_same() {
    let parts: &[(&str, &[u8])] = &[("image", b"app:1"), ("service", b"web"), ("port", b"8080")];
    for (content_type, body) in [
        (FORM, b"image=app:1&service=web&port=8080".to_vec()),
        (FORM, b"port=8080&image=app%3A1&service=%77eb&".to_vec()),
        (MULTIPART, multipart(parts)),
        (
            JSON,
            br#"{"image":"app:1","service":"web","port":8080}"#.to_vec(),
        ),
        (
            JSON,
            br#" {"port":"8080","service":"web","image":"\u0061pp:1"} "#.to_vec(),
        ),
    ] {
        assert_eq!(
            read(content_type, &body),
            Ok(web(Some(8080))),
            "{content_type}"
        );
    }
}

#[test]
fn the_port_may_be_left_out() {
    let without: &[(&str, &[u8])] = &[("image", b"app:1"), ("service", b"web")];
    let empty: &[(&str, &[u8])] = &[("image", b"app:1"), ("port", b""), ("service", b"web")];
    for (content_type, body) in [
        (FORM, b"image=app:1&service=web".to_vec()),
        (FORM, b"image=app:1&service=web&port=".to_vec()),
        (FORM, b"image=app:1&port&service=web".to_vec()),
        (MULTIPART, multipart(without)),
        (MULTIPART, multipart(empty)),
        (JSON, br#"{"image":"app:1","service":"web"}"#.to_vec()),
        (
            JSON,
            br#"{"image":"app:1","service":"web","port":null}"#.to_vec(),
        ),
    ] {
        assert_eq!(read(content_type, &body), Ok(web(None)), "{content_type}");
    }
    let empty_json = read(JSON, r#"{"image":"app:1","service":"web","port":""}"#);
    assert_eq!(empty_json, Err(problem("port", FieldProblem::NotAPort)));
}

#[test]
fn a_content_type_may_have_parameters_and_any_case() {
    for content_type in [
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-URLEncoded",
        " application/x-www-form-urlencoded ;charset=utf-8",
    ] {
        assert_eq!(
            read(content_type, "image=app:1&service=web"),
            Ok(web(None)),
            "{content_type}"
        );
    }
    for content_type in ["application/json;charset=utf-8", "APPLICATION/JSON"] {
        let body = r#"{"image":"app:1","service":"web"}"#;
        assert_eq!(read(content_type, body), Ok(web(None)), "{content_type}");
    }
    let body = multipart(&[("image", b"app:1"), ("service", b"web")]);
    for content_type in [
        "Multipart/Form-Data; Boundary=XyZ",
        "multipart/form-data; charset=utf-8; boundary=\"XyZ\"",
    ] {
        assert_eq!(read(content_type, &body), Ok(web(None)), "{content_type}");
    }
}

#[tokio::test]
async fn another_content_type_or_none_is_unsupported() {
    for content_type in [
        None,
        Some(""),
        Some(";"),
        Some("text/plain"),
        Some("application/jsonp"),
        Some("application/xml, application/json"),
        Some("multipart/mixed; boundary=XyZ"),
        Some("\0"),
    ] {
        let read = CreateRequest::from_body(content_type, Bytes::from_static(b"{}")).await;
        assert_eq!(
            read,
            Err(CreateRequestError::UnsupportedMediaType),
            "{content_type:?}"
        );
    }
}

#[test]
fn a_missing_or_malformed_field_is_named() {
    use FieldProblem::{Missing, NotAPort, NotUtf8, Repeated};

    for (body, expected) in [
        ("", problem("image", Missing)),
        ("service=web", problem("image", Missing)),
        ("IMAGE=app&service=web", problem("image", Missing)),
        ("image=app", problem("service", Missing)),
        (
            "image=&service=web",
            problem("image", InvalidImageRef::Empty),
        ),
        (
            "image=a+b&service=web",
            problem("image", InvalidImageRef::Name),
        ),
        (
            "image=app:&service=web",
            problem("image", InvalidImageRef::Tag),
        ),
        (
            "image=app%00&service=web",
            problem("image", InvalidImageRef::Name),
        ),
        (
            "image=%ff&service=web",
            problem("image", InvalidImageRef::Name),
        ),
        (
            "image=app%&service=web",
            problem("image", InvalidImageRef::Name),
        ),
        ("image=app&service=", problem("service", InvalidServiceName)),
        (
            "image=app&service=we%0Ab",
            problem("service", InvalidServiceName),
        ),
        (
            "image=app&service=web%00",
            problem("service", InvalidServiceName),
        ),
        (
            "image=app&service=..%2Fweb",
            problem("service", InvalidServiceName),
        ),
        (
            "image=app&image=app&service=web",
            problem("image", Repeated),
        ),
        (
            "image=app&service=web&port=&port=80",
            problem("port", Repeated),
        ),
    ] {
        assert_eq!(read(FORM, body), Err(expected), "{body}");
    }
    for (parts, expected) in [
        (&[("service", &b"web"[..])][..], problem("image", Missing)),
        (
            &[("image", b"\xff\xfe"), ("service", b"web")],
            problem("image", NotUtf8),
        ),
        (
            &[("image", b"app"), ("service", b"web\0")],
            problem("service", InvalidServiceName),
        ),
        (
            &[("service", b"a"), ("service", b"a")],
            problem("service", Repeated),
        ),
        (
            &[("image", b"app"), ("service", b"web"), ("port", b"http")],
            problem("port", NotAPort),
        ),
    ] {
        assert_eq!(read(MULTIPART, multipart(parts)), Err(expected));
    }
}

#[test]
fn only_a_plain_number_from_1_to_65535_is_a_port() {
    for port in [1, 80, 65535] {
        assert_eq!(
            read(FORM, format!("image=app:1&service=web&port={port}")),
            Ok(web(Some(port)))
        );
    }
    let not_a_port = Err(problem("port", FieldProblem::NotAPort));
    for port in [
        "0",
        "65536",
        "-1",
        "%2B80",
        "+80",
        "80+",
        "080",
        "00",
        "1e3",
        "0x50",
        "80.0",
        "80,81",
        "80/tcp",
        "NaN",
        "null",
        "%D9%A8%D9%A0",
        "80%00",
        "99999999999999999999999",
        " ",
        "127.0.0.1:80",
    ] {
        assert_eq!(
            read(FORM, format!("image=app:1&service=web&port={port}")),
            not_a_port,
            "{port}"
        );
    }
    for port in [
        "0",
        "65536",
        "-1",
        "1e3",
        "80.0",
        "80.5",
        "-0",
        "99999999999999999999999",
        "true",
        "[80]",
        "{}",
        "\"\"",
        "\"0\"",
        "\" 80\"",
        "\"+80\"",
        "\"1e3\"",
        "\"80\\u0000\"",
    ] {
        let body = format!(r#"{{"image":"app:1","service":"web","port":{port}}}"#);
        assert_eq!(read(JSON, body), not_a_port, "{port}");
    }
}

#[test]
fn unknown_fields_are_passed_over_in_forms() {
    let body = "cmd=sh&image=app:1&=&&privileged=true&service=web&im%00age=x&%ff=%ff";
    assert_eq!(read(FORM, body), Ok(web(None)));
    let file = vec![0xff; 8 * 1024];
    let parts: &[(&str, &[u8])] = &[("image", b"app:1"), ("file", &file), ("service", b"web")];
    assert_eq!(read(MULTIPART, multipart(parts)), Ok(web(None)));
}

#[test]
fn unknown_repeated_and_mistyped_members_are_refused_in_json() {
    use FieldProblem::{Missing, NotAString, Repeated, Unknown};

    let long = "x".repeat(1000);
    for (body, expected) in [
        ("{}", problem("image", Missing)),
        (
            r#"{"image":null,"service":"web"}"#,
            problem("image", Missing),
        ),
        (
            r#"{"image":7,"service":"web"}"#,
            problem("image", NotAString),
        ),
        (
            r#"{"image":["app"],"service":"web"}"#,
            problem("image", NotAString),
        ),
        (
            r#"{"image":"app","service":{"a":1}}"#,
            problem("service", NotAString),
        ),
        (
            r#"{"image":"app","service":true}"#,
            problem("service", NotAString),
        ),
        (
            r#"{"image":"app","service":"we\u0000b"}"#,
            problem("service", InvalidServiceName),
        ),
        (
            r#"{"image":"app","image":"app","service":"web"}"#,
            problem("image", Repeated),
        ),
        (
            r#"{"image":"app","service":"web","privileged":true}"#,
            problem("privileged", Unknown),
        ),
        (r#"{"Image":"app"}"#, problem("Image", Unknown)),
        (r#"{"a\nb":1}"#, problem("a\\nb", Unknown)),
        (&format!(r#"{{"{long}":1}}"#), problem(&long[..40], Unknown)),
    ] {
        assert_eq!(read(JSON, body), Err(expected), "{body}");
    }
}

#[test]
fn a_body_that_is_not_what_its_type_says_is_malformed() {
    let deep = "[".repeat(16_000);
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"7",
        b"\"image\"",
        b"{",
        b"{}{}",
        b"{'image':1}",
        b"image=app&service=web",
        b"\xff",
        b"{\"image\":\"\xff\"}",
        b"{\"image\":\"\\ud800\"}",
        deep.as_bytes(),
        format!("{{\"image\":{deep}").as_bytes(),
    ] {
        let read = read(JSON, body);
        assert!(
            matches!(
                read,
                Err(CreateRequestError::Malformed { format: "JSON", .. })
            ),
            "{read:?}"
        );
    }
    let whole = multipart(&[("image", b"app:1"), ("service", b"web")]);
    for (content_type, body) in [
        ("multipart/form-data", &whole[..]),
        ("multipart/form-data; boundary=", &whole),
        ("multipart/form-data; boundary=other", &whole),
        (MULTIPART, b""),
        (MULTIPART, b"--XyZ"),
        (MULTIPART, b"image=app&service=web"),
        (MULTIPART, &whole[..whole.len() - 10]),
    ] {
        let read = read(content_type, body);
        assert!(
            matches!(
                read,
                Err(CreateRequestError::Malformed {
                    format: "multipart/form-data",
                    ..
                })
            ),
            "{content_type} {read:?}"
        );
    }
}

#[test]
fn a_body_over_the_limit_is_too_large_in_every_encoding() {
    for content_type in [FORM, MULTIPART, JSON] {
        let body = vec![b'a'; MAX_BODY_BYTES + 1];
        assert_eq!(read(content_type, body), Err(CreateRequestError::TooLarge));
    }
    let mut body = b"image=app:1&service=web&x=".to_vec();
    body.resize(MAX_BODY_BYTES, b'a');
    assert_eq!(read(FORM, body), Ok(web(None)));
}

#[test]
fn each_error_is_one_plain_sentence() {
    let unnamed = read(FORM, "service=web").unwrap_err();
    assert_eq!(unnamed.to_string(), "`image` is missing");
    let port = read(FORM, "image=app&service=web&port=x").unwrap_err();
    assert_eq!(
        port.to_string(),
        "`port` must be a whole number from 1 to 65535"
    );
    let json = read(JSON, "{").unwrap_err();
    assert!(
        json.to_string().starts_with("the body is not valid JSON: "),
        "{json}"
    );
}

/// Bodies that are nearly right, so that every branch is reached.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let word = "image|service|port|app:1|web|80|-1|1e3|[=&{}\":,%+]|\\PC{0,3}|--XyZ(--)?|\r\n\
                |Content-Disposition: form-data; name=|;|null|\\\\u0000";
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(word, 0..40).prop_map(|words| words.concat().into_bytes()),
    ]
}

proptest! {
    #[test]
    fn no_body_and_no_content_type_make_it_panic(
        content_type in prop_oneof![
            Just(FORM.to_owned()),
            Just(MULTIPART.to_owned()),
            Just(JSON.to_owned()),
            "multipart/form-data; ?(boundary|charset)=\\PC{0,80}",
            "\\PC{0,40}",
        ],
        body in body(),
    ) {
        if let Err(error) = read(&content_type, body) {
            prop_assert!(!error.to_string().contains('\n'), "{error:?}");
        }
    }

    #[test]
    fn what_is_valid_is_read_alike_from_every_encoding(
        image in "[a-z]{1,8}(:[a-z0-9]{1,4})?",
        service in "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}",
        port: u16,
    ) {
        let text = port.to_string();
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("image", &image), ("service", &service), ("port", &text)])
            .finish();
        let parts = multipart(&[
            ("image", image.as_bytes()),
            ("service", service.as_bytes()),
            ("port", text.as_bytes()),
        ]);
        let json = serde_json::json!({"image": image, "service": service, "port": port}).to_string();
        let from_form = read(FORM, form);
        prop_assert_eq!(from_form.is_ok(), port != 0);
        prop_assert_eq!(&from_form, &read(MULTIPART, parts));
        prop_assert_eq!(&from_form, &read(JSON, json));
    }
}
