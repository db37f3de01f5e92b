//! The forms in which providers answer, as data: which paths may carry usage, what each name in a response means, and
//! whose form it is.

/// A form of response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Chat,
    Completion,
    Responses,
    Embeddings,
    Anthropic,
    Gemini,
    OllamaChat,
    OllamaGenerate,
    OllamaEmbed,
    LlamaCpp,
}

impl Form {
    /// Provider and operation, by their names in OpenTelemetry where there are some.
    pub(super) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Chat | Self::Responses => (OPENAI, "chat"),
            Self::Completion => (OPENAI, "text_completion"),
            Self::Embeddings => (OPENAI, "embeddings"),
            Self::Anthropic => ("anthropic", "chat"),
            Self::Gemini => ("gcp.gemini", "generate_content"),
            Self::OllamaChat => ("ollama", "chat"),
            Self::OllamaGenerate => ("ollama", "text_completion"),
            Self::OllamaEmbed => ("ollama", "embeddings"),
            Self::LlamaCpp => ("llama.cpp", "text_completion"),
        }
    }
}

/// Who is taken for OpenAI until something says otherwise.
pub(super) const OPENAI: &str = "openai";

/// Endings of paths, without the query, whose responses are looked at, and the form expected there. Gateways put
/// something in front, so beginnings do not count.
pub(super) const ROUTES: &[Route] = &[
    route("/chat/completions", Form::Chat),
    route("/completions", Form::Completion),
    route("/responses", Form::Responses),
    route("/embeddings", Form::Embeddings),
    route("/messages", Form::Anthropic),
    route(":rawPredict", Form::Anthropic),
    route(":streamRawPredict", Form::Anthropic),
    route(":generateContent", Form::Gemini),
    route(":streamGenerateContent", Form::Gemini),
    route("/api/chat", Form::OllamaChat),
    route("/api/generate", Form::OllamaGenerate),
    route("/api/embed", Form::OllamaEmbed),
    route("/completion", Form::LlamaCpp),
];

/// An ending of paths, and the form expected there.
pub(super) struct Route {
    pub(super) end: &'static str,
    /// Its last four bytes.
    pub(super) last: u32,
    pub(super) form: Form,
}

const fn route(end: &'static str, form: Form) -> Route {
    let last = match end.as_bytes().last_chunk() {
        Some(last) => u32::from_le_bytes(*last),
        None => 0,
    };
    Route { end, last, form }
}

/// What `object` says of a form.
pub(super) const OBJECTS: &[(&str, Form)] = &[
    ("chat.completion", Form::Chat),
    ("chat.completion.chunk", Form::Chat),
    ("text_completion", Form::Completion),
    ("response", Form::Responses),
    ("list", Form::Embeddings),
];

/// What `type` says of a form: a whole message of Anthropic, the first event of its streams, and the events of OpenAI
/// responses that have the response in them.
pub(super) const TYPES: &[(&str, Form)] = &[
    ("message", Form::Anthropic),
    ("message_start", Form::Anthropic),
    ("response.created", Form::Responses),
    ("response.completed", Form::Responses),
    ("response.incomplete", Form::Responses),
    ("response.failed", Form::Responses),
];

/// What `system_fingerprint` says of a provider, by its beginning.
pub(super) const FINGERPRINTS: &[(&str, &str)] = &[("fp_ollama", "ollama"), ("vllm-", "vllm")];

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Object,
    Type,
    Fingerprint,
    Model,
    Count(Count),
    /// Milliseconds that generation took, as the server says; nanoseconds.
    Millis,
    Nanos,
    Finish,
    /// The status of an OpenAI response, and why it is incomplete.
    Status,
    Incomplete,
    /// Content that the model wrote, reasoning, and the mark that content is reasoning.
    Content,
    Thought,
    IsThought,
    /// Stands in this form only.
    Form(Form),
    /// Stands in the responses of this provider only.
    Provider(&'static str),
}

/// What is counted in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Input,
    /// Input that is in `Input`, from the cache.
    Cached,
    /// Input beside `Input`: from the cache, into the cache, results of tools.
    CacheRead,
    CacheWrite,
    ToolInput,
    Output,
    /// Output that is in `Output`; output beside it.
    Reasoning,
    Thoughts,
    /// Ollama's and llama.cpp's own: what was computed, what was not because it was cached, what was written.
    Computed,
    Reused,
    Predicted,
}

/// How many there are.
pub(super) const COUNTS: usize = Count::Predicted as usize + 1;

/// A name in a response, what its value means, and the names below it.
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) slot: Option<Slot>,
    pub(super) below: &'static [Node],
}

