//! Which role each route needs. REQ-API-5

use proptest::prelude::*;
use stagehook_core::access::{methods, needed, routes};
use stagehook_core::token::Role;

#[test]
fn each_role_may_do_what_it_is_for() {
    for (route, role) in [
        ("GET /hooks", Role::Viewer),
        ("GET /events/stream", Role::Viewer),
        ("POST /jobs", Role::Pipeline),
        ("POST /jobs/{id}/stages/{hook_point}/runs", Role::Pipeline),
        ("POST /jobs/{id}/review", Role::Editor),
        ("DELETE /projects/{id}", Role::Editor),
        ("GET /secrets", Role::Editor),
        ("PUT /secrets/{name}", Role::Admin),
        ("GET /audit", Role::Admin),
        ("POST /tokens", Role::Admin),
    ] {
        let (method, path) = route.split_once(' ').unwrap();
        assert_eq!(needed(method, path), role, "{route}");
    }
    let below: Vec<Role> = vec![Role::Viewer, Role::Pipeline, Role::Editor, Role::Admin];
    assert!(below.is_sorted_by(|less, more| less < more));
}

#[test]
fn a_route_is_found_as_it_stands_and_head_is_get() {
    for (route, role) in routes() {
        let (method, path) = route.split_once(' ').unwrap();
        assert_eq!(needed(method, path), role, "{route}");
        assert_eq!(
            needed("HEAD", path),
            needed("GET", path),
            "HEAD tells what GET does"
        );
        assert_eq!(needed(&method.to_lowercase(), path), Role::Admin, "{route}");
        assert_eq!(needed(method, &format!("{path}/")), Role::Admin, "{route}");
    }
}

#[test]
fn a_path_has_the_methods_under_which_it_stands() {
    for (path, all) in [
        ("/overview", vec!["GET", "HEAD"]),
        ("/hooks", vec!["GET", "HEAD", "POST"]),
        ("/scripts/{path}", vec!["GET", "HEAD", "PUT", "DELETE"]),
        ("/hooks/order", vec!["PUT"]),
        ("/overview/", vec![]),
        ("/hooks/7", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(methods(path), all, "{path}");
    }
}

#[test]
fn a_viewer_changes_nothing_but_its_own_session() {
    for (route, role) in routes() {
        if role == Role::Viewer && !route.starts_with("GET ") {
            assert_eq!(route, "DELETE /session");
        }
    }
}

proptest! {
    #[test]
    fn what_stands_nowhere_is_the_administrators(method in "[A-Z]{0,8}", path in "/?[a-z{}*/_ -]{0,24}") {
        let route = format!("{method} {path}");
        prop_assume!(method != "HEAD" && routes().all(|(listed, _)| listed != route));
        prop_assert_eq!(needed(&method, &path), Role::Admin);
    }
}
