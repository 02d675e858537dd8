//! Generates the skeleton of three calls, without a `.proto` file. The fourth, which is hot, is
//! served by hand: see `src/grpc.rs`.

use fivetran_wire::method;
use tonic_build::manual::{Builder, Method, Service};

const PROST: &str = "tonic_prost::ProstCodec";

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
    let service = Service::builder()
        .name(method::SERVICE)
        .package(method::PACKAGE)
        .method(unary("configuration_form", method::CONFIGURATION_FORM))
        .method(unary("test", method::TEST))
        .method(unary("schema", method::SCHEMA))
        .build();
    Builder::new().build_client(false).compile(&[service]);
}

/// The last part of a method's path.
fn route(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
