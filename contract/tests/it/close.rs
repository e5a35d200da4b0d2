//! Close codes: what a client does after each is as much of the protocol as the codes themselves.

use contract::close::{self, Close};

use crate::golden;

/// Every close that the server sends.
pub fn all() -> [Close; 13] {
    [
        close::GOING_AWAY,
        close::TOO_BIG,
        close::RESTART,
        close::OVERLOAD,
        close::BAD_MESSAGE,
        close::UNAUTHORIZED,
        close::FORBIDDEN,
        close::NOT_SPOKEN,
        close::SILENT,
        close::ENDED,
        close::LIMITS,
        close::CROWDED,
        close::TOO_OFTEN,
    ]
}

#[test]
fn every_code_and_what_a_client_does() {
    let line = |code, reason| format!("{code} {reason}: {:?}\n", close::reconnect(code));
    let table: Vec<String> = all().iter().map(|close| line(close.code, close.reason)).collect();
    // Codes that nobody sends: none (1005), a broken connection (1006), the server's fault (1011).
    let others = [1005, 1006, 1011].map(|code| line(code, "(not ours)"));
    golden::text("socket/close.txt", &(table.concat() + &others.concat()));
}
