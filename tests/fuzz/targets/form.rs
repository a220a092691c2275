//! The body of `POST /containers`, in each of its encodings: what comes out of it is valid whatever went in.

#![no_main]

use balancer_agent::{
    api::create_request::{CreateRequest, MAX_BODY_BYTES},
    containers::image::ImageRef,
};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 3] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "application/json",
];

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, body) = input;
    let content_type = TYPES[usize::from(kind) % TYPES.len()];
    let request = CreateRequest::from_body(Some(content_type), Bytes::copy_from_slice(body));
    if let Ok(request) = futures_executor::block_on(request) {
        assert!(body.len() <= MAX_BODY_BYTES);
        assert!(request.image.as_str().parse::<ImageRef>().is_ok());
    }
});
