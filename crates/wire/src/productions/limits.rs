//! How much of anything a request may hold. Each is far above what a person needs and far below what hurts.

/// Largest JSON body, in bytes.
pub const MAX_BODY_BYTES: usize = 4 << 20;
/// Largest chapter file in a form, in bytes; the same as on the command line.
pub const MAX_CHAPTERS_BYTES: usize = model::chapters::MAX_BYTES;
/// Most fields in a form, or in the outermost object of a body.
pub const MAX_FORM_FIELDS: usize = 200;
/// Most productions or presets in one listing.
pub const MAX_LISTED: u32 = 1_000;

/// Longest text on one line, in characters.
pub(super) const MAX_LINE: usize = 1_000;
/// Longest summary, in characters.
pub(super) const MAX_SUMMARY: usize = 64 << 10;
/// Longest address, in characters.
pub(super) const MAX_ADDRESS: usize = 2_048;
/// Longest name of a file, in bytes; what file systems and stores take.
pub(super) const MAX_FILE_NAME: usize = 200;
/// Most tags.
pub(super) const MAX_TAGS: usize = 100;
/// Most chapters in one request.
pub(super) const MAX_CHAPTERS: usize = model::chapters::MAX_MARKS;
/// Most files to make in one request.
pub(super) const MAX_OUTPUTS: usize = 50;
/// Most services in one request, or for one file.
pub(super) const MAX_SERVICES: usize = 50;
/// Most sentences about what is wrong with one request.
pub(super) const MAX_ERRORS: usize = 60;
