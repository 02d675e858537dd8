//! Generates the service's skeleton: no `.proto` file, and a codec of our own on the one method that is hot.

use fivetran_wire::method;
use tonic_build::manual::{Builder, Method, Service};

const PROST: &str = "tonic_prost::ProstCodec";
const FRAMES: &str = "crate::codec::FrameCodec";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let unary = |name, path| {
        let route = route(path);
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(format!("fivetran_wire::{route}Request"))
            .output_type(format!("fivetran_wire::{route}Response"))
            .codec_path(PROST)
            .build()
    };
    let update = Method::builder()
        .name("update")
        .route_name(route(method::UPDATE))
        .input_type("fivetran_wire::UpdateRequest")
        .output_type("bytes::Bytes")
        .codec_path(FRAMES)
        .server_streaming()
        .build();
    let service = Service::builder()
        .name(method::SERVICE)
        .package(method::PACKAGE)
        .method(unary("configuration_form", method::CONFIGURATION_FORM))
        .method(unary("test", method::TEST))
        .method(unary("schema", method::SCHEMA))
        .method(update)
        .build();
    Builder::new().build_client(false).compile(&[service]);
}

/// The last part of a method's path.
fn route(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
