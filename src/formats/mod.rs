//! What is written, for those who read it.
//!
//! # Entries
//!
//! One JSON object on one line, UTF-8, ended by `\n`: in the log files, and on stdout with `LOG_CONSOLE=json`. Keys always
//! stand in the same order and are absent when unknown. What a reader filters by comes first and bodies come last, so
//! that the first bytes of a line decide about it. Every line loads in jq, DuckDB and serde_json whatever clients send:
//! C0 and C1 controls, DEL, U+2028, U+2029 and bidi controls leave as `\uXXXX` only. [`ENTRY_SCHEMA`] describes it all
//! for machines, [`ENTRY_KEYS`] is the order.
//!
//! ## Types
//!
//! | `type` | when | level | file |
//! |---|---|---|---|
//! | `request` | a request arrived: its body was read or dropped, its response began, or a second went by | INFO | api.log |
//! | `response` | an exchange ended; exactly one for each, also where there was no response | see below | api.log |
//! | `error` | it ended with a status from 500 on; `message` is the cause | ERROR | errors.log |
//! | `exception` | it ended without a proper response: a panic, an error of the service or of the body | ERROR | errors.log |
//! | `log` | the application or a library told something through tracing or the `log` crate | theirs | that of its component, else api.log; ERROR also errors.log |
//! | `custom_event` | the handler told of something, an exchange is `still_running` after `LOG_SLOW` (WARN), a language model used tokens (`llm_usage`); see below | given, INFO; WARN | api.log; ERROR also errors.log |
//! | `debug` | the handler told something to who looks for a fault (`LOG_DEBUG`) | DEBUG | api.log |
//! | `stream` | one event of a streamed response, with `LOG_DEBUG=3`: see below | DEBUG | api.log |
//! | `recorder` | the log tells something about itself, see below | INFO, WARN | all; what concerns one file, that one |
//!
//! The level of a response is the worse of what status and outcome say: 5xx ERROR, 4xx WARN, 429 and below 400 INFO,
//! OPTIONS DEBUG; `panicked`, `service_error`, `body_error` and a `grpc_status` of 2, 4, 13, 14 or 15 ERROR; an abort and
//! an exchange slower than `LOG_SLOW` WARN. With `LOG_COMBINED` there are no request entries, and the response entry has
//! the request's keys too.
//!
//! The cause of a failure is the panic, or the error of the service or the body; else the first of these that there is:
//! what was reported, the error in the response's extensions, the last ERROR event of the request, `grpc-message`,
//! `detail`, `error` or `message` of the response's JSON or of an event in its stream, its first line of text. Where
//! nothing says why, it is the status, with the last call of the request that failed, if one did: `HTTP 502 after GET
//! http://stock.test/ failed: connection refused`, `HTTP 500 after GET http://stock.test/ answered 503`.
//!
//! The recorder's `event_type` is `started` (with `version`, `service`, `verbosity` and `settings` in `fields`),
//! `stopped`, `gap` (entries were lost: `lost`, `cause`, `from_seq`, `to_seq`; WARN), `expired` (rotation deleted the
//! oldest file: `bytes`, unless another process did it, and `from_seq` and `to_seq` if it held entries of this run), or one
//! of these:
//!
//! `dumps_suppressed` (WARN) says that `n` exchanges got no dump since the last such entry, and names the most frequent
//! kinds in `fingerprints`: `fingerprint`, `endpoint`, `status`, `count`. It comes once a minute and at the end: over a
//! run the sum of `n` is [`Stats::dumps_suppressed`](crate::Stats::dumps_suppressed).
//!
//! `in_flight_at_death` (WARN): a process that wrote to the same directory died while requests were in flight, by SIGKILL,
//! abort or want of memory. The next one that starts tells it once: `pid` and `run` of the dead, `last_seen`, when its
//! requests were noted last, how many there were (`count`), and of the 256 that were open longest (`requests`)
//! `request_id`, `trace_id`, `direction` (`outbound`, of a request that it sent), `method`, `endpoint`, `status` if the response had begun, `started`, and as of `last_seen`
//! `age_ms`, `request_bytes` and `response_bytes`. They are noted every 100 ms where they changed and every second where
//! they did not: a request that came in the last 100 ms may be missing, one that ended in them may be named.
//!
//! A `custom_event` is told by its `event_type`. `cache_hit` and `cache_miss` come from `LOG_DEBUG=1` on, with `cache`,
//! `key` and `reason` in their `fields`; `timer` from 2 on, or where it was asked for, with `name`, `duration_ms`,
//! `unfinished` where it is true, and `checkpoints` by name in milliseconds since it began. A `debug` entry has `data`
//! in its `fields`, with `data_truncated` where that is not all. All of these, and what handlers name themselves, come
//! without a `request_id` where they happen outside of an
//! exchange. `still_running` comes once for each exchange that is open longer than
//! `LOG_SLOW`, while it is, also for those that `LOG_SKIP`, `LOG_SAMPLE` or a route's policy leave out: `age_ms`, `method`,
//! `endpoint`, `request_bytes`, `response_bytes` and, once the response has begun, `status` are in its `fields`, and of a
//! request that the service sent the `direction`. It comes
//! up to half a second late. Where the subscriber is not that of `init()` it is a tracing event too, of the target `flightlog`,
//! as exchanges are. An upgraded connection has ended by then; a stream of events without an end is told too.
//!
//! `llm_usage` comes before the response entry of each exchange that has an `llm`, with its members in `fields`; there
//! `finish_reason` stands for `finish_reasons`.
//!
//! ```json
#![doc = include_str!("in_flight.jsonl")]
//! ```
//!
//! What a handler told, the response entry of a call it made, and that of its request, with `LOG_DEBUG=2`:
//!
//! ```json
#![doc = include_str!("instruments.jsonl")]
//! ```
//!
//! ## Streams and language models
//!
//! `stream` of a response entry says how server-sent events, NDJSON or a JSON sequence went: `events`, `bytes`,
//! `first_byte_ms`, `first_event_ms`, `largest_gap_ms`, `duration_ms`, `ended_by` (`server`, `client`, `error`), `cut`,
//! `unlogged`; [`StreamStats`](crate::StreamStats) tells what each means. `llm` is an [`LlmUsage`](crate::LlmUsage), whose
//! documentation has the `gen_ai.*` names of OpenTelemetry beside ours. Both are read from whatever passes, also past
//! `LOG_CAPTURE_LIMIT` and with `LOG_BODIES=off`, which leaves out bodies and not numbers.
//!
//! Nothing is told of a response that is compressed (`content-encoding`): it has neither `stream` nor `llm`, whatever its
//! path. Put the layer inside of the one that compresses, and around a client inside of the one that decompresses asks
//! for none. There is no usage of responses that are no success. `request_model` is read from what was kept of the
//! request: it is absent where `model` stands behind the first `LOG_CAPTURE_LIMIT` bytes, or bodies are off.
//!
//! With `LOG_DEBUG=3` each event of a stream is a `stream` entry, made as the event passes: in its `stream` are `number`,
//! `event` (its name), `bytes`, and as bodies are shown `data` (JSON: of server-sent events objects and arrays, of NDJSON
//! any), or `data_text` and `data_truncated` (`LOG_BODY_LIMIT`). There are none where bodies are off, on a route that is skipped, and past 10,000 of one response:
//! those are `unlogged`. A secret that a model writes in pieces, event by event, is seen by nobody: each event is redacted
//! by itself.
//!
//! ```json
#![doc = include_str!("streams.jsonl")]
//! ```
//!
//! ## Keys
//!
//! "Exchange" stands for the types `request`, `response`, `error` and `exception`, "ended" for the last three, "failed"
//! for the last two. The request's part is in `request`, `error` and `exception`, and with `LOG_COMBINED` in `response`.
//!
//! | key | value | in |
//! |---|---|---|
//! | `timestamp` | when the entry was made: RFC 3339, UTC, microseconds, `Z`, always 27 characters | all |
//! | `level` | `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE` | all |
//! | `type` | see above | all |
//! | `run` | 8 letters and digits, others for each start of the process | all |
//! | `seq` | integer from 1, without gaps within a run and a file | all |
//! | `request_id` | our id, a UUIDv7: joins what belongs to one exchange | exchange, `log`, `custom_event`, `debug`, `stream` |
//! | `method` | string | exchange |
//! | `endpoint` | the template of the route that matched, else the path | exchange |
//! | `status_code` | integer; absent where there was no response | ended |
//! | `duration_ms` | milliseconds from arrival to the last byte, three decimals | ended |
//! | `ttfb_ms` | milliseconds from arrival to the response's headers, three decimals | ended |
//! | `outcome` | an [`Outcome`](crate::Outcome) in snake case | ended |
//! | `grpc_status` | integer | ended |
//! | `message` | string; of a failure its cause | all |
//! | `module` | the tracing target | `log`, `custom_event`, `stream` |
//! | `location` | `file:line` | `log`, `custom_event`, `debug`, failed |
//! | `client_request_id` | the client's valid `x-request-id` | exchange |
//! | `client_request_id_rejected` | `true`: it sent one that is not valid | exchange |
//! | `parent_request_id` | our id of the request in which the service sent this one | exchange |
//! | `trace_id` | 32 hexadecimal digits: the trace of a valid `traceparent`, or one that began with a request sent from here | exchange, `log`, `custom_event`, `debug`, `stream` |
//! | `span_id` | 16 hexadecimal digits, our own | exchange |
//! | `after_response` | `true`: it was told when its request had ended, by work that goes on | `log`, `custom_event`, `debug` |
//! | `started` | when the request arrived, as `timestamp` | request's part |
//! | `url` | absolute where the host is known | request's part; `response` with `direction` |
//! | `http_version` | `HTTP/1.1` and the like | request's part |
//! | `remote_addr` | the client's IP address; from a trusted proxy what that one saw | request's part |
//! | `peer_addr` | the socket's IP address, only where it differs | request's part |
//! | `user_agent` | string | request's part |
//! | `content_type` | of the response in its entry, else of the request | `request`, `response` |
//! | `direction` | `outbound`, where the service sent the request | exchange |
//! | `request_bytes` | bytes of the request's body | request's part |
//! | `response_bytes` | bytes of the response's body | ended |
//! | `error_type` | `shop::OrderError` | ended |
//! | `error_message` | string | ended |
//! | `error_chain` | the error's sources, outermost first: strings | failed, `log`, `custom_event` |
//! | `backtrace` | string; only with `LOG_DUMPS=false`, else dumps have it | failed |
//! | `dump` | a file's name in `LOG_DUMP_DIR` | ended |
//! | `event_type` | string | `recorder`, `custom_event` |
//! | `fields` | object of any JSON; an array where a name came more than once, `null` for a number that is not finite | `log`, `custom_event`, `debug`, `recorder` |
//! | `attributes` | object of any JSON: what the handler attached | `response`, failed |
//! | `cache` | object: `{"prompt":{"hits":2,"misses":1}}` | `response` |
//! | `timers` | array of objects, from `LOG_DEBUG=2` on: as `timing.steps` of dumps, timers and checkpoints of them | `response` |
//! | `stream` | object, see above | `response`, `stream` |
//! | `llm` | object, see above | `response` |
//! | `request_headers` | object: a string for each name, an array where it came more than once | `request`; `response` with `LOG_COMBINED` |
//! | `response_headers` | the same | `response` |
//! | `request_body` | any JSON, see below | `request`; `response` with `LOG_COMBINED` or `LOG_BODIES=errors` |
//! | `request_body_text` | string | as `request_body` |
//! | `request_body_truncated` | `true`: the body has more | as `request_body` |
//! | `response_body` | any JSON | `response` |
//! | `response_body_text` | string | `response` |
//! | `response_body_truncated` | `true` | `response` |
//!
//! `request_body` and `response_body` hold only whole, valid JSON: at most 64 deep, without lone surrogates, each number
//! within the range of a double, its digits as sent. Other text, and JSON that was cut at `LOG_BODY_LIMIT`, is in
//! `request_body_text` and `response_body_text`.
//!
//! ## Examples
//!
//! The first four are of api.log, the others of errors.log, where numbers are its own.
//!
//! ```json
#![doc = include_str!("entries.jsonl")]
//! ```
//!
//! ## Reading
//!
//! ```sh
//! # what failed, and where its dump is
//! jq -r 'select(.type == "error" or .type == "exception") | [.timestamp, .endpoint, .message, .dump] | @tsv' logs/errors.log
//! # all that is known of a request, by the x-request-id its client has
//! jq -c --arg id "$ID" 'select(.request_id == $id or .client_request_id == $id)' logs/api.log
//! # whether entries are missing: seq goes up by one within a run, of which several may write to one file
//! jq -r '[.run, .seq] | @tsv' logs/api.log |
//!     awk '$1 in seq && $2 != seq[$1] + 1 { print $1, seq[$1], $2 } { seq[$1] = $2 }'
//! # and which of them the log knows of
//! jq -c 'select(.event_type == "gap") | [.run, .fields]' logs/api.log
//! ```
//!
//! In DuckDB name the columns you want: those of bodies differ from line to line.
//!
//! ```sql
//! SELECT endpoint, count(*) AS requests, quantile_cont(duration_ms, 0.99) AS p99_ms,
//!        count(*) FILTER (status_code >= 500 OR outcome IN ('panicked', 'service_error', 'body_error')) AS failed
//! FROM read_json('logs/api.log*', format = 'newline_delimited', columns = {
//!     type: 'VARCHAR', endpoint: 'VARCHAR', status_code: 'SMALLINT', duration_ms: 'DOUBLE', outcome: 'VARCHAR'})
//! WHERE type = 'response' GROUP BY endpoint ORDER BY p99_ms DESC;
//!
//! SELECT timestamp, response_body->>'$.model' AS model
//! FROM read_json('logs/api.log', format = 'newline_delimited', columns = {
//!     timestamp: 'TIMESTAMP', type: 'VARCHAR', response_body: 'JSON'})
//! WHERE type = 'response';
//! ```
//!
//! # What others tell
//!
//! Nothing has to be written for these: their events are told through `tracing` or the `log` crate, and belong to the
//! request in which they happen. Dumps have all of them down to `LOG_TRAIL` (default `debug`); log entries those that
//! `LOG_LEVEL` lets through (default `info`), such as `LOG_LEVEL=info,sqlx::query=debug`.
//!
//! | crate | what | target and level | where |
//! |---|---|---|---|
//! | sqlx 0.8, 0.9 | each query: summary, statement, rows, time; a warning of one that took a second. Values that are bound are not told | `sqlx::query` DEBUG, WARN | log, trail; `timing.steps` with the kind `query` |
//! | SeaORM 1 | sends its queries with sqlx | the same, by default INFO and without warnings (`ConnectOptions::sqlx_logging_level`) | the same |
//! | hyper-util | of its client, with its feature `tracing`: connections that are pooled, reused, broken | `hyper_util::client::legacy` DEBUG, TRACE | trail; calls with [`outbound_layer`](crate::FlightLog::outbound_layer) |
//! | reqwest 0.13 | new connections; every byte with `connection_verbose` | `reqwest::connect` DEBUG, TRACE through `log` | the same |
//! | tower-http | of `TraceLayer` what came and went, failures, and a span for each request | `tower_http::trace` DEBUG, ERROR | log, trail |
//! | redis 1 | of clusters what becomes of connections; nothing of commands | `redis` TRACE to WARN through `log` | log, trail |
//!
//! What runs on a thread or task of its own is known by the span that is taken along: sqlx does so with SQLite, so that
//! there has to be a span around its queries, of INFO or above: nothing else says whose they are. `#[tracing::instrument]`
//! makes one, and `TraceLayer` with
//! `DefaultMakeSpan::new().level(Level::INFO)`. What hyper's connections tell belongs to no request. Of a query that fails
//! SQLite's thread tells after it answered: its event may come `after_response`, and too late for the dump.
//!
//! # Dumps
//!
//! A failed exchange is a file `{time}-{trigger}-{request_id}.json` in `LOG_DUMP_DIR`: pretty-printed JSON, the cause
//! first, UTF-8, without control characters but line feeds. [`DUMP_SCHEMA`] describes it for machines, [`Dump`](crate::Dump)
//! reads it back and makes a command, a test, a text for an issue or an HTTP archive of it.
//!
//! Its version stands in `schema`. Within version 1 keys, triggers and counters may be added, at any depth; what is there
//! keeps its name, its type and its meaning, and what is required stays so. Readers pass over what they do not know, and
//! take nothing for granted that is not required. Anything else would be `flightlog.dump/2`.
//!
//! ## Fields
//!
//! Keys stand in this order and are absent when unknown, but for those marked "always": of the top, or of what they are in.
//!
//! | key | value |
//! |---|---|
//! | `schema` | always: `flightlog.dump/1` |
//! | `timestamp` | always: when the exchange ended, RFC 3339, UTC, microseconds, `Z`, 27 characters |
//! | `trigger` | always: why there is a dump: the status from 500 on, `panic`, `error` (of the service, of the response's body, a failing `grpc-status`, or a call that was given up in a request that failed), `slow`, `aborted` (slow, and the client left) or `manual` |
//! | `reason` | why it was asked for, where it was: `manual` |
//! | `request_id` | always: our id, a UUIDv7, as in the entries |
//! | `client_request_id` | the client's valid `x-request-id` |
//! | `parent_request_id` | our id of the request in which the service sent this one, whose dump has it among its steps |
//! | `trace_id` | the trace of a valid `traceparent`, or one that began here: 32 hexadecimal digits |
//! | `direction` | `outbound`, where the service sent the request: one that ended without a response, in a request that failed and has a dump; others with `dump_outbound` only |
//! | `outcome` | always: `complete`, `aborted_before_response`, `aborted_in_body`, `service_error`, `body_error`, `panicked`, `upgraded` |
//! | `error` | object: what went wrong, as far as anyone told |
//! | `error.type` | `shop::OrderError`; `panic` |
//! | `error.message` | always: what the error or the panic said |
//! | `error.location` | `src/orders.rs:42`: where it was reported, or where the panic was |
//! | `error.chain` | array of strings: its sources, outermost first, without itself |
//! | `error.backtrace` | the stack, a string of lines |
//! | `timing` | always: object |
//! | `timing.started` | always: when the request arrived, as `timestamp` |
//! | `timing.ttfb_ms` | milliseconds from arrival to the response's headers |
//! | `timing.duration_ms` | always: milliseconds from arrival to the last byte |
//! | `timing.steps` | array of objects, the waterfall: what was done while the request was served, in the order in which it began |
//! | `timing.steps[].name` | always: the name of a timer, method and URL of a call, the statement of a query |
//! | `timing.steps[].kind` | always: `timer`, `checkpoint`, `outbound`, `query` |
//! | `timing.steps[].start_ms` | always: milliseconds from arrival |
//! | `timing.steps[].length_ms` | always: milliseconds it took |
//! | `timing.steps[].status` | what a call was answered: number |
//! | `timing.steps[].error` | what went wrong |
//! | `timing.steps[].request_id` | our id of a call, which has entries of its own |
//! | `timing.steps[].rows` | number: the rows that a query gave or changed |
//! | `timing.steps[].timer` | the timer that a checkpoint belongs to |
//! | `timing.steps[].unfinished` | `true`: it went on when the exchange ended, or was dropped by a panic or as the client left |
//! | `timing.stream` | object: how the response was streamed, a [`StreamStats`](crate::StreamStats) |
//! | `timing.stream.events` | always: events that passed whole |
//! | `timing.stream.bytes` | always: bytes that passed |
//! | `timing.stream.first_byte_ms` | milliseconds from arrival to the first byte |
//! | `timing.stream.first_event_ms` | milliseconds from arrival to the end of the first event |
//! | `timing.stream.largest_gap_ms` | the longest time between two events that followed each other |
//! | `timing.stream.duration_ms` | always: milliseconds from the first byte to the end |
//! | `timing.stream.ended_by` | always: `server`, `client`, `error` |
//! | `timing.stream.cut` | `true`: it ended within an event |
//! | `timing.stream.unlogged` | with `LOG_DEBUG=3`, events without an entry |
//! | `request` | always: object |
//! | `request.method` | always: string |
//! | `request.url` | always: absolute where the host is known |
//! | `request.endpoint` | always: the template of the route that matched, else the path |
//! | `request.http_version` | always: `HTTP/1.1` and the like |
//! | `request.remote_addr` | the client's IP address; from a trusted proxy what that one saw |
//! | `request.peer_addr` | the socket's IP address, only where it differs |
//! | `request.headers` | always: object: a string for each name, an array where it came more than once; bytes from 0x80 on are read as Latin-1 |
//! | `request.body` | object, see below; absent where it was empty |
//! | `response` | object; absent where there was none |
//! | `response.status` | always: number |
//! | `response.headers` | always: as the request's |
//! | `response.body` | as the request's |
//! | `response.trailers` | as headers |
//! | `events` | array of objects, the trail: the tracing events of this request in their order, also those that no log level shows, and between them what the handler told with `event!`, and with `debug!` where that is enabled |
//! | `events[].at_ms` | always: milliseconds from arrival |
//! | `events[].level` | always: `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE` |
//! | `events[].target` | usually the module; absent where an event of the handler's own does not name it |
//! | `events[].event_type` | the name of such an event; `debug` |
//! | `events[].message` | string |
//! | `events[].location` | `src/orders.rs:42` |
//! | `events[].spans` | array of strings: the spans around it, outermost first |
//! | `events[].fields` | object of strings, numbers, booleans and `null`; of events of the handler's own any JSON, with `error_chain`, and `fields_dropped` where there was no room for all |
//! | `events_dropped` | how many events before and between these were not kept; all of them where the dump alone would be larger than `LOG_DUMP_MAX_BYTES` |
//! | `events_limited_to` | where a filter held events back: the most verbose level it let through, or `OFF` |
//! | `attributes` | object: what the handler attached |
//! | `cache` | object: `hits` and `misses`, by the name of the cache |
//! | `instruments_dropped` | how many steps, attributes and caches there was no room for |
//! | `llm` | object: what a language model used, an [`LlmUsage`](crate::LlmUsage) |
//! | `llm.provider` | always: `openai`, `anthropic` and the like |
//! | `llm.operation` | always: `chat`, `text_completion`, `generate_content`, `embeddings` |
//! | `llm.request_model` | the model that was asked for |
//! | `llm.model` | the model that answered |
//! | `llm.input_tokens` | tokens read, cached ones included |
//! | `llm.output_tokens` | tokens written, reasoning included |
//! | `llm.cached_tokens` | of the input, those from the provider's cache |
//! | `llm.cache_write_tokens` | of the input, those that went into it |
//! | `llm.reasoning_tokens` | of the output, those of reasoning |
//! | `llm.finish_reasons` | array of strings |
//! | `llm.time_to_first_token_ms` | milliseconds from arrival to the first event with content |
//! | `llm.tokens_per_second` | number |
//! | `curl` | always: a POSIX `sh` command that sends the request again; comments at its top name variables to set for what was redacted |
//! | `service` | always: object |
//! | `service.name` | always: `LOG_SERVICE`, else the program's name |
//! | `service.version` | of `LOG_SERVICE` |
//! | `service.pid` | always: the process id |
//! | `service.host` | the name of the machine |
//! | `similar` | object: other failures like this one |
//! | `similar.fingerprint` | always: what they have in common, 16 hexadecimal digits |
//! | `similar.count` | always: how many got no dump since the last one that did |
//! | `recorder` | always: object |
//! | `recorder.suppressed_since_last_dump` | failures since the last dump that got none because of `LOG_DUMP_PER_MINUTE` |
//! | `recorder.counters` | always: object: [`Stats`](crate::Stats) as they stood |
//!
//! A body has `json`, `text`, `bytes`, or none of them where nothing was kept:
//!
//! | key | value |
//! |---|---|
//! | `body.content_type` | its `content-type` |
//! | `body.encoding` | its `content-encoding` |
//! | `body.json` | any JSON: the body, where all of it was kept and is valid; digits, order and repeated keys as sent |
//! | `body.text` | string: any other text, or the head of one |
//! | `body.bytes` | its length; only of a body that is not text, or compressed |
//! | `body.sha256` | of such a one, in hexadecimal, where all of it was kept |
//! | `body.captured_bytes` | how many of its bytes were kept (`LOG_CAPTURE_LIMIT`) |
//! | `body.total_bytes` | how many passed |
//! | `body.truncated` | `true` where fewer were kept than passed |
//! | `body.complete` | `false` where its end was not seen |
//!
//! `similar` says what it is one of. Failures have the same `fingerprint` if endpoint, way of ending, type of error and
//! message are the same but for numbers, ids, addresses and quoted texts. Of each fingerprint the first three in a minute
//! are dumped, of all together `LOG_DUMP_PER_MINUTE`; `count` says how many of this one got none since its last dump.
//! Whatever has to go because of `LOG_DUMP_KEEP`, `LOG_DUMP_MAX_BYTES` or `LOG_DUMP_MAX_AGE`, the first dump of each
//! fingerprint outlives its repeats.
//!
//! ## Examples
//!
//! An order that failed; it is [`DUMP_EXAMPLE`].
//!
//! ```json
#![doc = include_str!("dump.json")]
//! ```
//!
//! A chat of which the handler asked for a dump, with what it told of its work and what the language model used:
//!
//! ```json
#![doc = include_str!("dump_chat.json")]
//! ```
//!
//! A call whose response broke off, with [`dump_outbound`](crate::FlightLogBuilder::dump_outbound):
//!
//! ```json
#![doc = include_str!("dump_call.json")]
//! ```

