//! A reference to an image: what is taken is kept as it was, and what a registry is asked for is a part of it.

#![no_main]

use balancer_agent::containers::image::ImageRef;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(image) = text.parse::<ImageRef>() else { return };
    assert_eq!(image.as_str(), text);
    assert!(text.len() <= ImageRef::MAX_BYTES && text.is_ascii());
    // two dots may stand in a tag, and never as a step upwards
    let has_step = text.split(['/', ':', '@']).any(|part| part == "..");
    assert!(
        !text.contains("://") && !has_step && !text.contains(char::is_whitespace),
        "{text:?}"
    );
    if let Some(target) = image.pull_target() {
        assert!(text.starts_with(target.repository), "{text:?}");
        assert!(target.repository.len() <= ImageRef::MAX_NAME_BYTES, "{text:?}");
        assert!(!target.repository.contains(".."), "{text:?}");
        let is_of_it = text.ends_with(target.version) || target.version == ImageRef::DEFAULT_TAG;
        assert!(is_of_it, "{text:?}");
    }
});
