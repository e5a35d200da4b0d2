//! The map: MapLibre for the ground, and everything of ours as one WebGL2 layer over it, on a canvas of its own.
//!
//! Couriers are not objects of the map: `markers` draws them from [`model::motion`], whose numbers the socket writes. What
//! else lies over the ground is put together for each frame in `scene`. Only `maplibre` knows JavaScript.

mod atlas;
mod camera;
mod gl;
mod glass;
mod ground;
mod layer;
mod lines;
mod maplibre;
mod markers;
mod pane;
mod scene;
mod sprites;

pub use ground::Ground;
pub use pane::MapPane;
