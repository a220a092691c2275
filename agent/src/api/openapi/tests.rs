use std::collections::BTreeSet;

use jsonschema::Validator;
use regex::Regex;
use serde_json::json;

use super::{
    examples::{EXAMPLES, content},
    *,
};
use crate::{
    api::create_request::CreateRequest,
    containers::{image::ImageRef, naming::ServiceName},
};

/// The text of `docs/openapi.json`.
fn text() -> String {
    format!("{:#}\n", document())
}

#[test]
fn the_document_in_docs_is_what_the_code_makes() {
    crate::pages::hold("openapi.json", &text());
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let source = include_str!("../../api.rs");
    let route = Regex::new(r#"\.route\("([^"]+)", (get|post|delete)\("#).unwrap();
    let routes: BTreeSet<_> = route
        .captures_iter(source)
        .map(|route| format!("{} {}", &route[2], &route[1]))
        .collect();
    let document = document();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{method} {path}"))
        })
        .collect();
    assert_eq!(described, routes);
}

#[test]
fn all_but_the_open_routes_tell_how_callers_are_known() {
    let document = document();
    assert_eq!(document["security"], json!([{"token": []}, {"certificate": []}, {}]));
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let is_open = matches!(&**path, "/livez" | "/readyz");
            assert_eq!(operation["security"] == json!([{}]), is_open, "{path}");
            let refused = &operation["responses"]["401"]["headers"]["WWW-Authenticate"];
            assert_eq!(refused.is_null(), is_open, "{path}");
            if let Some(unavailable) = operation["responses"].get("503") {
                assert_eq!(unavailable["headers"]["Retry-After"]["example"], "1", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn requests_that_the_schema_takes_are_those_that_are_read() {
    let document = document();
    let schema = validator(&document, &json!({"$ref": "#/components/schemas/CreateJson"}));
    let digest = format!("app@sha256:{}", "0".repeat(64));
    for image in [
        "a",
        "a/b:1.x",
        "host:5/a",
        "[::1]:5/a",
        "a--b__c.d",
        "sha256:abc",
        &digest,
        "",
        "A",
        "a b",
        "a:",
        "a/",
        "/a",
        "a@b",
        "http://a",
        "a_-b",
        "host:x/a",
        "-a",
    ] {
        let request = json!({"image": image, "service": "web"});
        assert_eq!(schema.is_valid(&request), image.parse::<ImageRef>().is_ok(), "{image}");
    }
    for service in ["web", "W.e-b_1", "", "-web", "we b", &"x".repeat(63), &"x".repeat(64)] {
        let request = json!({"image": "a", "service": service});
        assert_eq!(
            schema.is_valid(&request),
            service.parse::<ServiceName>().is_ok(),
            "{service}"
        );
    }
    for (port, is_one) in [
        (json!(1), true),
        (json!(65535), true),
        (json!("8080"), true),
        (json!("65535"), true),
        (Value::Null, true),
        (json!(0), false),
        (json!(65536), false),
        (json!("65536"), false),
        (json!("080"), false),
        (json!(""), false),
        (json!(80.5), false),
    ] {
        let request = json!({"image": "a", "service": "web", "port": port});
        assert_eq!(schema.is_valid(&request), is_one, "{port}");
        let body = Bytes::from(request.to_string());
        let read = CreateRequest::from_body(Some("application/json"), body).await;
        assert_eq!(read.is_ok(), is_one, "{port}");
    }
    assert!(!schema.is_valid(&json!({"image": "a", "service": "web", "privileged": true})));
    assert!(!schema.is_valid(&json!({"image": "a"})));
}

/// A validator of one schema of the document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn holds(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn real_replies_are_as_their_schemas_say() {
    let mut document = document();
    for example in EXAMPLES {
        let what = format!("{} {}", example.operation, example.content_type);
        let content = content(&mut document, example);
        let schema = content.unwrap_or_else(|| panic!("{what} is described"))["schema"].clone();
        let value = example.value();
        assert_eq!(value.is_string(), example.content_type != "application/json", "{what}");
        holds(&validator(&document, &schema), &value, &what);
    }
}

/// Docker's inspection of a container whose image was imported, and so has no environment.
#[test]
fn a_container_without_environment_is_as_its_schema_says() {
    let document = document();
    let schema = json!({"$ref": "#/components/schemas/DockerInspection"});
    let example = EXAMPLES.iter().find(|example| example.operation == "inspectContainer");
    let mut inspection = example.unwrap().value();
    for env in [Value::Null, json!([])] {
        inspection["Config"]["Env"] = env;
        holds(&validator(&document, &schema), &inspection, "Config.Env");
    }
    inspection["Config"]["Env"] = json!("A=b");
    assert!(!validator(&document, &schema).is_valid(&inspection));
}

#[test]
fn real_events_are_as_their_schemas_say() {
    let document = document();
    let event = validator(&document, &json!({"$ref": "#/components/schemas/Event"}));
    let example = EXAMPLES.iter().find(|example| example.operation == "containerEvents");
    let data = example
        .unwrap()
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let mut kinds = 0;
    for data in data {
        holds(&event, &serde_json::from_str(data).unwrap(), data);
        kinds += 1;
    }
    assert!(kinds > 5, "{kinds}");
    let lost = validator(&document, &json!({"$ref": "#/components/schemas/LostEvents"}));
    for events in [None, Some(3)] {
        holds(&lost, &serde_json::to_value(Lost { events }).unwrap(), "lost");
    }
    assert!(!lost.is_valid(&json!({})));
}

#[test]
fn what_is_no_reply_is_refused_by_the_schema() {
    let document = document();
    let status = validator(&document, &json!({"$ref": "#/components/schemas/NodeStatus"}));
    let example = EXAMPLES.iter().find(|example| example.operation == "nodeStatus");
    let real = example.unwrap().value();
    for (member, value) in [
        ("source", json!("guess")),
        ("memory", Value::Null),
        ("memory", json!(-1)),
        ("network", json!({"eth0": {"rx": 1.0}})),
        ("agent", json!({})),
    ] {
        let mut odd = real.clone();
        odd[member] = value;
        assert!(!status.is_valid(&odd), "{member}");
    }
}
