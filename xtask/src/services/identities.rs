//! Who is who on secure servers: a throw-away authority, certificates by it, users with passwords, and what they may do.
//!
//! | user | may |
//! |---|---|
//! | `admin` | everything |
//! | `code-delivery` | what the services need |
//! | `viewer` | read |
//!
//! For tests of refusal there are certificates: `stranger`, who may do nothing, `expired`, whose time is over, and
//! `foreign`, by another authority (`foreign-ca`). All of it lies in `identities/` of the instance: `NAME.pem`, `NAME.key`,
//! `NAME.password`; and `admin.properties`, with which Kafka's own tools come as the administrator.

use std::{
    fs,
    num::NonZeroU32,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use ring::{
    pbkdf2,
    rand::{SecureRandom, SystemRandom},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{
    instance,
    instance::Instance,
    kafka,
    probe::{self, Operation, Resource, Rule},
    template::render,
};

/// May do everything.
pub const ADMIN: &str = "admin";
/// May do what the services need.
pub const SERVICES: &str = "code-delivery";
/// May read.
pub const VIEWER: &str = "viewer";

const ADMIN_PROPERTIES: &str = include_str!("../../services/kafka-admin.properties");

const USERS: [&str; 3] = [ADMIN, SERVICES, VIEWER];

/// Where certificates, keys and passwords lie.
pub fn dir(instance: &Instance) -> PathBuf {
    instance.dir.join("identities")
}

/// Makes certificates and passwords, once.
pub fn ensure(instance: &Instance) -> Result<()> {
    let dir = dir(instance);
    if dir.is_dir() {
        return Ok(());
    }
    // Put together beside its place: half of it would not fit the other half of a second attempt.
    let beside = instance.dir.join("identities.new");
    if beside.exists() {
        fs::remove_dir_all(&beside)?;
    }
    fs::create_dir_all(&beside).with_context(|| format!("cannot create {}", beside.display()))?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o700))?;
    certificates(&beside).context("cannot make certificates")?;
    let paths = dir.to_string_lossy();
    instance::put(&beside.join("admin.properties"), &render(ADMIN_PROPERTIES, &[("CERTIFICATES", &paths)])?)?;
    for user in USERS {
        instance::put(&beside.join(format!("{user}.password")), &URL_SAFE_NO_PAD.encode(random::<18>()?))?;
    }
    fs::rename(&beside, &dir).with_context(|| format!("cannot make {}", dir.display()))
}

/// Tells a secure Kafka what the users may do.
pub fn allow(instance: &Instance) -> Result<()> {
    use Operation::{Create, Describe, DescribeConfigs, Read, Write};
    use Resource::{Group, Topic};
    let rule = |user, resource, operation| Rule { user, resource, name: "*", operation };
    let mut rules = Vec::new();
    for operation in [Read, Write, Create, Describe, DescribeConfigs] {
        rules.push(rule(SERVICES, Topic, operation));
    }
    rules.push(rule(SERVICES, Group, Read));
    rules.extend([rule(VIEWER, Topic, Read), rule(VIEWER, Topic, Describe), rule(VIEWER, Group, Read)]);
    probe::allow(&kafka::way(instance, 1)?, &rules)
}

/// Name and password of each user.
pub fn passwords(instance: &Instance) -> Result<Vec<(&'static str, String)>> {
    USERS.iter().map(|user| Ok((*user, password(instance, user)?))).collect()
}

fn password(instance: &Instance, user: &str) -> Result<String> {
    let path = dir(instance).join(format!("{user}.password"));
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The value of HTTP's Authorization header for a user.
pub fn basic(instance: &Instance, user: &str) -> Result<String> {
    Ok(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password(instance, user)?))))
}

/// Elasticsearch's files `users` and `users_roles`.
pub fn elasticsearch_users(instance: &Instance) -> Result<(String, String)> {
    let mut users = String::new();
    for (user, password) in passwords(instance)? {
        users.push_str(&format!("{user}:{}\n", hashed(&password, &random()?)));
    }
    Ok((users, format!("superuser:{ADMIN}\n{SERVICES}:{SERVICES}\n{VIEWER}:{VIEWER}\n")))
}

