use proptest::prelude::*;

use super::*;

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
