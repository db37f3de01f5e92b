//! What others have left in a request's extensions for us.

use std::net::SocketAddr;

use http::request::Parts;

use crate::capture::Hints;

/// Reads peer, route and original URI.
pub(crate) fn of(parts: &Parts) -> Hints<'_> {
    #[cfg(feature = "axum")]
    let hints = Hints {
        peer: peer(parts),
        route: parts.extensions.get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str),
        uri: parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |original| &original.0),
    };
    #[cfg(not(feature = "axum"))]
    let hints = Hints { peer: peer(parts), route: None, uri: &parts.uri };
    hints
}

/// axum's connect info, tonic's, or a plain `SocketAddr`, for servers that put their own there.
fn peer(parts: &Parts) -> Option<SocketAddr> {
    #[cfg(feature = "axum")]
    if let Some(info) = parts.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(info.0);
    }
    #[cfg(feature = "tonic")]
    if let Some(info) = parts.extensions.get::<tonic::transport::server::TcpConnectInfo>() {
        return info.remote_addr();
    }
    parts.extensions.get::<SocketAddr>().copied()
}
