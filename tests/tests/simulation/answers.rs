//! Answers of X with status 200 and wrong contents: a count without posts, unsorted pages, tokens that lead nowhere, repeated
//! pages, and each form of `Date`.

use std::time::Duration;

use chrono::TimeDelta;
use pipeline_tests::{Call, DateForm, Fault, Order, ServingQuirks, Shape, World};

const AFTER_THE_LEASE: u64 = 70;
const ORDERS: [Order; 2] = [Order::Shuffled, Order::Ascending];

fn pages_of(page_posts_max: usize) -> ServingQuirks {
    ServingQuirks { page_posts_max, ..ServingQuirks::default() }
}

fn world_with(quirks: ServingQuirks, script: impl AsyncFnOnce(World)) {
    World::scripted(Shape { quirks, ..Shape::scripted() }, script);
}

/// Makes every request to X from the `nth` on meet `fault`.
fn always(world: &World, nth: u32, fault: Fault) {
    (nth..nth + 50).for_each(|nth| world.script(Call::Search, nth, fault));
}

/// Returns a number from the last summary line, even if the run failed.
fn last_number(world: &World, name: &str) -> u64 {
    let lines = world.journal().lines();
    let last = lines.iter().rfind(|line| matches!(line.message.as_str(), "ingest finished" | "ingest failed"));
    last.map_or(0, |line| line.number(name))
}

fn searches(world: &World) -> usize {
    world.journal().text().lines().filter(|line| line.contains(" Search ")).count()
}

fn is_served_once(world: &World) -> bool {
    world.x(|x| x.served.values().all(|times| *times == 1))
}

#[test]
fn posts_counted_but_not_sent_are_requested_again() {
    for nth in 1..=3 {
        world_with(pages_of(2), async |world| {
            let posts = world.posts(6);
            world.script(Call::Search, nth, Fault::Contradiction);
            let run = world.ingest().await;
            assert_eq!((run.status(), run.number("posts_read"), run.number("posts_reread")), ("complete", 8, 2), "page {nth}");
            assert_eq!(world.captured(), posts);
            world.come_to_rest().await;
        });
    }
}

#[test]
fn a_permanent_contradiction_fails_the_run_without_moving_the_cursor() {
    for nth in 1..=3 {
        world_with(pages_of(2), async |world| {
            let posts = world.posts(6);
            let before = posts[0];
            always(&world, nth, Fault::Contradiction);
            for _ in 0..3 {
                assert_eq!(world.ingest().await.status(), "PageUnreadable");
                assert_eq!(last_number(&world, "posts_reread"), 4, "two pages of two");
                world.wait(AFTER_THE_LEASE).await;
                world.stop_faults();
                always(&world, 1, Fault::Contradiction);
            }
            assert!(world.cursor().unwrap().done < before);
            assert_eq!(world.captured(), posts[8 - 2 * nth as usize..], "the posts before it are stored");
            let served: u64 = world.x(|x| x.served.values().sum());
            assert_eq!(world.cursor().unwrap().month.posts_read, served, "no page of a hundred is counted");
            world.come_to_rest().await;
            assert_eq!(world.captured(), posts);
        });
    }
}

#[test]
fn an_unsorted_page_skips_no_post() {
    for order in ORDERS {
        for page in [1, 2, 3, 4, 100] {
            world_with(ServingQuirks { order, ..pages_of(page) }, async |world| {
                let posts = world.posts(9);
                let run = world.ingest().await;
                assert_eq!((run.status(), run.number("posts_reread")), ("complete", 0), "{order:?}, pages of {page}");
                assert_eq!(world.captured(), posts);
                assert!(is_served_once(&world));
                world.come_to_rest().await;
            });
        }
    }
}

/// The sorted pages before it are stored at once, the rest once all of it has arrived.
#[test]
fn an_answer_unsorted_from_the_middle_on_skips_no_post() {
    for nth in 1..=4 {
        for page in [2, 3] {
            world_with(pages_of(page), async |world| {
                let posts = world.posts(12);
                world.script(Call::Search, nth, Fault::Unsorted);
                assert_eq!(world.ingest().await.status(), "complete");
                assert_eq!(world.captured(), posts, "page {nth} of {page}");
                assert!(is_served_once(&world));
                world.come_to_rest().await;
            });
        }
    }
}

#[test]
fn a_run_stopped_within_an_unsorted_answer_keeps_its_position_and_reports_it() {
    let refused = |status| Fault::Status { status, applied: false };
    for (stop, want) in [(refused(429), "PageUnsorted"), (refused(402), "CreditsDepleted"), (Fault::UsageCap, "UsageCapExceeded")] {
        for sorted in [0, 1] {
            world_with(pages_of(2), async |world| {
                let posts = world.posts(10);
                world.script(Call::Search, sorted + 1, Fault::Unsorted);
                world.script(Call::Search, sorted + 4, stop);
                assert_eq!(world.ingest().await.status(), want);
                assert_eq!(last_number(&world, "posts_reread"), 6, "three pages of it are paid for again");
                let cursor = world.cursor().unwrap();
                let next_until = cursor.sweep.map_or(posts[9], |sweep| sweep.next_until);
                assert_eq!((next_until, cursor.lease), (posts[if sorted == 0 { 9 } else { 8 }], None));
                assert_eq!(world.captured().len(), 2 * sorted as usize, "no post of the unsorted answer is stored");
                assert_eq!(world.ingest().await.status(), "complete");
                assert_eq!(world.captured(), posts);
                world.come_to_rest().await;
            });
        }
    }
}

