//! A tree of MP4 boxes (ISO 14496-12 §4.2) of which the long parts are only described while it is built: tables of
//! hundreds of thousands of entries and pictures of some megabytes are filled in while it is written out. The length is
//! known before, which is what reserving space for it needs.

use std::io::{self, Write};
use std::sync::Arc;

/// Content that is not held in the tree.
#[derive(Clone, Debug)]
pub(super) enum Hole {
    /// Bytes that somebody else holds.
    Shared(Arc<[u8]>),
    /// The size of each packet, 32 bits each.
    PacketSizes,
    /// Where each run of packets begins in the file, 32 bits each.
    Offsets32,
    /// The same with 64 bits each.
    Offsets64,
}

/// Boxes, one after the other or in each other.
#[derive(Debug, Default)]
pub(super) struct Tree {
    bytes: Vec<u8>,
    holes: Vec<(usize, Hole)>,
    hollow: u64,
    too_long: bool,
}

impl Tree {
    /// Bytes it takes when written out.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64 + self.hollow
    }

    /// Whether some box became longer than its 32-bit size can say. Such a tree must not be written.
    pub(super) fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// Adds a box whose content `inside` adds.
    pub(super) fn boxed(&mut self, kind: [u8; 4], inside: impl FnOnce(&mut Self)) {
        let (at, before) = (self.bytes.len(), self.len());
        self.u32(0).put(&kind);
        inside(self);
        let size = u32::try_from(self.len() - before).unwrap_or_else(|_| {
            self.too_long = true;
            0
        });
        self.bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }

    /// Adds a box that begins with a version and 24 flags.
    pub(super) fn full(&mut self, kind: [u8; 4], version: u8, flags: u32, inside: impl FnOnce(&mut Self)) {
        self.boxed(kind, |tree| {
            tree.u32(u32::from(version) << 24 | flags & 0x00FF_FFFF);
            inside(tree);
        });
    }

    /// Leaves room for content of the given length, which is filled in while writing.
    pub(super) fn hole(&mut self, hole: Hole, length: u64) -> &mut Self {
        self.holes.push((self.bytes.len(), hole));
        self.hollow += length;
        self
    }

    /// Adds bytes as they are.
    pub(super) fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Adds zeros.
    pub(super) fn zeros(&mut self, count: usize) -> &mut Self {
        self.bytes.resize(self.bytes.len() + count, 0);
        self
    }

    /// Adds one byte.
    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.put(&[value])
    }

    /// Adds 16 bits.
    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Adds 32 bits.
    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Adds 64 bits.
    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Adds a number in the width that goes with a box version: 32 bits for 0, 64 bits for 1.
    pub(super) fn versioned(&mut self, version: u8, value: u64) -> &mut Self {
        if version == 0 { self.u32(u32::try_from(value).unwrap_or(u32::MAX)) } else { self.u64(value) }
    }

    /// Writes it out; `fill` writes the content of the holes that are not shared bytes.
    pub(super) fn write<W: Write>(
        &self,
        out: &mut W,
        mut fill: impl FnMut(&mut W, &Hole) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut from = 0;
        for (at, hole) in &self.holes {
            out.write_all(&self.bytes[from..*at])?;
            from = *at;
            match hole {
                Hole::Shared(bytes) => out.write_all(bytes)?,
                table => fill(out, table)?,
            }
        }
        out.write_all(&self.bytes[from..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tree to be made: leaves with plain and shared content, and boxes of boxes.
    #[derive(Clone, Debug)]
    enum Plan {
        Leaf(Vec<u8>),
        Shared(Vec<u8>),
        Boxes(Vec<Plan>),
    }

    fn plan() -> impl Strategy<Value = Plan> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..40);
        let leaf = prop_oneof![bytes().prop_map(Plan::Leaf), bytes().prop_map(Plan::Shared)];
        leaf.prop_recursive(4, 40, 5, |inner| prop::collection::vec(inner, 0..5).prop_map(Plan::Boxes))
    }

    fn grow(tree: &mut Tree, plan: &Plan) {
        match plan {
            Plan::Leaf(bytes) => tree.boxed(*b"leaf", |tree| {
                tree.put(bytes);
            }),
            Plan::Shared(bytes) => tree.full(*b"shar", 1, 7, |tree| {
                tree.hole(Hole::Shared(bytes.as_slice().into()), bytes.len() as u64);
            }),
            Plan::Boxes(plans) => tree.boxed(*b"boxs", |tree| plans.iter().for_each(|plan| grow(tree, plan))),
        }
    }

    /// Reads one box back and returns what is behind it.
    fn check<'a>(bytes: &'a [u8], plan: &Plan) -> &'a [u8] {
        let size = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        let (mut inside, behind) = (&bytes[8..size], &bytes[size..]);
        match plan {
            Plan::Leaf(content) => assert_eq!((&bytes[4..8], inside), (&b"leaf"[..], content.as_slice())),
            Plan::Shared(content) => {
                assert_eq!((&bytes[4..12], &inside[4..]), (&b"shar\x01\0\0\x07"[..], content.as_slice()));
            }
            Plan::Boxes(plans) => {
                assert_eq!(&bytes[4..8], b"boxs");
                for plan in plans {
                    inside = check(inside, plan);
                }
                assert!(inside.is_empty());
            }
        }
        behind
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_was_planned(plan in plan()) {
            let mut tree = Tree::default();
            grow(&mut tree, &plan);
            let mut bytes = Vec::new();
            tree.write(&mut bytes, |_, _| Ok(()))?;
            prop_assert_eq!(bytes.len() as u64, tree.len());
            prop_assert!(check(&bytes, &plan).is_empty());
        }
    }

    #[test]
    fn a_box_past_32_bits_is_noticed() {
        let mut tree = Tree::default();
        tree.boxed(*b"huge", |tree| {
            tree.hole(Hole::PacketSizes, u64::from(u32::MAX) - 8);
        });
        assert!(!tree.is_too_long());
        tree.boxed(*b"huge", |tree| {
            tree.hole(Hole::PacketSizes, u64::from(u32::MAX) - 7);
        });
        assert!(tree.is_too_long());
    }
}
