"""Asks the server with the official clients, as they are, and holds what they make of it against what it should be.

What the clients report is written to a file, one object per request, for `log.py`, which compares it with the log.
"""

import json
import sys
import time

import anthropic
import openai

address, told_to = sys.argv[1:]
patience = {"max_retries": 0, "timeout": 30}
gpt = openai.OpenAI(base_url=f"http://{address}/v1", api_key="sk-canary-openai", **patience)
claude = anthropic.Anthropic(base_url=f"http://{address}", api_key="sk-canary-anthropic", **patience)

SYSTEM = "You are a parrot"
PROMPT = "one two three four five six seven eight nine ten"
ANSWER = "ten nine eight seven six five four three two one "
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]

checks, told = [], []


def check(function):
    checks.append(function)
    return function


class Clock:
    """When each piece of content came, in seconds from the request."""

    def __init__(self):
        self.start, self.at = time.monotonic(), []

    def tick(self):
        self.at.append(time.monotonic() - self.start)

    def rate(self):
        return (len(self.at) - 1) / (self.at[-1] - self.at[0])


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r}, wanted {wanted!r}")


def tell(request_id, provider, operation, given, reason, clock=None, cached=None):
    """What the log has to say of a request too."""
    given = {name: number for name, number in given.items() if number is not None}
    told.append({
        "request_id": request_id, "provider": provider, "operation": operation, "model": "parrot", **given,
        "finish_reasons": [reason] if reason else [],
        **({"cached_tokens": cached} if cached is not None else {}),
        **({"time_to_first_token_ms": clock.at[0] * 1e3, "tokens_per_second": clock.rate()} if clock else {}),
    })


@check
def openai_chat():
    raw = gpt.chat.completions.with_raw_response.create(model="parrot", messages=MESSAGES)
    answer = raw.parse()
    equal(answer.choices[0].message.content, ANSWER)
    used = answer.usage
    equal((used.prompt_tokens, used.completion_tokens, used.prompt_tokens_details.cached_tokens), (14, 10, 4))
    equal(answer.choices[0].finish_reason, "stop")
    tell(raw.headers["x-request-id"], "openai", "chat",
         {"input_tokens": used.prompt_tokens, "output_tokens": used.completion_tokens}, "stop", cached=4)


@check
def openai_chat_cut():
    raw = gpt.chat.completions.with_raw_response.create(model="parrot", messages=MESSAGES, max_tokens=3)
    answer = raw.parse()
    equal((answer.choices[0].message.content, answer.choices[0].finish_reason), ("ten nine eight ", "length"))
    tell(raw.headers["x-request-id"], "openai", "chat",
         {"input_tokens": answer.usage.prompt_tokens, "output_tokens": answer.usage.completion_tokens}, "length", cached=4)


def chat_stream(**options):
    clock, text, used, reason = Clock(), "", None, None
    raw = gpt.chat.completions.with_raw_response.create(model="parrot", messages=MESSAGES, stream=True, **options)
    for chunk in raw.parse():
        for choice in chunk.choices:
            reason = choice.finish_reason or reason
            if choice.delta.content:
                clock.tick()
                text += choice.delta.content
        used = chunk.usage or used
    equal((text, reason), (ANSWER, "stop"))
    return raw.headers["x-request-id"], clock, used


@check
def openai_chat_streamed():
    request_id, clock, used = chat_stream(stream_options={"include_usage": True})
    equal((used.prompt_tokens, used.completion_tokens), (14, 10))
    tell(request_id, "openai", "chat", {"input_tokens": 14, "output_tokens": 10}, "stop", clock, cached=4)


@check
def openai_chat_streamed_without_usage():
    request_id, clock, used = chat_stream()
    equal(used, None)
    told.append({"request_id": request_id, "provider": "openai", "operation": "chat", "model": "parrot",
                 "finish_reasons": ["stop"], "time_to_first_token_ms": clock.at[0] * 1e3})


@check
def openai_responses():
    raw = gpt.responses.with_raw_response.create(model="parrot", instructions=SYSTEM, input=PROMPT)
    answer = raw.parse()
    equal((answer.output_text, answer.status), (ANSWER, "completed"))
    used = answer.usage
    equal((used.input_tokens, used.output_tokens, used.input_tokens_details.cached_tokens), (14, 10, 4))
    tell(raw.headers["x-request-id"], "openai", "chat", {"input_tokens": 14, "output_tokens": 10}, "completed", cached=4)


