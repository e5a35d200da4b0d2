//! What changes by itself, behind one type.
//!
//! The framework writes its machinery once for each type of closure, and every closure has a type of its own: some 60
//! copies, which were a good part of the page's weight. Closures that stand in a view's braces are boxed by the
//! framework; these functions do the same for the others.

use std::sync::{Arc, Mutex};

use leptos::{prelude::Effect, tachys::reactive_graph::SharedReactiveFunction};

/// A part of a view, or an attribute, that follows the signals it reads.
pub fn part<T: 'static>(read: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    Arc::new(Mutex::new(read))
}

/// Runs after every change of the signals it reads.
pub fn watch(run: impl FnMut() + 'static) {
    let mut run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(move |_| run());
}
