//! What tokio alone copies over loopback: one task writes 64 KiB at a time, one reads. Prints bytes per second.
//!
//! `cargo run --release -p tergo-net --example tokio_copy`

#![allow(clippy::cast_precision_loss, reason = "this is a benchmark")]

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const RUN: Duration = Duration::from_secs(1);
const ROUNDS: usize = 5;
const SIZE: usize = 64 * 1024;

fn main() -> io::Result<()> {
    let mut rates = (0..ROUNDS)
        .map(|_| round())
        .collect::<io::Result<Vec<_>>>()?;
    rates.sort_by(f64::total_cmp);
    println!("{:.0}", rates[ROUNDS / 2]);
    Ok(())
}

/// Both ends on a thread of their own, as two nodes are.
fn round() -> io::Result<f64> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let writer = std::thread::spawn(move || {
        runtime()?.block_on(async {
            let mut stream = TcpStream::connect(address).await?;
            let bytes = vec![7; SIZE];
            let start = Instant::now();
            while start.elapsed() < RUN {
                stream.write_all(&bytes).await?;
            }
            Ok::<_, io::Error>(())
        })
    });
    let rate = runtime()?.block_on(async {
        let (mut stream, _) = TcpListener::from_std(listener)?.accept().await?;
        let (mut bytes, mut total) = (vec![0; SIZE], 0);
        let start = Instant::now();
        loop {
            match stream.read(&mut bytes).await? {
                0 => break,
                count => total += count,
            }
        }
        Ok::<_, io::Error>(total as f64 / start.elapsed().as_secs_f64())
    })?;
    writer
        .join()
        .map_err(|_| io::Error::other("the writer panicked"))??;
    Ok(rate)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
}
