//! Live state, REST, WebSocket, and the page.
