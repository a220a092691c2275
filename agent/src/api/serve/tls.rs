//! TLS, and what a client's certificate is good for.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::access::{Certificate, Role, TlsFiles};

/// So much of a certificate's SHA-256 names it in the log.
const NAME_DIGITS: usize = 16;

/// A file or a set of files that TLS cannot be made of. One line: the flag, the file, what is wrong.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file could not be read as PEM.
    #[error("{flag}: {} cannot be used ({reason}); name a file in PEM form", .path.display())]
    File {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The parts do not make a server.
    #[error("{flag}: {reason}")]
    Parts {
        /// The flag.
        flag: &'static str,
        /// What rustls said.
        reason: String,
    },
}

/// TLS in force; read again on order.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    admins: Vec<ServerName<'static>>,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads all files. Every problem is one of the configuration.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let admins = files
            .admins
            .iter()
            .map(|name| {
                ServerName::try_from(name.clone()).map_err(|_| TlsError::Parts {
                    flag: "--tls-admin",
                    reason: format!("`{}` is no DNS name", crate::cli::printable(name)),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            config: ArcSwap::new(Arc::new(server_config(&files)?)),
            files,
            admins,
        })
    }

    /// Reads the files again. On an error all stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.config.store(Arc::new(server_config(&self.files)?));
        Ok(())
    }

    /// The server's side of a handshake, and the client's certificate if it showed one.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Option<Certificate>)> {
        let stream = TlsAcceptor::from(self.config.load_full()).accept(stream).await?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = certificate.map(|certificate| self.meaning(certificate));
        Ok((stream, certificate))
    }

    /// The handshake has verified it; here is only what it is good for.
    fn meaning(&self, certificate: &CertificateDer<'_>) -> Certificate {
        let entity = webpki::EndEntityCert::try_from(certificate);
        let admin = self.admins.iter().find(|name| {
            entity
                .as_ref()
                .is_ok_and(|entity| entity.verify_is_valid_for_subject_name(name).is_ok())
        });
        match admin {
            Some(name) => Certificate {
                name: name.to_str().as_ref().into(),
                role: Role::Admin,
            },
            None => Certificate {
                name: fingerprint(certificate).into(),
                role: Role::Read,
            },
        }
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    use std::fmt::Write as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    let mut text = String::with_capacity(NAME_DIGITS);
    for byte in digest.as_ref().iter().take(NAME_DIGITS / 2) {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

fn server_config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    const CERTIFICATE: &str = "--tls-cert";
    const CLIENT_CA: &str = "--tls-client-ca";
    let parts = |flag: &'static str| {
        move |error: &dyn std::error::Error| TlsError::Parts {
            flag,
            reason: error.to_string(),
        }
    };
    let chain = certificates(CERTIFICATE, &files.certificates)?;
    let key = PrivateKeyDer::from_pem_slice(&read("--tls-key", &files.key)?).map_err(|error| TlsError::File {
        flag: "--tls-key",
        path: files.key.clone(),
        reason: error.to_string(),
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| parts(CERTIFICATE)(&error))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(CLIENT_CA, path)? {
                roots.add(certificate).map_err(|error| parts(CLIENT_CA)(&error))?;
            }
            // Whoever shows none gets the open routes, and 401 for the others.
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()
                .map_err(|error| parts(CLIENT_CA)(&error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| parts(CERTIFICATE)(&error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(flag: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |reason: String| TlsError::File {
        flag,
        path: path.to_owned(),
        reason,
    };
    let text = read(flag, path)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| failed(error.to_string()))?;
    if found.is_empty() {
        return Err(failed("it has no certificate".to_owned()));
    }
    Ok(found)
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::File {
        flag,
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
