//! Root certificates: the platform's, and those of the customer's own authorities.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// Loads the platform's root certificates and adds the extra ones. Uses bundled ones where the
/// platform has none.
///
/// Blocks: it reads files.
pub(crate) fn load_roots(extra: &[CertificateDer<'static>]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let platform = rustls_native_certs::load_native_certs();
    for error in &platform.errors {
        tracing::debug!(%error, "some of the platform's CA certificates cannot be read");
    }
    let (added, _) = roots.add_parsable_certificates(platform.certs);
    if added == 0 {
        // A bare container has none. The bundled ones cover the cloud products.
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots.add_parsable_certificates(extra.iter().cloned());
    roots
}

/// The TLS settings of the probe, which speaks HTTP/1.1. Tonic makes those of queries, with the
/// same roots.
pub(crate) fn http1_config(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(Arc::new(config))
}
