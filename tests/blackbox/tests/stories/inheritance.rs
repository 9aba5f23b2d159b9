//! Which hooks apply at which level. REQ-RES-1..6

use serde_json::{Value, json};
use stagehook_tests::{Database, Studio, on_both_databases};

on_both_databases!(
    each_level_has_its_effective_set,
    an_override_that_extends_is_handed_what_it_extends,
    a_chain_of_extensions_ends_at_a_disabled_hook,
    the_order_is_total,
    a_change_of_hooks_counts_at_the_next_run,
    event_hooks_inherit_among_themselves,
);

/// `name: level` of what applies, in order.
fn applies(view: &Value) -> Vec<String> {
    let items = view["effective"].as_array().unwrap().iter();
    items
        .map(|item| {
            let text = |key: &str| item[key].as_str().unwrap();
            format!("{}: {}", text("name"), text("source_level"))
        })
        .collect()
}

/// `name: level, reason by id` of what does not.
fn lost(view: &Value) -> Vec<String> {
    let items = view["shadowed"].as_array().unwrap().iter();
    items
        .map(|item| {
            let text = |key: &str| item[key].as_str().unwrap();
            let (name, level, reason) = (text("name"), text("source_level"), text("reason"));
            format!("{name}: {level}, {reason} by {}", item["by"])
        })
        .collect()
}

async fn effective(studio: &Studio, scope: &str) -> Value {
    let path = format!("/hooks/effective/{scope}?hook_point=post_segment");
    studio.get(&path).await.ok()
}

