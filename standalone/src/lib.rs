//! All services in one process on an embedded broker and store.
