//! Where the shipped recordings are, and small files made on the spot.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of the folder `fixtures/`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

/// Writes a 16-bit WAV file of the given channels, which have one length.
///
/// # Errors
/// When the file cannot be written.
pub fn write_wav(path: &Path, rate: u32, channels: &[Vec<f32>]) -> std::io::Result<()> {
    let frames = channels.first().map_or(0, Vec::len);
    let width = channels.len() as u16 * 2;
    let bytes = (frames * usize::from(width)) as u32;
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    out.write_all(b"RIFF")?;
    out.write_all(&(36 + bytes).to_le_bytes())?;
    out.write_all(b"WAVEfmt \x10\0\0\0\x01\0")?;
    out.write_all(&(channels.len() as u16).to_le_bytes())?;
    out.write_all(&rate.to_le_bytes())?;
    out.write_all(&(rate * u32::from(width)).to_le_bytes())?;
    out.write_all(&width.to_le_bytes())?;
    out.write_all(b"\x10\0data")?;
    out.write_all(&bytes.to_le_bytes())?;
    for frame in 0..frames {
        for channel in channels {
            out.write_all(&((channel[frame] * 32_767.0).round() as i16).to_le_bytes())?;
        }
    }
    out.flush()
}
