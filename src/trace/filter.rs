use std::sync::Arc;

use tracing::{Level, Metadata, level_filters::LevelFilter, span, subscriber::Interest};
use tracing_subscriber::{
    EnvFilter,
    layer::{Context, Filter},
};

use super::{is_exchange, probe};
use crate::capture::Hearing;

/// What the log layer hears: what LOG_LEVEL lists, what trails are to have, every ERROR, which may be the cause of a
/// failure, and every span from INFO upwards, through which events in spawned tasks find their exchange.
pub(super) struct Heard {
    pub(super) listed: Arc<EnvFilter>,
    pub(super) hearing: Arc<Hearing>,
}

impl Heard {
    /// What is heard whatever LOG_LEVEL says.
    fn is_always(&self, metadata: &Metadata<'_>) -> bool {
        is_error(metadata) || is_known_span(metadata) || self.hearing.takes(metadata)
    }
}

impl<S> Filter<S> for Heard
where
    EnvFilter: Filter<S>,
{
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        if probe::is_probe(metadata) {
            return probe::asked();
        }
        !is_exchange(metadata)
            && (self.is_always(metadata) || Filter::<S>::enabled(&*self.listed, metadata, context))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Asked for every one: directives for spans note which there are.
        let listed = Filter::<S>::callsite_enabled(&*self.listed, metadata);
        if is_exchange(metadata) {
            Interest::never()
        } else if self.is_always(metadata) {
            Interest::always()
        } else {
            listed
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let always = self.hearing.deepest().max(LevelFilter::INFO);
        Filter::<S>::max_level_hint(&*self.listed).map(|level| level.max(always))
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        Filter::<S>::on_new_span(&*self.listed, attributes, id, context);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        Filter::<S>::on_record(&*self.listed, id, values, context);
    }

    fn on_enter(&self, id: &span::Id, context: Context<'_, S>) {
        Filter::<S>::on_enter(&*self.listed, id, context);
    }

    fn on_exit(&self, id: &span::Id, context: Context<'_, S>) {
        Filter::<S>::on_exit(&*self.listed, id, context);
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        Filter::<S>::on_close(&*self.listed, id, context);
    }
}

fn is_known_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO
}

fn is_error(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && *metadata.level() == Level::ERROR
}
