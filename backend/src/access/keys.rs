//! The secret: several keys, so that it can be changed without ending what is out there. The first signs, all verify.

use std::{fmt, fs, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::ErrorKind,
    signature::{Error as SignatureError, Signer, Verifier},
};
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

use super::Claims;

/// Shortest key, bytes: as long as what HMAC-SHA-256 gives (RFC 7518, 3.2).
const MIN_KEY: usize = 32;
/// Most keys: an old one, a new one, and some more.
const MAX_KEYS: usize = 16;
/// Longest token that is looked at, bytes; ours have some 300.
const MAX_TOKEN: usize = 2_048;

/// Keys of HS256, the signing one first. They do not print.
pub struct Keys {
    signing: EncodingKey,
    /// By the name that a token's `kid` says.
    verifying: Vec<(String, DecodingKey)>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.verifying.len())
    }
}

impl Keys {
    /// Reads a file with one key a line; empty lines are passed over.
    ///
    /// # Errors
    /// One line that names the file and what is wrong, and never a key.
    pub fn read(path: &Path) -> Result<Self, String> {
        let fault = |what: String| format!("CD_AUTH_SECRET_FILE: {}: {what}", path.display());
        let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        let lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())).filter(|(_, line)| !line.is_empty());
        let mut keys = Vec::new();
        for (number, key) in lines {
            if key.len() < MIN_KEY {
                return Err(fault(format!(
                    "line {number}: a key needs {MIN_KEY} characters or more (openssl rand -hex 32)"
                )));
            }
            keys.push(key.as_bytes());
        }
        if keys.len() > MAX_KEYS {
            return Err(fault(format!("{} keys are more than {MAX_KEYS}", keys.len())));
        }
        Self::of(&keys).ok_or_else(|| fault("it holds no key".into()))
    }

    /// A key that nobody else knows and that ends with the process.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn made() -> Result<Self, &'static str> {
        let mut key = [0; MIN_KEY];
        SystemRandom::new().fill(&mut key).map_err(|_| "the system gives no random numbers")?;
        Self::of(&[&key]).ok_or("no key")
    }

    fn of(keys: &[&[u8]]) -> Option<Self> {
        // Another part of the process may have come first: it is the same one.
        let _ = BY_RING.install_default();
        let signing = EncodingKey::from_secret(keys.first()?);
        Some(Self { signing, verifying: keys.iter().map(|key| (kid(key), DecodingKey::from_secret(key))).collect() })
    }

    /// A signed token. Its `kid` names the key.
    pub fn sign(&self, claims: &Claims) -> Option<String> {
        let kid = self.verifying.first().map(|(kid, _)| kid.clone());
        jsonwebtoken::encode(&Header { kid, ..Header::new(Algorithm::HS256) }, claims, &self.signing).ok()
    }

    /// The claims of a token that one of the keys has signed: the one that its `kid` names, or any where it names none.
    /// Its times are the caller's to judge: they need a clock.
    pub fn verify(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let mut rules = Validation::new(Algorithm::HS256);
        (rules.validate_exp, rules.validate_aud) = (false, false);
        let kid = jsonwebtoken::decode_header(token).ok()?.kid;
        let named = self.verifying.iter().filter(|(known, _)| kid.as_ref().is_none_or(|kid| kid == known));
        let mut read = named.filter_map(|(_, key)| jsonwebtoken::decode::<Claims>(token, key, &rules).ok());
        read.next().map(|read| read.claims)
    }
}

/// A key's name: it says nothing of the key but that it is this one.
fn kid(key: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"code-delivery kid");
    URL_SAFE_NO_PAD.encode(&tag.as_ref()[..6])
}

/// HS256 and nothing else, computed by `ring`.
static BY_RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        hs256(*algorithm, Ok(key.as_bytes())).map(|key| Box::new(key) as Box<dyn JwtSigner>)
    },
    verifier_factory: |algorithm, key| {
        hs256(*algorithm, key.try_get_as_bytes()).map(|key| Box::new(key) as Box<dyn JwtVerifier>)
    },
    // For tokens that bring keys of their own, which are none of ours.
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(hmac::Key);

