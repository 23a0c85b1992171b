//! AAC-LC in M4A, through the FDK library. Behind the feature `fdk-aac`, because that library's licence is not one of
//! the house's own. Constant bitrate, with the library's "afterburner", which costs time and gives quality.
//!
//! What the encoder adds in front (its delay) and behind (the rest of the last packet) is told in the file, so that
//! players give back exactly the frames that went in.

mod fdk;

use fdk::Fdk;

use super::mp4::{Coding, Sound, Writer};
use super::pcm16::Portions;
use super::{Codec, Encoder, Order, Sink};
use crate::tag::ReplayGain;
use crate::{AudioError, Block};

/// The format. A packet holds at most 6144 bits per channel (ISO 14496-3 §4.5.3.3), so that one channel gets at most
/// 264 kbit/s at 44.1 kHz and 288 at 48 kHz even where more is asked for.
pub(super) const AAC: Codec = Codec {
    name: "aac",
    title: "AAC",
    ending: "m4a",
    mime: "audio/mp4",
    lossy: true,
    bitrates: Some(32..=320),
    default_bitrate: Some(128),
    rates: &[],
    open: |order, sink| Ok(Box::new(Aac::open(order, sink)?)),
};

struct Aac {
    fdk: Fdk,
    portions: Portions,
    channels: usize,
    sound: Sound,
    writer: Writer,
}

impl Aac {
    fn open(order: &Order, sink: Box<dyn Sink>) -> Result<Self, AudioError> {
        let kilobits = order.bitrate.or(AAC.default_bitrate).unwrap_or(128);
        let fdk = Fdk::open(order.rate, order.channels, kilobits.saturating_mul(1000))?;
        let sound = Sound {
            coding: Coding::Aac { config: fdk.config().to_vec(), bitrate: fdk.bitrate() },
            rate: order.rate,
            channels: order.channels as u16,
            packet_frames: fdk.packet_frames(),
            delay: fdk.delay(),
        };
        Ok(Self {
            portions: Portions::new(order.channels, fdk.packet_frames() as usize),
            channels: order.channels,
            writer: Writer::begin(sink, sound.clone(), order)?,
            sound,
            fdk,
        })
    }
}

impl Encoder for Aac {
    fn write(&mut self, block: &Block) -> Result<(), AudioError> {
        let Self { fdk, portions, writer, .. } = self;
        portions.take(block, |samples| writer.packet(fdk.encode(samples)?))
    }

    fn finish(mut self: Box<Self>, gain: &ReplayGain) -> Result<(), AudioError> {
        let frames = self.portions.frames();
        let packets = self.sound.packets_for(frames);
        // Silence pushes the last frames out of the encoder. The first of these portions begins with what was left.
        let mut samples = self.portions.rest().to_vec();
        while self.writer.packets() < packets {
            samples.resize(self.sound.packet_frames as usize * self.channels, 0);
            self.writer.packet(self.fdk.encode(&samples)?)?;
            samples.clear();
        }
        self.writer.finish(frames, gain)
    }
}
