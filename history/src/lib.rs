//! The store of positions and deliveries: two traits, so that "the backend never writes history" is a type, and the
//! engines behind them.
//!
//! Items come from the sink, which read them from Kafka; answers go to the backend's REST interface, to the sink's
//! `verify`, and to `standalone` at start. Whatever the engine: storing is a join (the same items in any order, any
//! number of times, give the same answers), and an answer says through which broker time it is complete.
//!
//! | file | owns |
//! |---|---|
//! | `writer` | [`HistoryWriter`], items and verdicts |
//! | `reader` | [`HistoryReader`] |
//! | `query` | what a reader is asked, and the answers that are no REST bodies |
//! | `thin` | thinning of trails and gaps, pure |
//! | `run` | which fixes of a run are there, pure: audit and verify |
//! | `error` | why a store cannot be opened or does not answer |
//! | `open` | from options to an engine |
//! | `sqlite` | the engine SQLite |
//! | `elasticsearch` | the engine Elasticsearch |

pub mod elasticsearch;
mod error;
mod open;
mod query;
mod reader;
mod run;
pub mod sqlite;
mod thin;
mod writer;

pub use error::{OpenError, Unavailable};
pub use open::{Options, open_reader, open_writer};
pub use query::{After, Along, Bucket, By, DeliveryQuery, Slice, SliceQuery, Stats, StatsQuery, StatsRow};
pub use reader::HistoryReader;
pub use run::{Run, RunTally};
pub use thin::{GAP_MS, Thinner};
pub use writer::{Expired, HistoryWriter, Item, PartitionMark, Refusal, Verdict};

/// Most deliveries of one page.
pub const MAX_PAGE: usize = 200;
/// Most points of one trail.
pub const MAX_POINTS: usize = 2_000;
/// Most rows of one answer of [`HistoryReader::stats`].
pub const MAX_STATS_ROWS: usize = 10_000;
