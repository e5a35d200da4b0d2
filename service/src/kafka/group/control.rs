//! What a handler may ask of its group's member.

use std::collections::BTreeMap;

/// What a handler may ask of its group's member.
#[derive(Debug, Default)]
pub struct Control {
    commits: BTreeMap<(usize, i32), i64>,
}

impl Control {
    /// Commits that everything before `next_offset` of a partition is done. Sent with the next commit request, some five
    /// times a second at most; the last number asked for wins. Of a partition that is not the member's it is ignored.
    pub fn commit(&mut self, topic: usize, partition: i32, next_offset: i64) {
        self.commits.insert((topic, partition), next_offset);
    }

    pub(super) fn take(&mut self) -> BTreeMap<(usize, i32), i64> {
        std::mem::take(&mut self.commits)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }
}
