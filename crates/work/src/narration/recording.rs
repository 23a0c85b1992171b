//! Sound of a voice as it is written down: into one recording, and by segment into storage.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use futures_util::StreamExt;
use speech::speak::Piece;
use store::{BlobError, BlobKey, Blobs};

/// Bytes of a WAV file before its samples.
const HEADER: u32 = 44;

/// Samples of a rendering that is kept: beyond three minutes at 24 kHz a segment is spoken anew.
const MOST_SAMPLES: usize = 180 * 24_000;

/// Bytes of one in storage.
const MOST_BYTES: usize = MOST_SAMPLES * 2 + (1 << 20);

/// The name of the chunk that has the words, in the files of renderings. Programs that play them leave it out.
const WORDS: [u8; 4] = *b"swrd";

/// The same for the chunk that has the sentences.
const SENTENCES: [u8; 4] = *b"ssnt";

/// Numbers that are kept of a word, and of a sentence.
const NUMBERS: usize = 5;
const PLACES: usize = 3;

/// A WAV file of one channel with 16 bits, written from its beginning to its end.
pub(super) struct Recorder {
    file: BufWriter<File>,
    rate: u32,
    samples: u64,
}

impl Recorder {
    pub(super) fn create(path: &Path, rate: u32) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(256 << 10, File::create(path)?);
        file.write_all(&header(rate, 0, 0))?;
        file.write_all(&chunk(*b"data", 0))?;
        Ok(Self { file, rate, samples: 0 })
    }

    /// Samples so far.
    pub(super) fn position(&self) -> u64 {
        self.samples
    }

    pub(super) fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        for sample in samples {
            self.file.write_all(&sample.to_le_bytes())?;
        }
        self.samples += samples.len() as u64;
        Ok(())
    }

    pub(super) fn silence(&mut self, seconds: f32) -> io::Result<()> {
        let samples = (f64::from(seconds.clamp(0.0, 10.0)) * f64::from(self.rate)) as usize;
        self.write(&vec![0; samples])
    }

    /// Completes the header. An empty file is none.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let bytes = u32::try_from(self.samples * 2).ok().filter(|bytes| *bytes < u32::MAX - HEADER);
        let bytes = bytes.ok_or_else(|| io::Error::other("the recording has more than 4 GiB"))?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.rate, 0, bytes))?;
        self.file.write_all(&chunk(*b"data", bytes))?;
        self.file.flush()
    }
}

/// The beginning of a WAV file up to its format; with as many bytes of words, with their chunk, and of samples after it.
fn header(rate: u32, words: u32, samples: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER as usize);
    header.extend_from_slice(&chunk(*b"RIFF", HEADER - 8 + words + samples));
    header.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    header.extend_from_slice(&rate.to_le_bytes());
    header.extend_from_slice(&(rate * 2).to_le_bytes());
    header.extend_from_slice(b"\x02\0\x10\0");
    header
}

/// What a chunk begins with.
fn chunk(name: [u8; 4], bytes: u32) -> [u8; 8] {
    let mut head = [0; 8];
    head[..4].copy_from_slice(&name);
    head[4..].copy_from_slice(&bytes.to_le_bytes());
    head
}

/// The sound of one segment, and its words; positions count from its own beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rendering {
    pub(super) samples: Vec<i16>,
    pub(super) words: Vec<Word>,
    pub(super) sentences: Vec<Place>,
}

/// Where a sentence of a segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// When it is heard, in samples, without the pause after it.
    pub(super) heard: Range<u64>,
    /// The first of its words.
    pub(super) word: usize,
}

/// A word of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it is in the text, in bytes.
    pub(super) source: Range<usize>,
    /// When it is heard, in samples.
    pub(super) heard: Range<u64>,
    /// Whether a sentence begins with it.
    pub(super) begins: bool,
}

impl Rendering {
    /// Adds a sentence that was spoken of the segment.
    pub(super) fn add(&mut self, piece: &Piece) {
        let end = piece.start + piece.said as u64;
        self.sentences.push(Place { heard: piece.start..end, word: self.words.len() });
        // Full scale is the same for both; what goes beyond is cut, as it would be anywhere.
        self.samples
            .extend(piece.samples.iter().map(|sample| (sample * 32_767.0).round().clamp(-32_768.0, 32_767.0) as i16));
        self.words.extend(piece.words.iter().enumerate().map(|(at, word)| Word {
            source: word.source.clone(),
            heard: word.heard.clone(),
            begins: at == 0,
        }));
    }

