//! The OpenAPI document. REQ-API-4

use crate::problem::Problem;
use crate::router::{BASE, open, resources};
use crate::state::ApiState;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::LazyLock;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{OpenApi as Document, Ref};
use utoipa::{OpenApi, PartialSchema, ToSchema};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stagehook",
        description = "Runs a studio's hooks at the stages of its pipeline, safely and on record.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem))
)]
struct Base;

static DOCUMENT: LazyLock<Document> = LazyLock::new(build);
static TEXT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&*DOCUMENT).unwrap_or_default());

/// The OpenAPI document of this version.
pub fn document() -> &'static Document {
    &DOCUMENT
}

/// The document's own route; open, as it says nothing about the studio.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/openapi.json", get(show))
}

async fn show() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], TEXT.as_str())
}

fn build() -> Document {
    let (_, resources) = resources().merge(open()).split_for_parts();
    let mut document = Base::openapi().nest(BASE, resources);
    // A parameter that holds `/` has a name of its own for the router alone.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    let components = document.components.get_or_insert_default();
    components.schemas.insert(
        Problem::name().into_owned(),
        <Problem as PartialSchema>::schema(),
    );
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            "stagehook_session",
            "What signing in sets; by https it is __Host-stagehook_session. Requests but GET and \
             HEAD then need the session's csrf_token in the header X-CSRF-Token.",
        ))),
    );
    document.security = Some(
        ["token", "session"]
            .map(|scheme| SecurityRequirement::new(scheme, Vec::<String>::new()))
            .to_vec(),
    );
    for item in document.paths.paths.values_mut() {
        for operation in [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
        ]
        .into_iter()
        .flatten()
        {
            add_problems(operation);
        }
    }
    document
}

/// Every operation may answer with a problem.
fn add_problems(operation: &mut Operation) {
    let problem = ResponseBuilder::new()
        .description("What went wrong (RFC 9457)")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(Problem::name())))
                .build(),
        )
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), problem.into());
}
