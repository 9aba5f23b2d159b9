//! Logs of all hooks: found by what they say and when, and taken away as a file.
//! REQ-API-1, REQ-UI-4

use serde_json::{Value, json};
use stagehook_tests::{Database, Studio, on_both_databases};

on_both_databases!(
    logs_of_all_hooks_are_found,
    what_cannot_be_looked_for_is_refused,
    what_may_be_looked_for_at_most,
    a_list_in_brief_has_no_room_for_what_is_large,
    a_page_of_large_logs_ends_early,
    logs_are_exported_as_lines,
    logs_are_exported_as_a_table,
);

/// A job with three hooks at two stages, each run once, and a test.
async fn ran(studio: &Studio) -> (i64, i64) {
    let job = studio.world().await.job;
    let lines = "echo \"graded, 100%\"\necho \"no LUT\" >&2";
    let grade = studio.shell("grade", lines).create(studio).await;
    let mark = studio.python("mark", "import sys; sys.exit('=no room')");
    let mark = mark.at("pre_segment").create(studio).await;
    for point in ["post_segment", "pre_segment"] {
        studio.try_run(job, point, &json!({})).await.ok();
    }
    studio.test(&grade, json!({})).await;
    (grade.id, mark.id)
}

fn ids(logs: &[Value]) -> Vec<i64> {
    logs.iter().map(|log| log["id"].as_i64().unwrap()).collect()
}

async fn logs_of_all_hooks_are_found(on: Database) {
    let studio = Studio::open(on).await;
    let (grade, mark) = ran(&studio).await;
    let all = studio.all("/hook-logs").await;
    let [test, marked, graded] = ids(&all)[..] else {
        panic!("{all:#?}");
    };
    let began = |log: usize| all[log]["executed_at"].as_str().unwrap().to_owned();
    let (of_test, of_marked) = (began(0), began(1));
    let run = all[2]["stage_run_id"].as_str().unwrap();
    let job = all[2]["job_id"].as_i64().unwrap();
    for (query, found) in [
        (String::new(), vec![test, marked, graded]),
        (format!("hook_id={grade}"), vec![test, graded]),
        (format!("hook_id={mark}&success=true"), vec![]),
        (format!("job_id={job}"), vec![marked, graded]),
        (format!("stage_run_id={run}"), vec![graded]),
        ("success=false".to_owned(), vec![marked]),
        ("success=true&is_test=false".to_owned(), vec![graded]),
        ("status=failed".to_owned(), vec![marked]),
        ("status=timed_out".to_owned(), vec![]),
        ("status=failed&success=true".to_owned(), vec![]),
        ("hook_type=python".to_owned(), vec![marked]),
        ("hook_type=wasm".to_owned(), vec![]),
        ("hook_point=post_segment".to_owned(), vec![test, graded]),
        ("event=job_created".to_owned(), vec![]),
        ("is_test=true".to_owned(), vec![test]),
        ("contains=no%20LUT".to_owned(), vec![test, graded]),
        ("contains=100%25".to_owned(), vec![test, graded]),
        ("contains=no%20room".to_owned(), vec![marked]),
        ("contains=NO%20ROOM".to_owned(), vec![]),
        (format!("since={of_marked}"), vec![test, marked]),
        (format!("until={of_marked}"), vec![graded]),
        (format!("since={of_marked}&until={of_test}"), vec![marked]),
        (format!("since={of_marked}&hook_id={grade}"), vec![test]),
    ] {
        let path = format!("/hook-logs?{query}");
        assert_eq!(ids(&studio.all(&path).await), found, "{query}");
    }
    for (path, found) in [
        (
            format!("/hooks/{grade}/logs?contains=no%20LUT&is_test=false"),
            vec![graded],
        ),
        (
            format!("/hooks/{grade}/logs?hook_id={grade}&until={of_test}"),
            vec![graded],
        ),
        (
            format!("/jobs/{job}/hook-logs?hook_point=pre_segment"),
            vec![marked],
        ),
        (
            format!("/jobs/{job}/hook-logs?hook_id={grade}&job_id={job}"),
            vec![graded],
        ),
    ] {
        assert_eq!(ids(&studio.all(&path).await), found, "{path}");
    }
    // The page of one of all is its newest, and says where the next one begins.
    let page = studio.get("/hook-logs?limit=1").await.ok();
    assert_eq!(page["items"], json!([all[0]]));
    let next = page["next_cursor"].as_str().unwrap();
    let page = studio
        .get(&format!("/hook-logs?limit=2&cursor={next}"))
        .await
        .ok();
    assert_eq!(page, json!({"items": all[1..], "next_cursor": null}));
}

