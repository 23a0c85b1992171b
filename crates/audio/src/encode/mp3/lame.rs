//! LAME behind a safe face: settings in, planar sound in, MP3 bytes out. This is the only place in the MP3 encoder that
//! calls C. What is done with the bytes is next door, in [`run`](super::run).

#![expect(unsafe_code, reason = "calls the C library LAME; each call says why it is sound")]

use std::ffi::c_int;
use std::ptr::NonNull;
use std::sync::{PoisonError, RwLock};

use lame_sys::{Global, Interface};

use super::frame::{Format, Rate};
use crate::AudioError;

/// Samples per channel that one call takes. LAME keeps a copy of its input of this size.
pub(super) const CHUNK: usize = 4608;

/// Bytes that one call may give: LAME's own worst case for a chunk, as `lame.h` states it, with the fraction rounded up.
const ROOM: usize = CHUNK + CHUNK / 4 + 7200;

/// LAME fills tables that all encoders share whenever one is set up, with the same numbers each time. Setting up takes
/// this lock alone and encoding takes it together with others, so that nobody reads what is being written.
static TABLES: RwLock<()> = RwLock::new(());

/// One encoder with all its memory of the past.
pub(super) struct Lame {
    encoder: NonNull<Global>,
    interface: &'static Interface,
    channels: usize,
}

impl Lame {
    /// A fresh encoder. Without a reservoir every frame keeps within its own bytes.
    pub(super) fn new(format: &Format, reservoir: bool) -> Result<Self, AudioError> {
        Self::of_build(lame_sys::interface(), format, reservoir)
    }

    /// The same with a chosen build of the library.
    fn of_build(interface: &'static Interface, format: &Format, reservoir: bool) -> Result<Self, AudioError> {
        let _alone = TABLES.write().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: takes nothing and gives an encoder or null.
        let encoder =
            NonNull::new(unsafe { (interface.init)() }).ok_or_else(|| failed("the LAME encoder got no memory"))?;
        let lame = Self { encoder, interface, channels: format.channels() };
        let raw = encoder.as_ptr();
        let rate = c_int::try_from(format.rate()).map_err(|_| failed("its sample rate is out of range"))?;
        let mode = if lame.channels == 1 { lame_sys::MONO } else { lame_sys::JOINT_STEREO };
        // SAFETY: `raw` is the encoder made above, which nobody else has; all of these take plain numbers.
        let status = unsafe {
            let set = interface;
            [
                (set.set_in_samplerate)(raw, rate),
                (set.set_out_samplerate)(raw, rate),
                (set.set_num_channels)(raw, lame.channels as c_int),
                (set.set_mode)(raw, mode),
                (set.set_quality)(raw, super::QUALITY),
                (set.set_write_vbr_tag)(raw, 0),
                (set.set_disable_reservoir)(raw, c_int::from(!reservoir)),
                match format.bitrate() {
                    Rate::Constant(kbps) => (set.set_vbr)(raw, lame_sys::VBR_OFF) | (set.set_brate)(raw, kbps as c_int),
                    Rate::Variable(quality) => {
                        (set.set_vbr)(raw, lame_sys::VBR_MTRH) | (set.set_vbr_quality)(raw, quality)
                    }
                },
                (set.init_params)(raw),
            ]
        };
        if status.iter().any(|&code| code != 0) {
            return Err(failed("LAME does not take these settings"));
        }
        Ok(lame)
    }

    /// Encodes at most [`CHUNK`] frames and adds the bytes that come out. Mono has one channel, stereo two, of the same
    /// length; samples must be finite.
    pub(super) fn encode(&mut self, sound: &[&[f32]], bytes: &mut Vec<u8>) -> Result<(), AudioError> {
        let (Some(left), Some(right)) = (sound.first(), sound.last()) else {
            return Err(failed("a channel is missing"));
        };
        if sound.len() != self.channels || left.len() != right.len() || left.len() > CHUNK {
            return Err(failed("its channels do not fit together"));
        }
        let _together = TABLES.read().unwrap_or_else(PoisonError::into_inner);
        self.gather(bytes, |interface, raw, into, room| {
            // SAFETY: both channels hold `left.len()` samples, which is checked above and fits a C int, and `into` has
            // `room` bytes, LAME's worst case for that many; it checks the room itself besides.
            unsafe {
                (interface.encode_buffer_ieee_float)(
                    raw,
                    left.as_ptr(),
                    right.as_ptr(),
                    left.len() as c_int,
                    into,
                    room,
                )
            }
        })
    }

    /// Fills up the last frame and adds its bytes. Sound that does not fill a frame stays inside.
    pub(super) fn flush(mut self, bytes: &mut Vec<u8>) -> Result<(), AudioError> {
        let _together = TABLES.read().unwrap_or_else(PoisonError::into_inner);
        self.gather(bytes, |interface, raw, into, room| {
            // SAFETY: `into` has `room` bytes, more than the 7200 that `lame.h` asks for; LAME checks the room itself.
            unsafe { (interface.encode_flush_nogap)(raw, into, room) }
        })
    }

    /// What sound has to be multiplied by so that it comes out as loud as it went in.
    ///
    /// LAME turns sound down by 5 % at most bitrates, against clipping in decoders that give 16 bits; our peaks are below a
    /// ceiling, and a loudness that was set to a tenth of a decibel is to be kept. Also LAME takes floats for 16-bit numbers
    /// times 1/32767, everyone else times 1/32768.
    pub(super) fn makeup(&self) -> f32 {
        // SAFETY: the encoder lives as long as `self` and is only read.
        let scale = unsafe { (self.interface.get_scale)(self.encoder.as_ptr()) };
        if (0.5..2.0).contains(&scale) { 32768.0 / 32767.0 / scale } else { 1.0 }
    }

    /// Where the encoder cuts off high frequencies, in hertz; 0 when nowhere.
    pub(super) fn lowpass(&self) -> u32 {
        // SAFETY: the encoder lives as long as `self` and is only read.
        let hertz = unsafe { (self.interface.get_lowpassfreq)(self.encoder.as_ptr()) };
        u32::try_from(hertz).unwrap_or(0)
    }

    /// Calls LAME with room at the end of `bytes` and keeps what it wrote.
    fn gather(
        &mut self,
        bytes: &mut Vec<u8>,
        call: impl FnOnce(&Interface, *mut Global, *mut u8, c_int) -> c_int,
    ) -> Result<(), AudioError> {
        let before = bytes.len();
        bytes.resize(before + ROOM, 0);
        let written = call(self.interface, self.encoder.as_ptr(), bytes[before..].as_mut_ptr(), ROOM as c_int);
        let written = usize::try_from(written).ok().filter(|&written| written <= ROOM);
        bytes.truncate(before + written.unwrap_or(0));
        if written.is_none() {
            return Err(failed("LAME reported an error while encoding"));
        }
        Ok(())
    }
}

impl Drop for Lame {
    fn drop(&mut self) {
        // SAFETY: the encoder was made by this interface and is not used after.
        unsafe { (self.interface.close)(self.encoder.as_ptr()) };
    }
}

fn failed(reason: &str) -> AudioError {
    AudioError::Encode { format: "MP3", reason: reason.to_owned() }
}
