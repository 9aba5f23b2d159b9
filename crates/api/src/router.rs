//! All routes, in one place.

use crate::auth::admit;
use crate::openapi;
use crate::problem::Problem;
use crate::routes;
use crate::settings::ApiSettings;
use crate::socket_io;
use crate::state::ApiState;
use crate::web;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use stagehook_engine::Engine;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The base of all routes but health.
pub(crate) const BASE: &str = "/api/v1";

/// The routes that need no token.
pub(crate) fn open() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(routes::session::sign_in))
}

/// The routes that need a token, or a session.
pub(crate) fn resources() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(routes::projects::create, routes::projects::list))
        .routes(routes!(routes::projects::get, routes::projects::delete))
        .routes(routes!(
            routes::scene_types::create,
            routes::scene_types::list
        ))
        .routes(routes!(
            routes::scene_types::get,
            routes::scene_types::delete
        ))
        .routes(routes!(routes::jobs::create, routes::jobs::list))
        .routes(routes!(routes::jobs::get))
        .routes(routes!(routes::jobs::complete))
        .routes(routes!(routes::jobs::review))
        .routes(routes!(routes::stage_runs::run))
        .routes(routes!(routes::stage_runs::list_of_job))
        .routes(routes!(routes::stage_runs::get))
        .routes(routes!(routes::stage_runs::cancel))
        .routes(routes!(routes::hooks::create, routes::hooks::list))
        .routes(routes!(
            routes::hooks::get,
            routes::hooks::update,
            routes::hooks::delete
        ))
        .routes(routes!(routes::hook_order::order))
        .routes(routes!(routes::hook_test::test))
        .routes(routes!(routes::hook_test::cancel))
        .routes(routes!(
            routes::test_cases::create,
            routes::test_cases::list
        ))
        .routes(routes!(
            routes::test_cases::update,
            routes::test_cases::delete
        ))
        .routes(routes!(routes::effective::studio))
        .routes(routes!(routes::effective::scope))
        .routes(routes!(routes::logs::list))
        .routes(routes!(routes::logs::of_hook))
        .routes(routes!(routes::logs::of_job))
        .routes(routes!(routes::logs::export))
        .routes(routes!(routes::logs::get))
        .routes(routes!(routes::hook_activity::get))
        .routes(routes!(routes::overview::get))
        .routes(routes!(routes::revisions::list))
        .routes(routes!(routes::revisions::restore))
        .routes(routes!(routes::plugins::upload, routes::plugins::list))
        .routes(routes!(routes::plugins::validate))
        .routes(routes!(routes::plugins::transfer::import))
        .routes(routes!(routes::plugins::versions))
        .routes(routes!(routes::plugins::usage::get))
        .routes(routes!(routes::plugins::version))
        .routes(routes!(routes::plugins::install::install))
        .routes(routes!(routes::plugins::yank::yank))
        .routes(routes!(routes::plugins::transfer::component))
        .routes(routes!(routes::plugins::transfer::export))
        .routes(routes!(routes::scripts::list))
        .routes(routes!(
            routes::scripts::get,
            routes::scripts::put,
            routes::scripts::delete
        ))
        .routes(routes!(routes::scripts::history::versions))
        .routes(routes!(routes::scripts::history::diff))
        .routes(routes!(routes::secrets::list))
        .routes(routes!(routes::secrets::put, routes::secrets::delete))
        .routes(routes!(routes::secrets::rekey))
        .routes(routes!(routes::session::get, routes::session::sign_out))
        .routes(routes!(routes::tokens::create, routes::tokens::list))
        .routes(routes!(routes::tokens::revoke))
        .routes(routes!(routes::audit::list))
        .routes(routes!(
            routes::event_types::create,
            routes::event_types::list
        ))
        .routes(routes!(routes::event_types::import))
        .routes(routes!(routes::event_types::delete))
        .routes(routes!(routes::events::publish, routes::events::list))
        .routes(routes!(routes::events::stream::stream))
        .routes(routes!(routes::deliveries::replay))
        .routes(routes!(routes::events::get))
        .routes(routes!(routes::deliveries::list))
        .routes(routes!(routes::deliveries::get))
        .routes(routes!(routes::deliveries::retry))
        .routes(routes!(routes::hook_deliveries::get))
        .routes(routes!(routes::hook_deliveries::pause))
        .routes(routes!(routes::hook_deliveries::resume))
}

/// The whole HTTP side.
pub fn router(engine: Arc<Engine>, settings: ApiSettings) -> Router {
    let state = ApiState::new(engine, settings);
    let (resources, _) = resources().split_for_parts();
    let api = resources
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(state.clone(), admit))
        .merge(openapi::routes())
        .merge(open().split_for_parts().0);
    Router::new()
        .nest(BASE, api)
        .merge(routes::health::routes())
        .merge(routes::metrics::routes(&state))
        .merge(socket_io::routes(&state))
        .fallback(web::serve)
        .method_not_allowed_fallback(no_such_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            axum::http::header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .with_state(state)
}

pub(crate) async fn no_such_path(uri: Uri) -> Problem {
    Problem::not_found(format!(
        "there is nothing at {}; {BASE}/openapi.json lists what there is",
        uri.path().chars().take(256).collect::<String>()
    ))
}

async fn no_such_method() -> Problem {
    Problem::method_not_allowed()
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal-error",
        "the server could not do its work; its log says why",
    )
    .into_response()
}
