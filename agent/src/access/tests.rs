use super::*;

const READ: &str = "read-0123456789abcdef0123456789abcdef";
const ADMIN: &str = "admin-0123456789abcdef0123456789abcde";
const OWN_UID: u32 = 998;

fn certificate(role: Role) -> Transport {
    Transport::Tcp {
        certificate: Some(Certificate {
            name: "controller".into(),
            role,
        }),
    }
}

const TCP: Transport = Transport::Tcp { certificate: None };

#[track_caller]
fn role(transport: &Transport, authorization: Option<&str>) -> Option<Role> {
    let tokens = Tokens::parse(Some(READ), Some(ADMIN)).unwrap();
    let rules = Rules {
        tokens: &tokens,
        asks_for_credentials: true,
        own_uid: OWN_UID,
        changes_nothing: false,
    };
    let caller = identify(rules, transport, authorization.map(str::as_bytes));
    caller.ok().map(|caller| caller.role)
}

#[test]
fn a_token_gives_its_role_and_no_other() {
    assert_eq!(role(&TCP, Some(&format!("Bearer {READ}"))), Some(Role::Read));
    assert_eq!(role(&TCP, Some(&format!("bearer {ADMIN}"))), Some(Role::Admin));
    assert_eq!(role(&TCP, Some(&format!("BEARER   {ADMIN} "))), Some(Role::Admin));
    assert_eq!(role(&TCP, None), None);
    for wrong in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {}", &ADMIN[..ADMIN.len() - 1]),
        format!("Bearer {ADMIN}x"),
        format!("Bearer {ADMIN},{READ}"),
        format!("Basic {ADMIN}"),
        format!("Bearer{ADMIN}"),
        ADMIN.to_owned(),
        "Bearer \u{e9}".to_owned(),
    ] {
        assert_eq!(role(&TCP, Some(&wrong)), None, "{wrong}");
    }
}

#[test]
fn a_certificate_gives_its_role_and_a_token_may_add_to_it() {
    assert_eq!(role(&certificate(Role::Read), None), Some(Role::Read));
    assert_eq!(role(&certificate(Role::Admin), None), Some(Role::Admin));
    let admin = format!("Bearer {ADMIN}");
    assert_eq!(role(&certificate(Role::Read), Some(&admin)), Some(Role::Admin));
    let read = format!("Bearer {READ}");
    assert_eq!(role(&certificate(Role::Admin), Some(&read)), Some(Role::Admin));
    assert_eq!(role(&certificate(Role::Admin), Some("Bearer wrong")), None);
}

#[test]
fn on_a_unix_socket_root_and_the_agents_own_user_are_admins() {
    let unix = |uid| Transport::Unix { uid };
    assert_eq!(role(&unix(0), None), Some(Role::Admin));
    assert_eq!(role(&unix(OWN_UID), None), Some(Role::Admin));
    assert_eq!(role(&unix(1000), None), Some(Role::Read));
    let admin = format!("Bearer {ADMIN}");
    assert_eq!(role(&unix(1000), Some(&admin)), Some(Role::Admin));
    assert_eq!(role(&unix(0), Some("Bearer wrong")), None);
}

#[test]
fn without_credentials_to_ask_for_everybody_may_do_all() {
    let tokens = Tokens::default();
    let rules = Rules {
        tokens: &tokens,
        asks_for_credentials: false,
        own_uid: 0,
        changes_nothing: false,
    };
    for authorization in [None, Some(&b"Bearer whatever"[..])] {
        let caller = identify(rules, &TCP, authorization).unwrap();
        assert_eq!((caller.who, caller.role), (Who::Anyone, Role::Admin));
    }
    // An agent that changes nothing has no need of admins whom it does not know.
    let monitor = Rules {
        changes_nothing: true,
        ..rules
    };
    assert_eq!(identify(monitor, &TCP, None).unwrap().role, Role::Read);
    // Certificates alone are asked for: a token that nobody knows is no credential.
    let rules = Rules {
        asks_for_credentials: true,
        ..rules
    };
    assert_eq!(identify(rules, &TCP, Some(b"Bearer whatever")), Err(Unauthenticated));
}

#[test]
fn the_log_names_callers_without_their_secrets() {
    for (who, said) in [
        (Who::Anyone, "anyone"),
        (Who::Token(Role::Admin, 2), "admin token, line 2"),
        (Who::Certificate("controller".into()), "certificate controller"),
        (Who::User(0), "user 0"),
    ] {
        assert_eq!(who.to_string(), said);
    }
}

#[test]
fn a_prefix_of_images_ends_where_a_part_of_a_name_does() {
    for (prefix, image, expected) in [
        ("registry.example/team/", "registry.example/team/app:1", true),
        ("registry.example/team", "registry.example/team/app:1", true),
        ("registry.example/team", "registry.example/team2/app", false),
        ("registry.example/team", "registry.example/team-app", false),
        ("registry.example/", "registry.example/any", true),
        ("registry.example", "registry.example/any", false),
        ("registry.example", "registry.example.attacker.example/any", false),
        ("web", "web", true),
        ("web", "web:1.27", true),
        ("web", "web@sha256:00", true),
        ("web", "web:5000/any", false),
        ("web", "web/any", false),
        ("web", "web.example/any", false),
        ("web", "web2", false),
        ("web:1.", "web:1.27", true),
        ("web:1", "web:1/any", false),
        ("web:1", "web:15/any", false),
        ("team/web", "team/web:1", true),
        ("team/web", "team/web:1/any", false),
        ("team/", "other/team/web", false),
    ] {
        let policy = Policy {
            image_allow: vec!["elsewhere/".to_owned(), prefix.to_owned()],
            ..Policy::default()
        };
        assert_eq!(policy.allows_image(image), expected, "{prefix} {image}");
    }
    assert!(Policy::default().allows_image("any"));
}
