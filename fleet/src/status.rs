//! How a courier stands: views of (state, clock), never stored.

use contract::{Delivery, Millis, frame::CourierStatus};

/// Silence on a delivery after which a dispatcher should look, ms.
pub const ALARM_MS: Millis = 60_000;
/// Silence after which a courier counts as offline, ms.
pub const OFFLINE_MS: Millis = 5 * 60_000;
/// Two sources within this time are two devices, ms.
pub const TWO_DEVICES_MS: Millis = 30_000;
/// A source whose fixes are further than this ahead of the broker has a wrong clock, ms.
pub const CLOCK_OFF_MS: Millis = 5_000;
/// Silence that is named as a reason, ms.
const NAMED_SILENCE_MS: Millis = 15_000;

/// Everything a status depends on.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Time of the newest fix, ms UTC.
    pub last_fix: Millis,
    /// Whether the courier is on a delivery.
    pub on_delivery: bool,
    /// When it is due there, ms UTC.
    pub due: Option<Millis>,
    /// When it will arrive, ms UTC.
    pub eta: Option<Millis>,
}

/// The status at `now`.
pub fn status_at(standing: Standing, now: Millis) -> CourierStatus {
    let silence = now - standing.last_fix;
    if silence >= OFFLINE_MS {
        CourierStatus::Offline
    } else if !standing.on_delivery {
        CourierStatus::Idle
    } else if silence >= ALARM_MS {
        CourierStatus::Alarm
    } else if standing.due.is_some_and(|due| standing.eta.unwrap_or(now).max(now) > due) {
        CourierStatus::Late
    } else {
        CourierStatus::OnDelivery
    }
}

/// When a delivery is due: as promised; without a promise as planned, with a fifth and at least two minutes to spare.
pub fn due(delivery: &Delivery) -> Option<Millis> {
    let planned = Millis::from(delivery.planned_s) * 1000;
    let by_plan = delivery.started_at.map(|start| start + planned + (planned / 5).max(120_000));
    delivery.promised_at.or(by_plan)
}

/// Why the picture of a courier may be wrong, in words; the gravest reason alone.
pub fn reason(last_fix: Millis, now: Millis, two_devices: bool, clock_off: bool) -> Option<String> {
    let silence = now - last_fix;
    if silence >= NAMED_SILENCE_MS {
        return Some(match silence / 1000 {
            seconds @ ..60 => format!("no fix for {seconds} s"),
            seconds => format!("no fix for {} min", seconds / 60),
        });
    }
    if two_devices {
        return Some("two devices".into());
    }
    clock_off.then(|| "clock off".into())
}

/// Which status of a crowd is shown: the one that a dispatcher should see first.
pub fn worst(by_status: [u32; 5]) -> CourierStatus {
    let by_urgency = [
        CourierStatus::Alarm,
        CourierStatus::Late,
        CourierStatus::Offline,
        CourierStatus::OnDelivery,
        CourierStatus::Idle,
    ];
    by_urgency.into_iter().find(|status| by_status[*status as usize] > 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_lateness_decide() {
        let standing = Standing { last_fix: 0, on_delivery: true, due: Some(100_000), eta: Some(90_000) };
        assert_eq!(status_at(standing, 1_000), CourierStatus::OnDelivery);
        assert_eq!(status_at(Standing { eta: Some(100_001), ..standing }, 1_000), CourierStatus::Late);
        assert_eq!(status_at(standing, ALARM_MS), CourierStatus::Alarm);
        assert_eq!(status_at(standing, OFFLINE_MS), CourierStatus::Offline);
        let idle = Standing { on_delivery: false, ..standing };
        assert_eq!(status_at(idle, ALARM_MS), CourierStatus::Idle);
    }

    #[test]
    fn reasons_are_named_with_their_time() {
        assert_eq!(reason(0, 48_000, true, true).as_deref(), Some("no fix for 48 s"));
        assert_eq!(reason(0, 125_000, false, false).as_deref(), Some("no fix for 2 min"));
        assert_eq!(reason(0, 1_000, true, true).as_deref(), Some("two devices"));
        assert_eq!(reason(0, 1_000, false, false), None);
    }
}
