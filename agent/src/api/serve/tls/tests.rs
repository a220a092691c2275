use std::io::{Read as _, Write as _};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ServerConnection, SupportedProtocolVersion,
    pki_types::ServerName,
    version::{TLS12, TLS13},
};

use super::*;

struct Files {
    dir: tempfile::TempDir,
    issuer: CertificateDer<'static>,
}

impl Files {
    /// An authority, and one certificate of it that serves both sides.
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["node.example".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ca"), issuer.pem()).unwrap();
        fs::write(dir.path().join("crt"), certificate.pem()).unwrap();
        fs::write(dir.path().join("key"), key.serialize_pem()).unwrap();
        Self {
            dir,
            issuer: issuer.der().clone(),
        }
    }

    fn server(&self, with_clients: bool) -> Arc<ServerConfig> {
        let path = |name: &str| self.dir.path().join(name);
        let files = TlsFiles {
            certificates: path("crt"),
            key: path("key"),
            client_ca: with_clients.then(|| path("ca")),
            admins: Vec::new(),
        };
        InForce::read(&files).unwrap().config
    }

    fn client(&self, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.clone()).unwrap();
        let chain = CertificateDer::pem_file_iter(self.dir.path().join("crt")).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.dir.path().join("key")).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.collect::<Result<_, _>>().unwrap(), key)
            .unwrap();
        Arc::new(config)
    }
}

/// A handshake and a word from each side, after which the client has all that it could take a session up with.
fn shake_hands(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> HandshakeKind {
    let name = ServerName::try_from("node.example").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    client.writer().write_all(b"?").unwrap();
    server.writer().write_all(b"!").unwrap();
    while client.wants_write() || server.wants_write() {
        let mut sent = Vec::new();
        client.write_tls(&mut sent).unwrap();
        server.read_tls(&mut sent.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut sent = Vec::new();
        server.write_tls(&mut sent).unwrap();
        client.read_tls(&mut sent.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    let mut word = [0];
    client.reader().read_exact(&mut word).unwrap();
    server.reader().read_exact(&mut word).unwrap();
    server.handshake_kind().unwrap()
}

#[test]
fn whoever_is_let_in_by_a_certificate_shows_it_at_each_handshake() {
    let files = Files::new();
    for version in [&TLS12, &TLS13] {
        let (asks, does_not) = (files.server(true), files.server(false));
        let (shows, client) = (files.client(version), files.client(version));
        let kinds = [
            (&shows, &asks),
            (&shows, &asks),
            (&client, &does_not),
            (&client, &does_not),
        ]
        .map(|(client, server)| shake_hands(client, server));
        let [first, again, of_others, again_of_others] = kinds;
        assert_eq!(
            (first, again),
            (HandshakeKind::Full, HandshakeKind::Full),
            "{version:?}"
        );
        // where none is asked for, a session may be taken up again: what is tested here can be otherwise
        assert_eq!(
            (of_others, again_of_others),
            (HandshakeKind::Full, HandshakeKind::Resumed),
            "{version:?}"
        );
    }
}
