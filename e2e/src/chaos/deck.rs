//! Which faults a run has, in which order: a function of its seed. Pure.

use std::{fmt, time::Duration};

use fleet::drive::Seeded;

use super::world::Kind;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// A service is killed with -9, and started again.
    Kill(Kind),
    /// A service is stopped in its tracks for a while: some longer than its group waits for it.
    Freeze(Kind),
    /// A service is asked to end, and started again.
    Restart(Kind),
    /// A broker is killed with -9, and started again.
    KillBroker,
    /// The broker that leads a partition is.
    KillLeader,
    /// A broker is stopped in its tracks.
    FreezeBroker,
    /// Elasticsearch is killed with -9, and started again.
    KillStore,
    /// Elasticsearch is stopped in its tracks.
    FreezeStore,
    /// Elasticsearch refuses all writes, as with a full disk.
    Flood,
    /// All connections of the services to a broker or to Elasticsearch, or of the viewers to a backend, break; for some
    /// seconds no new ones are made.
    Cut,
}

impl Act {
    /// Whether it is a kill with -9.
    pub fn is_kill(self) -> bool {
        matches!(self, Self::Kill(_) | Self::KillBroker | Self::KillLeader | Self::KillStore)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Kill(kind) => format!("kill {}", kind.name()),
            Self::Freeze(kind) => format!("freeze {}", kind.name()),
            Self::Restart(kind) => format!("restart {}", kind.name()),
            Self::KillBroker => "kill broker".into(),
            Self::KillLeader => "kill leader".into(),
            Self::FreezeBroker => "freeze broker".into(),
            Self::KillStore => "kill elasticsearch".into(),
            Self::FreezeStore => "freeze elasticsearch".into(),
            Self::Flood => "flood stage".into(),
            Self::Cut => "cut connections".into(),
        };
        f.pad(&text)
    }
}

/// One fault of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Card {
    /// What.
    pub act: Act,
    /// Which of the replicas, brokers or ways: a number to be taken by the remainder.
    pub which: usize,
    /// Time between the fault before and this.
    pub gap: Duration,
    /// How long it lasts: until the thaw, or the new start.
    pub lasts: Duration,
}

/// In 100 kills 30 simulators, 30 sinks, 20 backends, 10 brokers, 10 times Elasticsearch; in 8 each of them.
const KILLS: [Act; 10] = [
    Act::Kill(Kind::Simulator),
    Act::Kill(Kind::Sink),
    Act::KillBroker,
    Act::Kill(Kind::Backend),
    Act::KillStore,
    Act::Kill(Kind::Simulator),
    Act::Kill(Kind::Sink),
    Act::Kill(Kind::Backend),
    Act::Kill(Kind::Simulator),
    Act::Kill(Kind::Sink),
];
/// One of these for two kills.
const OTHERS: [Act; 12] = [
    Act::Flood,
    Act::Freeze(Kind::Sink),
    Act::Cut,
    Act::Freeze(Kind::Simulator),
    Act::FreezeBroker,
    Act::Freeze(Kind::Backend),
    Act::Restart(Kind::Backend),
    Act::FreezeStore,
    Act::Restart(Kind::Sink),
    Act::Cut,
    Act::Restart(Kind::Simulator),
    Act::Cut,
];

/// The faults of a run with that many kills. With `only`, that many of this one alone.
pub fn deal(kills: u32, seed: u64, only: Option<Act>) -> Vec<Card> {
    let mut dice = Seeded::new(seed).fork(1);
    let kills = kills as usize;
    let mut acts: Vec<Act> = match only {
        Some(act) => vec![act; kills],
        None => {
            let others = OTHERS.iter().cycle().take(kills / 2);
            KILLS.iter().cycle().take(kills).chain(others).copied().collect()
        }
    };
    for i in (1..acts.len()).rev() {
        acts.swap(i, dice.index(i + 1));
    }
    // Alone, each fault's stall is to be told from the next one's.
    let (shortest, longest) = if only.is_some() { (8.0, 10.0) } else { (0.5, 4.0) };
    acts.into_iter()
        .map(|act| {
            let gap = Duration::from_secs_f64(dice.between(shortest, longest));
            let (low, high) = match act {
                Act::Freeze(_) => (1.0, 15.0),
                Act::FreezeBroker | Act::FreezeStore => (1.0, 10.0),
                Act::Flood => (4.0, 12.0),
                _ => (0.0, 4.0),
            };
            Card { act, which: dice.index(60), gap, lasts: Duration::from_secs_f64(dice.between(low, high)) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_seed_decides_and_every_kill_is_dealt() {
        let cards = deal(100, 7, None);
        assert_eq!(cards, deal(100, 7, None));
        assert_ne!(cards, deal(100, 8, None));
        assert_eq!((cards.iter().filter(|card| card.act.is_kill()).count(), cards.len()), (100, 150));
        let acts: HashSet<Act> = cards.iter().map(|card| card.act).collect();
        assert_eq!(acts.len(), 15);
        let few: HashSet<Act> = deal(8, 7, None).iter().map(|card| card.act).collect();
        assert_eq!(few.len(), 9, "each server and service, flood, cut and two freezes");
        assert!(deal(10, 7, Some(Act::KillLeader)).iter().all(|card| card.act == Act::KillLeader));
    }
}