async fn each_level_has_its_effective_set(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let elsewhere = studio.project("elsewhere").await;
    let exterior = studio.scene_type(elsewhere, "exterior").await;
    let grade = studio.shell("grade", "echo studio").order(10);
    let grade = grade.create(&studio).await;
    let mark = studio.shell("mark", "echo mark").order(-1);
    let mark = mark.create(&studio).await;
    let meta = studio.shell("meta", "echo meta").order(20);
    meta.create(&studio).await;
    let other_point = studio.shell("grade", "echo other").at("pre_segment");
    other_point.create(&studio).await;
    let local_grade = studio.shell("grade", "echo project").order(10);
    let local_grade = local_grade.in_project(world.project).create(&studio).await;
    let off = studio.shell("mark", "echo never").disabled();
    let off = off.in_scene_type(world.scene_type).create(&studio).await;

    let view = effective(&studio, "studio").await;
    assert_eq!(
        applies(&view),
        ["mark: studio", "grade: studio", "meta: studio"]
    );
    assert_eq!(lost(&view), [""; 0]);

    let view = effective(&studio, &format!("project/{}", world.project)).await;
    assert_eq!(
        applies(&view),
        ["mark: studio", "grade: project", "meta: studio"]
    );
    let overridden = format!("grade: studio, overridden by {}", local_grade.id);
    assert_eq!(lost(&view), std::slice::from_ref(&overridden));
    assert_eq!(view["effective"][1]["overrides"], json!([grade.id]));

    let view = effective(&studio, &format!("scene_type/{}", world.scene_type)).await;
    assert_eq!(applies(&view), ["grade: project", "meta: studio"]);
    let mut expected = vec![
        overridden,
        "mark: scene_type, disabled by null".to_owned(),
        format!("mark: studio, switched_off by {}", off.id),
    ];
    expected.sort();
    let mut found = lost(&view);
    found.sort();
    assert_eq!(found, expected);
    let switched_off = view["shadowed"].as_array().unwrap().iter();
    let ids: Vec<&Value> = switched_off.map(|item| &item["id"]).collect();
    assert!(ids.contains(&&json!(mark.id)), "{ids:?}");

    let view = effective(&studio, &format!("scene_type/{exterior}")).await;
    assert_eq!(
        applies(&view),
        ["mark: studio", "grade: studio", "meta: studio"]
    );
    assert_eq!(lost(&view), [""; 0]);

    // All triggers at once, when none is named.
    let view = studio.get("/hooks/effective/studio").await.ok();
    assert_eq!(applies(&view).len(), 4);

    // What the view says is what runs.
    let answer = studio.run(world.job, json!({})).await;
    let printed: Vec<&str> = answer["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|execution| execution["stdout"].as_str().unwrap().trim())
        .collect();
    assert_eq!(printed, ["project", "meta"]);
    assert_eq!(answer["executions"][0]["hook"]["source"], "project");
}

async fn an_override_that_extends_is_handed_what_it_extends(on: Database) {
    // REQ-RES-6
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let result = |level: &str| json!({"message": level, "metadata": {"by": level, level: true}});
    let base = studio.answering("grade", &result("studio")).order(5);
    let base = base.create(&studio).await;
    let middle = studio.answering("grade", &result("project")).extends();
    let middle = middle
        .in_project(world.project)
        .order(7)
        .create(&studio)
        .await;
    let last = studio.answering("grade", &result("scene_type")).extends();
    let last = last
        .in_scene_type(world.scene_type)
        .order(1)
        .create(&studio)
        .await;
    let neighbour = studio.shell("neighbour", "echo").order(2);
    neighbour.create(&studio).await;

    let view = effective(&studio, &format!("scene_type/{}", world.scene_type)).await;
    assert_eq!(applies(&view), ["grade: scene_type", "neighbour: studio"]);
    let winner = &view["effective"][0];
    assert_eq!(winner["overrides"], json!([middle.id, base.id]));
    assert_eq!(winner["runs_first"], json!([base.id, middle.id]));
    assert_eq!(view["shadowed"][0]["extended"], true);

    // The whole chain runs in the place of the winner, the base first, and each
    // patch lies over the one before.
    let answer = studio.run(world.job, json!({})).await;
    let ran: Vec<&Value> = answer["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|execution| &execution["hook"]["source"])
        .collect();
    assert_eq!(ran, ["studio", "project", "scene_type", "studio"]);
    assert_eq!(
        answer["metadata"],
        json!({"by": "scene_type", "studio": true, "project": true, "scene_type": true})
    );
    let logs = studio.logs_of_job(world.job).await;
    let handed: Vec<&Value> = logs.iter().map(|log| &log["input"]["inherited"]).collect();
    assert_eq!(handed[0], &Value::Null);
    assert_eq!(handed[1]["hook"]["id"], base.id);
    assert_eq!(handed[1]["status"], "passed");
    assert_eq!(handed[1]["result"]["message"], "studio");
    assert_eq!(handed[2]["hook"]["id"], middle.id);
    assert_eq!(handed[2]["result"]["message"], "project");
    assert_eq!(handed[3], &Value::Null, "a neighbour inherits nothing");
    assert_eq!(logs[2]["hook"]["id"], last.id);
}

async fn a_chain_of_extensions_ends_at_a_disabled_hook(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let base = studio.shell("grade", "echo studio").disabled();
    base.create(&studio).await;
    let local = studio.shell("grade", "echo project").extends();
    local.in_project(world.project).create(&studio).await;

    let view = effective(&studio, &format!("project/{}", world.project)).await;
    assert_eq!(applies(&view), ["grade: project"]);
    assert_eq!(view["effective"][0]["runs_first"], json!([]));
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["executions"].as_array().unwrap().len(), 1);
    assert_eq!(answer["executions"][0]["stdout"], "project\n");
}

async fn the_order_is_total(on: Database) {
    // REQ-RES-3: sort_order, then the level, then the name.
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let (project, scene_type) = (world.project, world.scene_type);
    for draft in [
        studio.shell("a", "").in_scene_type(scene_type).order(1),
        studio.shell("c", "").in_project(project).order(1),
        studio.shell("b", "").in_project(project).order(1),
        studio.shell("z", "").order(1),
        studio.shell("y", "").order(1),
        studio.shell("last", "").order(2),
        studio
            .shell("first", "")
            .in_scene_type(scene_type)
            .order(-7),
    ] {
        draft.create(&studio).await;
    }
    let view = effective(&studio, &format!("scene_type/{scene_type}")).await;
    assert_eq!(
        applies(&view),
        [
            "first: scene_type",
            "y: studio",
            "z: studio",
            "b: project",
            "c: project",
            "a: scene_type",
            "last: studio",
        ]
    );
}

async fn a_change_of_hooks_counts_at_the_next_run(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let ran = async || {
        let answer = studio.run(world.job, json!({})).await;
        let executions = answer["executions"].as_array().unwrap().iter();
        let names = executions.map(|execution| execution["stdout"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(ran().await, [""; 0]);
    let hook = studio.shell("one", "printf one").create(&studio).await;
    assert_eq!(ran().await, ["one"]);
    let local = studio
        .shell("one", "printf local")
        .in_project(world.project);
    let local = local.create(&studio).await;
    assert_eq!(ran().await, ["local"]);
    studio
        .delete(&format!("/hooks/{}", local.id))
        .await
        .expect(204);
    assert_eq!(ran().await, ["one"]);
    let changed = studio.shell("one", "printf changed").with("version", 1);
    let path = format!("/hooks/{}", hook.id);
    studio.put(&path, changed.body()).await.ok();
    assert_eq!(ran().await, ["changed"]);
    let off = changed.with("version", 2).disabled();
    studio.put(&path, off.body()).await.ok();
    assert_eq!(ran().await, [""; 0]);
}

async fn event_hooks_inherit_among_themselves(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let notify = studio.shell("notify", "").on_event("job_failed");
    let notify = notify.create(&studio).await;
    let local = studio.shell("notify", "").on_event("job_failed");
    let local = local.in_project(world.project).create(&studio).await;
    let other = studio.shell("notify", "").on_event("job_completed");
    other.create(&studio).await;
    studio.shell("notify", "").create(&studio).await;

    let path = format!(
        "/hooks/effective/project/{}?event=job_failed",
        world.project
    );
    let view = studio.get(&path).await.ok();
    assert_eq!(applies(&view), ["notify: project"]);
    assert_eq!(
        lost(&view),
        [format!("notify: studio, overridden by {}", local.id)]
    );
    assert_eq!(view["shadowed"][0]["id"], notify.id);
    assert_eq!(view["effective"][0]["event"], "job_failed");
    assert_eq!(view["effective"][0]["hook_point"], Value::Null);

    // An event hook runs at no stage.
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["executions"].as_array().unwrap().len(), 1);
}