async fn what_cannot_be_looked_for_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    let (grade, _) = ran(&studio).await;
    let long = "x".repeat(257);
    for (query, pointer) in [
        ("hook_id=x".to_owned(), "/hook_id"),
        ("job_id=".to_owned(), "/job_id"),
        ("success=maybe".to_owned(), "/success"),
        ("status=fine".to_owned(), "/status"),
        ("hook_type=perl".to_owned(), "/hook_type"),
        ("hook_point=lunch".to_owned(), "/hook_point"),
        ("is_test=1".to_owned(), "/is_test"),
        ("since=yesterday".to_owned(), "/since"),
        ("until=2026-13-01T00:00:00Z".to_owned(), "/until"),
        ("since=-5000-01-01T00:00:00Z".to_owned(), "/since"),
        ("until=%2B12000-01-01T00:00:00Z".to_owned(), "/until"),
        ("stage_run_id=7".to_owned(), "/stage_run_id"),
        ("delivery_id=7".to_owned(), "/delivery_id"),
        ("contains=".to_owned(), "/contains"),
        (format!("contains={long}"), "/contains"),
    ] {
        for path in ["/hook-logs", "/hook-logs/export"] {
            let refused = studio.get(&format!("{path}?{query}")).await;
            refused.problem(422, "invalid-query").at([pointer]);
        }
    }
    let refused = studio.get("/hook-logs?brief=1").await;
    refused.problem(422, "invalid-query").at(["/brief"]);
    for query in ["limit=0", "limit=201"] {
        let refused = studio.get(&format!("/hook-logs?{query}")).await;
        refused.problem(422, "invalid-request").at(["/limit"]);
    }
    let refused = studio.get("/hook-logs?cursor=7").await;
    refused.problem(422, "invalid-request").at(["/cursor"]);
    for unknown in ["/hook-logs?name=x", "/hook-logs/export?limit=7"] {
        studio.get(unknown).await.problem(422, "invalid-query");
    }
    let refused = studio.get("/hook-logs/export?format=pdf").await;
    refused.problem(422, "invalid-query").at(["/format"]);
    let other = format!("/hooks/{grade}/logs?hook_id=999");
    studio
        .get(&other)
        .await
        .problem(422, "invalid-query")
        .at(["/hook_id"]);
    // A place that there is no record of any more is the end, also by time.
    let beyond = "/hook-logs?since=2020-01-01T00:00:00Z&cursor=c1-7fffffffffffffff";
    assert_eq!(
        studio.get(beyond).await.ok(),
        json!({"items": [], "next_cursor": null})
    );
}

/// Characters are counted, not bytes.
async fn what_may_be_looked_for_at_most(on: Database) {
    let studio = Studio::open(on).await;
    let longest = "%C3%A9".repeat(256);
    let found = studio.all(&format!("/hook-logs?contains={longest}")).await;
    assert_eq!(found, Vec::<Value>::new());
    let one_more = studio.get(&format!("/hook-logs?contains={longest}x")).await;
    one_more.problem(422, "invalid-query").at(["/contains"]);
}

/// As little as a list needs, of each listing.
async fn a_list_in_brief_has_no_room_for_what_is_large(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let lines = "echo graded\necho \"no LUT\" >&2";
    let quiet = studio.shell("quiet", "exit 0").create(&studio).await;
    let loud = studio.shell("loud", lines).at("pre_segment");
    let loud = loud.create(&studio).await;
    studio.run(job, json!({})).await;
    let large = json!({"metadata": {"notes": "x".repeat(10_000)}});
    studio.try_run(job, "pre_segment", &large).await.ok();
    let all = studio.all("/hook-logs").await;
    let [of_loud, of_quiet] = &all[..] else {
        panic!("{all:#?}");
    };
    assert!(of_loud["input"]["metadata"]["notes"].is_string());
    let mut brief = of_loud.clone();
    brief["stdout"] = json!("");
    brief["stderr"] = json!("");
    brief["input"] = json!(null);
    for (path, logs) in [
        ("/hook-logs?brief=true".to_owned(), vec![&brief, of_quiet]),
        (format!("/hooks/{}/logs?brief=true", loud.id), vec![&brief]),
        (
            format!("/hooks/{}/logs?brief=true", quiet.id),
            vec![of_quiet],
        ),
        (
            format!("/jobs/{job}/hook-logs?brief=true&contains=LUT"),
            vec![&brief],
        ),
        ("/hook-logs?brief=false".to_owned(), vec![of_loud, of_quiet]),
    ] {
        let mut listed = studio.all(&path).await;
        let lists_brief = path.contains("brief=true") && logs[0] == &brief;
        if lists_brief {
            let left_out = listed[0].as_object_mut().unwrap().remove("left_out");
            let mut left_out = left_out.unwrap();
            let input = left_out["input"].take();
            assert!(input.as_u64().unwrap() > 10_000, "{input}");
            let rest = json!({"stdout": 7, "stderr": 7, "input": null});
            assert_eq!(left_out, rest, "{path}");
        }
        assert_eq!(listed.iter().collect::<Vec<_>>(), logs, "{path}");
    }
    // One log is shown in full, and has no parameter.
    let path = format!("/hook-logs/{}", of_loud["id"]);
    assert_eq!(studio.get(&path).await.ok(), *of_loud);
}

