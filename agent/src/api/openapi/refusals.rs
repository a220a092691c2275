//! What each route answers when it does not do what was asked, from the table of problems.

use std::{collections::BTreeMap, fmt::Write as _, num::NonZeroU16, time::Duration};

use axum::http::HeaderName;
use serde_json::{Value, json};

use super::super::{
    audit::REQUEST_ID,
    container::BODY_DEADLINE,
    create_request::{CreateRequestError, FieldProblem},
    problem::Problem,
};
use crate::{docker::DockerError, launch::LaunchError};

/// A port as callers may ask for.
const PORT: NonZeroU16 = NonZeroU16::new(8080).unwrap();

/// Adds them to all operations of the document.
pub(super) fn add(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for operation in paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|item| item.values_mut())
    {
        let Some(name) = operation["operationId"].as_str().map(str::to_owned) else {
            continue;
        };
        let changes = matches!(&*name, "createContainer" | "deleteContainer");
        let mut by_status = BTreeMap::<u16, Vec<Problem>>::new();
        for problem in of_door(&name, changes).into_iter().chain(of_route(&name)) {
            by_status.entry(problem.status().as_u16()).or_default().push(problem);
        }
        for (status, problems) in by_status {
            operation["responses"][status.to_string()] = response(status, &problems);
        }
        operation["responses"]["431"] =
            json!({"description": "The head of the request is larger than 16 KiB; without a body"});
        if changes {
            request_id(operation);
        }
    }
}

/// Of the door and of the server.
fn of_door(operation: &str, changes: bool) -> Vec<Problem> {
    let mut problems = vec![
        Problem::HostCount,
        Problem::TwoLengths,
        Problem::WrongHost,
        Problem::Internal,
    ];
    if !matches!(operation, "livez" | "readyz") {
        problems.push(Problem::Unauthenticated);
    }
    if changes {
        problems.extend([Problem::CrossSite, Problem::NeedsAdmin, Problem::ReadOnly]);
    }
    problems
}

fn of_route(operation: &str) -> Vec<Problem> {
    let window = |problem: &str| parameter("window", problem);
    match operation {
        "readyz" => vec![Problem::NodeNotReady, Problem::SamplerHangs, Problem::DockerAway],
        "nodeStatus" | "metrics" => vec![Problem::NodeNotReady],
        "nodeHistory" => vec![window("must be 5m, 1h or 24h"), Problem::NodeNotReady],
        "containersStatus" => vec![
            window("must be 1s, 10s, 60s or 300s"),
            parameter("wait", "must be the `seq` of a snapshot, a whole number"),
            Problem::NodeNotReady,
            Problem::NoNewerSnapshot,
            Problem::Busy,
            LaunchError::Stopping.into(),
        ],
        "containerEvents" => vec![Problem::Busy],
        "listContainers" => together([
            vec![parameter("service", "is given more than once"), Problem::Busy],
            of_docker("list containers"),
        ]),
        "inspectContainer" => together([of_id(), vec![Problem::Busy], of_docker("inspect container")]),
        "containerStatus" => together([of_id(), vec![Problem::NotRunning, Problem::DataNotReady]]),
        "containerHistory" => together([of_id(), vec![window("must be 5m, 1h or 24h"), Problem::DataNotReady]]),
        "deleteContainer" => together([
            of_id(),
            vec![
                parameter("timeout", "must be a whole number of seconds from 0 to 600"),
                Problem::OwnContainer,
                Problem::MeantAnother,
                Problem::NotManaged,
                Problem::Busy,
            ],
            of_docker("stop container"),
        ]),
        "createContainer" => together([of_creation(), of_docker("create container")]),
        _ => Vec::new(),
    }
}

fn together<const PARTS: usize>(parts: [Vec<Problem>; PARTS]) -> Vec<Problem> {
    parts.into_iter().flatten().collect()
}

fn of_id() -> Vec<Problem> {
    vec![
        Problem::ContainerNotFound,
        Problem::AmbiguousPrefix,
        Problem::NothingKnown,
    ]
}

fn of_docker(call: &'static str) -> Vec<Problem> {
    let away = DockerError::Unreachable {
        address: "unix:///var/run/docker.sock".to_owned(),
        reason: "Connection refused (os error 111)".to_owned(),
    };
    let nonsense = DockerError::Nonsense {
        call,
        reason: "expected value at line 1 column 1".to_owned(),
    };
    let deadline = Duration::from_secs(4);
    let refused = DockerError::Refused {
        call,
        status: 500,
        message: "its own words".to_owned(),
    };
    [away, nonsense, refused, DockerError::Timeout { call, deadline }]
        .map(Problem::from)
        .into()
}

fn of_creation() -> Vec<Problem> {
    let field = |field: &str, problem| CreateRequestError::Field {
        field: field.to_owned(),
        problem,
    };
    vec![
        Problem::SlowBody(BODY_DEADLINE),
        Problem::BrokenBody("connection closed".to_owned()),
        CreateRequestError::UnsupportedMediaType.into(),
        CreateRequestError::TooLarge.into(),
        CreateRequestError::Malformed {
            format: "JSON",
            problem: "expected value at line 1 column 1".to_owned(),
        }
        .into(),
        field("service", FieldProblem::Missing).into(),
        field("port", FieldProblem::NotAPort).into(),
        LaunchError::CannotStart("exec: \"serve\": executable file not found in $PATH".to_owned()).into(),
        LaunchError::BadImage("invalid reference format".to_owned()).into(),
        Problem::ImageNotAllowed,
        LaunchError::NoSuchImage("absent:latest".to_owned()).into(),
        LaunchError::PortInUse(PORT).into(),
        Problem::Busy,
        LaunchError::Stopping.into(),
    ]
}

fn parameter(field: &'static str, problem: &str) -> Problem {
    Problem::Parameter {
        field,
        problem: problem.to_owned(),
    }
}

/// One status, with the sentences of all that lead to it; the example is the first.
fn response(status: u16, problems: &[Problem]) -> Value {
    let mut description = String::new();
    for problem in problems {
        // writing into a text does not fail
        let _written = writeln!(description, "- {}", problem.body().error);
    }
    if status == 400 {
        description.push_str("- without a body: what came is not HTTP\n");
    }
    let bodies = problems.first().map(Problem::body);
    let mut response = json!({
        "description": description.trim_end(),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": bodies}},
    });
    for (name, value) in problems.iter().filter_map(Problem::header) {
        response["headers"][spelled(&name)] = json!({"schema": {"type": "string"}, "example": value});
    }
    response
}

/// The id under which the request stands in the log.
fn request_id(operation: &mut Value) {
    let name = spelled(&REQUEST_ID);
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.push(parameter_of_id(&name));
    } else {
        operation["parameters"] = json!([parameter_of_id(&name)]);
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for (_, response) in responses.iter_mut().filter(|(status, _)| *status != "431") {
        response["headers"][&name] = json!({
            "description": "The id under which the request stands in the log",
            "schema": {"type": "string"},
        });
    }
}

fn parameter_of_id(name: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "required": false,
        "description": "An id under which the request is to stand in the log: up to 64 letters, digits, `-`, `_` and `.`",
        "schema": {"type": "string"},
    })
}

/// As people write a header: names are in lower case on their way.
fn spelled(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        if word == "www" {
            word.to_uppercase()
        } else {
            first.to_uppercase() + rest
        }
    });
    words.collect::<Vec<_>>().join("-")
}
