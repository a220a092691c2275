use super::*;

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
        assert_eq!(read, Err(CreateRequestError::UnsupportedMediaType), "{content_type:?}");
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
        ("image=&service=web", problem("image", InvalidImageRef::Empty)),
        ("image=a+b&service=web", problem("image", InvalidImageRef::Name)),
        ("image=app:&service=web", problem("image", InvalidImageRef::Tag)),
        ("image=app%00&service=web", problem("image", InvalidImageRef::Name)),
        ("image=%ff&service=web", problem("image", InvalidImageRef::Name)),
        ("image=app%&service=web", problem("image", InvalidImageRef::Name)),
        ("image=app&service=", problem("service", InvalidServiceName)),
        ("image=app&service=we%0Ab", problem("service", InvalidServiceName)),
        ("image=app&service=web%00", problem("service", InvalidServiceName)),
        ("image=app&service=..%2Fweb", problem("service", InvalidServiceName)),
        ("image=app&image=app&service=web", problem("image", Repeated)),
        ("image=app&service=web&port=&port=80", problem("port", Repeated)),
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
        (&[("service", b"a"), ("service", b"a")], problem("service", Repeated)),
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
fn unknown_repeated_and_mistyped_members_are_refused_in_json() {
    use FieldProblem::{Missing, NotAString, Repeated, Unknown};

    let long = "x".repeat(1000);
    for (body, expected) in [
        ("{}", problem("image", Missing)),
        (r#"{"image":null,"service":"web"}"#, problem("image", Missing)),
        (r#"{"image":7,"service":"web"}"#, problem("image", NotAString)),
        (r#"{"image":["app"],"service":"web"}"#, problem("image", NotAString)),
        (r#"{"image":"app","service":{"a":1}}"#, problem("service", NotAString)),
        (r#"{"image":"app","service":true}"#, problem("service", NotAString)),
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
            matches!(read, Err(CreateRequestError::Malformed { format: "JSON", .. })),
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
    assert_eq!(port.to_string(), "`port` must be a whole number from 1 to 65535");
    let json = read(JSON, "{").unwrap_err();
    assert!(json.to_string().starts_with("the body is not valid JSON: "), "{json}");
}