impl Node {
    /// The one of this name.
    #[inline]
    pub(super) fn of(nodes: &'static [Self], name: &[u8]) -> Option<&'static Self> {
        let (first, length) = (name.first()?, name.len());
        nodes.iter().find(|node| {
            node.name.len() == length
                && node.name.as_bytes().first() == Some(first)
                && node.name.as_bytes() == name
        })
    }
}

const fn leaf(name: &'static str, slot: Slot) -> Node {
    Node { name, slot: Some(slot), below: &[] }
}

const fn count(name: &'static str, count: Count) -> Node {
    leaf(name, Slot::Count(count))
}

const fn tree(name: &'static str, below: &'static [Node]) -> Node {
    Node { name, slot: None, below }
}

const fn both(name: &'static str, slot: Slot, below: &'static [Node]) -> Node {
    Node { name, slot: Some(slot), below }
}

/// Requests.
pub(super) const REQUEST: &[Node] = &[leaf("model", Slot::Model)];

/// Responses, and events of streamed ones, of all providers: no name means different things in two of them.
pub(super) const RESPONSE: &[Node] = &[
    leaf("object", Slot::Object),
    leaf("type", Slot::Type),
    leaf("model", Slot::Model),
    leaf("system_fingerprint", Slot::Fingerprint),
    tree("choices", CHOICE),
    tree("usage", USAGE),
    // OpenAI responses: the deltas of a stream, and the whole at its end. Ollama's /api/generate has a text there.
    both("delta", Slot::Content, ANTHROPIC_DELTA),
    both("response", Slot::Content, OPENAI_RESPONSE),
    leaf("status", Slot::Status),
    tree("incomplete_details", &[leaf("reason", Slot::Incomplete)]),
    // Anthropic, and Ollama's /api/chat.
    tree("message", MESSAGE),
    leaf("stop_reason", Slot::Finish),
    // Gemini.
    both("usageMetadata", Slot::Form(Form::Gemini), GEMINI_USAGE),
    leaf("modelVersion", Slot::Model),
    tree("candidates", CANDIDATE),
    // Ollama.
    leaf("total_duration", Slot::Form(Form::OllamaChat)),
    count("prompt_eval_count", Count::Input),
    count("eval_count", Count::Output),
    leaf("eval_duration", Slot::Nanos),
    leaf("done_reason", Slot::Finish),
    leaf("thinking", Slot::Thought),
    // llama.cpp: its own form, and what it adds to OpenAI's.
    leaf("content", Slot::Content),
    count("tokens_predicted", Count::Predicted),
    count("tokens_evaluated", Count::Input),
    leaf("stop_type", Slot::Finish),
    leaf("generation_settings", Slot::Form(Form::LlamaCpp)),
    both("timings", Slot::Provider("llama.cpp"), TIMINGS),
    // Who else answers like OpenAI.
    leaf("prompt_filter_results", Slot::Provider("azure.ai.openai")),
    leaf("kv_transfer_params", Slot::Provider("vllm")),
    leaf("prompt_logprobs", Slot::Provider("vllm")),
];

const USAGE: &[Node] = &[
    count("prompt_tokens", Count::Input),
    count("completion_tokens", Count::Output),
    tree("prompt_tokens_details", &[count("cached_tokens", Count::Cached)]),
    tree("completion_tokens_details", &[count("reasoning_tokens", Count::Reasoning)]),
    // OpenAI responses and Anthropic.
    count("input_tokens", Count::Input),
    count("output_tokens", Count::Output),
    tree("input_tokens_details", &[count("cached_tokens", Count::Cached)]),
    tree("output_tokens_details", &[count("reasoning_tokens", Count::Reasoning)]),
    count("cache_read_input_tokens", Count::CacheRead),
    count("cache_creation_input_tokens", Count::CacheWrite),
];

const CHOICE: &[Node] = &[
    leaf("finish_reason", Slot::Finish),
    leaf("text", Slot::Content),
    leaf("stop_reason", Slot::Provider("vllm")),
    leaf("content_filter_results", Slot::Provider("azure.ai.openai")),
    tree("delta", CHAT_DELTA),
];

const CHAT_DELTA: &[Node] = &[
    leaf("content", Slot::Content),
    leaf("refusal", Slot::Content),
    tree("tool_calls", &[tree("function", FUNCTION)]),
    tree("function_call", FUNCTION),
    tree("audio", &[leaf("data", Slot::Content)]),
    // vLLM, llama.cpp, DeepSeek and others.
    leaf("reasoning_content", Slot::Thought),
    leaf("reasoning", Slot::Thought),
];

const FUNCTION: &[Node] = &[leaf("name", Slot::Content), leaf("arguments", Slot::Content)];

const ANTHROPIC_DELTA: &[Node] = &[
    leaf("text", Slot::Content),
    leaf("partial_json", Slot::Content),
    leaf("thinking", Slot::Thought),
    leaf("stop_reason", Slot::Finish),
];

const OPENAI_RESPONSE: &[Node] = &[
    leaf("model", Slot::Model),
    leaf("status", Slot::Status),
    tree("incomplete_details", &[leaf("reason", Slot::Incomplete)]),
    tree("usage", USAGE),
];

const MESSAGE: &[Node] = &[
    leaf("model", Slot::Model),
    leaf("stop_reason", Slot::Finish),
    tree("usage", USAGE),
    leaf("content", Slot::Content),
    leaf("thinking", Slot::Thought),
    tree("tool_calls", &[tree("function", FUNCTION)]),
];

const GEMINI_USAGE: &[Node] = &[
    count("promptTokenCount", Count::Input),
    count("cachedContentTokenCount", Count::Cached),
    count("toolUsePromptTokenCount", Count::ToolInput),
    count("candidatesTokenCount", Count::Output),
    count("thoughtsTokenCount", Count::Thoughts),
];

const CANDIDATE: &[Node] = &[leaf("finishReason", Slot::Finish), tree("content", &[tree("parts", PART)])];

const PART: &[Node] = &[
    leaf("text", Slot::Content),
    leaf("thought", Slot::IsThought),
    tree("functionCall", &[leaf("name", Slot::Content)]),
];

const TIMINGS: &[Node] = &[
    count("prompt_n", Count::Computed),
    count("cache_n", Count::Reused),
    count("predicted_n", Count::Predicted),
    leaf("predicted_ms", Slot::Millis),
];
