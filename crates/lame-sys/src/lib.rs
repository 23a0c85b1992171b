//! LAME 3.100 as a table of C functions, in the build that suits the processor at hand.
//!
//! What belongs here: the vendored source, how it is built, which build runs, and the functions of `lame.h` that
//! Soundpost calls. What does not: anything that makes them safe; that is `audio::encode::mp3::lame`.
//!
//! On x86-64 the library is built twice, for any processor and for those with AVX2 and FMA, and [`interface`] asks the
//! processor which it is. The builds round differently, so their files differ in some bits; neither is the better one.

use std::ffi::{c_char, c_float, c_int, c_uchar};
use std::sync::OnceLock;

/// An encoder (`lame_global_flags`); only ever seen through a pointer.
#[repr(C)]
pub struct Global {
    private: [u8; 0],
}

/// `JOINT_STEREO` of `MPEG_mode`.
pub const JOINT_STEREO: c_int = 1;
/// `MONO` of `MPEG_mode`.
pub const MONO: c_int = 3;
/// `vbr_off` of `vbr_mode`: constant bitrate.
pub const VBR_OFF: c_int = 0;
/// `vbr_mtrh` of `vbr_mode`: the variable-bitrate method that LAME itself prefers.
pub const VBR_MTRH: c_int = 4;

/// The functions of one build. Their meaning is documented in `vendor/include/lame.h`; whoever calls one keeps the rules
/// that are written there.
pub struct Interface {
    /// Which build this is, for reports: `x86-64-v3` or `baseline`.
    pub build: &'static str,
    /// `lame_init`: a new encoder, or null without memory.
    pub init: unsafe extern "C" fn() -> *mut Global,
    /// `lame_close`: frees an encoder.
    pub close: unsafe extern "C" fn(*mut Global) -> c_int,
    /// `lame_set_in_samplerate`: frames per second that come in.
    pub set_in_samplerate: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_out_samplerate`: frames per second that go out.
    pub set_out_samplerate: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_num_channels`: channels that come in.
    pub set_num_channels: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_mode`: [`JOINT_STEREO`] or [`MONO`].
    pub set_mode: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_quality`: 0 (slow, good) to 9.
    pub set_quality: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_brate`: kilobits per second at constant bitrate.
    pub set_brate: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_VBR`: [`VBR_OFF`] or [`VBR_MTRH`].
    pub set_vbr: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_VBR_quality`: 0.0 (large, good) to 9.999.
    pub set_vbr_quality: unsafe extern "C" fn(*mut Global, c_float) -> c_int,
    /// `lame_set_disable_reservoir`: 1 keeps every frame within its own bytes.
    pub set_disable_reservoir: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_set_bWriteVbrTag`: 1 puts a Xing frame first.
    pub set_write_vbr_tag: unsafe extern "C" fn(*mut Global, c_int) -> c_int,
    /// `lame_init_params`: ends the settings; negative when they make no sense.
    pub init_params: unsafe extern "C" fn(*mut Global) -> c_int,
    /// `lame_get_lowpassfreq`: where the encoder cuts off, in hertz, once the settings are final.
    pub get_lowpassfreq: unsafe extern "C" fn(*const Global) -> c_int,
    /// `lame_get_scale`: what every sample is multiplied by, once the settings are final.
    pub get_scale: unsafe extern "C" fn(*const Global) -> c_float,
    /// `lame_encode_buffer_ieee_float`: planar frames in, bytes out; negative on error.
    pub encode_buffer_ieee_float:
        unsafe extern "C" fn(*mut Global, *const c_float, *const c_float, c_int, *mut c_uchar, c_int) -> c_int,
    /// `lame_encode_flush_nogap`: fills up the last frame with stuffing and gives its bytes.
    pub encode_flush_nogap: unsafe extern "C" fn(*mut Global, *mut c_uchar, c_int) -> c_int,
    /// `get_lame_short_version`: `3.100`.
    pub short_version: unsafe extern "C" fn() -> *const c_char,
}

/// The build for the processor that we run on.
pub fn interface() -> &'static Interface {
    static CHOSEN: OnceLock<&'static Interface> = OnceLock::new();
    CHOSEN.get_or_init(|| modern().unwrap_or_else(baseline))
}

/// The build that runs on every processor of the target.
pub fn baseline() -> &'static Interface {
    &native::BASELINE
}

