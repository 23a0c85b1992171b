//! Waveform data as the BBC's audiowaveform writes it (`.dat`), read back for drawing. What draws is in waveform.rs.
//!
//! Format: audiowaveform, `doc/DataFormat.md`, versions 1 and 2, with 8 or 16 bits. More than one channel is taken as one: the
//! furthest of all.

/// Lowest and highest value of each run of samples, in 8 bits; `None` where the bytes are something else.
///
/// A file that ends early gives the pairs that it has.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<(i8, i8)>> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (header, channels) = match word(0)? {
        1 => (20, 1),
        2 => (24, word(20)?.clamp(1, 64) as usize),
        _ => return None,
    };
    let eight_bits = word(4)? & 1 == 1;
    let values = bytes.get(header..)?;
    let pairs: Vec<(i8, i8)> = if eight_bits {
        values.chunks_exact(2).map(|pair| (pair[0].cast_signed(), pair[1].cast_signed())).collect()
    } else {
        // The upper half of sixteen bits says the same, coarser.
        values.chunks_exact(4).map(|pair| (pair[1].cast_signed(), pair[3].cast_signed())).collect()
    };
    let furthest = |together: &[(i8, i8)]| {
        let low = together.iter().map(|pair| pair.0).min().unwrap_or(0);
        let high = together.iter().map(|pair| pair.1).max().unwrap_or(0);
        (low, high)
    };
    Some(if channels == 1 { pairs } else { pairs.chunks_exact(channels).map(furthest).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u32, flags: u32, rest: &[u8]) -> Vec<u8> {
        let words = [version, flags, 48_000, 256, 2];
        words.iter().flat_map(|word| word.to_le_bytes()).chain(rest.iter().copied()).collect()
    }

    #[test]
    fn pairs_come_back() {
        assert_eq!(read(&file(1, 1, &[0xfd, 2, 0x80, 0x7f])), Some(vec![(-3, 2), (-128, 127)]));
        assert_eq!(read(&file(1, 0, &[0, 0xfd, 0, 2])), Some(vec![(-3, 2)]));
        assert_eq!(read(&file(2, 1, &[2, 0, 0, 0, 0xfd, 2, 0xf0, 1])), Some(vec![(-16, 2)]));
        assert_eq!(read(&file(1, 1, &[0xfd])), Some(vec![]));
    }

    #[test]
    fn other_bytes_are_none() {
        assert_eq!(read(b""), None);
        assert_eq!(read(b"RIFF....WAVE"), None);
        assert_eq!(read(&file(3, 1, &[])), None);
        assert_eq!(read(&file(2, 1, &[])), None);
    }
}
