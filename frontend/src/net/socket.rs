//! The live socket: a thin cover over the browser's, that lets go of everything when it is dropped.

use contract::live::SUBPROTOCOL;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket, js_sys};

/// What the socket tells.
pub enum Heard {
    /// It is open.
    Opened,
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// It closed with this code, or could not be opened (1006).
    Closed(u16),
}

/// An open socket, or one that is being opened.
pub struct Socket {
    socket: WebSocket,
    // The browser calls these as long as the socket lives.
    _open: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Opens the socket of the server that the page came from. `None` where the browser refuses to try.
    pub fn open(tell: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        let location = window().location();
        let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
        let url = format!("{scheme}://{}/api/v1/live", location.host().ok()?);
        let socket = WebSocket::new_with_str(&url, SUBPROTOCOL).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let told = tell.clone();
        let open = Closure::<dyn FnMut(Event)>::new(move |_| told(Heard::Opened));
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        let told = tell.clone();
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            if let Some(text) = data.as_string() {
                told(Heard::Text(text));
            } else if data.is_instance_of::<js_sys::ArrayBuffer>() {
                told(Heard::Binary(js_sys::Uint8Array::new(&data).to_vec()));
            }
        });
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| tell(Heard::Closed(event.code())));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Some(Self { socket, _open: open, _message: message, _close: close })
    }

    /// Sends a text message. One that cannot be sent is lost with the connection, which is then on its way to be closed.
    pub fn send(&self, text: &str) {
        let _ = self.socket.send_with_str(text);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
