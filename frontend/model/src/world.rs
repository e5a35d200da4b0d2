//! All that the page knows: couriers from frames and from GET /couriers, deliveries from events and from
//! GET /deliveries/live.

use std::collections::HashMap;

use contract::{
    CourierId, Delivery, DeliveryId, Millis,
    rest::{LiveCourier, LiveDeliveries},
};
use fleet::client::{Client, Seen};

use crate::{CourierRow, DeliveryRow, Filter};

/// What is known. It is kept while the connection is away: the picture never goes blank.
#[derive(Debug, Default)]
pub struct World {
    client: Client,
    deliveries: HashMap<DeliveryId, Delivery>,
    roster: HashMap<CourierId, LiveCourier>,
}

/// How far along its way a delivery is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Metres done.
    pub done_m: f64,
    /// Metres in all.
    pub distance_m: f64,
}

impl Progress {
    /// The share that is done, 0 to 1.
    pub fn share(self) -> f64 {
        if self.distance_m > 0.0 { (self.done_m / self.distance_m).clamp(0.0, 1.0) } else { 0.0 }
    }
}

impl World {
    /// The couriers of the map's view, as frames brought them.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A courier's last position, where a frame brought it.
    pub fn seen(&self, courier: &CourierId) -> Option<&Seen> {
        self.client.courier(courier)
    }

    /// A courier as GET /couriers last told of it: with source, accuracy and battery.
    pub fn listed(&self, courier: &CourierId) -> Option<&LiveCourier> {
        self.roster.get(courier)
    }

    /// A delivery.
    pub fn delivery(&self, delivery: DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(&delivery)
    }

    /// All deliveries that are known, in no order.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values()
    }

    /// The open delivery that a courier is on, or has been asked for.
    pub fn delivery_of(&self, courier: &CourierId) -> Option<&Delivery> {
        self.deliveries.values().find(|delivery| delivery.courier == *courier && delivery.is_open())
    }

    /// One courier's row, whatever the filter.
    pub fn courier_row(&self, _courier: &CourierId) -> Option<CourierRow> {
        None
    }

    /// One delivery's row, whatever the filter.
    pub fn delivery_row(&self, _delivery: DeliveryId) -> Option<DeliveryRow> {
        None
    }

    /// The couriers that the filter leaves, in its order.
    pub fn couriers(&self, _filter: &Filter, _now: Millis) -> Vec<CourierRow> {
        Vec::new()
    }

    /// The deliveries that the filter leaves: on the way by ETA (late first), then waiting, then ended, newest first.
    pub fn delivery_rows(&self, _filter: &Filter, _now: Millis) -> Vec<DeliveryRow> {
        Vec::new()
    }

    /// How many couriers the filter leaves.
    pub fn count_couriers(&self, _filter: &Filter) -> usize {
        0
    }

    /// How far along its way a delivery is, where its courier's position is known.
    pub fn progress(&self, _delivery: DeliveryId) -> Option<Progress> {
        None
    }

    /// The speeds of a courier over the last minutes, (ms UTC, m/s), oldest first: what frames brought while the page was
    /// open.
    pub fn speeds(&self, _courier: &CourierId) -> Vec<(Millis, f32)> {
        Vec::new()
    }

    /// Takes GET /deliveries/live.
    pub fn merge_deliveries(&mut self, live: LiveDeliveries) {
        for delivery in live.items {
            self.deliveries.insert(delivery.delivery, delivery);
        }
    }
}
