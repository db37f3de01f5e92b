//! The server: one thread that serves, and those of whoever records.

use std::{
    io::{self, BufRead as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::Ordering::Relaxed,
    thread,
    time::Duration,
};

use axum::serve::ListenerExt as _;
use rustix::time::{ClockId, clock_gettime};
use tokio::{net::TcpListener, runtime::Builder, sync::mpsc, time::sleep};

use crate::{
    Result, api,
    stacks::STACKS,
    wrapped::{Proof, Wrapped},
};

/// Serves until stdin ends. For each line of it, it tells what has been until then, after all of it was recorded:
/// nanoseconds of processors, requests answered, requests of which there is a record.
pub(crate) fn serve(stack: &str) -> Result<()> {
    let stack = STACKS.iter().find(|known| known.name == stack).ok_or("no such stack")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let Wrapped { router, subscriber, proof, keep, .. } = {
        let _entered = runtime.enter();
        (stack.build)()?
    };
    if let Some(subscriber) = subscriber {
        tracing::dispatcher::set_global_default(subscriber)?;
    }
    let (sender, mut orders) = mpsc::unbounded_channel();
    thread::spawn(move || {
        io::stdin().lock().lines().map_while(io::Result::ok).try_for_each(|_| sender.send(()))
    });
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        writeln!(io::stdout(), "{}", listener.local_addr()?)?;
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        while orders.recv().await.is_some() {
            let (answered, recorded) = settled(&*proof).await?;
            let time = clock_gettime(ClockId::ProcessCPUTime);
            writeln!(io::stdout(), "{} {answered} {recorded}", time.tv_sec * 1_000_000_000 + time.tv_nsec)?;
        }
        Result::Ok(())
    })?;
    drop(keep);
    Ok(())
}

/// Waits until everything is recorded, or nothing more is.
async fn settled(proof: &dyn Proof) -> Result<(u64, u64)> {
    let mut before = 0;
    loop {
        let answered = api::ANSWERED.load(Relaxed);
        let recorded = proof.done()?.min(answered.saturating_sub(proof.lost()));
        if recorded >= answered || (recorded == before && recorded > 0) {
            return Ok((answered, recorded));
        }
        before = recorded;
        sleep(Duration::from_millis(20)).await;
    }
}
