//! What every example does: it listens on 127.0.0.1, says where, and stops when asked to.

use std::{
    env,
    error::Error,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::{self, Path, PathBuf},
};

use axum::{Router, serve::ListenerExt};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Serves `app` until Ctrl-C or SIGTERM, and tells what to try: arguments of curl, with `{addr}` in them.
pub(crate) async fn serve(app: Router, to_try: &[&str]) -> Result<(), Box<dyn Error>> {
    let port = port()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("PORT={port}: {error}"))?;
    let stop = stop_asked()?;
    greet(listener.local_addr()?, to_try);
    // Without it, a stream's small frames wait some 40 ms for each other.
    let listener = listener.tap_io(|tcp| _ = tcp.set_nodelay(true));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

/// PORT, or 3000.
fn port() -> Result<u16, String> {
    match env::var("PORT") {
        Ok(port) if !port.is_empty() => {
            port.parse().map_err(|_| format!("PORT={port}: want a number from 0 to 65535"))
        }
        _ => Ok(3000),
    }
}

/// Tells where everything is and what to try. Nobody has to be listening.
fn greet(addr: SocketAddr, to_try: &[&str]) {
    tracing::info!("listening on http://{addr}");
    let mut text = format!("\nlistening on http://{addr}\n{}\n\ntry\n", places());
    for line in to_try {
        text.push_str(&format!("  curl -i {}\n", line.replace("{addr}", &addr.to_string())));
    }
    text.push('\n');
    _ = io::stderr().write_all(text.as_bytes());
}

/// Where the log files are, and where a failed request leaves its dump.
fn places() -> String {
    let directory = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let shown = |dir: &Path| path::absolute(dir).unwrap_or_else(|_| dir.into()).display().to_string();
    let logs = directory("LOG_DIR").unwrap_or_else(|| "logs".into());
    let dumps = directory("LOG_DUMP_DIR").unwrap_or_else(|| logs.join("dumps"));
    format!(
        "api.log and errors.log are in {}\ndumps of failed requests go to {}",
        shown(&logs),
        shown(&dumps)
    )
}

/// What returns at Ctrl-C or SIGTERM; both are heard from now on.
fn stop_asked() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        tracing::info!("stopping once the open requests are answered");
    })
}
