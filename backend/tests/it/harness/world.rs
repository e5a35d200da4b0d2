//! A backend with a secret in a file, and the means to sign with it.

use backend::{
    access::{Access, Claims},
    settings::AccessSettings,
};
use contract::{CourierId, Delivery, DeliveryId, Millis, Role};
use reqwest::Method;
use serde_json::json;

use super::{Api, Backend, Broker, Reply, Setup, Socket, samples::now, until};

pub const KEY: &str = "a key of the tests that is long enough";
pub const HOUR: Millis = 3_600_000;

pub struct World {
    pub backend: Backend,
    /// Without a token.
    pub api: Api,
    signer: Access,
}

impl World {
    /// Whoever brings no token is a dispatcher.
    pub async fn open() -> Self {
        Self::start_with(|access| access.auth_open = true).await
    }

    /// Everybody needs a token.
    pub async fn locked() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut AccessSettings)) -> Self {
        let broker = Broker::start();
        let mut setup = Setup::new(broker.settings());
        let file = setup.dir.path().join("secret");
        std::fs::write(&file, KEY).unwrap();
        setup.settings.access.auth_secret_file = Some(file);
        change(&mut setup.settings.access);
        let signer = Access::new(&setup.settings.access, true).unwrap();
        let mut backend = setup.start(true).await;
        backend.broker = Some(broker);
        backend.ready().await;
        let api = backend.api();
        Self { backend, api, signer }
    }

    /// A delivery in the log, and known to the backend.
    pub async fn known(&self, delivery: Delivery) -> Delivery {
        self.backend.feed.delivery(&delivery).await;
        let path = format!("/deliveries/{}", delivery.delivery);
        let token = self.sign(Role::Dispatcher, None, None, now() + HOUR);
        let ask = async || self.ask(Method::GET, &path, &token).await.status;
        until("the delivery is known", ask, |status| *status == 200).await;
        delivery
    }

    /// A customer's token.
    pub fn token(&self, delivery: DeliveryId, exp_ms: Millis) -> String {
        self.sign(Role::Customer, None, Some(delivery), exp_ms)
    }

    pub fn sign(&self, role: Role, courier: Option<&str>, delivery: Option<DeliveryId>, exp_ms: Millis) -> String {
        let courier = courier.map(|courier| CourierId::new(courier).unwrap());
        self.signer.sign(&Claims { sub: "ana".into(), role, courier, delivery, exp: exp_ms / 1000 }).unwrap()
    }

    pub async fn ask(&self, method: Method, path: &str, token: &str) -> Reply {
        Reply::of(self.api.ask(method, path).bearer_auth(token)).await
    }

    /// A socket that has said hello with a token.
    pub async fn hello(&self, token: &str) -> Socket {
        let mut socket = Socket::connect(&self.backend).await;
        socket.say(json!({ "type": "hello", "token": token, "cursor": null })).await;
        socket
    }
}
