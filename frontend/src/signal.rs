//! Signals and memos whose values stand behind one type.
//!
//! The framework writes the machinery of a signal once for each type of value, and the page has some 40 of them: a good part
//! of its weight. Here the machinery is written once, for values that are shared; what is left for each type is a cast.

use std::{any::Any, marker::PhantomData, ops::Deref, sync::Arc};

use leptos::prelude::{self, Get, GetUntracked, Set, Track, Update};

/// Any value of a signal.
type Value = Arc<dyn Any + Send + Sync>;

/// A signal; cheap to copy. It is used as the framework's own.
pub struct RwSignal<T> {
    inner: prelude::RwSignal<Value>,
    of: PhantomData<fn() -> T>,
}

/// A value that follows the signals which it reads, and tells of a change only where it differs; cheap to copy.
pub struct Memo<T> {
    inner: prelude::Memo<Value>,
    of: PhantomData<fn() -> T>,
}

/// A value as it was when it was read.
pub struct Ref<T> {
    value: Value,
    of: PhantomData<fn() -> T>,
}

impl<T: 'static> Deref for Ref<T> {
    type Target = T;

    fn deref(&self) -> &T {
        cast(&self.value)
    }
}

/// The methods that signals and memos share.
macro_rules! readable {
    ($signal:ident) => {
        impl<T> Clone for $signal<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $signal<T> {}

        impl<T: 'static> $signal<T> {
            /// The value; who reads it here runs again when it changes.
            pub fn read(self) -> Ref<T> {
                Ref { value: self.inner.get(), of: PhantomData }
            }

            /// The value now.
            pub fn read_untracked(self) -> Ref<T> {
                Ref { value: self.inner.get_untracked(), of: PhantomData }
            }

            /// Reads the value in place.
            pub fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
                read(&self.read())
            }

            /// Reads the value now in place.
            pub fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
                read(&self.read_untracked())
            }

            /// Who calls it here runs again when the value changes.
            pub fn track(self) {
                self.inner.track();
            }
        }

        impl<T: Clone + 'static> $signal<T> {
            /// A copy of the value.
            pub fn get(self) -> T {
                self.read().clone()
            }

            /// A copy of the value now.
            pub fn get_untracked(self) -> T {
                self.read_untracked().clone()
            }

            /// A copy of the value now; `None` where the part of the page that owns it is gone.
            pub fn try_get_untracked(self) -> Option<T> {
                self.inner.try_get_untracked().map(|value| cast::<T>(&value).clone())
            }
        }
    };
}

readable!(RwSignal);
readable!(Memo);

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// A signal that begins with a value. It lives as long as the part of the page that makes it.
    pub fn new(value: T) -> Self {
        Self { inner: prelude::RwSignal::new(Arc::new(value)), of: PhantomData }
    }

    /// Replaces the value.
    pub fn set(self, value: T) {
        self.inner.set(Arc::new(value));
    }

    /// Replaces the value; false where the part of the page that owns it is gone.
    pub fn try_set(self, value: T) -> bool {
        self.inner.try_set(Arc::new(value)).is_none()
    }
}

impl<T: Clone + Send + Sync + 'static> RwSignal<T> {
    /// Changes the value in place.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        let mut change = Some(change);
        in_place(self.inner, &mut |shared| {
            if Arc::get_mut(shared).is_none() {
                // Somebody reads the old one.
                *shared = Arc::new(cast::<T>(shared).clone());
            }
            if let (Some(value), Some(change)) =
                (Arc::get_mut(shared).and_then(|value| value.downcast_mut()), change.take())
            {
                change(value);
            }
        });
    }
}

impl<T: Default + Send + Sync + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// A memo of what `read` gives, which is told the value before.
    pub fn new(read: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let read = move |before: Option<Value>| {
            let value = read(before.as_ref().map(cast::<T>));
            match before {
                Some(before) if *cast::<T>(&before) == value => (before, false),
                _ => (Arc::new(value) as Value, true),
            }
        };
        Self { inner: memo(Box::new(read)), of: PhantomData }
    }
}

type Reader = Box<dyn Fn(Option<Value>) -> (Value, bool) + Send + Sync>;

fn memo(read: Reader) -> prelude::Memo<Value> {
    prelude::Memo::new_owning(read)
}

fn in_place(signal: prelude::RwSignal<Value>, change: &mut dyn FnMut(&mut Value)) {
    signal.update(change);
}

fn cast<T: 'static>(value: &Value) -> &T {
    match value.downcast_ref() {
        Some(value) => value,
        None => unreachable!("a signal holds values of its own type only"),
    }
}
