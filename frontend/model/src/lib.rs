//! The page's logic, without a browser: it tests natively.
//!
//! Messages of the socket come in through [`link::Link`] (when to connect, what to say) and [`world::World`] (what is
//! known); the list reads [`rows`], the map reads [`motion`], and all numbers and times go through [`mod@format`], which is
//! told the [`Language`].
//! What is past comes through [`replay`], is summed up in [`figures`], and leaves the page as a file through [`export`].
//! Time is always a parameter.

pub mod basemap;
pub mod connection;
pub mod counts;
pub mod export;
pub mod figures;
pub mod filter;
pub mod format;
pub mod kept;
pub mod language;
pub mod link;
pub mod meter;
pub mod motion;
pub mod notice;
pub mod overlay;
pub mod read;
pub mod replay;
pub mod request;
pub mod rows;
pub mod selection;
pub mod staleness;
pub mod text;
pub mod theme;
pub mod url;
pub mod view;
pub mod world;

pub use connection::Connection;
pub use filter::{Filter, Sort, Source, States, Tab};
pub use language::Language;
pub use meter::Meter;
pub use notice::Notice;
pub use overlay::{Preview, PreviewLine, Trail, TrailPoint};
pub use rows::{CourierRow, DeliveryRow};
pub use selection::{Follow, Selection};
pub use staleness::Staleness;
pub use theme::Theme;
pub use view::{Camera, Padding, Spot, Tier, ViewState};
pub use world::World;
