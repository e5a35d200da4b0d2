//! The engine SQLite: one file in WAL mode, one writing connection, a few reading ones.
//!
//! The sink (or `standalone`) owns the only [`Writer`]; [`Reader`]s live in other processes or in the same one and read
//! while it writes. All calls into SQLite run on tokio's blocking threads.
//!
//! | file | owns |
//! |---|---|
//! | `schema` | tables, migrations, whose file it is |
//! | `connect` | opening connections, their settings, errors |
//! | `row` | positions and deliveries to and from rows |
//! | `writer` | [`Writer`]: one connection, one job at a time |
//! | `store` | storing a batch and marks, in one transaction each |
//! | `expire` | retention and forgetting, in small transactions |
//! | `reader` | [`Reader`]: the pool, its bounds |
//! | `pages`, `trails`, `stats` | the questions |

mod connect;
mod expire;
mod pages;
mod reader;
mod row;
mod schema;
mod stats;
mod store;
mod trails;
mod writer;

pub use reader::Reader;
pub use writer::Writer;