/// What a page holds is bounded in bytes; a list in brief has them all.
async fn a_page_of_large_logs_ends_early(on: Database) {
    let studio = Studio::open(on).await;
    let prints = "head -c 4194304 /dev/zero | tr '\\0' x | tee /dev/stderr";
    let hook = studio.shell("loud", prints);
    let hook = hook.config("limits", json!({"output_kib": 4_096}));
    let hook = hook.create(&studio).await;
    for _ in 0..3 {
        studio.test(&hook, json!({})).await;
    }
    let page = studio.get("/hook-logs").await.ok();
    // Their inputs take them over 16 MiB.
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert!(page["next_cursor"].is_string());
    let all = studio.all("/hook-logs").await;
    let brief = studio.get("/hook-logs?brief=true").await.ok();
    assert_eq!(brief["next_cursor"], json!(null));
    let listed = brief["items"].as_array().unwrap();
    assert_eq!(ids(listed), ids(&all));
    assert_eq!(listed.len(), 3);
    for log in listed {
        assert_eq!(
            log["left_out"],
            json!({"stdout": 4_194_304, "stderr": 4_194_304})
        );
    }
}

/// More than are read at once.
async fn many(studio: &Studio) -> Vec<Value> {
    let job = studio.world().await.job;
    studio.shell("grade", "echo graded").create(studio).await;
    for _ in 0..45 {
        studio.run(job, json!({})).await;
    }
    studio.all("/hook-logs").await
}

async fn logs_are_exported_as_lines(on: Database) {
    let studio = Studio::open(on).await;
    let all = many(&studio).await;
    let answer = studio.get("/hook-logs/export").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"hook-logs.ndjson\"")
    );
    let lines: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, all);
    let last = all[44]["executed_at"].as_str().unwrap();
    let oldest = studio
        .get(&format!("/hook-logs/export?since={last}&format=ndjson"))
        .await;
    assert_eq!(oldest.text.lines().count(), 45);
    let nothing = studio.get("/hook-logs/export?success=false").await;
    assert_eq!((nothing.status, nothing.text.as_str()), (200, ""));
    let stranger = studio.with_token(None);
    stranger
        .get("/hook-logs/export")
        .await
        .problem(401, "unauthorized");
}

async fn logs_are_exported_as_a_table(on: Database) {
    let studio = Studio::open(on).await;
    studio.shell("=sum", "echo summed").create(&studio).await;
    ran(&studio).await;
    let answer = studio
        .get("/hook-logs/export?format=csv&is_test=false")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let (head, rows) = answer.text.split_once("\r\n").unwrap();
    assert!(
        head.starts_with("id,executed_at,hook_id,hook_name,"),
        "{head}"
    );
    assert!(head.ends_with(",error,stdout,stderr,result"), "{head}");
    let logs = studio.all("/hook-logs?is_test=false").await;
    assert!(rows.starts_with(&format!("{},", logs[0]["id"])), "{rows}");
    // What has a comma, a quotation mark or a line break in it is one cell; what
    // would be a formula is none.
    assert!(rows.contains(",\"graded, 100%\n\","), "{rows}");
    assert!(rows.contains(",\"'=no room\n\","), "{rows}");
    assert!(rows.contains(",\"'=sum\","), "{rows}");
    let nothing = studio
        .get("/hook-logs/export?format=csv&success=true&hook_type=wasm")
        .await;
    assert_eq!(nothing.text, format!("{head}\r\n"));
}