/// The JSON Schema (draft 2020-12) of an entry, `flightlog.entry/1`.
///
/// It allows what this version writes and no other key, so that a test sees what is new:
///
/// ```
/// let schema = serde_json::from_str(tower_flightlog::formats::ENTRY_SCHEMA)?;
/// let schema = jsonschema::draft202012::new(&schema).unwrap();
/// let mut entry = serde_json::json!({
///     "timestamp": "2026-11-20T10:30:00.123456Z", "level": "INFO", "type": "log", "run": "a1b2c3d4", "seq": 1,
///     "message": "order placed", "module": "shop::orders",
/// });
/// assert!(schema.is_valid(&entry));
/// entry["status_code"] = 200.into();
/// assert!(!schema.is_valid(&entry));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const ENTRY_SCHEMA: &str = include_str!("../../schema/flightlog.entry.1.json");

/// The keys that an entry may have, in the order in which they stand.
///
/// ```
/// use tower_flightlog::formats::ENTRY_KEYS;
///
/// assert_eq!(ENTRY_KEYS[..3], ["timestamp", "level", "type"]);
/// ```
pub const ENTRY_KEYS: &[&str] = &[
    "timestamp",
    "level",
    "type",
    "run",
    "seq",
    "request_id",
    "method",
    "endpoint",
    "status_code",
    "duration_ms",
    "ttfb_ms",
    "outcome",
    "grpc_status",
    "message",
    "module",
    "location",
    "client_request_id",
    "client_request_id_rejected",
    "parent_request_id",
    "trace_id",
    "span_id",
    "after_response",
    "started",
    "url",
    "http_version",
    "remote_addr",
    "peer_addr",
    "user_agent",
    "content_type",
    "direction",
    "request_bytes",
    "response_bytes",
    "error_type",
    "error_message",
    "error_chain",
    "backtrace",
    "dump",
    "event_type",
    "fields",
    "attributes",
    "cache",
    "timers",
    "stream",
    "llm",
    "request_headers",
    "response_headers",
    "request_body",
    "request_body_text",
    "request_body_truncated",
    "response_body",
    "response_body_text",
    "response_body_truncated",
];

/// The JSON Schema (draft 2020-12) of a dump, `flightlog.dump/1`.
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(tower_flightlog::formats::DUMP_SCHEMA)?;
/// assert_eq!(schema["properties"]["schema"]["const"], "flightlog.dump/1");
/// assert!(jsonschema::draft202012::new(&schema).is_ok());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub const DUMP_SCHEMA: &str = include_str!("../../schema/flightlog.dump.1.json");

/// A dump: the first of the examples above.
///
/// ```
/// use tower_flightlog::{Dump, formats::DUMP_EXAMPLE};
///
/// assert_eq!(DUMP_EXAMPLE.parse::<Dump>()?.trigger, "500");
/// # Ok::<(), tower_flightlog::DumpError>(())
/// ```
pub const DUMP_EXAMPLE: &str = include_str!("dump.json");
