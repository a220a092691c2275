//! TLS, and what a client's certificate is good for.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, DnsName, PrivateKeyDer, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use thiserror::Error;
use tokio::{net::TcpStream, time::Instant};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::until::Until;
use crate::access::{Certificate, Role, Stamps, TlsFiles};

/// How long a connection lasts to whose caller a certificate opened it: one that has expired opens no other.
const CERTIFICATE_AGE: Duration = Duration::from_mins(10);
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

/// TLS in force; read again on order, and when a file changes.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    admins: Vec<DnsName<'static>>,
    in_force: ArcSwap<InForce>,
    looked: Mutex<Looked>,
}

/// What one reading of the files made.
#[derive(Debug)]
struct InForce {
    config: Arc<ServerConfig>,
    /// The text that tells who issues the certificates of callers.
    client_ca: Option<Vec<u8>>,
    /// Cancelled when others do.
    until: CancellationToken,
}

/// Several files make TLS, and are not replaced all at once: what changed is read when it has stood still from one look to the
/// next.
#[derive(Debug)]
struct Looked {
    read: Stamps,
    last: Stamps,
}

/// A connection whose handshake is over.
#[derive(Debug)]
pub(super) struct Handshaken {
    pub(super) stream: TlsStream<TcpStream>,
    /// The client's certificate, if it showed one.
    pub(super) certificate: Option<Certificate>,
    /// When certificates are to be shown anew.
    pub(super) until: Until,
}

impl Tls {
    /// Reads all files. Every problem is one of the configuration.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let admins = files
            .admins
            .iter()
            .map(|name| {
                DnsName::try_from(name.clone()).map_err(|_| TlsError::Parts {
                    flag: "--tls-admin",
                    reason: format!("`{}` is no DNS name", crate::cli::printable(name)),
                })
            })
            .collect::<Result<_, _>>()?;
        // Before the text: what is written in between is read at the next look.
        let stamps = stamps(&files);
        Ok(Self {
            in_force: ArcSwap::from_pointee(InForce::read(&files)?),
            looked: Mutex::new(Looked {
                read: stamps.clone(),
                last: stamps,
            }),
            files,
            admins,
        })
    }

    /// Reads the files again. On an error all stays as it was. Connections go on, unless others than before issue the certificates
    /// of callers.
    pub fn reload(&self) -> Result<(), TlsError> {
        let stamps = stamps(&self.files);
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).read = stamps;
        let mut new = InForce::read(&self.files)?;
        let before = self.in_force.load_full();
        let are_the_same = new.client_ca == before.client_ca;
        if are_the_same {
            new.until = before.until.clone();
        }
        self.in_force.store(Arc::new(new));
        if !are_the_same {
            before.until.cancel();
        }
        Ok(())
    }

    /// [`Self::reload`] where a file has changed, and none since the last look. `Ok(true)` if it was read.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        let now = stamps(&self.files);
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            let stands_still = now == looked.last;
            let is_read = now == looked.read;
            looked.last = now;
            if is_read || !stands_still {
                return Ok(false);
            }
        }
        self.reload().map(|()| true)
    }

    /// The server's side of a handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<Handshaken> {
        let in_force = self.in_force.load_full();
        let stream = TlsAcceptor::from(Arc::clone(&in_force.config)).accept(stream).await?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        Ok(Handshaken {
            until: Until {
                changed: in_force.until.clone(),
                at: certificate.map(|_| Instant::now() + CERTIFICATE_AGE),
            },
            certificate: certificate.map(|certificate| self.meaning(certificate)),
            stream,
        })
    }

    /// The handshake has verified it; here is only what it is good for. A name with a wildcard stands for no host that is an
    /// admin's, though it is valid for it: whoever issued it may have meant another of its hosts.
    fn meaning(&self, certificate: &CertificateDer<'_>) -> Certificate {
        let entity = webpki::EndEntityCert::try_from(certificate);
        let names: Vec<&str> = entity.iter().flat_map(|entity| entity.valid_dns_names()).collect();
        let is_named = |admin: &&DnsName<'_>| names.iter().any(|name| name.eq_ignore_ascii_case(admin.as_ref()));
        match self.admins.iter().find(is_named) {
            Some(name) => Certificate {
                name: name.as_ref().into(),
                role: Role::Admin,
            },
            None => Certificate {
                name: fingerprint(certificate).into(),
                role: Role::Read,
            },
        }
    }
}

impl InForce {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let client_ca = files
            .client_ca
            .as_deref()
            .map(|path| read(CLIENT_CA, path))
            .transpose()?;
        Ok(Self {
            config: Arc::new(server_config(files, client_ca.as_deref())?),
            client_ca,
            until: CancellationToken::new(),
        })
    }
}

fn stamps(files: &TlsFiles) -> Stamps {
    let paths = [Some(&files.certificates), Some(&files.key), files.client_ca.as_ref()];
    Stamps::of(paths.into_iter().flatten().map(PathBuf::as_path))
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

const CERTIFICATE: &str = "--tls-cert";
const CLIENT_CA: &str = "--tls-client-ca";

fn server_config(files: &TlsFiles, client_ca: Option<&[u8]>) -> Result<ServerConfig, TlsError> {
    let parts = |flag: &'static str| {
        move |error: &dyn std::error::Error| TlsError::Parts {
            flag,
            reason: error.to_string(),
        }
    };
    let text = read(CERTIFICATE, &files.certificates)?;
    let chain = certificates(CERTIFICATE, &files.certificates, &text)?;
    let key = PrivateKeyDer::from_pem_slice(&read("--tls-key", &files.key)?).map_err(|error| TlsError::File {
        flag: "--tls-key",
        path: files.key.clone(),
        reason: error.to_string(),
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| parts(CERTIFICATE)(&error))?;
    let builder = match files.client_ca.as_deref().zip(client_ca) {
        None => builder.with_no_client_auth(),
        Some((path, text)) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(CLIENT_CA, path, text)? {
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
    if client_ca.is_some() {
        // A session that is taken up again shows no certificate: one that has expired since would stay good.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

fn certificates(flag: &'static str, path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |reason: String| TlsError::File {
        flag,
        path: path.to_owned(),
        reason,
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(text)
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

#[cfg(test)]
mod tests;
