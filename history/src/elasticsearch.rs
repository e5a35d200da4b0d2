//! The engine Elasticsearch: `positions-YYYY.MM.DD` by the fix's own UTC day, `deliveries`, `couriers`, `marks`.
//!
//! An identity is a document's `_id` and so always meets the same index: what is sent again is a conflict there, for
//! ever, and that is the verdict Known. What was answered is durable (the translog is synced before the answer), but a
//! search finds it only after a refresh. A checkpoint therefore refreshes first and records its marks after that, and a
//! reader reads the marks before it searches: an answer holds all that its `through` promises.
//!
//! | file | owns |
//! |---|---|
//! | `client` | one request to the server, its time limit, what its errors say |
//! | `names` | names of indices and ids, UTC days |
//! | `schema` | templates: settings and strict mappings, whose index it is |
//! | `document` | positions and deliveries to and from documents |
//! | `bulk` | a batch as the bytes of `_bulk` requests, cut anywhere without making them again; pure |
//! | `judge` | what each answer means for its item, by the error's type; pure |
//! | `writer` | [`Writer`]: sending a batch, going on where it stopped |
//! | `marks` | checkpoints |
//! | `remove` | retention and forgetting |
//! | `reader` | [`Reader`] and its bounds |
//! | `search` | searches, complete ones page by page |
//! | `pages`, `trails`, `slices`, `stats` | the questions |

mod bulk;
mod client;
mod document;
mod judge;
mod marks;
mod names;
mod pages;
mod reader;
mod remove;
mod schema;
mod search;
mod slices;
mod stats;
mod trails;
mod writer;

pub use reader::Reader;
pub use writer::Writer;
