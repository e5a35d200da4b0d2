//! `backend token`: makes a token with the keys of CD_AUTH_SECRET_FILE and prints it.

use std::{path::PathBuf, time::Duration};

use contract::{CourierId, DeliveryId, Millis, Role};
use service::{StartError, settings::parse_duration};

use super::{
    Claims, Keys,
    claims::{MAX_NAME, is_name},
};

/// How long a token is good where nothing is said: a working day.
const DEFAULT_TIME: Duration = Duration::from_secs(8 * 3_600);

/// Make a token for somebody and print it
#[derive(Debug, clap::Args)]
pub struct TokenCommand {
    /// What its holder is: viewer, dispatcher, courier, customer or operator
    #[arg(long, value_parser = role, value_name = "ROLE")]
    role: Role,
    /// Whose it is, for logs and records [default: the courier, else the role]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Which courier
    #[arg(long, value_name = "COURIER")]
    courier: Option<CourierId>,
    /// Which delivery a customer follows
    #[arg(long, value_name = "ID")]
    delivery: Option<DeliveryId>,
    /// How long it is good [default: 8h]
    #[arg(long = "for", value_parser = parse_duration, value_name = "TIME", conflicts_with = "days")]
    time: Option<Duration>,
    /// The same in days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    days: Option<u16>,
    /// File with the keys, one a line: the first signs
    #[arg(long, env = "CD_AUTH_SECRET_FILE", value_name = "FILE")]
    auth_secret_file: PathBuf,
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name).ok_or_else(|| "must be viewer, dispatcher, courier, customer or operator".into())
}

impl TokenCommand {
    /// The token, made at `now` (ms UTC).
    ///
    /// # Errors
    /// [`StartError::Setting`] that names the flag, or the file.
    pub fn make(&self, now: Millis) -> Result<String, StartError> {
        let wrong = |line: &str| Err(StartError::setting(line));
        match (self.role, &self.courier, &self.delivery) {
            (Role::Courier, Some(_), None) | (Role::Customer, None, Some(_)) => {}
            (Role::Courier, ..) => return wrong("a courier's token needs --courier, and no --delivery"),
            (Role::Customer, ..) => return wrong("a customer's token needs --delivery, and no --courier"),
            (_, None, None) => {}
            _ => return wrong("--courier and --delivery are for the roles courier and customer"),
        }
        let own = self.courier.as_ref().map_or(self.role.as_str(), CourierId::as_str);
        let sub = self.name.clone().unwrap_or_else(|| own.to_owned());
        if !is_name(&sub) {
            return wrong(&format!("--name must be 1 to {MAX_NAME} characters on one line"));
        }
        let days = self.days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
        let time = days.or(self.time).unwrap_or(DEFAULT_TIME);
        let exp = now / 1000 + time.as_secs() as i64;
        let (courier, delivery) = (self.courier.clone(), self.delivery);
        let claims = Claims { sub, role: self.role, courier, delivery, exp };
        let keys = Keys::read(&self.auth_secret_file).map_err(StartError::setting)?;
        keys.sign(&claims).ok_or_else(|| StartError::failure("the token cannot be signed"))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        command: TokenCommand,
    }

    const NOW: Millis = 1_763_683_200_000;

    fn made(line: &str) -> Result<Claims, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
        let mut args = vec!["token", "--auth-secret-file", file.to_str().unwrap()];
        args.extend(line.split_whitespace());
        let command = Line::try_parse_from(args).map_err(|error| error.to_string())?.command;
        let token = command.make(NOW).map_err(|error| error.to_string())?;
        Ok(Keys::read(&file).unwrap().verify(&token).unwrap())
    }

    #[test]
    fn a_token_says_what_was_asked_for() {
        let claims = made("--role dispatcher --name ana --for 8h").unwrap();
        let expected = Claims {
            sub: "ana".into(),
            role: Role::Dispatcher,
            courier: None,
            delivery: None,
            exp: NOW / 1000 + 28_800,
        };
        assert_eq!(claims, expected);
        let claims = made("--role courier --courier c-17 --days 30").unwrap();
        assert_eq!((claims.sub.as_str(), claims.exp - NOW / 1000), ("c-17", 30 * 86_400));
        assert_eq!(made("--role viewer").unwrap().sub, "viewer");
        for (line, expected) in [
            ("--role king", "must be viewer, dispatcher"),
            ("--role courier", "needs --courier"),
            ("--role customer", "needs --delivery"),
            ("--role viewer --courier c-17", "are for the roles"),
            ("--role viewer --for 8h --days 3", "cannot be used with"),
            ("--role viewer --for soon", "whole number with a unit"),
            ("--role viewer --days 0", "0"),
            (&format!("--role viewer --name {}", "x".repeat(65)), "--name must be"),
        ] {
            assert!(made(line).unwrap_err().contains(expected), "{line}: {:?}", made(line));
        }
    }
}
