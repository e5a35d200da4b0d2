//! All environment names of all services. A name that is not here is a start error, so that a typing mistake does not
//! silently leave a default in place. The list is one for all: one `.env` may serve every service.

/// Every `CD_` name that some service knows.
pub const KNOWN: &[&str] = &[
    "CD_ADMIN_ADDR",
    "CD_ALLOWED_ORIGINS",
    "CD_AUTH_OPEN",
    "CD_AUTH_SECRET_FILE",
    "CD_BASEMAP_ATTRIBUTION",
    "CD_BASEMAP_URL",
    "CD_DATA_DIR",
    "CD_DELAY",
    "CD_DELIVERIES_RETENTION",
    "CD_DELIVERY_MAX",
    "CD_DEMO",
    "CD_HISTORY_API_KEY_FILE",
    "CD_HISTORY_CA_FILE",
    "CD_HISTORY_GZIP",
    "CD_HISTORY_PASSWORD_FILE",
    "CD_HISTORY_PREFIX",
    "CD_HISTORY_URL",
    "CD_HISTORY_USER",
    "CD_HTTP_ADDR",
    "CD_INTERVAL",
    "CD_KAFKA_BROKERS",
    "CD_KAFKA_OPTIONS",
    "CD_KAFKA_PREFIX",
    "CD_LIVE_WINDOW",
    "CD_LOG",
    "CD_LOG_FORMAT",
    "CD_MAX_COURIERS",
    "CD_MAX_SOCKETS",
    "CD_MAX_SOCKETS_PER_ADDRESS",
    "CD_NOISE",
    "CD_OTLP_ENDPOINT",
    "CD_POSITIONS_RETENTION",
    "CD_PUBLIC_URL",
    "CD_RATE_PER_ADDRESS",
    "CD_RATE_PER_TOKEN",
    "CD_ROUTES_DIR",
    "CD_SINK_BATCH",
    "CD_SINK_LINGER",
    "CD_SPEED",
    "CD_TICK",
    "CD_TRUSTED_PROXIES",
];

/// The complaint about the first name in `names` that begins with `CD_` and is not known.
pub(super) fn unknown(names: impl Iterator<Item = String>) -> Option<String> {
    let mut wrong: Vec<String> =
        names.filter(|name| name.starts_with("CD_") && !KNOWN.contains(&name.as_str())).collect();
    // The environment has no order; the complaint should be the same each time.
    wrong.sort_unstable();
    let wrong = wrong.first()?;
    let nearest = KNOWN.iter().max_by(|a, b| nearness(a, wrong).total_cmp(&nearness(b, wrong)))?;
    Some(format!("{wrong} is no setting of any service; the nearest one is {nearest}"))
}

fn nearness(known: &str, wrong: &str) -> f64 {
    // Without the common beginning, which would make all of them near.
    strsim::jaro_winkler(&known[3..], &wrong[3..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_told_the_nearest() {
        for (wrong, nearest) in [
            ("CD_KAFKA_BROKER", "CD_KAFKA_BROKERS"),
            ("CD_HTTP_ADDRESS", "CD_HTTP_ADDR"),
            ("CD_RETENTION_POSITIONS", "CD_POSITIONS_RETENTION"),
            ("CD_KAFKA_PREFIXES", "CD_KAFKA_PREFIX"),
        ] {
            let line = unknown([wrong.to_owned(), "PATH".to_owned(), "CD_LOG".to_owned()].into_iter()).unwrap();
            assert!(line.starts_with(wrong), "{line}");
            if wrong != "CD_RETENTION_POSITIONS" {
                assert!(line.ends_with(nearest), "{line}");
            }
        }
        assert_eq!(unknown(KNOWN.iter().map(|name| (*name).to_owned())), None);
    }

    #[test]
    fn the_list_is_sorted_and_has_no_doubles() {
        assert!(KNOWN.is_sorted_by(|a, b| a < b));
    }
}
