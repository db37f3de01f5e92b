//! What must not happen again, as code of a test.

use super::super::failure::Failure;

/// The end of the test's name.
pub(super) fn word(failure: Failure) -> String {
    match failure {
        Failure::Panic => "panic".into(),
        Failure::ServiceError => "service_error".into(),
        Failure::BodyError => "body_error".into(),
        Failure::Status(status) => status.to_string(),
        Failure::Grpc(code) => format!("grpc_{code}"),
        Failure::Slow(_) => "slow".into(),
        Failure::Asked(_) => "manual".into(),
    }
}

/// Lines of Cargo.toml.
pub(super) fn packages(failure: Failure) -> Vec<&'static str> {
    let mut packages = vec![match failure {
        Failure::Slow(_) => r#"tokio = { version = "1", features = ["macros", "rt", "time"] }"#,
        _ => r#"tokio = { version = "1", features = ["macros", "rt"] }"#,
    }];
    packages.push(r#"tower = { version = "0.5", features = ["util"] }"#);
    if let Failure::Grpc(_) = failure {
        packages.push(r#"http-body-util = "0.1""#);
    }
    packages
}

/// What is sent, and what is asked of what comes.
pub(super) fn code(failure: Failure) -> String {
    let lines: Vec<String> = match failure {
            Failure::Panic | Failure::BodyError => vec![
                SEND.into(),
                r#"assert!(!response.status().is_server_error(), "it answers {}", response.status());"#.into(),
                "let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;".into(),
                r#"body.expect("the response's body comes to its end");"#.into(),
            ],
            Failure::ServiceError => vec![
                SEND.into(),
                r#"assert!(!response.status().is_server_error(), "it answers {}", response.status());"#.into(),
            ],
            Failure::Status(status) => not(status),
            Failure::Grpc(code) => vec![
                SEND.into(),
                "let at_once = response.headers().get(\"grpc-status\").cloned();".into(),
                "let body = http_body_util::BodyExt::collect(response.into_body()).await.expect(\"a whole body\");".into(),
                "let at_the_end = body.trailers().and_then(|trailers| trailers.get(\"grpc-status\")).cloned();".into(),
                "let status = at_the_end.or(at_once).expect(\"a grpc-status\");".into(),
                format!("assert_ne!(status, \"{code}\", \"it has the grpc-status of the record\");"),
            ],
            Failure::Slow(duration) => vec![
                "let answer = async {".into(),
                format!("    {SEND}"),
                "    axum::body::to_bytes(response.into_body(), usize::MAX).await.expect(\"a whole body\")".into(),
                "};".into(),
                format!("let limit = std::time::Duration::from_micros({});", duration.as_micros()),
                "tokio::time::timeout(limit, answer).await.expect(\"it answers sooner than recorded\");".into(),
            ],
            Failure::Asked(Some(status @ 400..)) => not(status),
            Failure::Asked(_) => vec![
                "// The dump was asked for, so what is wrong is for you to say.".into(),
                SEND.into(),
                r#"assert!(response.status().is_success(), "it answers {}", response.status());"#.into(),
            ],
        };
    lines.iter().map(|line| format!("        {line}\n")).collect()
}

const SEND: &str = r#"let response = app().oneshot(request).await.expect("the service answers");"#;

/// Shows what it answers where it answers that again.
fn not(status: u16) -> Vec<String> {
    vec![
        SEND.into(),
        "let status = response.status().as_u16();".into(),
        "let told = match status {".into(),
        format!(
            "    {status} => axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap_or_default(),"
        ),
        "    _ => Default::default(),".into(),
        "};".into(),
        format!("assert_ne!(status, {status}, \"it answers: {{}}\", String::from_utf8_lossy(&told));"),
    ]
}
