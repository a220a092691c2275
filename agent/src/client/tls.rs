//! TLS with agents whose certificates an authority of the operator's issued.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_rustls::TlsConnector;

use super::{Access, ClientError};
use crate::config::AgentAddress;

/// What connects to an `https` address: the name in it is compared with the agent's certificate, and that must lead to
/// one of the file's. The system's own store is not asked: those who are in it issue to everybody.
pub(super) fn connector(access: &Access) -> Result<Option<TlsConnector>, ClientError> {
    match (&access.address, &access.ca_file) {
        (AgentAddress::Tcp { tls: true, .. }, Some(file)) => of(file).map(Some),
        (AgentAddress::Tcp { tls: true, .. }, None) => Err(ClientError::Usage(
            "--ca-file: an https address needs it: name the file of the authority that issued the agent's certificate"
                .to_owned(),
        )),
        _ => Ok(None),
    }
}

fn of(file: &Path) -> Result<TlsConnector, ClientError> {
    let unusable = |reason: String| ClientError::Usage(format!("--ca-file: {} {reason}", file.display()));
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("has no certificate in PEM".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn asked_for(url: &str, ca_file: Option<PathBuf>) -> Result<bool, String> {
        let access = Access {
            address: url.parse().unwrap(),
            token_file: None,
            ca_file,
        };
        connector(&access)
            .map(|connector| connector.is_some())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn only_https_needs_certificates_and_what_is_wrong_with_them_names_the_flag() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty");
        std::fs::write(&empty, "not PEM").unwrap();
        assert_eq!(asked_for("http://a", None), Ok(false));
        assert_eq!(asked_for("unix:/a", Some(empty.clone())), Ok(false));
        for (file, said) in [
            (None, "an https address needs it"),
            (Some(empty), "has no certificate"),
            (Some(dir.path().join("absent")), "No such file"),
        ] {
            let error = asked_for("https://a", file).unwrap_err();
            assert!(error.starts_with("--ca-file: ") && error.contains(said), "{error}");
        }
    }
}