    /// As it is kept: a WAV file, with chunks before the samples that have five numbers of each word and three of each sentence; little-endian. None where
    /// it is too long for that.
    pub(super) fn bytes(&self, rate: u32) -> Option<Vec<u8>> {
        if self.samples.len() > MOST_SAMPLES {
            return None;
        }
        let words = u32::try_from(self.words.len() * NUMBERS * 4).ok()?;
        let sentences = u32::try_from(self.sentences.len() * PLACES * 4).ok()?;
        let samples = u32::try_from(self.samples.len() * 2).ok()?;
        let mut bytes = header(rate, 16 + words + sentences, samples);
        bytes.extend_from_slice(&chunk(WORDS, words));
        for word in &self.words {
            let source = [word.source.start as u64, word.source.end as u64];
            let numbers: [u64; NUMBERS] =
                [source[0], source[1], word.heard.start, word.heard.end, u64::from(word.begins)];
            for number in numbers {
                bytes.extend_from_slice(&u32::try_from(number).ok()?.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&chunk(SENTENCES, sentences));
        for Place { heard, word } in &self.sentences {
            for number in [heard.start, heard.end, *word as u64] {
                bytes.extend_from_slice(&u32::try_from(number).ok()?.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&chunk(*b"data", samples));
        bytes.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        (bytes.len() <= MOST_BYTES).then_some(bytes)
    }

    /// Reads what was kept of a segment with this text, at this rate. What makes no sense is nothing.
    pub(super) fn read(bytes: &[u8], rate: u32, text: &str) -> Option<Self> {
        let begins = header(rate, 0, 0);
        let (found, rest) = bytes.split_at_checked(begins.len())?;
        // The lengths in it are those of what follows.
        if found.get(..4) != begins.get(..4) || found.get(8..) != begins.get(8..) {
            return None;
        }
        let (words, rest) = take_chunk(rest, WORDS)?;
        let (sentences, rest) = take_chunk(rest, SENTENCES)?;
        let (samples, rest) = take_chunk(rest, *b"data")?;
        let (samples, odd) = samples.as_chunks::<2>();
        if !odd.is_empty() || !rest.is_empty() {
            return None;
        }
        let samples: Vec<i16> = samples.iter().map(|sample| i16::from_le_bytes(*sample)).collect();
        let (numbers, _) = words.as_chunks::<4>();
        let (words, odd) = numbers.as_chunks::<NUMBERS>();
        let mut found = Vec::with_capacity(words.len());
        let mut end = 0;
        for word in words {
            let [from, to, start, stop, begins] = word.map(u32::from_le_bytes);
            let source: Range<usize> = from as usize..to as usize;
            let heard = u64::from(start)..u64::from(stop);
            text.get(source.clone())?;
            if heard.start > heard.end || heard.start < end || heard.end > samples.len() as u64 {
                return None;
            }
            end = heard.end;
            found.push(Word { source, heard, begins: begins != 0 });
        }
        let (numbers, rest) = sentences.as_chunks::<4>();
        let (places, more) = numbers.as_chunks::<PLACES>();
        let places = places.iter().map(|place| {
            let [start, end, word] = place.map(u32::from_le_bytes);
            Place { heard: u64::from(start)..u64::from(end), word: word as usize }
        });
        let sentences: Vec<Place> = places.collect();
        let fits = |place: &Place| {
            place.heard.start <= place.heard.end && place.heard.end <= samples.len() as u64 && place.word <= found.len()
        };
        let is_whole = odd.is_empty() && rest.is_empty() && more.is_empty();
        let in_order = sentences.is_sorted_by(|one, next| one.heard.end <= next.heard.start && one.word <= next.word);
        (is_whole && in_order && sentences.iter().all(fits)).then_some(Self { samples, words: found, sentences })
    }
}

/// What is in a chunk that has to come next, and what comes after it.
fn take_chunk(bytes: &[u8], name: [u8; 4]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.strip_prefix(&name)?.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// A rendering's bytes, where they are in storage.
pub(super) async fn fetch(blobs: &Blobs, key: &BlobKey) -> Option<Vec<u8>> {
    let mut blob = blobs.get(key, None).await.ok()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = blob.bytes.next().await {
        bytes.extend_from_slice(&chunk.ok()?);
        if bytes.len() > MOST_BYTES {
            return None;
        }
    }
    Some(bytes)
}

/// Puts a rendering into storage, over one of the same key.
pub(super) async fn put(blobs: &Blobs, key: &BlobKey, bytes: Vec<u8>) -> Result<(), BlobError> {
    let stream = futures_util::stream::once(async move { Ok::<_, io::Error>(Bytes::from(bytes)) });
    blobs.put_stream(key, Box::pin(stream), MOST_BYTES as u64).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_as_it_was() {
        let rendering = Rendering {
            samples: vec![0, 1, -1, i16::MAX, i16::MIN],
            words: vec![
                Word { source: 0..3, heard: 0..2, begins: true },
                Word { source: 4..7, heard: 2..5, begins: false },
            ],
            sentences: vec![Place { heard: 0..5, word: 0 }],
        };
        let bytes = rendering.bytes(22_050).unwrap_or_default();
        assert_eq!(Rendering::read(&bytes, 22_050, "One two"), Some(rendering));
        // What belongs to another text or voice, or was cut off, is nothing.
        assert_eq!(Rendering::read(&bytes, 22_050, "One"), None);
        assert_eq!(Rendering::read(&bytes, 24_000, "One two"), None);
        for end in 0..bytes.len() {
            assert_eq!(Rendering::read(&bytes[..end], 22_050, "One two"), None, "{end}");
        }
        // It is a file that anything plays.
        let mut source = audio::decode::Source::from_stream(Box::new(io::Cursor::new(bytes)), None);
        let mut block = audio::Block::default();
        let read = source.as_mut().map(|source| source.read(&mut block).unwrap_or_default());
        assert!(read.is_ok_and(|read| read) && block.frames() == 5);
    }

    #[test]
    fn a_recording_has_a_whole_header() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("r.wav");
        let made = Recorder::create(&path, 22_050).and_then(|mut recorder| {
            recorder.write(&[1, 2, 3])?;
            recorder.silence(0.001)?;
            assert_eq!(recorder.position(), 3 + 22);
            recorder.finish()
        });
        assert!(made.is_ok(), "{made:?}");
        let bytes = std::fs::read(&path).unwrap_or_default();
        assert_eq!(
            (bytes.len(), &bytes[40..44], &bytes[4..8]),
            (44 + 50, &50u32.to_le_bytes()[..], &86u32.to_le_bytes()[..])
        );
    }
}
