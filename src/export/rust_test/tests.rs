use proptest::prelude::*;

use crate::{
    exchange::must_escape,
    export::{
        Dump,
        dump::tests::{exchanges, text},
    },
    formats::DUMP_EXAMPLE,
};

#[test]
fn a_full_test_looks_like_this() {
    assert_eq!(
        DUMP_EXAMPLE.parse::<Dump>().unwrap().test(),
        r##"// POST /api/v1/orders answered 500, recorded at 2026-11-20T10:30:00.123456Z as 0198c0de-0000-7000-8000-000000000001.
// stock service refused (src/orders.rs:42)
//
// To be pasted into the crate of the service, whose `app()` gives the axum `Router` that is served; in
// a file under tests/ the name of that crate stands for `crate`. In Cargo.toml, beside axum 0.8:
// [dev-dependencies]
// tokio = { version = "1", features = ["macros", "rt"] }
// tower = { version = "0.5", features = ["util"] }
#[cfg(test)]
mod replay_000000000001 {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    use crate::app;

    // Not recorded, to be filled in.
    const TOKEN: &str = "[REDACTED]";
    const AUTHORIZATION: &str = "[REDACTED]";
    const NUMBER: &str = "[REDACTED]";

    #[tokio::test]
    async fn post_api_v1_orders_500() {
        let mut request = Request::builder()
            .method("POST")
            .uri(["/api/v1/orders?token=", TOKEN].concat())
            .header("accept", "text/html")
            .header("accept", "*/*")
            .header("authorization", ["Bearer ", AUTHORIZATION].concat())
            .header("content-type", "application/json")
            .header("host", "127.0.0.1:3000")
            .body(Body::from([r#"{"card":{"number":""#, NUMBER, r#""},"item":"café","price":1.5}"#].concat()))
            .expect("a valid request");
        let client: std::net::SocketAddr = "192.0.2.7:0".parse().expect("an address");
        request.extensions_mut().insert(axum::extract::ConnectInfo(client));
        let response = app().oneshot(request).await.expect("the service answers");
        let status = response.status().as_u16();
        let told = match status {
            500 => axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap_or_default(),
            _ => Default::default(),
        };
        assert_ne!(status, 500, "it answers: {}", String::from_utf8_lossy(&told));
    }
}
"##
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_in_a_test_acts(exchange in exchanges()) {
        let test = text(&exchange).parse::<Dump>().unwrap().test();
        let acting = test.chars().find(|c| *c != '\n' && (c.is_control() || must_escape(*c)));
        prop_assert_eq!(acting, None);
    }
}
