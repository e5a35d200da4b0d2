//! What a person points at.

use contract::{CourierId, DeliveryId};

/// The selected courier, delivery, or a courier with its delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The courier that wears the ring, where one is known.
    pub courier: Option<CourierId>,
    /// The delivery that is looked at; `None` means the one that the courier is on, if any.
    pub delivery: Option<DeliveryId>,
    /// True while the drawer shows it; false leaves ring and callout.
    pub open: bool,
}

impl Selection {
    /// A courier, with the drawer open.
    pub fn courier(courier: CourierId) -> Self {
        Self { courier: Some(courier), delivery: None, open: true }
    }

    /// A delivery and who carries it, with the drawer open.
    pub fn delivery(delivery: DeliveryId, courier: CourierId) -> Self {
        Self { courier: Some(courier), delivery: Some(delivery), open: true }
    }
}

/// Whether the camera stays with the selected courier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Follow {
    /// No.
    #[default]
    Off,
    /// It does.
    On,
    /// A drag released it: the pill "Follow again" offers it back.
    Released,
}
