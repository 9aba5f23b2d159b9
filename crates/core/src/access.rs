//! Which role each route needs. REQ-API-5
//!
//! Every route stands here once, under the least role that may use it; each role
//! may also do what the ones before it may. A route that stands nowhere is the
//! administrators', so that nothing is open because somebody forgot it.
//!
//! Some changes need more than their route's role: what runs without a sandbox is
//! for administrators, whoever may change hooks and scripts.

use crate::token::Role;

/// Reads.
const VIEWER: &[&str] = &[
    "GET /deliveries",
    "GET /deliveries/{id}",
    "GET /event-types",
    "GET /events",
    "GET /events/stream",
    "GET /events/{id}",
    "GET /hook-activity",
    "GET /hook-logs",
    "GET /hook-logs/export",
    "GET /hook-logs/{id}",
    "GET /hooks",
    "GET /hooks/effective/studio",
    "GET /hooks/effective/{scope_type}/{scope_id}",
    "GET /hooks/{id}",
    "GET /hooks/{id}/deliveries",
    "GET /hooks/{id}/logs",
    "GET /hooks/{id}/revisions",
    "GET /hooks/{id}/test-cases",
    "GET /jobs",
    "GET /jobs/{id}",
    "GET /jobs/{id}/hook-logs",
    "GET /jobs/{id}/stage-runs",
    "GET /metrics",
    "GET /overview",
    "GET /plugins",
    "GET /plugins/{name}",
    "GET /plugins/{name}/usage",
    "GET /plugins/{name}/{version}",
    "GET /plugins/{name}/{version}/component",
    "GET /plugins/{name}/{version}/export",
    "GET /projects",
    "GET /projects/{id}",
    "GET /scene-types",
    "GET /scene-types/{id}",
    "GET /script-diff/{path}",
    "GET /script-versions/{path}",
    "GET /scripts",
    "GET /scripts/{path}",
    "GET /session",
    "DELETE /session",
    "GET /stage-runs/{id}",
];

/// Does what a pipeline does that runs jobs.
const PIPELINE: &[&str] = &[
    "POST /events",
    "POST /jobs",
    "POST /jobs/{id}/complete",
    "POST /jobs/{id}/stages/{hook_point}/runs",
    "POST /projects",
    "POST /scene-types",
    "POST /stage-runs/{id}/cancel",
];

/// Decides what runs. Deleting a project or a scene type takes its hooks away.
const EDITOR: &[&str] = &[
    "POST /deliveries/{id}/retry",
    "POST /event-types",
    "POST /event-types/import",
    "DELETE /event-types/{name}",
    "POST /events/replay",
    "POST /executions/{execution_id}/cancel",
    "POST /hooks",
    "PUT /hooks/order",
    "PUT /hooks/{id}",
    "DELETE /hooks/{id}",
    "POST /hooks/{id}/pause",
    "POST /hooks/{id}/resume",
    "POST /hooks/{id}/revisions/{n}/restore",
    "POST /hooks/{id}/test",
    "POST /hooks/{id}/test-cases",
    "PUT /hooks/{id}/test-cases/{case_id}",
    "DELETE /hooks/{id}/test-cases/{case_id}",
    "POST /jobs/{id}/review",
    "POST /plugins",
    "POST /plugins/import",
    "POST /plugins/validate",
    "POST /plugins/{name}/install",
    "POST /plugins/{name}/{version}/yank",
    "DELETE /projects/{id}",
    "DELETE /scene-types/{id}",
    "PUT /scripts/{path}",
    "DELETE /scripts/{path}",
    "GET /secrets",
];

/// Decides who may do what, and sees who did.
const ADMIN: &[&str] = &[
    "GET /audit",
    "POST /secret-rekey",
    "PUT /secrets/{name}",
    "DELETE /secrets/{name}",
    "GET /tokens",
    "POST /tokens",
    "DELETE /tokens/{id}",
];

const TABLE: [(Role, &[&str]); 4] = [
    (Role::Viewer, VIEWER),
    (Role::Pipeline, PIPELINE),
    (Role::Editor, EDITOR),
    (Role::Admin, ADMIN),
];

/// The least role that may use a route: a method, and a path with its parameters
/// as the OpenAPI document has them, without the interface's base. HEAD is GET.
pub fn needed(method: &str, path: &str) -> Role {
    let method = if method == "HEAD" { "GET" } else { method };
    let is_it = |route: &&str| route.split_once(' ') == Some((method, path));
    TABLE
        .iter()
        .find(|(_, routes)| routes.iter().any(is_it))
        .map_or(Role::Admin, |(role, _)| *role)
}

/// The methods under which a path stands in the table, HEAD beside GET; none of a
/// path that does not stand there.
pub fn methods(path: &str) -> Vec<&'static str> {
    let listed = routes().filter_map(|(route, _)| route.split_once(' '));
    let of_path = listed.filter(|(_, listed)| *listed == path);
    of_path
        .flat_map(|(method, _)| [Some(method), (method == "GET").then_some("HEAD")])
        .flatten()
        .collect()
}

/// Every route that stands in the table, with its role.
pub fn routes() -> impl Iterator<Item = (&'static str, Role)> {
    let of_role = |(role, routes): &'static (Role, &'static [&'static str])| {
        routes.iter().map(|route| (*route, *role))
    };
    const { &TABLE }.iter().flat_map(of_role)
}
