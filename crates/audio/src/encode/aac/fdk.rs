//! The C interface of the FDK AAC encoder, the only place where it is called. What is safe about it is said here.
//!
//! Bound directly instead of through the `fdk-aac` crate, because that one cannot switch the afterburner on.

#![expect(unsafe_code, reason = "the encoder is a C library; every call is in this file")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;

use fdk_aac_sys as sys;

use crate::AudioError;

/// Parameter values (`aacenc_lib.h`, `AACENC_PARAM`).
const CONSTANT_BITRATE: u32 = 0;
const RAW_PACKETS: u32 = 0;

/// An encoder for AAC-LC packets without any wrapping. Exactly one packet comes out for each full packet's worth of
/// frames that goes in.
pub(super) struct Fdk {
    handle: Handle,
    info: sys::AACENC_InfoStruct,
    bitrate: u32,
    packet: Vec<u8>,
}

impl Fdk {
    /// Opens an encoder for 1 or 2 channels. The bitrate, in bits per second, is lowered to what the format can hold.
    pub(super) fn open(rate: u32, channels: usize, bitrate: u32) -> Result<Self, AudioError> {
        if !(1..=2).contains(&channels) {
            return Err(refused(format!("{channels} channels were given")));
        }
        let mut handle = Handle(ptr::null_mut());
        // SAFETY: the library writes a handle, or leaves it null on failure. 0 modules means all.
        check(unsafe { sys::aacEncOpen(&raw mut handle.0, 0, channels as u32) })?;
        for (parameter, value) in [
            (sys::AACENC_PARAM_AACENC_AOT, sys::AUDIO_OBJECT_TYPE_AOT_AAC_LC as u32),
            (sys::AACENC_PARAM_AACENC_SAMPLERATE, rate),
            // The library's modes for mono and stereo are the number of channels.
            (sys::AACENC_PARAM_AACENC_CHANNELMODE, channels as u32),
            (sys::AACENC_PARAM_AACENC_BITRATEMODE, CONSTANT_BITRATE),
            (sys::AACENC_PARAM_AACENC_BITRATE, bitrate),
            (sys::AACENC_PARAM_AACENC_TRANSMUX, RAW_PACKETS),
            (sys::AACENC_PARAM_AACENC_AFTERBURNER, 1),
        ] {
            // SAFETY: the handle is open.
            check(unsafe { sys::aacEncoder_SetParam(handle.0, parameter, value) })?;
        }
        // SAFETY: the handle is open; a call with nothing but it makes the library set itself up.
        check(unsafe { sys::aacEncEncode(handle.0, ptr::null(), ptr::null(), ptr::null(), ptr::null_mut()) })?;
        let mut info = MaybeUninit::zeroed();
        // SAFETY: the handle is open and the library writes a whole structure, of which all bits are valid anyway.
        check(unsafe { sys::aacEncInfo(handle.0, info.as_mut_ptr()) })?;
        // SAFETY: it consists of plain numbers and was zeroed.
        let info: sys::AACENC_InfoStruct = unsafe { info.assume_init() };
        // SAFETY: the handle is open.
        let bitrate = unsafe { sys::aacEncoder_GetParam(handle.0, sys::AACENC_PARAM_AACENC_BITRATE) };
        if info.frameLength == 0 || info.confSize as usize > info.confBuf.len() {
            return Err(refused("the AAC library could not set itself up".into()));
        }
        Ok(Self { handle, bitrate, packet: vec![0; info.maxOutBufBytes as usize], info })
    }

    /// The AudioSpecificConfig (ISO 14496-3 §1.6.2.1).
    pub(super) fn config(&self) -> &[u8] {
        &self.info.confBuf[..self.info.confSize as usize]
    }

    /// Bits per second.
    pub(super) fn bitrate(&self) -> u32 {
        self.bitrate
    }

    /// Frames in a packet.
    pub(super) fn packet_frames(&self) -> u32 {
        self.info.frameLength
    }

    /// Frames that come out of a decoder before the first that went in.
    pub(super) fn delay(&self) -> u32 {
        self.info.nDelay
    }

    /// Encodes interleaved samples of exactly one packet.
    pub(super) fn encode(&mut self, samples: &[i16]) -> Result<&[u8], AudioError> {
        let count = self.info.frameLength as usize * self.info.inputChannels as usize;
        if samples.len() != count {
            return Err(refused(format!("{} samples were given where a packet takes {count}", samples.len())));
        }
        // The library takes arrays of buffers; here each has one element. It does not write to the samples.
        let mut input: *mut c_void = samples.as_ptr().cast_mut().cast();
        let mut input_kind = sys::AACENC_BufferIdentifier_IN_AUDIO_DATA as i32;
        let mut input_bytes = size_of_val(samples) as i32;
        let mut input_width = size_of::<i16>() as i32;
        let from = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut input,
            bufferIdentifiers: &raw mut input_kind,
            bufSizes: &raw mut input_bytes,
            bufElSizes: &raw mut input_width,
        };
        let mut output: *mut c_void = self.packet.as_mut_ptr().cast();
        let mut output_kind = sys::AACENC_BufferIdentifier_OUT_BITSTREAM_DATA as i32;
        let mut output_bytes = self.packet.len() as i32;
        let mut output_width = 1;
        let into = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut output,
            bufferIdentifiers: &raw mut output_kind,
            bufSizes: &raw mut output_bytes,
            bufElSizes: &raw mut output_width,
        };
        let asked = sys::AACENC_InArgs { numInSamples: count as i32, numAncBytes: 0 };
        let mut done = sys::AACENC_OutArgs { numOutBytes: 0, numInSamples: 0, numAncBytes: 0, bitResState: 0 };
        // SAFETY: the handle is open; every pointer in the descriptions is to a live local or buffer of the told size,
        // and `&mut self` keeps others out.
        check(unsafe {
            sys::aacEncEncode(self.handle.0, &raw const from, &raw const into, &raw const asked, &raw mut done)
        })?;
        match self.packet.get(..usize::try_from(done.numOutBytes).unwrap_or(0)) {
            Some(packet) if !packet.is_empty() && done.numInSamples as usize == count => Ok(packet),
            _ => Err(refused("the AAC library gave no packet".into())),
        }
    }
}

/// An open encoder, closed when dropped.
struct Handle(sys::HANDLE_AACENCODER);

// SAFETY: an encoder keeps all its state behind the handle; the library has no state per thread.
unsafe impl Send for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle came from the library, or is null, which it takes as nothing to do. The result could only
        // say that it was null.
        unsafe { sys::aacEncClose(&raw mut self.0) };
    }
}

fn check(code: sys::AACENC_ERROR) -> Result<(), AudioError> {
    match code {
        sys::AACENC_ERROR_AACENC_OK => Ok(()),
        sys::AACENC_ERROR_AACENC_MEMORY_ERROR => Err(refused("there is not enough memory".into())),
        sys::AACENC_ERROR_AACENC_UNSUPPORTED_PARAMETER
        | sys::AACENC_ERROR_AACENC_INVALID_CONFIG
        | sys::AACENC_ERROR_AACENC_INIT_ERROR
        | sys::AACENC_ERROR_AACENC_INIT_AAC_ERROR => {
            Err(refused("the AAC library does not take this sample rate with this bitrate".into()))
        }
        other => Err(refused(format!("the AAC library stopped with its error {other:#06x}"))),
    }
}

fn refused(reason: String) -> AudioError {
    AudioError::Encode { format: "AAC", reason }
}
