//! What a topic that is there must be like, pure.

use std::collections::HashMap;

use super::TopicSpec;

/// Value of `message.timestamp.type`: verdicts on a record rest on the time at which the broker appended it.
pub(super) const TIMESTAMPS: &str = "LogAppendTime";

/// A topic's settings: name to value.
pub(super) type Found = HashMap<String, String>;

/// Fails with a line for the operator where the number of partitions moves keys to other partitions.
pub(super) fn partitions(spec: &TopicSpec, found: usize) -> Result<(), String> {
    let name = &spec.name;
    if spec.may_grow || found == spec.partitions as usize {
        return Ok(());
    }
    Err(format!(
        "topic {name} has {found} partitions, not {}: a courier's deliveries would be in two partitions. Stop all services, \
         make a topic with {} partitions, copy the records by key, and give it the name {name}; or set CD_KAFKA_PREFIX to \
         begin anew beside it",
        spec.partitions, spec.partitions
    ))
}

/// Fails where records would be judged wrongly; answers lines for the log on what is only unwise.
pub(super) fn settings(spec: &TopicSpec, found: &Found) -> Result<Vec<String>, String> {
    let name = &spec.name;
    let value = |setting: &str| found.get(setting).map(String::as_str);
    if let Some(timestamps) = value("message.timestamp.type").filter(|timestamps| *timestamps != TIMESTAMPS) {
        return Err(format!(
            "topic {name} has message.timestamp.type={timestamps}, not {TIMESTAMPS}: a record's age would be what its \
             producer says. Change it with kafka-configs --alter --entity-type topics --entity-name {name} --add-config \
             message.timestamp.type={TIMESTAMPS}"
        ));
    }
    let mut warnings = Vec::new();
    let retention = value("retention.ms").and_then(|text| text.parse::<i64>().ok());
    if let Some(retention) = retention.filter(|retention| (0..spec.retention_ms).contains(retention)) {
        warnings.push(format!(
            "topic {name} keeps records for {} h, not {} h: what the sink cannot store within that is lost",
            retention / 3_600_000,
            spec.retention_ms / 3_600_000
        ));
    }
    if value("cleanup.policy").is_some_and(|policy| policy.contains("compact")) {
        warnings.push(format!("topic {name} is compacted: records that are needed will be missing"));
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(may_grow: bool) -> TopicSpec {
        TopicSpec { name: "deliveries".into(), partitions: 12, may_grow, retention_ms: 14 * 24 * 3_600_000 }
    }

    fn found(pairs: &[(&str, &str)]) -> Found {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_a_topic_that_may_grow_has_another_number_of_partitions() {
        assert_eq!(partitions(&spec(false), 12), Ok(()));
        assert_eq!(partitions(&spec(true), 40), Ok(()));
        let line = partitions(&spec(false), 6).unwrap_err();
        assert!(line.contains("deliveries has 6 partitions, not 12") && line.contains("CD_KAFKA_PREFIX"), "{line}");
    }

    #[test]
    fn timestamps_of_producers_are_refused_and_a_short_retention_is_told() {
        let right = [("message.timestamp.type", "LogAppendTime"), ("retention.ms", "1209600000")];
        assert_eq!(settings(&spec(false), &found(&right)), Ok(vec![]));
        let line = settings(&spec(false), &found(&[("message.timestamp.type", "CreateTime")])).unwrap_err();
        assert!(line.contains("kafka-configs --alter") && line.contains("CreateTime"), "{line}");
        let warnings = settings(&spec(false), &found(&[("retention.ms", "3600000")])).unwrap();
        assert!(warnings.len() == 1 && warnings[0].contains("1 h, not 336 h"), "{warnings:?}");
        // Kept for ever.
        assert_eq!(settings(&spec(false), &found(&[("retention.ms", "-1")])), Ok(vec![]));
        let compacted = settings(&spec(false), &found(&[("cleanup.policy", "compact,delete")])).unwrap();
        assert_eq!(compacted.len(), 1);
    }
}
