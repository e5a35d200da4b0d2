//! What an answer means, by the error's type and never by its status: a closed index answers 400, a write block 403, a
//! missing index 404, a full disk 429, and none of them says anything about the document. Pure.

use serde::Deserialize;

use super::client::{Answer, Fault, short};
use crate::{Refusal, Verdict};

/// What became of one line of a bulk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It need not be sent again.
    Final(Verdict),
    /// It is sent again, for as long as it takes.
    Again(Fault),
}

/// What became of a whole request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A judgement for each line, in their order.
    Judged(Vec<Judgement>),
    /// The server takes no request of this size.
    TooLarge,
    /// The server has too much to do just now, or never takes as much at once.
    Overloaded(Fault),
    /// Nothing is known of any line: all are sent again.
    Failed(String),
}

/// The errors that are the document's own fault, whatever the time.
const POISON: [&str; 3] =
    ["document_parsing_exception", "mapper_parsing_exception", "strict_dynamic_mapping_exception"];

#[derive(Deserialize)]
struct Body {
    items: Vec<Line>,
}

/// `{"create":{..}}`, `{"index":{..}}` or `{"delete":{..}}`.
#[derive(Deserialize)]
struct Line {
    #[serde(alias = "index", alias = "delete")]
    create: Item,
}

#[derive(Deserialize)]
struct Item {
    status: u16,
    error: Option<Fault>,
}

/// Judges the answer to a bulk of `lines` lines.
pub(super) fn judge(answer: &Answer, lines: usize) -> Outcome {
    match answer.status {
        200 => {}
        413 => return Outcome::TooLarge,
        429 => {
            let unnamed = || Fault { kind: "429".into(), reason: None };
            return Outcome::Overloaded(answer.fault().unwrap_or_else(unnamed));
        }
        _ => return Outcome::Failed(answer.refused("_bulk").reason().to_owned()),
    }
    match serde_json::from_slice::<Body>(&answer.body) {
        Ok(body) if body.items.len() == lines => {
            Outcome::Judged(body.items.into_iter().map(|line| of_item(line.create)).collect())
        }
        Ok(body) => Outcome::Failed(format!("_bulk: {} answers to {lines} lines", body.items.len())),
        Err(error) => Outcome::Failed(format!("_bulk: the answer cannot be read: {error}")),
    }
}

fn of_item(item: Item) -> Judgement {
    let Item { status, error } = item;
    match error {
        None if (200..300).contains(&status) => Judgement::Final(Verdict::New),
        Some(fault) if fault.kind == "version_conflict_engine_exception" => Judgement::Final(Verdict::Known),
        Some(fault) if POISON.contains(&fault.kind.as_str()) => {
            let message = fault.reason.as_deref().map(short).unwrap_or_default().to_owned();
            Judgement::Final(Verdict::Refused(Refusal { class: fault.kind, message }))
        }
        Some(fault) => Judgement::Again(fault),
        None => Judgement::Again(Fault { kind: status.to_string(), reason: None }),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    fn item(status: u16, kind: &str) -> Judgement {
        let error = match kind {
            "" => String::new(),
            kind => format!(r#","error":{{"type":"{kind}","reason":"because"}}"#),
        };
        let body = format!(r#"{{"errors":true,"items":[{{"index":{{"status":{status}{error}}}}}]}}"#);
        let Outcome::Judged(mut judged) = judge(&answer(200, &body), 1) else { panic!("{body}") };
        judged.remove(0)
    }

    #[test]
    fn each_item_is_judged_by_its_errors_type() {
        assert_eq!(item(201, ""), Judgement::Final(Verdict::New));
        assert_eq!(item(200, ""), Judgement::Final(Verdict::New));
        assert_eq!(item(409, "version_conflict_engine_exception"), Judgement::Final(Verdict::Known));
        for kind in ["document_parsing_exception", "mapper_parsing_exception", "strict_dynamic_mapping_exception"] {
            let refusal = Refusal { class: kind.into(), message: "because".into() };
            assert_eq!(item(400, kind), Judgement::Final(Verdict::Refused(refusal)));
        }
        for (status, kind) in [
            (400, "index_closed_exception"),
            (400, "validation_exception"),
            (400, "illegal_argument_exception"),
            (400, "invalid_index_name_exception"),
            (403, "cluster_block_exception"),
            (403, "security_exception"),
            (404, "index_not_found_exception"),
            (429, "es_rejected_execution_exception"),
            (429, "cluster_block_exception"),
            (503, "unavailable_shards_exception"),
            (500, "something_new_exception"),
        ] {
            let fault = Fault { kind: kind.into(), reason: Some("because".into()) };
            assert_eq!(item(status, kind), Judgement::Again(fault), "{status} {kind}");
        }
        assert!(matches!(item(502, ""), Judgement::Again(_)));
    }

    #[test]
    fn whole_requests_that_fail_say_nothing_of_their_lines() {
        assert!(matches!(judge(&answer(413, ""), 3), Outcome::TooLarge));
        let busy = r#"{"error":{"type":"es_rejected_execution_exception","reason":"full"},"status":429}"#;
        let Outcome::Overloaded(fault) = judge(&answer(429, busy), 3) else { panic!() };
        assert_eq!(fault.to_string(), "es_rejected_execution_exception: full");
        assert!(matches!(judge(&answer(429, "slow down"), 3), Outcome::Overloaded(_)));
        for (status, body, expected) in [
            (401, r#"{"error":{"type":"security_exception","reason":"who"}}"#, "_bulk: 401 security_exception: who"),
            (
                403,
                r#"{"error":{"type":"cluster_block_exception","reason":"ro"}}"#,
                "_bulk: 403 cluster_block_exception: ro",
            ),
            (502, "<html>bad gateway", "_bulk: 502 <html>bad gateway"),
            (405, r#"{"error":"no handler"}"#, r#"_bulk: 405 {"error":"no handler"}"#),
            (200, "{}", "_bulk: the answer cannot be read: missing field `items` at line 1 column 2"),
            (200, r#"{"items":[]}"#, "_bulk: 0 answers to 3 lines"),
        ] {
            let Outcome::Failed(reason) = judge(&answer(status, body), 3) else { panic!("{body}") };
            assert_eq!(reason, expected);
        }
    }

    #[test]
    fn long_reasons_are_cut() {
        let body = format!(
            r#"{{"items":[{{"create":{{"status":400,"error":{{"type":"document_parsing_exception","reason":"{}"}}}}}}]}}"#,
            "ä".repeat(5_000)
        );
        let Outcome::Judged(judged) = judge(&answer(200, &body), 1) else { panic!() };
        let Judgement::Final(Verdict::Refused(refusal)) = &judged[0] else { panic!() };
        assert_eq!(refusal.message.chars().count(), 400);
    }
}
