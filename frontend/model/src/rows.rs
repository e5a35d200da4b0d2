//! Rows of the two lists. A row holds what is needed to draw it; words and times are made where it is drawn.

use contract::{CourierId, DeliveryId, DeliveryStatus, Millis, RouteId, frame::CourierStatus};

/// A courier in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct CourierRow {
    /// Who.
    pub courier: CourierId,
    /// How it stands.
    pub status: CourierStatus,
    /// Faster than 1 m/s: drawn with a point.
    pub moving: bool,
    /// The position comes from the simulator.
    pub simulated: bool,
    /// Two sources within 30 s.
    pub two_devices: bool,
    /// The source's clock is ahead, by so many ms as far as that is known: 0 where it is not.
    pub clock_ahead: Option<Millis>,
    /// The delivery that it is on.
    pub delivery: Option<DeliveryId>,
    /// The order as the customer's system calls it.
    pub reference: Option<String>,
    /// The named route of that delivery.
    pub route: Option<RouteId>,
    /// When it will arrive, ms UTC.
    pub eta: Option<Millis>,
    /// How late that is, ms; `None` where it is in time.
    pub late_ms: Option<Millis>,
    /// When the position was measured, ms UTC.
    pub at: Millis,
    /// Speed in m/s, where it is known.
    pub speed_mps: Option<f64>,
}

/// A delivery in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryRow {
    /// Which.
    pub delivery: DeliveryId,
    /// Who carries it.
    pub courier: CourierId,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How its courier stands, while it is on the way and the courier is known.
    pub courier_status: Option<CourierStatus>,
    /// The order as the customer's system calls it.
    pub reference: Option<String>,
    /// The named route.
    pub route: Option<RouteId>,
    /// When it will arrive, ms UTC.
    pub eta: Option<Millis>,
    /// How late that is, ms; `None` where it is in time.
    pub late_ms: Option<Millis>,
    /// When it was asked for, or when it ended, ms UTC.
    pub since: Millis,
    /// Why it was rejected, cancelled or failed.
    pub reason: Option<String>,
    /// Length of the way, metres. How much of it is done: [`crate::World::progress`].
    pub distance_m: u32,
}