/// The build for newer processors, if there is one and this is such a processor.
pub fn modern() -> Option<&'static Interface> {
    #[cfg(lame_x86_64_v3)]
    {
        use std::arch::is_x86_feature_detected as has;
        let level = has!("avx")
            && has!("avx2")
            && has!("bmi1")
            && has!("bmi2")
            && has!("f16c")
            && has!("fma")
            && has!("lzcnt")
            && has!("movbe")
            && has!("popcnt");
        level.then_some(&native::X86_64_V3)
    }
    #[cfg(not(lame_x86_64_v3))]
    None
}

#[expect(unsafe_code, reason = "declares the functions of a C library")]
mod native {
    use super::{Global, Interface, c_char, c_float, c_int, c_uchar};

    /// Declares one build's functions under its names and gathers them in a table.
    macro_rules! build {
        ($table:ident, $build:literal, $prefix:literal) => {
            pub(super) static $table: Interface = {
                unsafe extern "C" {
                    #[link_name = concat!($prefix, "lame_init")]
                    fn init() -> *mut Global;
                    #[link_name = concat!($prefix, "lame_close")]
                    fn close(encoder: *mut Global) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_in_samplerate")]
                    fn set_in_samplerate(encoder: *mut Global, hertz: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_out_samplerate")]
                    fn set_out_samplerate(encoder: *mut Global, hertz: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_num_channels")]
                    fn set_num_channels(encoder: *mut Global, channels: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_mode")]
                    fn set_mode(encoder: *mut Global, mode: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_quality")]
                    fn set_quality(encoder: *mut Global, quality: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_brate")]
                    fn set_brate(encoder: *mut Global, kbps: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_VBR")]
                    fn set_vbr(encoder: *mut Global, mode: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_VBR_quality")]
                    fn set_vbr_quality(encoder: *mut Global, quality: c_float) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_disable_reservoir")]
                    fn set_disable_reservoir(encoder: *mut Global, yes: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_set_bWriteVbrTag")]
                    fn set_write_vbr_tag(encoder: *mut Global, yes: c_int) -> c_int;
                    #[link_name = concat!($prefix, "lame_init_params")]
                    fn init_params(encoder: *mut Global) -> c_int;
                    #[link_name = concat!($prefix, "lame_get_lowpassfreq")]
                    fn get_lowpassfreq(encoder: *const Global) -> c_int;
                    #[link_name = concat!($prefix, "lame_get_scale")]
                    fn get_scale(encoder: *const Global) -> c_float;
                    #[link_name = concat!($prefix, "lame_encode_buffer_ieee_float")]
                    fn encode_buffer_ieee_float(
                        encoder: *mut Global,
                        left: *const c_float,
                        right: *const c_float,
                        frames: c_int,
                        bytes: *mut c_uchar,
                        room: c_int,
                    ) -> c_int;
                    #[link_name = concat!($prefix, "lame_encode_flush_nogap")]
                    fn encode_flush_nogap(encoder: *mut Global, bytes: *mut c_uchar, room: c_int) -> c_int;
                    #[link_name = concat!($prefix, "get_lame_short_version")]
                    fn short_version() -> *const c_char;
                }
                Interface {
                    build: $build,
                    init,
                    close,
                    set_in_samplerate,
                    set_out_samplerate,
                    set_num_channels,
                    set_mode,
                    set_quality,
                    set_brate,
                    set_vbr,
                    set_vbr_quality,
                    set_disable_reservoir,
                    set_write_vbr_tag,
                    init_params,
                    get_lowpassfreq,
                    get_scale,
                    encode_buffer_ieee_float,
                    encode_flush_nogap,
                    short_version,
                }
            };
        };
    }

    build!(BASELINE, "baseline", "");
    #[cfg(lame_x86_64_v3)]
    build!(X86_64_V3, "x86-64-v3", "x86_64_v3_");
}

#[cfg(test)]
#[expect(unsafe_code, reason = "calls a function of the C library")]
mod tests {
    use std::ffi::CStr;

    #[test]
    fn every_build_is_lame_3_100() {
        for build in [Some(super::baseline()), super::modern(), Some(super::interface())].into_iter().flatten() {
            // SAFETY: takes nothing and returns a static C string.
            let version = unsafe { CStr::from_ptr((build.short_version)()) };
            assert_eq!(version.to_str(), Ok("3.100"), "{}", build.build);
        }
    }
}
