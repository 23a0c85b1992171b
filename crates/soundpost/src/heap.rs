//! How the C library's allocator gives memory back to the system. What this is worth is in docs/explanation/memory.md.

#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "calls mallopt of the C library; the call says why it is sound")
)]

/// From this size on, in bytes, a block has pages of its own, which go back to the system when it is freed. LAME's state, which
/// is made and dropped for every few seconds of sound, is just below.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_PAGES: std::ffi::c_int = 256 << 10;

/// Keeps the size fixed from which on blocks have pages of their own.
///
/// By itself glibc raises it to the size of any such block that is freed, up to 32 MiB. After the first long series of
/// measurements all later ones would lie among small blocks, and what one step of a run has freed would still count when the
/// next takes its own. To be called before other threads are there.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes two numbers and no pointers. It locks the allocator itself, and this is the only thread. Should it
    // refuse, everything stays as it was.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_PAGES);
    }
}
