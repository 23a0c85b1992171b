//! Builds LAME with nothing but a C compiler: once for any processor of the target, and on x86-64 a second time for the
//! generation that has AVX2 and FMA. Which one runs is decided at run time, in `lib.rs`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Lets the compiler reorder sums, use reciprocals and assume that numbers are finite and raise no signals: what LAME's
/// authors build with. It is spelled out because with plain `-ffast-math` the GNU compiler calls the vector mathematics
/// library, which not every system has. Whoever feeds LAME has to keep infinities and not-a-numbers out.
const FAST_MATH: [&str; 6] = [
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-signed-zeros",
    "-fassociative-math",
    "-freciprocal-math",
    "-ffinite-math-only",
];

/// The x86-64-v3 level of the x86-64 psABI, spelled out for compilers that do not know the level by name. The run-time
/// check in `lib.rs` asks for exactly these.
const X86_64_V3: [&str; 9] =
    ["-mavx", "-mavx2", "-mbmi", "-mbmi2", "-mf16c", "-mfma", "-mlzcnt", "-mmovbe", "-mpopcnt"];

fn main() -> io::Result<()> {
    for input in ["build.rs", "config.h", "lanes.h", "x86_64_v3_names.h", "vendor"] {
        println!("cargo:rerun-if-changed={input}");
    }
    println!("cargo:rustc-check-cfg=cfg(lame_x86_64_v3)");

    let sources = sources()?;
    lame(&sources).compile("mp3lame");

    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    let mut second = lame(&sources);
    // The flags are those of the GNU compiler and clang; Microsoft's would need others and gets the one build.
    if target("ARCH") == "x86_64" && !second.get_compiler().is_like_msvc() {
        for flag in X86_64_V3 {
            second.flag(flag);
        }
        second.flag("-include").flag("x86_64_v3_names.h");
        second.compile("mp3lame_x86_64_v3");
        println!("cargo:rustc-cfg=lame_x86_64_v3");
    }
    if target("FAMILY").split(',').any(|family| family == "unix") {
        println!("cargo:rustc-link-lib=m");
    }
    Ok(())
}

/// A build of the library, all but its processor flags.
fn lame(sources: &[PathBuf]) -> cc::Build {
    let mut build = cc::Build::new();
    build.files(sources).include(".").include("vendor/include").include("vendor/libmp3lame");
    // An encoder at -O0 is of no use to anyone's tests, so the profile is not asked. Assertions belong to LAME's authors.
    build.define("HAVE_CONFIG_H", None).define("NDEBUG", None).opt_level(3).debug(false).warnings(false);
    for flag in FAST_MATH {
        build.flag_if_supported(flag);
    }
    build
}

/// All C files, in a fixed order so that the archive is the same on every machine.
fn sources() -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["vendor/libmp3lame", "vendor/libmp3lame/vector"] {
        for entry in fs::read_dir(Path::new(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "c") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