/// A password as Elasticsearch keeps it: PBKDF2 with HMAC-SHA-512, its cost and salt in front.
fn hashed(password: &str, salt: &[u8; 32]) -> String {
    const COST: NonZeroU32 = NonZeroU32::new(10_000).expect("not 0");
    let mut hash = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, COST, salt, password.as_bytes(), &mut hash);
    format!("{{PBKDF2}}{COST}${}${}", STANDARD.encode(salt), STANDARD.encode(hash))
}

/// How the administrator speaks TLS: knowing our authority, showing a certificate.
pub fn administrator(instance: &Instance) -> Result<Arc<ClientConfig>> {
    let dir = dir(instance);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.join("ca.pem")).context("ca.pem")?)?;
    let certificate = CertificateDer::from_pem_file(dir.join("admin.pem")).context("admin.pem")?;
    let key = PrivateKeyDer::from_pem_file(dir.join("admin.key")).context("admin.key")?;
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    Ok(Arc::new(builder.with_client_auth_cert(vec![certificate], key)?))
}

fn certificates(dir: &Path) -> Result<()> {
    let authority = authority("Code Delivery test authority")?;
    let foreign = self::authority("Another authority")?;
    leaf(dir, &authority, "server", &["localhost", "127.0.0.1"], false)?;
    for user in [ADMIN, SERVICES, VIEWER, "stranger"] {
        leaf(dir, &authority, user, &[], false)?;
    }
    // Kafka wants key and chain in one file.
    for name in ["server", ADMIN] {
        let read = |kind: &str| fs::read_to_string(dir.join(format!("{name}.{kind}")));
        let chain = read("key")? + &read("pem")? + &authority.pem();
        instance::put(&dir.join(format!("{name}.keystore.pem")), &chain)?;
    }
    leaf(dir, &authority, "expired", &["localhost", "127.0.0.1"], true)?;
    leaf(dir, &foreign, "foreign", &["localhost", "127.0.0.1"], false)?;
    instance::put(&dir.join("foreign-ca.pem"), &foreign.pem())?;
    instance::put(&dir.join("ca.pem"), &authority.pem())
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 1, 1);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// Writes certificate and key of `name`, which is also its common name.
fn leaf(
    dir: &Path,
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    hosts: &[&str],
    expired: bool,
) -> Result<()> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(if expired { 2021 } else { 2098 }, 1, 1);
    // The brokers are each other's clients, too.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    instance::put(&dir.join(format!("{name}.pem")), &certificate.pem())?;
    instance::put(&dir.join(format!("{name}.key")), &key.serialize_pem())
}

/// Bytes that nobody can guess.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow!("the system has no randomness"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::instance::Shape;

    #[test]
    fn everyone_has_what_they_need_and_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let shape =
            Shape { brokers: 1, elasticsearch: true, elasticsearch_heap_mb: 512, secure: true, port_base: 20_000 };
        let instance = Instance { dir: dir.path().into(), shape };
        ensure(&instance).unwrap();
        let before = passwords(&instance).unwrap();
        assert!(before.iter().all(|(_, password)| password.len() == 24));
        administrator(&instance).unwrap();
        let keystore = fs::read_to_string(self::dir(&instance).join("server.keystore.pem")).unwrap();
        assert!(keystore.starts_with("-----BEGIN PRIVATE KEY-----"), "Kafka reads PKCS#8 only");
        assert_eq!(keystore.matches("BEGIN CERTIFICATE").count(), 2);
        ensure(&instance).unwrap();
        assert_eq!(passwords(&instance).unwrap(), before);
    }

    #[test]
    fn a_password_is_hashed_as_elasticsearch_reads_it() {
        let text = hashed("secret", &[7; 32]);
        let parts: Vec<&str> = text.split('$').collect();
        assert_eq!((parts.len(), parts[0]), (3, "{PBKDF2}10000"));
        assert_eq!((STANDARD.decode(parts[1]).unwrap(), STANDARD.decode(parts[2]).unwrap().len()), (vec![7; 32], 32));
        assert_ne!(hashed("other", &[7; 32]), text);
    }
}
