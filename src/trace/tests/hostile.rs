use tracing::{Event, Level, Span, Value, metadata::Kind, subscriber};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use super::{Told, site};
use crate::{
    exchange::{Scrub, must_escape},
    redact::Redactor,
};

#[test]
fn every_character_reads_back_wherever_it_is_told() {
    let (told, redactor) = (Told::default(), Redactor::default());
    let _guard = subscriber::set_default(Registry::default().with(told.layer(redactor.clone(), "trace")));
    let characters: Vec<char> = ('\0'..=char::MAX).collect();
    for some in characters.chunks(1024) {
        let text: String = some.iter().collect();
        let in_span: &'static str = Box::leak(format!("{text}in span").into_boxed_str());
        let in_event: &'static str = Box::leak(text.clone().into_boxed_str());
        let span = site("here", Level::INFO, Kind::SPAN, Box::leak(Box::new([in_span])));
        let field = span.fields().field(in_span).unwrap();
        let span = Span::new(span, &span.fields().value_set(&[(&field, Some(&&*text as &dyn Value))]));
        let _entered = span.enter();

        let event = site(&text, Level::INFO, Kind::EVENT, Box::leak(Box::new(["message", in_event])));
        let fields: Vec<_> = event.fields().iter().collect();
        let [message, field] = [&fields[0], &fields[1]];
        let display = tracing::field::display(&text);
        let values = [(message, Some(&display as &dyn Value)), (field, Some(&&*text as &dyn Value))];
        Event::dispatch(event, &event.fields().value_set(&values));

        let lines = told.lines();
        let [line] = lines.as_slice() else { panic!("{lines:#?}") };
        let line = line.strip_suffix('\n').unwrap();
        assert!(!line.contains(|c: char| c < ' ' || must_escape(c)), "{line:?}");
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(entry["module"], text);
        assert_eq!(entry["message"], Scrub::text(&redactor, &text).as_str());
        for name in [in_event, in_span] {
            let shown =
                if redactor.is_secret_name(name) { "[REDACTED]" } else { entry["message"].as_str().unwrap() };
            assert_eq!(entry["fields"][name], shown, "{name:?}");
        }
    }
}
