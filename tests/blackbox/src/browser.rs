//! What a browser does that is signed in: it sends a cookie, and with changes the
//! text that only our own page was told.

use crate::client::{Answer, Client};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// A browser with a session.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    /// `stagehook_session=…`, as it is sent.
    pub cookie: String,
    /// What it was told of the session.
    pub session: Value,
}

impl Browser {
    /// Signs in with a token.
    pub async fn sign_in(client: &Client, token: &str) -> Self {
        let client = client.with_token(None);
        let answer = client.post("/session", &json!({"token": token})).await;
        let cookie = answer.header("set-cookie").unwrap();
        let (cookie, _) = cookie.split_once(';').unwrap();
        Self {
            client,
            cookie: cookie.to_owned(),
            session: answer.ok(),
        }
    }

    /// The session's `csrf_token`.
    pub fn csrf(&self) -> &str {
        self.session["csrf_token"].as_str().unwrap()
    }

    /// A request with the cookie alone.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, path);
        request.header("cookie", &self.cookie)
    }

    /// A request as our own page makes it.
    pub fn change(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.request(method, path);
        request.header("x-csrf-token", self.csrf())
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.client.send(request).await
    }

    /// GET
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.change(Method::POST, path).json(body)).await
    }

    /// DELETE
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.change(Method::DELETE, path)).await
    }
}
