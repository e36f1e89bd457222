//! Adverse conditions: short and empty pages, limits, scripted faults.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use emulators::x_api::{Corpus, Fault, Options, SEARCH_PATH, XEmulator};
use http::Response;
use serde_json::Value;
use tower::{Service as _, ServiceExt as _};

use crate::{DEFAULT_QUERY, all_pages, at, emulator, found, ids, minutes_ago, now, parsed, request};

fn header(response: &Response<bytes::Bytes>, name: &str) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}

#[test]
fn short_and_empty_pages_lose_nothing() {
    let start = minutes_ago(now(), 20);
    let span = [("start_time", &*start), ("max_results", "50")];
    let want: Vec<u64> = all_pages(&emulator(Options::default()), &span, now(), 50).iter().flat_map(ids).collect();
    for (short_page_every, empty_page_every) in [(2, 0), (0, 2), (2, 3), (1, 0)] {
        let emulator = emulator(Options { short_page_every, empty_page_every, ..Options::default() });
        if short_page_every == 1 {
            // Every page is short and always has a token: only an empty page marks the end.
            let page = found(&emulator, &span, now());
            assert_eq!(ids(&page).len(), 16);
            continue;
        }
        let pages = all_pages(&emulator, &span, now(), 100);
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), want, "{short_page_every}, {empty_page_every}");
        let lengths: BTreeSet<usize> = pages.iter().map(|page| ids(page).len()).collect();
        assert_eq!(lengths.contains(&16), short_page_every > 0, "{lengths:?}");
        let empty = |page: &&Value| page.get("data").is_none() && page["meta"]["next_token"].is_string();
        assert_eq!(pages.iter().find(empty).is_some(), empty_page_every > 0);
        for page in pages.iter().filter(empty) {
            assert_eq!(page["meta"]["result_count"], 0);
            assert!(page["meta"].get("newest_id").is_none());
        }
    }
}

#[test]
fn every_answer_has_a_date_and_the_rate_headers() {
    let emulator = emulator(Options { search_limit: 2, ..Options::default() });
    let send = |now| emulator.respond(&request(SEARCH_PATH, &[("query", "presidente")]), now);
    for (seconds, status, remaining) in [(0, 200, "1"), (5, 200, "0"), (899, 429, "0"), (900, 200, "1")] {
        let answer = send(at("2026-11-23T12:00:00Z") + TimeDelta::seconds(seconds));
        assert_eq!(answer.status(), status);
        assert_eq!(header(&answer, "x-rate-limit-limit"), "2");
        assert_eq!(header(&answer, "x-rate-limit-remaining"), remaining);
        let reset = at("2026-11-23T12:15:00Z").timestamp() + if seconds < 900 { 0 } else { 900 };
        assert_eq!(header(&answer, "x-rate-limit-reset"), reset.to_string());
        assert!(header(&answer, "date").starts_with("Mon, 23 Nov 2026 12:"), "{}", header(&answer, "date"));
        assert!(answer.headers().get("retry-after").is_none());
        if status == 429 {
            assert_eq!(parsed(&answer).1["title"], "Too Many Requests");
        }
    }
    assert_eq!(header(&emulator.respond(&request("/nowhere", &[]), now()), "date"), "Mon, 23 Nov 2026 21:05:30 GMT");
}

#[test]
fn each_scripted_fault_has_its_response() {
    let emulator = emulator(Options::default());
    let other = Fault::Other { status: 418, content_type: "text/plain".to_owned(), body: "tea".to_owned() };
    for (fault, status, content_type, title, slug, remaining) in [
        (Fault::InvalidRequest, 400, "application/problem+json", "Invalid Request", "invalid-request", true),
        (Fault::Unauthorized, 401, "application/problem+json", "Unauthorized", "about:blank", true),
        (Fault::CreditsDepleted, 402, "application/problem+json", "CreditsDepleted", "credits", true),
        (Fault::PaymentRequired, 402, "application/problem+json", "Payment Required", "credits-depleted", true),
        (Fault::ClientNotEnrolled, 403, "application/problem+json", "Client Forbidden", "client-forbidden", true),
        (Fault::RateLimited, 429, "application/problem+json", "Too Many Requests", "about:blank", false),
        (Fault::RateLimitExceeded, 429, "application/problem+json", "Too Many Requests", "rate-limit-exceeded", false),
        (Fault::UsageCapExceeded, 429, "application/problem+json", "UsageCapExceeded", "usage-capped", true),
        (Fault::Html(500), 500, "text/html; charset=utf-8", "", "", true),
        (Fault::Html(503), 503, "text/html; charset=utf-8", "", "", true),
        (Fault::HtmlInstead, 200, "text/html; charset=utf-8", "", "", true),
        (other, 418, "text/plain", "", "", true),
    ] {
        emulator.script([Some(fault.clone())]);
        let answer = emulator.respond(&request(SEARCH_PATH, &[("query", "presidente")]), now());
        assert_eq!(answer.status(), status, "{fault:?}");
        assert_eq!(header(&answer, "content-type"), content_type);
        assert_eq!(header(&answer, "x-rate-limit-remaining") != "0", remaining, "{fault:?}");
        let body = parsed(&answer).1;
        assert_eq!(body["title"].as_str().unwrap_or_default(), title);
        assert_eq!(body["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap(), slug);
    }
    emulator.script([Some(Fault::EmptyNotFound)]);
    let answer = emulator.respond(&request(SEARCH_PATH, &[("query", "presidente")]), now());
    assert_eq!((answer.status().as_u16(), answer.body().len()), (404, 0));
    assert_eq!(emulator.served().posts, 0, "failed requests are not billed");
    found(&emulator, &[], now());
}

#[test]
fn a_script_ends_and_a_permanent_fault_does_not() {
    let emulator = emulator(Options::default());
    let status = || emulator.respond(&request(SEARCH_PATH, &[("query", "presidente")]), now()).status().as_u16();
    emulator.always(Some(Fault::CreditsDepleted));
    emulator.script([None, Some(Fault::Html(502)), None]);
    assert_eq!([status(), status(), status(), status(), status()], [200, 502, 200, 402, 402]);
    emulator.always(None);
    assert_eq!(status(), 200);
    assert_eq!(emulator.served().requests, 6);
    assert_eq!(emulator.served().statuses, [(200, 3), (402, 2), (502, 1)].into());
}

#[test]
fn a_cut_body_is_billed_but_cannot_be_parsed() {
    let emulator = emulator(Options::default());
    emulator.script([Some(Fault::CutBody)]);
    let answer = emulator.respond(&request(SEARCH_PATH, &[("query", "presidente")]), now());
    assert_eq!(answer.status(), 200);
    assert!(serde_json::from_slice::<Value>(answer.body()).is_err());
    assert_eq!(emulator.served().posts, 10);
    found(&emulator, &[("query", "presidente")], now());
    assert!(emulator.served().times.values().all(|times| *times == 2));
}

#[tokio::test]
async fn the_service_has_the_answers_of_the_emulator() {
    let emulator = XEmulator::new(Corpus::seeded(3), Options::default());
    let mut service = emulator.service(now).clone();
    let request = request(SEARCH_PATH, &[("query", DEFAULT_QUERY)]);
    let answer = service.ready().await.unwrap().call(request.clone()).await.unwrap();
    assert_eq!(answer.body(), emulator.respond(&request, now()).body());
}