fn hs256(algorithm: Algorithm, key: jsonwebtoken::errors::Result<&[u8]>) -> jsonwebtoken::errors::Result<Hs256> {
    match algorithm {
        Algorithm::HS256 => Ok(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key?))),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        // In constant time.
        hmac::verify(&self.0, message, signature).map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use contract::Role;
    use serde_json::{Value, json};

    use super::*;

    const OLD: &str = "an old key that is long enough to count";
    const NEW: &str = "a new key that is long enough to count";

    fn keys(lines: &str) -> Result<Keys, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        fs::write(&file, lines).unwrap();
        Keys::read(&file)
    }

    fn claims() -> Claims {
        Claims { sub: "ana".into(), role: Role::Viewer, courier: None, delivery: None, exp: 1_763_683_200 }
    }

    /// A token as anybody could make it: any header, any claims, signed with `key`.
    fn forged(header: &Value, claims: &Value, key: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn the_first_key_signs_and_all_verify() {
        let (old, new, both) = (keys(OLD).unwrap(), keys(NEW).unwrap(), keys(&format!("{NEW}\n\n{OLD}\n")).unwrap());
        let token = old.sign(&claims()).unwrap();
        assert_eq!(old.verify(&token), Some(claims()));
        assert_eq!(both.verify(&token), Some(claims()), "what an old key has signed goes on");
        assert_eq!(new.verify(&token), None);
        assert_eq!(new.verify(&both.sign(&claims()).unwrap()), Some(claims()), "the first one signs");
    }

    /// The very text that another library makes of these claims and this key.
    #[test]
    fn it_is_a_jwt_of_hs256() {
        let token = keys(OLD).unwrap().sign(&claims()).unwrap();
        let header = json!({"typ": "JWT", "alg": "HS256"});
        let body = json!({"sub": "ana", "role": "viewer", "exp": 1_763_683_200});
        let parts = |token: &str| -> Vec<Value> {
            let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
            token.split('.').take(2).map(read).collect()
        };
        let signed = parts(&token);
        let named = json!({"typ": "JWT", "alg": "HS256", "kid": kid(OLD.as_bytes())});
        assert_eq!(signed, [named.clone(), body.clone()]);
        assert_eq!(keys(OLD).unwrap().verify(&forged(&header, &body, OLD)), Some(claims()), "others need name no key");
        assert_eq!(keys(OLD).unwrap().verify(&forged(&named, &body, OLD)), Some(claims()));
    }

    #[test]
    fn a_token_is_held_against_the_key_that_it_names() {
        let both = keys(&format!("{NEW}\n{OLD}\n")).unwrap();
        let body = serde_json::to_value(claims()).unwrap();
        let by = |kid: &str, key: &str| both.verify(&forged(&json!({"alg": "HS256", "kid": kid}), &body, key));
        let (old, new) = (kid(OLD.as_bytes()), kid(NEW.as_bytes()));
        assert_eq!((old.len(), new.len()), (8, 8));
        assert_eq!((by(&old, OLD), by(&new, NEW)), (Some(claims()), Some(claims())));
        assert_eq!((by(&new, OLD), by("another", OLD), by("", OLD)), (None, None, None));
    }

    #[test]
    fn what_is_not_signed_by_us_with_hs256_is_refused() {
        let keys = keys(OLD).unwrap();
        let body = serde_json::to_value(claims()).unwrap();
        let token = keys.sign(&claims()).unwrap();
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        let mut flipped = token.clone().into_bytes();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for wrong in [
            String::new(),
            "x".into(),
            "..".into(),
            "a.b.c".into(),
            "x".repeat(100_000),
            unsigned.to_owned(),
            format!("{unsigned}."),
            String::from_utf8_lossy(&flipped).into_owned(),
            forged(&json!({"alg": "HS256"}), &body, NEW),
            forged(&json!({"alg": "none"}), &body, OLD),
            forged(&json!({"alg": "None"}), &body, OLD),
            forged(&json!({"alg": "RS256"}), &body, OLD),
            forged(&json!({"alg": "HS384"}), &body, OLD),
            forged(&json!({"alg": "HS512"}), &body, OLD),
            forged(&json!({"alg": "ES256", "jwk": {"kty": "oct", "k": "AAAA"}}), &body, OLD),
            forged(&json!({"typ": "JWT"}), &body, OLD),
            forged(&json!({"alg": "HS256"}), &json!({"sub": "ana", "role": "king", "exp": 1}), OLD),
            forged(&json!({"alg": "HS256"}), &json!({"sub": "ana", "role": "viewer"}), OLD),
            forged(&json!({"alg": "HS256"}), &json!({"sub": "ana", "role": "viewer", "exp": "later"}), OLD),
        ] {
            assert_eq!(keys.verify(&wrong), None, "{}", &wrong[..wrong.len().min(200)]);
        }
    }

    #[test]
    fn a_weak_secret_is_named_without_being_shown() {
        for (lines, expected) in [
            ("", "it holds no key"),
            ("\n \n", "it holds no key"),
            ("hunter2\n", "line 1: a key needs 32"),
            (&format!("{OLD}\n\nhunter2"), "line 3: a key needs 32"),
        ] {
            let error = keys(lines).unwrap_err();
            assert!(error.starts_with("CD_AUTH_SECRET_FILE: ") && error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(Keys::read(Path::new("/nowhere/secret")).unwrap_err().contains("/nowhere/secret"));
        assert_eq!(format!("{:?}", keys(OLD).unwrap()), "Keys(1)");
        assert!(keys(&format!("{OLD}\n").repeat(17)).is_err());
    }
}