#[test]
fn caps_and_deadlines_also_stop_a_run_with_unsorted_pages() {
    for order in ORDERS {
        // The cap of one run, the cap of a month, and the time of an invocation.
        for cap in 0..3 {
            world_with(ServingQuirks { order, ..pages_of(4) }, async |world| {
                let posts = world.posts(24);
                let capped = world.sandbox_with(TimeDelta::zero(), |config| match cap {
                    0 => config.max_posts_per_run = 12,
                    1 => config.max_posts_per_month = Some(12),
                    _ => {}
                });
                if cap == 2 {
                    world.script(Call::Search, 3, Fault::Slow { applied: false, by: Duration::from_secs(7) });
                }
                let left = if cap == 2 { Duration::from_secs(10) } else { Duration::from_mins(1) };
                assert_eq!(capped.run(&world, left).await.status(), "PageUnsorted", "{order:?}, {cap}");
                let read = last_number(&world, "posts_read");
                assert_eq!((last_number(&world, "posts_reread"), world.captured().len()), (read, 0));
                assert_eq!(world.ingest().await.status(), "complete");
                assert_eq!(world.captured(), posts);
                world.come_to_rest_but_for("TIME").await;
            });
        }
    }
}

/// The pending file of a dead run is written under its name, and no post of its span goes elsewhere.
#[test]
fn a_refill_from_unsorted_pages_is_complete() {
    for order in ORDERS {
        for page in [1, 2, 3, 100] {
            for applied in [false, true] {
                world_with(pages_of(page), async |world| {
                    let posts = world.posts(9);
                    world.script(Call::PutRaw, 2, Fault::Dies { applied });
                    assert_eq!(world.ingest().await.status(), "died");
                    world.wait(AFTER_THE_LEASE).await;
                    world.x(|x| x.quirks.order = order);
                    world.script(Call::Search, 3, Fault::Status { status: 429, applied: false });
                    world.ingest().await;
                    world.stop_faults();
                    assert_eq!(world.ingest().await.status(), "complete");
                    assert_eq!(world.captured(), posts, "{order:?}, pages of {page}");
                    world.come_to_rest().await;
                });
            }
        }
    }
}

#[test]
fn an_unsorted_answer_survives_a_fault_at_any_request_and_the_end_of_a_month() {
    for nth in 1..=12 {
        for fault in
            [Fault::Dies { applied: true }, Fault::Lost { applied: true }, Fault::Slow { applied: false, by: Duration::from_secs(6) }]
        {
            let start = "2026-11-30T23:59:50Z".parse().unwrap();
            World::scripted(
                Shape { start, quirks: ServingQuirks { order: Order::Shuffled, ..pages_of(2) }, ..Shape::scripted() },
                async |world| {
                    let posts = world.posts(8);
                    world.script(None, nth, fault);
                    world.ingest().await;
                    world.wait(AFTER_THE_LEASE).await;
                    world.ingest().await;
                    world.come_to_rest().await;
                    assert_eq!(world.captured(), posts, "{fault:?} at {nth}");
                },
            );
        }
    }
}

#[test]
fn a_token_that_leads_nowhere_stops_the_run() {
    for nth in 1..=3 {
        world_with(pages_of(2), async |world| {
            let posts = world.posts(6);
            always(&world, nth, Fault::StuckToken);
            assert_eq!(world.ingest().await.status(), "PageRepeated");
            assert!(searches(&world) <= nth as usize + 3, "one equal answer to an equal request is enough");
            assert!(world.cursor().unwrap().done < posts[0]);
            world.stop_faults();
            assert_eq!(world.ingest().await.status(), "complete");
            assert_eq!(world.captured(), posts);
            assert!(is_served_once(&world));
            world.come_to_rest().await;
        });
    }
}

#[test]
fn one_repeated_page_is_skipped_and_two_stop_the_run() {
    for nth in 2..=3 {
        world_with(pages_of(2), async |world| {
            let posts = world.posts(6);
            world.script(Call::Search, nth, Fault::Repeated);
            let run = world.ingest().await;
            assert_eq!((run.status(), run.number("out_of_span"), run.number("posts_reread")), ("complete", 2, 2));
            assert_eq!(world.captured(), posts);
            world.come_to_rest().await;
        });
        world_with(pages_of(2), async |world| {
            let posts = world.posts(6);
            always(&world, nth, Fault::Repeated);
            assert_eq!(world.ingest().await.status(), "PageRepeated");
            assert_eq!((searches(&world), last_number(&world, "posts_reread")), (nth as usize + 1, 4));
            assert!(world.cursor().unwrap().done < posts[0]);
            world.come_to_rest().await;
            assert_eq!(world.captured(), posts);
        });
    }
}

/// A run with a fast clock would skip posts that search does not find yet.
#[test]
fn a_fast_clock_is_detected_by_each_form_of_date() {
    for date in [DateForm::ImfFixdate, DateForm::ImfFixdateUtc, DateForm::Rfc850, DateForm::Asctime] {
        for start in ["2026-11-23T14:05:00Z", "2026-12-03T04:05:06Z"] {
            let quirks = ServingQuirks { date, ..ServingQuirks::default() };
            World::scripted(Shape { start: start.parse().unwrap(), quirks, ..Shape::scripted() }, async |world| {
                let late = world.late_post(40, 10);
                let ahead = world.sandbox_with(TimeDelta::seconds(30), |_| ());
                assert_eq!(ahead.run(&world, Duration::from_mins(1)).await.status(), "complete");
                assert!(world.cursor().unwrap().done <= late, "{date:?}");
                world.come_to_rest().await;
                assert_eq!(world.captured(), [late]);
            });
        }
    }
}