@check
def openai_responses_streamed():
    clock, text, last = Clock(), "", None
    raw = gpt.responses.with_raw_response.create(model="parrot", instructions=SYSTEM, input=PROMPT, stream=True)
    for event in raw.parse():
        if event.type == "response.output_text.delta":
            clock.tick()
            text += event.delta
        last = event
    equal((text, last.type, last.response.output_text), (ANSWER, "response.completed", ANSWER))
    equal((last.response.usage.input_tokens, last.response.usage.output_tokens), (14, 10))
    tell(raw.headers["x-request-id"], "openai", "chat", {"input_tokens": 14, "output_tokens": 10}, "completed", clock, cached=4)


@check
def openai_responses_cut():
    raw = gpt.responses.with_raw_response.create(model="parrot", input=PROMPT, max_output_tokens=2)
    answer = raw.parse()
    tell(raw.headers["x-request-id"], "openai", "chat",
         {"input_tokens": answer.usage.input_tokens, "output_tokens": answer.usage.output_tokens}, "max_output_tokens")
    equal((answer.output_text, answer.status, answer.incomplete_details.reason),
          ("ten nine ", "incomplete", "max_output_tokens"))


@check
def openai_embeddings():
    raw = gpt.embeddings.with_raw_response.create(model="parrot", input=["a b c", "d"], encoding_format="float")
    answer = raw.parse()
    equal([item.embedding for item in answer.data], [[3, 0.5, -0.25], [1, 0.5, -0.25]])
    equal((answer.usage.prompt_tokens, answer.usage.total_tokens), (4, 4))
    tell(raw.headers["x-request-id"], "openai", "embeddings", {"input_tokens": 4}, None)


@check
def anthropic_messages():
    raw = claude.messages.with_raw_response.create(
        model="parrot", max_tokens=64, system=SYSTEM, messages=[{"role": "user", "content": PROMPT}])
    answer = raw.parse()
    equal((answer.content[0].text, answer.stop_reason), (ANSWER, "end_turn"))
    used = answer.usage
    equal((used.input_tokens, used.cache_read_input_tokens, used.output_tokens), (10, 4, 10))
    tell(raw.headers["x-request-id"], "anthropic", "chat",
         {"input_tokens": used.input_tokens + used.cache_read_input_tokens, "output_tokens": 10, "cache_write_tokens": 0},
         "end_turn", cached=4)


@check
def anthropic_messages_streamed():
    clock, request = Clock(), {"model": "parrot", "max_tokens": 64, "system": SYSTEM}
    with claude.messages.stream(messages=[{"role": "user", "content": PROMPT}], **request) as stream:
        text = ""
        for piece in stream.text_stream:
            clock.tick()
            text += piece
        answer, request_id = stream.get_final_message(), stream.response.headers["x-request-id"]
    equal((text, answer.content[0].text, answer.stop_reason), (ANSWER, ANSWER, "end_turn"))
    used = answer.usage
    equal((used.input_tokens, used.cache_read_input_tokens, used.output_tokens), (10, 4, 10))
    tell(request_id, "anthropic", "chat", {"input_tokens": 14, "output_tokens": 10, "cache_write_tokens": 0},
         "end_turn", clock, cached=4)


@check
def anthropic_messages_cut():
    raw = claude.messages.with_raw_response.create(
        model="parrot", max_tokens=2, messages=[{"role": "user", "content": PROMPT}])
    answer = raw.parse()
    tell(raw.headers["x-request-id"], "anthropic", "chat",
         {"input_tokens": answer.usage.input_tokens + answer.usage.cache_read_input_tokens,
          "output_tokens": answer.usage.output_tokens}, "max_tokens")
    equal((answer.content[0].text, answer.stop_reason), ("ten nine ", "max_tokens"))


# What a client loads and builds with its first stream would count as time to its first token.
gpt.chat.completions.create(model="parrot", messages=MESSAGES, stream=True).close()
gpt.responses.create(model="parrot", input=PROMPT, stream=True).close()
with claude.messages.stream(model="parrot", max_tokens=2, messages=[{"role": "user", "content": PROMPT}]) as warm:
    warm.get_final_message()

failed = 0
for function in checks:
    try:
        function()
        print(f"passed  {function.__name__}")
    except Exception as why:
        failed += 1
        print(f"FAILED  {function.__name__}: {type(why).__name__}: {why}")
with open(told_to, "w", encoding="utf-8") as file:
    json.dump(told, file, indent=1)
print(f"openai {openai.__version__}, anthropic {anthropic.__version__}: {len(checks) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
