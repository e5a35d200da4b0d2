//! What a client says, judged: a message to act on, an answer to give, or a reason to close.

use axum::extract::ws::Message;
use contract::{
    Invalid, Problem, ProblemKind,
    close::{self, Close},
    live::{ClientMessage, MAX_CLIENT_MESSAGE, MAX_CLIENT_RATE},
    problem::FieldError,
};
use serde_json::Value;
use tokio::time::{Duration, Instant};

/// What to do about a message.
#[derive(Debug)]
pub enum Said {
    /// Act on it.
    Message(ClientMessage),
    /// Answer that it cannot be taken; the connection stays.
    Wrong {
        /// The `type` of the message.
        re: String,
        /// Why.
        problem: Problem,
    },
    /// Nothing to do: a pong, or the answer to a ping of the client's, which the library gives.
    Nothing,
    /// The client says goodbye.
    Bye,
    /// Close with this.
    Close(Close),
}

/// Counts messages so that a client that talks too much is told to leave.
#[derive(Debug)]
pub struct Inbox {
    second: Instant,
    count: u32,
}

impl Inbox {
    /// Nothing was said yet.
    pub fn new(now: Instant) -> Self {
        Self { second: now, count: 0 }
    }

    /// Judges a message that came at `now`.
    pub fn judge(&mut self, message: Message, now: Instant) -> Said {
        if now - self.second >= Duration::from_secs(1) {
            (self.second, self.count) = (now, 0);
        }
        self.count += 1;
        if self.count > MAX_CLIENT_RATE {
            return Said::Close(close::LIMITS);
        }
        match message {
            Message::Text(text) if text.len() > MAX_CLIENT_MESSAGE => Said::Close(close::TOO_BIG),
            Message::Text(text) => read(&text),
            Message::Binary(_) => Said::Close(close::BAD_MESSAGE),
            Message::Close(_) => Said::Bye,
            Message::Ping(_) | Message::Pong(_) => Said::Nothing,
        }
    }
}

fn read(text: &str) -> Said {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Said::Close(close::BAD_MESSAGE) };
    let Some(re) = value["type"].as_str().map(str::to_owned) else { return Said::Close(close::BAD_MESSAGE) };
    let checked = serde_json::from_value(value).map_err(|error| Invalid::Json(error.to_string())).and_then(check);
    match checked {
        Ok(message) => Said::Message(message),
        Err(error) => Said::Wrong { re, problem: problem_of(&error) },
    }
}

fn check(message: ClientMessage) -> Result<ClientMessage, Invalid> {
    if let ClientMessage::View(view) = &message {
        view.check()?;
    }
    Ok(message)
}

/// The detail is the rule itself: a socket's message has few fields, and the client named the message.
fn problem_of(error: &Invalid) -> Problem {
    let text = match error {
        Invalid::Json(text) => text.clone(),
        other => other.to_string(),
    };
    let pointer = match error {
        Invalid::Field { field, .. } => format!("/{field}"),
        _ => String::new(),
    };
    let errors = vec![FieldError { pointer, detail: text.clone() }];
    Problem { errors, ..Problem::new(ProblemKind::Invalid, text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Said {
        Inbox::new(Instant::now()).judge(Message::Text(text.into()), Instant::now())
    }

    #[tokio::test]
    async fn zoom_99_is_answered_and_nonsense_closes() {
        let view = r#"{"type":"view","bounds":{"west":24,"south":60,"east":25,"north":61},"zoom":99}"#;
        let Said::Wrong { re, problem } = judge(view) else { panic!("taken") };
        assert_eq!((re.as_str(), problem.status, problem.detail.as_str()), ("view", 422, "zoom must be 0..22"));
        let swapped = view.replace("\"south\":60", "\"south\":600").replace("99", "9");
        assert!(matches!(judge(&swapped), Said::Wrong { .. }));
        assert!(matches!(judge(r#"{"type":"dance"}"#), Said::Wrong { .. }));
        assert!(matches!(judge("{"), Said::Close(close::BAD_MESSAGE)));
        assert!(matches!(judge("[]"), Said::Close(close::BAD_MESSAGE)));
    }

    #[tokio::test]
    async fn the_twenty_first_message_of_a_second_is_too_much() {
        let (mut inbox, now) = (Inbox::new(Instant::now()), Instant::now());
        let mut say = |at| inbox.judge(Message::Text(r#"{"type":"ping","t":1}"#.into()), at);
        assert!((0..20).all(|_| matches!(say(now), Said::Message(_))));
        assert!(matches!(say(now), Said::Close(close::LIMITS)));
        assert!(matches!(say(now + Duration::from_secs(1)), Said::Message(_)));
    }
}
