//! The seams of the system in one small world: the wire to X, the socket-free S3 under the real SDK, and the deadline.

use std::time::Duration;

use pipeline_tests::{Call, Fault, Shape, World};

#[test]
fn a_run_that_died_before_its_put_is_completed_after_its_lease() {
    let shape = Shape { refines: true, ..Shape::scripted() };
    World::scripted(shape, async |world| {
        let posts = world.posts(5);
        world.script(Call::PutRaw, 1, Fault::Dies { applied: false });
        assert_eq!(world.ingest().await.status(), "died");
        let pending = world.cursor().unwrap().pending.expect("the file was named before it was put");
        assert_eq!((pending.oldest, pending.newest), (posts[3], posts[4]));

        world.wait(30).await;
        assert_eq!(world.ingest().await.status(), "busy");
        assert!(world.captured().is_empty());

        world.wait(60).await;
        let third = world.ingest().await;
        assert_eq!((third.status(), third.number("posts"), third.number("posts_reread")), ("complete", 5, 2));
        assert!(world.files().contains_key(&pending.key), "a file name never changes");
        assert_eq!(world.captured(), posts);
        world.deliver_all().await;
        world.come_to_rest().await;
    });
}

#[test]
fn a_run_without_enough_time_leaves_the_rest_to_the_next_one() {
    let shape = Shape { latency_ms: (900, 900), ..Shape::scripted() };
    World::scripted(shape, async |world| {
        let posts = world.posts(12);
        let mut runs = 0;
        while world.cursor().is_none_or(|cursor| cursor.sweep.is_some()) {
            let outcome = world.sandbox().run(&world, Duration::from_secs(15)).await;
            assert!(["partial", "complete"].contains(&outcome.status()), "{outcome:?}");
            runs += 1;
            assert!(runs < 20);
        }
        assert!(runs > 1);
        assert_eq!(world.captured(), posts);
        world.come_to_rest().await;
    });
}
