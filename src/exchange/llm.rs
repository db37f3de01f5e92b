use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Redacted, text};

/// What a language model was asked to do and what it used, as its server told in the response.
///
/// Read from passing responses of OpenAI (chat completions, responses, completions, embeddings), Anthropic, Gemini and
/// Ollama, and of servers that speak like them, vLLM and llama.cpp among them. What is not told is absent: an OpenAI
/// stream without `include_usage` has a model and a time to first token, but no numbers of tokens.
///
/// | field | OpenTelemetry |
/// |---|---|
/// | `provider` | `gen_ai.provider.name` |
/// | `operation` | `gen_ai.operation.name` |
/// | `request_model` | `gen_ai.request.model` |
/// | `model` | `gen_ai.response.model` |
/// | `input_tokens` | `gen_ai.usage.input_tokens` |
/// | `output_tokens` | `gen_ai.usage.output_tokens` |
/// | `cached_tokens` | `gen_ai.usage.cache_read.input_tokens` |
/// | `cache_write_tokens` | `gen_ai.usage.cache_creation.input_tokens` |
/// | `reasoning_tokens` | `gen_ai.usage.reasoning.output_tokens` |
/// | `finish_reasons` | `gen_ai.response.finish_reasons` |
/// | `time_to_first_token_ms` | `gen_ai.response.time_to_first_chunk`, there in seconds |
/// | `tokens_per_second` | none |
///
/// Numbers mean the same whoever told them, and what the conventions say: `input_tokens` is all that the model read,
/// what came from a cache or went into one included, `output_tokens` all that it wrote, reasoning included. Anthropic
/// tells input without the cache and Gemini output without reasoning: here they are sums.
///
/// ```
/// use tower_flightlog::LlmUsage;
///
/// let usage: LlmUsage = serde_json::from_str(
///     r#"{"provider":"anthropic","operation":"chat","model":"claude-sonnet-4-5","input_tokens":2100,
///         "output_tokens":50,"cached_tokens":2048,"time_to_first_token_ms":312.5,"tokens_per_second":61.3}"#,
/// )?;
/// assert_eq!((usage.input_tokens, usage.cached_tokens), (Some(2100), Some(2048)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LlmUsage {
    /// Whose form the response has, by its name in OpenTelemetry where there is one: `openai`, `azure.ai.openai`,
    /// `anthropic`, `gcp.gemini`, `ollama`, `vllm`, `llama.cpp`. `openai` stands for whoever answers like OpenAI and
    /// does not give itself away.
    pub provider: Cow<'static, str>,
    /// `chat`, `text_completion`, `generate_content` or `embeddings`.
    pub operation: Cow<'static, str>,
    /// The model that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_model: Option<Redacted>,
    /// The model that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Redacted>,
    /// Tokens the model read, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens the model wrote, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Of `input_tokens`, those that came from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Of `input_tokens`, those that went into the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// Of `output_tokens`, those of reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// Why it stopped, in the provider's words: each reason once, at most 8.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finish_reasons: Vec<Redacted>,
    /// From the request's arrival to the first event that had content, in milliseconds when written; streams only.
    #[serde(
        rename = "time_to_first_token_ms",
        with = "text::millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub time_to_first_token: Option<Duration>,
    /// Of a stream, the tokens after the first by the time from the first event with content to the last; reasoning
    /// that was not streamed does not count. Where that says nothing, as of a single event, and else, all tokens by the
    /// time that the server says it took (Ollama and llama.cpp do).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
}
