//! Whose a frame on a stack is, by the path of its symbol.

/// Whose code a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The service's own, and that of what it depends on.
    Service,
    /// The standard library's, and that of libraries that make errors: of interest between two frames of the service.
    Library,
    /// What panics, polls and starts threads, and this crate.
    Runtime,
}

/// Crates, modules and functions that are of the runtime.
const RUNTIME: &[&str] = &[
    "axum",
    "axum_core",
    "futures",
    "futures_channel",
    "futures_core",
    "futures_executor",
    "futures_util",
    "h2",
    "http_body",
    "http_body_util",
    "hyper",
    "hyper_util",
    "tokio",
    "tokio_stream",
    "tokio_util",
    "tonic",
    "tower",
    "tower_flightlog",
    "tower_http",
    "tower_layer",
    "tower_service",
    "tracing",
    "core::future",
    "core::ops::function",
    "core::panic",
    "core::panicking",
    "std::backtrace",
    "std::backtrace_rs",
    "std::panic",
    "std::panicking",
    "std::rt",
    "std::sys::backtrace",
    "std::sys::pal",
    "std::sys::thread",
    "std::thread",
    "__clone",
    "__libc_start_call_main",
    "__libc_start_main",
    "__libc_start_main_impl",
    "__rust_start_panic",
    "__rust_try",
    "__rustc",
    "_pthread_start",
    "_start",
    "clone",
    "clone3",
    "main",
    "rust_begin_unwind",
    "rust_panic",
    "start_thread",
    "thread_start",
];

const LIBRARY: &[&str] = &["alloc", "anyhow", "color_eyre", "core", "eyre", "std"];

/// Whose a function is.
pub(super) fn owner(symbol: &str) -> Owner {
    if symbol.starts_with("_Unwind_") {
        return Owner::Runtime;
    }
    let Some((of_type, of_trait)) = qualified(symbol) else {
        return of_path(symbol).unwrap_or(Owner::Service);
    };
    let owners = [of_path(of_type), of_trait.and_then(of_path)];
    // An implementation belongs to whose type or trait it is: what is foreign to the runtime, is the service's.
    [Owner::Service, Owner::Runtime, Owner::Library]
        .into_iter()
        .find(|owner| owners.contains(&Some(*owner)))
        .unwrap_or(Owner::Service)
}

/// True for the function that calls the panic hook: what stands above it is the hook.
pub(super) fn is_hook(symbol: &str) -> bool {
    symbol.starts_with("std::panicking::") && symbol.contains("with_hook")
}

/// `A` and `B` of `<A as B>::f`.
fn qualified(symbol: &str) -> Option<(&str, Option<&str>)> {
    let inner = symbol.strip_prefix('<')?;
    let (mut depth, mut split, mut before) = (1_usize, None, b' ');
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            // Not the arrow of a function's type.
            b'>' if before != b'-' => depth -= 1,
            b' ' if depth == 1
                && split.is_none()
                && inner.get(at..).is_some_and(|rest| rest.starts_with(" as ")) =>
            {
                split = Some(at);
            }
            _ => {}
        }
        if depth == 0 {
            let path = |from: usize, to: usize| inner.get(from..to);
            return match split {
                Some(split) => Some((path(0, split)?, path(split + 4, at))),
                None => Some((path(0, at)?, None)),
            };
        }
        before = byte;
    }
    None
}

/// None for what has no path: a type parameter, a primitive.
fn of_path(path: &str) -> Option<Owner> {
    let path = plain(path);
    let head =
        path.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':')).next().unwrap_or_default();
    if is_one_of(head, RUNTIME) {
        Some(Owner::Runtime)
    } else if is_one_of(head, LIBRARY) {
        Some(Owner::Library)
    } else {
        head.contains("::").then_some(Owner::Service)
    }
}

/// A type without what stands before its path.
fn plain(path: &str) -> &str {
    let mut path = path;
    loop {
        let bare = path.trim_start_matches(['&', '[', '(', '<', '*', ' ']);
        let bare = ["mut ", "const ", "dyn ", "impl "]
            .iter()
            .find_map(|word| bare.strip_prefix(word))
            .unwrap_or(bare);
        if bare.len() == path.len() {
            return bare;
        }
        path = bare;
    }
}

fn is_one_of(path: &str, known: &[&str]) -> bool {
    known
        .iter()
        .any(|known| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

#[cfg(test)]
mod tests {
    use super::{Owner, owner};

    #[test]
    fn whose_a_frame_is_its_path_says() {
        use Owner::{Library, Runtime, Service};
        for (symbol, expected) in [
            ("shop::order::place::{{closure}}", Service),
            ("<shop::Guard as core::ops::drop::Drop>::drop", Service),
            ("<alloc::boxed::Box<T> as shop::Price>::of", Service),
            ("<tokio::net::TcpStream as shop::Connect>::connect", Service),
            ("<impl shop::Price for u32>::of", Service),
            ("shop::<impl shop::Price for u32>::of", Service),
            ("<shop::Basket<fn(u8) -> tokio::X>>::total", Service),
            ("sqlx_core::query::Query<DB,A>::fetch::{{closure}}", Service),
            ("tokio_postgres::client::Client::query", Service),
            ("tower_sessions::Session::load", Service),
            ("<sqlx::Pool<tokio::Runtime> as core::future::future::Future>::poll", Service),
            ("<unknown>", Service),
            ("quote", Service),
            ("tokio::runtime::task::core::Core<T,S>::poll::{{closure}}", Runtime),
            (
                "<axum::handler::future::IntoServiceFuture<shop::F> as core::future::future::Future>::poll",
                Runtime,
            ),
            ("<F as axum::handler::Handler<(M,),S>>::call::{{closure}}", Runtime),
            ("<core::pin::Pin<P> as core::future::future::Future>::poll", Runtime),
            ("<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once", Runtime),
            (
                "<core::panic::unwind_safe::AssertUnwindSafe<F> as core::ops::function::FnOnce<()>>::call_once",
                Runtime,
            ),
            (
                "core::ops::function::impls::<impl core::ops::function::FnOnce<A> for &mut F>::call_once",
                Runtime,
            ),
            ("core::panicking::panic_fmt", Runtime),
            ("__rustc::rust_begin_unwind", Runtime),
            ("__rustc[4794b31dd7191200]::rust_begin_unwind", Runtime),
            ("_Unwind_RaiseException", Runtime),
            ("main", Runtime),
            ("shop::main", Service),
            (
                "<tower_flightlog::layer::future::ResponseFuture<F,M> as core::future::future::Future>::poll",
                Runtime,
            ),
            ("core::option::Option<T>::unwrap", Library),
            ("alloc::slice::<impl [T]>::sort_by", Library),
            ("<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index", Library),
            ("<usize as core::slice::index::SliceIndex<[T]>>::index", Library),
            ("<anyhow::Error as core::convert::From<E>>::from", Library),
            ("core::ptr::drop_in_place<shop::Guard>", Library),
        ] {
            assert_eq!(owner(symbol), expected, "{symbol}");
        }
    }
}
