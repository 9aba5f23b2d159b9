//! One client's session, from its first request to its end.

use super::handshake::Listener;
use super::packet::{self, Incoming, ROOT};
use crate::auth::refused;
use crate::state::ApiState;
use axum::body::Bytes;
use engineioxide::handler::EngineIoHandler;
use engineioxide::socket::Permit;
use engineioxide::{DisconnectReason, Socket, Str};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Packets that wait for a client to take them, at most.
pub(super) const WAITING_MAX: usize = 32;
/// A packet waits for one free place more for each of these bytes, so that few
/// large ones wait at the same time.
const PLACE_BYTES: usize = 32 << 10;
/// How long a client may take to say who it is.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long one that was refused may take to read so and go.
const GO_WITHIN: Duration = Duration::from_secs(5);
/// Longest pause before it is looked again whether a client took something.
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// All sessions.
#[derive(Debug)]
pub(super) struct Sessions(pub(super) ApiState);

/// Takes what a client says when it connects, once.
#[derive(Debug, Default)]
pub(super) struct Connecting(Mutex<Option<oneshot::Sender<String>>>);

impl Connecting {
    fn swap(&self, sender: Option<oneshot::Sender<String>>) -> Option<oneshot::Sender<String>> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, sender)
    }
}

impl EngineIoHandler for Sessions {
    type Data = Connecting;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Connecting>>) {
        let (sender, said) = oneshot::channel();
        socket.data.swap(Some(sender));
        // It ends with the session, and with the server.
        tokio::spawn(async move { session(&self.0, &socket, said).await });
    }

    fn on_disconnect(&self, _: Arc<Socket<Connecting>>, _: DisconnectReason) {}

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<Connecting>>) {
        match Incoming::read(&message) {
            Some(Incoming::Connect { namespace, auth }) if namespace == ROOT => {
                if let Some(sender) = socket.data.swap(None) {
                    let _ = sender.send(auth.to_owned());
                }
            }
            Some(Incoming::Connect { namespace, .. }) => {
                let why = json!({"status": 404});
                let refused = packet::refused(namespace, "Invalid namespace", &why);
                if let Some(place) = place_for(&socket, &refused) {
                    place.emit(refused.into());
                }
            }
            Some(Incoming::Disconnect) => socket.close(DisconnectReason::TransportClose),
            // Clients have nothing to tell.
            None => {}
        }
    }

    fn on_binary(self: &Arc<Self>, _: Bytes, _: Arc<Socket<Connecting>>) {}
}

async fn session(state: &ApiState, socket: &Socket<Connecting>, said: oneshot::Receiver<String>) {
    let told = async {
        let Ok(Ok(auth)) = tokio::time::timeout(CONNECT_WITHIN, said).await else {
            return;
        };
        match Listener::admit(state, &socket.req_parts, &auth).await {
            Ok(mut listener) => {
                // Not the session's own id: who knows that can take it over.
                let id = Uuid::now_v7().to_string();
                send(socket, packet::connected(&id)).await;
                let refused = refused(state.clone(), listener.credential());
                let all = async {
                    while let Some(packet) = listener.next().await {
                        send(socket, packet).await;
                    }
                };
                tokio::select! {
                    () = all => {}
                    () = refused => {}
                }
            }
            Err(problem) => {
                let data = json!(problem);
                send(socket, packet::refused(ROOT, &problem.detail, &data)).await;
                tokio::time::sleep(GO_WITHIN).await;
            }
        }
    };
    tokio::select! {
        () = told => leave(socket),
        () = state.engine.stopping().cancelled() => leave(socket),
        () = socket.closed() => {}
    }
}

/// Sends a packet as soon as there is room for it. Meanwhile nothing is kept for
/// the client: the follower says what it missed.
async fn send(socket: &Socket<Connecting>, packet: String) {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(place) = place_for(socket, &packet) {
            place.emit(packet.into());
            return;
        }
        // Nothing tells when a place is free again.
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// A place for this packet, if there is one and another one is free: a heartbeat
/// that finds none would end the session of a client that is only slow.
fn place_for<'a>(socket: &'a Socket<Connecting>, packet: &str) -> Option<Permit<'a>> {
    let free = (2 + packet.len() / PLACE_BYTES).min(WAITING_MAX - 1);
    let places: Result<Vec<_>, _> = (0..free).map(|_| socket.reserve()).collect();
    places.ok()?.pop()
}

/// Ends a session as a broken connection does. The packet by which Engine.IO
/// says that it closes would make clients in Python stay away, so it is left no
/// room.
fn leave(socket: &Socket<Connecting>) {
    let _every_place: Vec<_> = std::iter::from_fn(|| socket.reserve().ok()).collect();
    socket.close(DisconnectReason::ClosingServer);
}
