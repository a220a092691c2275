mod properties;
mod refused;

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
        (JSON, br#"{"image":"app:1","service":"web","port":8080}"#.to_vec()),
        (
            JSON,
            br#" {"port":"8080","service":"web","image":"\u0061pp:1"} "#.to_vec(),
        ),
    ] {
        assert_eq!(read(content_type, &body), Ok(web(Some(8080))), "{content_type}");
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
        (JSON, br#"{"image":"app:1","service":"web","port":null}"#.to_vec()),
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

#[test]
fn unknown_fields_are_passed_over_in_forms() {
    let body = "cmd=sh&image=app:1&=&&privileged=true&service=web&im%00age=x&%ff=%ff";
    assert_eq!(read(FORM, body), Ok(web(None)));
    let file = vec![0xff; 8 * 1024];
    let parts: &[(&str, &[u8])] = &[("image", b"app:1"), ("file", &file), ("service", b"web")];
    assert_eq!(read(MULTIPART, multipart(parts)), Ok(web(None)));
}
