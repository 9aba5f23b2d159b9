//! Takes connections and serves them.

use crate::router::router;
use crate::settings::ApiSettings;
use crate::stalling::Stalling;
use axum::body::Body;
use hyper_util::rt::{TokioIo, TokioTimer};
use stagehook_engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service as _, ServiceExt as _};

/// How long `accept` rests after it failed (out of file descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`; then takes no more connections, and returns when
/// every request at work has been answered.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    settings: ApiSettings,
    shutdown: CancellationToken,
) -> Result<(), std::io::Error> {
    let all = u32::try_from(settings.connections).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(settings.connections));
    let read_timeout = settings.read_timeout;
    let router = router(engine, settings);
    let connections = TaskTracker::new();
    loop {
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let stream = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let service = router.clone();
        let shutdown = shutdown.clone();
        // An answer is one small write; waiting to fill a segment only delays it.
        let _ = stream.set_nodelay(true);
        let stream = Stalling::new(stream, read_timeout).in_place(place);
        connections.spawn(connection(stream, service, read_timeout, shutdown));
    }
    connections.close();
    connections.wait().await;
    // What was upgraded belongs to whoever speaks over it: having all places
    // means that none of these is left, either.
    let _ = places.acquire_many(all).await;
    Ok(())
}

async fn connection(
    stream: Stalling<TcpStream>,
    router: axum::Router,
    read_timeout: Duration,
    shutdown: CancellationToken,
) {
    let service = hyper::service::service_fn(move |request: hyper::Request<_>| {
        let router = router.clone();
        async move {
            let mut router = router.into_service::<Body>();
            router.ready().await?.call(request.map(Body::new)).await
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(read_timeout)
        .max_buf_size(64 << 10);
    let connection = http
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let served: Result<(), hyper::Error> = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
