use std::sync::Arc;

use tracing::{Level, Metadata, level_filters::LevelFilter, span, subscriber::Interest};
use tracing_subscriber::{
    EnvFilter,
    layer::{Context, Filter},
};

use super::is_exchange;

/// What the log layer hears: what LOG_LEVEL lists, every ERROR, which may be the cause of a failure, and every span from
/// INFO upwards, through which events in spawned tasks find their exchange.
pub(super) struct Heard(pub(super) Arc<EnvFilter>);

impl<S> Filter<S> for Heard
where
    EnvFilter: Filter<S>,
{
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        !is_exchange(metadata)
            && (is_error(metadata)
                || is_known_span(metadata)
                || Filter::<S>::enabled(&*self.0, metadata, context))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Asked for every one: directives for spans note which there are.
        let listed = Filter::<S>::callsite_enabled(&*self.0, metadata);
        if is_exchange(metadata) {
            Interest::never()
        } else if is_error(metadata) || is_known_span(metadata) {
            Interest::always()
        } else {
            listed
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&*self.0).map(|level| level.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        Filter::<S>::on_new_span(&*self.0, attributes, id, context);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        Filter::<S>::on_record(&*self.0, id, values, context);
    }

    fn on_enter(&self, id: &span::Id, context: Context<'_, S>) {
        Filter::<S>::on_enter(&*self.0, id, context);
    }

    fn on_exit(&self, id: &span::Id, context: Context<'_, S>) {
        Filter::<S>::on_exit(&*self.0, id, context);
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        Filter::<S>::on_close(&*self.0, id, context);
    }
}

fn is_known_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO
}

fn is_error(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && *metadata.level() == Level::ERROR
}
