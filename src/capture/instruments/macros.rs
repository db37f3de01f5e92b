/// Tells of something by a name of its own, as [`Current::event`](crate::Current::event) does, with the module it is told in.
///
/// First the `event_type`, then what is told: fields as `name = value`, or just the name of a variable; `message:`, `level:` and
/// `error:` as the methods of [`CustomEvent`](crate::CustomEvent) take them.
///
/// ```
/// use tower_flightlog::{Level, event};
///
/// let model_name = "llama-3-8b";
/// event!("text_generation_success", message: "answered", model_name, generation_time = 2.34);
///
/// if let Err(error) = std::fs::read("model.bin") {
///     event!("model_load_failed", level: Level::WARN, error: &error, "file.name" = "model.bin");
/// }
/// ```
#[macro_export]
macro_rules! event {
    ($event_type:expr $(, $($told:tt)*)?) => {
        $crate::__event!(
            ($crate::current().event($event_type).module(::core::module_path!())) $($($told)*)?
        )
    };
}

/// Takes one thing after the other off the list.
#[doc(hidden)]
#[macro_export]
macro_rules! __event {
    (($event:expr)) => { $event.send() };
    (($event:expr) message: $message:expr $(, $($rest:tt)*)?) => {
        $crate::__event!(($event.message($message)) $($($rest)*)?)
    };
    (($event:expr) level: $level:expr $(, $($rest:tt)*)?) => {
        $crate::__event!(($event.level($level)) $($($rest)*)?)
    };
    (($event:expr) error: $error:expr $(, $($rest:tt)*)?) => {
        $crate::__event!(($event.error($error)) $($($rest)*)?)
    };
    (($event:expr) $name:literal = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__event!(($event.field($name, $value)) $($($rest)*)?)
    };
    (($event:expr) $name:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__event!(($event.field(::core::stringify!($name), $value)) $($($rest)*)?)
    };
    (($event:expr) $name:ident $(, $($rest:tt)*)?) => {
        $crate::__event!(($event.field(::core::stringify!($name), &$name)) $($($rest)*)?)
    };
}

/// Tells something to who looks for a fault, as [`Current::debug`](crate::Current::debug) does. Where nobody is told, its
/// arguments are not evaluated.
///
/// ```
/// use tower_flightlog::debug;
///
/// fn all_of_it() -> Vec<u32> {
///     unreachable!("there is no log")
/// }
///
/// debug!(1, "loading");
/// debug!(3, format_args!("{} articles", 7), all_of_it());
/// ```
#[macro_export]
macro_rules! debug {
    ($level:expr, $message:expr $(,)?) => {
        $crate::debug!($level, $message, ())
    };
    ($level:expr, $message:expr, $data:expr $(,)?) => {{
        let level: u8 = $level;
        if $crate::is_debug_enabled(level) {
            $crate::current().debug(level, $message, $data);
        }
    }};
}
