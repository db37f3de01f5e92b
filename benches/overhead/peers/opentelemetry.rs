//! axum-tracing-opentelemetry: a span for each request, by way of tracing-opentelemetry, and as many JSON lines as there
//! are events: none. As its `TracingConfig::production()`, without what would send the spans somewhere.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use axum_tracing_opentelemetry::middleware::{OtelAxumLayer, OtelInResponseLayer};
use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Dispatch, Level};
use tracing_subscriber::layer::SubscriberExt as _;

use super::{
    lines::{Lines, json},
    tower_http::targets,
};
use crate::{
    Result, api,
    wrapped::{Proof, Wrapped},
};

pub(crate) fn opentelemetry() -> Result<Wrapped> {
    let lines = Lines::new()?;
    let spans = Arc::new(AtomicU64::new(0));
    // Larger than the 2,048 of the default, so that none is lost while nobody runs but requests.
    let config = BatchConfigBuilder::default().with_max_queue_size(65_536).build();
    let processor =
        BatchSpanProcessor::builder(Counting(Arc::clone(&spans))).with_batch_config(config).build();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let targets = targets().with_target("otel::tracing", Level::TRACE);
    let subscriber = json(tracing_subscriber::registry().with(targets), lines.writer)
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("bench")));
    let router = api::bare().layer(OtelInResponseLayer).layer(OtelAxumLayer::default());
    let wrapped = Wrapped::new(router, Exported { spans, provider }).with(lines.guard).with(lines.dir);
    Ok(Wrapped { subscriber: Some(Dispatch::new(subscriber)), ..wrapped })
}

/// Takes spans and does nothing with them.
#[derive(Debug)]
struct Counting(Arc<AtomicU64>);

impl SpanExporter for Counting {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(spans.len() as u64, Relaxed);
        Ok(())
    }
}

struct Exported {
    spans: Arc<AtomicU64>,
    provider: SdkTracerProvider,
}

impl Proof for Exported {
    fn done(&self) -> Result<u64> {
        self.provider.force_flush()?;
        Ok(self.spans.load(Relaxed))
    }
}
