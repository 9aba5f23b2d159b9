//! Plugins as files: the component alone, or an archive that other tools read.

use super::{exact, upload_body};
use crate::auth::Actor;
use crate::extract::Segments;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::{Extension, Json};
use bytes::Bytes;
use stagehook_core::plugin::PluginVersion;
use stagehook_engine::plugins::Component;
use tokio::sync::OwnedSemaphorePermit;

/// The component of a version, as it was published.
#[utoipa::path(get, operation_id = "get_plugin_component", path = "/plugins/{name}/{version}/component", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/wasm")))]
pub(crate) async fn component(
    State(state): State<ApiState>,
    Segments(name, version): Segments,
) -> Result<(HeaderMap, Bytes), Problem> {
    let plugin = exact(&name, &version)?;
    let place = state.downloads.take().await?;
    let Component { version, bytes } = state.engine.plugin_component(&plugin).await?;
    let headers = headers(&version, "application/wasm", "wasm");
    Ok((headers, sent(bytes, place)))
}

/// A version as the tar archive of an OCI image layout.
///
/// Its layer is the component; its signature is the annotation
/// `io.stagehook.plugin.signature`.
#[utoipa::path(get, operation_id = "export_plugin", path = "/plugins/{name}/{version}/export", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/x-tar")))]
pub(crate) async fn export(
    State(state): State<ApiState>,
    Segments(name, version): Segments,
) -> Result<(HeaderMap, Bytes), Problem> {
    let plugin = exact(&name, &version)?;
    let place = state.downloads.take().await?;
    let Component { version, bytes } = state.engine.export_plugin(&plugin).await?;
    let mut headers = headers(&version, "application/x-tar", "tar");
    headers.remove(ETAG);
    Ok((headers, sent(bytes, place)))
}

/// Bytes that keep their place until the last of them is sent.
fn sent(bytes: Bytes, place: OwnedSemaphorePermit) -> Bytes {
    struct Held(
        Bytes,
        #[expect(dead_code, reason = "held")] OwnedSemaphorePermit,
    );

    impl AsRef<[u8]> for Held {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    Bytes::from_owner(Held(bytes, place))
}

/// Publishes the plugin of an archive that `export` or another tool made: the
/// tar archive of an OCI image layout. It is checked like any upload.
#[utoipa::path(post, operation_id = "import_plugin", path = "/plugins/import", tag = "plugins",
    request_body(content = Vec<u8>, content_type = "application/x-tar"),
    responses((status = 201, body = PluginVersion)))]
pub(crate) async fn import(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    body: Body,
) -> Result<(StatusCode, Json<PluginVersion>), Problem> {
    let (archive, _place) = upload_body(&state, body).await?;
    let most = state.settings.plugin_max_bytes;
    let version = state
        .engine
        .import_plugin(actor.name(), archive, most)
        .await?;
    Ok((StatusCode::CREATED, Json(version)))
}

/// What a file is, and what it is to be called. Names and versions have no
/// letters that a header could not hold.
fn headers(version: &PluginVersion, media_type: &'static str, ending: &str) -> HeaderMap {
    let manifest = &version.manifest;
    let file = format!("{}-{}.{ending}", manifest.name, manifest.version);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    for (name, value) in [
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ),
        (ETAG, format!("\"{}\"", version.digest)),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers
}
