//! The whole life of a container through HTTP, as a scheduler drives it.

use agent_tests::agent::AgentCommand;
use agent_tests::docker::{PrivateDocker, image};

use crate::replies::{assert_answers_on_published_port, index_and_number, listed, text};

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn container_made_with_a_form_lives_and_goes() {
    let form = |service: &str| format!("image={}&service={service}&colour=blue", image::WORKLOAD);
    whole_life("application/x-www-form-urlencoded", form);
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn container_made_with_multipart_lives_and_goes() {
    whole_life("multipart/form-data; boundary=xyz", |service| {
        let field = |name: &str, value: &str| {
            format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        format!(
            "{}{}--xyz--\r\n",
            field("image", image::WORKLOAD),
            field("service", service)
        )
    });
}

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn container_made_with_json_lives_and_goes() {
    whole_life("application/json", |service| {
        serde_json::json!({"image": image::WORKLOAD, "service": service}).to_string()
    });
}

#[track_caller]
fn whole_life(content_type: &str, body: impl Fn(&str) -> String) {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let _other = docker.run("other-1-1", &[], &["serve"]);

    let reply = agent.post("/containers", content_type, &body("web"));
    let created = reply.must_be(201).json();
    let id = text(&created, "/Id");
    assert!(
        id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    assert_eq!(reply.header("location"), Some(format!("/container/{id}").as_str()));
    assert_eq!(created["State"]["Running"], true);
    assert_eq!(created["Config"]["Image"], image::WORKLOAD);
    assert_eq!(created["Config"]["Labels"]["balancer.service"], "web");
    assert_eq!(created["Config"]["Labels"]["balancer.managed"], "true");
    let name = text(&created, "/Name");
    let (index, _) = index_and_number(&name, "web");
    assert_eq!(index, 1, "{name}");
    assert_answers_on_published_port(&docker, &created, 3000);

    let of_list = listed(&agent, "/containers?service=web", &[&id]).remove(0);
    assert_eq!(of_list["Names"], serde_json::json!([name]));
    assert_eq!(of_list["Image"], image::WORKLOAD);
    assert_eq!(of_list["State"], "running");
    assert_eq!(of_list["Ports"][0]["PrivatePort"], 3000);
    assert_eq!(
        of_list["Ports"][0]["PublicPort"].as_u64(),
        text(&created, "/NetworkSettings/Ports/3000~1tcp/0/HostPort")
            .parse()
            .ok()
    );
    assert_eq!(listed(&agent, "/containers", &[]).len(), 2);
    assert_eq!(listed(&agent, "/containers?service=nobody", &[]).len(), 0);

    for reference in [&id, &id[..12], &name[1..]] {
        let found = agent.get(&format!("/container/{reference}")).must_be(200).json();
        assert_eq!(found["Id"], id.as_str(), "by {reference}");
        assert_eq!(found["Name"], name.as_str(), "by {reference}");
    }
    let sample = agent.sample(&id);
    assert!(sample.memory > 0 && sample.free_memory > 0, "{sample:?}");
    assert_eq!(sample.source, "ebpf");

    let gone = agent.delete(&format!("/container/{id}"));
    assert_eq!(gone.must_be(204).body, "");
    agent.delete(&format!("/container/{id}")).must_be(404);
    assert_eq!(
        agent.get(&format!("/container/{id}")).must_be(404).error(),
        "container not found"
    );
    assert_eq!(
        agent.get(&format!("/container/{id}/status")).must_be(404).error(),
        "container not found"
    );
    assert_eq!(listed(&agent, "/containers?service=web", &[]).len(), 0);
}
