//! Bits in the order of a FLAC stream, and the two checksums of its frames.

/// Collects bits, most significant first.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// The last `held_count` bits of it are not in `bytes` yet.
    held: u64,
    held_count: u32,
}

impl Bits {
    /// Forgets everything. Capacity is kept.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.held_count = 0;
    }

    /// The whole bytes so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds the lowest `width` bits of a number, at most 32. Bits above them must be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, value: u32, width: u32) {
        debug_assert!(width <= 32 && (width == 32 || value >> width == 0));
        self.held = (self.held << width) | u64::from(value);
        self.held_count += width;
        if self.held_count >= 32 {
            self.held_count -= 32;
            self.bytes.extend_from_slice(&((self.held >> self.held_count) as u32).to_be_bytes());
        }
    }

    /// Adds a number with a sign in `width` bits of two's complement.
    #[inline(always)]
    pub(super) fn put_signed(&mut self, value: i32, width: u32) {
        self.put(value as u32 & (u32::MAX >> (32 - width)), width);
    }

    /// Adds a Rice code: the part above the lowest `parameter` bits as so many zeros and a one, then those bits.
    #[inline(always)]
    pub(super) fn put_rice(&mut self, value: u32, parameter: u32) {
        let mut zeros = value >> parameter;
        while zeros + 1 + parameter > 32 {
            let some = zeros.min(32);
            self.put(0, some);
            zeros -= some;
        }
        self.put((1 << parameter) | (value & ((1 << parameter) - 1)), zeros + 1 + parameter);
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(&mut self) {
        self.put(0, (8 - self.held_count % 8) % 8);
        while self.held_count > 0 {
            self.held_count -= 8;
            self.bytes.push((self.held >> self.held_count) as u8);
        }
    }
}

/// CRC-8 of polynomial x⁸+x²+x+1 over a frame header (RFC 9639, section 9.1.8).
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |sum, &byte| (0..8).fold(sum ^ byte, |sum: u8, _| (sum << 1) ^ if sum & 0x80 == 0 { 0 } else { 0x07 }))
}

/// CRC-16 of polynomial x¹⁶+x¹⁵+x²+1 over a frame (RFC 9639, section 9.3).
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    let mut eights = bytes.chunks_exact(8);
    let mut sum = 0u16;
    for eight in &mut eights {
        let [a, b, c, d, e, f, g, h] = *eight else { continue };
        let [high, low] = sum.to_be_bytes();
        sum = CRC16[7][usize::from(a ^ high)]
            ^ CRC16[6][usize::from(b ^ low)]
            ^ CRC16[5][usize::from(c)]
            ^ CRC16[4][usize::from(d)]
            ^ CRC16[3][usize::from(e)]
            ^ CRC16[2][usize::from(f)]
            ^ CRC16[1][usize::from(g)]
            ^ CRC16[0][usize::from(h)];
    }
    eights.remainder().iter().fold(sum, |sum, &byte| (sum << 8) ^ CRC16[0][usize::from((sum >> 8) as u8 ^ byte)])
}

/// What a byte adds to the CRC-16 when so many bytes (0 to 7) follow it: eight bytes at a time go through it.
static CRC16: [[u16; 256]; 8] = {
    let mut tables = [[0u16; 256]; 8];
    let mut index = 0;
    while index < 256 {
        let mut sum = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = (sum << 1) ^ if sum & 0x8000 == 0 { 0 } else { 0x8005 };
            bit += 1;
        }
        tables[0][index] = sum;
        index += 1;
    }
    let mut follow = 1;
    while follow < 8 {
        let mut index = 0;
        while index < 256 {
            let sum = tables[follow - 1][index];
            tables[follow][index] = (sum << 8) ^ tables[0][(sum >> 8) as usize];
            index += 1;
        }
        follow += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_the_check_string() {
        // Catalogue of parametrised CRC algorithms: CRC-8/SMBUS and CRC-16/UMTS.
        assert_eq!(crc8(b"123456789"), 0xF4);
        assert_eq!(crc16(b"123456789"), 0xFEE8);
    }

    #[test]
    fn bits_stand_in_order() {
        let mut bits = Bits::default();
        bits.put(0b101, 3);
        bits.put_signed(-1, 2);
        bits.put_rice(0b1_01, 2); // 0 1 01
        bits.put(0xDEAD_BEEF, 32);
        bits.align();
        assert_eq!(bits.bytes(), [0b1011_1010, 0b1110_1111, 0b0101_0110, 0b1101_1111, 0b0111_0111, 0b1000_0000]);
    }

    #[test]
    fn long_rice_codes_have_every_zero() {
        for (value, parameter) in [(31, 0), (32, 0), (100, 0), (1 << 17, 3), ((40 << 14) | 5, 14), ((18 << 14) | 5, 14)]
        {
            let mut bits = Bits::default();
            bits.put_rice(value, parameter);
            let zeros = (value >> parameter) as usize;
            bits.align();
            assert_eq!(bits.bytes().len(), (zeros + 1 + parameter as usize).div_ceil(8));
            assert!(bits.bytes()[..zeros / 8].iter().all(|&byte| byte == 0));
            assert_eq!(bits.bytes()[zeros / 8].leading_zeros() as usize, zeros % 8);
        }
    }
}
