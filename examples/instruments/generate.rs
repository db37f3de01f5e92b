//! A language model that knows one answer, and remembers whom it gave it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tower_flightlog::{Level, Timed, current, debug, event};

pub(crate) const MODEL: &str = "oracle-1b";

/// Answers by prompt.
pub(crate) type Prompts = Arc<Mutex<HashMap<String, String>>>;

#[derive(Deserialize)]
pub(crate) struct Question {
    user: u32,
    prompt: String,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    text: String,
}

pub(crate) async fn generate(
    State(prompts): State<Prompts>,
    Json(question): Json<Question>,
) -> Result<Json<Answer>, StatusCode> {
    let Question { user, prompt } = question;
    // In the response entry and in the dump.
    current().attribute("user_id", user);
    debug!(3, "the prompt", &prompt);

    let timer = current().timer("generate");
    let known = prompts.lock().map(|prompts| prompts.get(&prompt).cloned()).unwrap_or_default();
    if let Some(text) = known {
        current().cache_hit("prompt", &prompt).field("size_tokens", prompt.len() / 4).field("age_s", 45);
        return Ok(Json(Answer { text }));
    }
    current().cache_miss("prompt", &prompt, "never_asked");
    timer.checkpoint("cache_searched");

    // In the waterfall below the timer.
    let text = match think(&prompt).timed("think").await {
        Ok(text) => text,
        Err(error) => {
            event!(
                "text_generation_failed",
                level: Level::ERROR,
                message: "the model did not answer",
                error: &error,
                model_name = MODEL,
            );
            return Err(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let elapsed = timer.finish();
    current()
        .event("text_generation_success")
        .message(format_args!("answered in {} words", text.split(' ').count()))
        .field("model_name", MODEL)
        .field("generation_time", elapsed.as_secs_f64())
        .field("tokens", Tokens { input: prompt.len() / 4, output: text.len() / 4 });
    if let Ok(mut prompts) = prompts.lock() {
        prompts.insert(prompt, text.clone());
    }
    Ok(Json(Answer { text }))
}

/// Any value that serde can write is a field.
#[derive(Serialize)]
struct Tokens {
    input: usize,
    output: usize,
}

async fn think(prompt: &str) -> Result<String, Silence> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    if prompt.is_empty() { Err(Silence) } else { Ok("it depends on the water".into()) }
}

#[derive(Debug)]
struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was asked")
    }
}

impl std::error::Error for Silence {}
