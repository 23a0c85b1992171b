//! The design's colour tokens, in the two schemes, as pictures need them.

/// Which of the two colour schemes a picture is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Linen by day.
    Light,
    /// The inside of the instrument by night.
    Dark,
}

/// A design token: its OKLCH values (lightness 0–1, chroma, hue in degrees) by day and by night.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    light: [f64; 3],
    dark: [f64; 3],
}

/// `--sp-surface`
pub(super) const SURFACE: Token = Token { light: [0.997, 0.002, 100.0], dark: [0.226, 0.008, 150.0] };
/// `--sp-line`
pub(super) const LINE: Token = Token { light: [0.900, 0.006, 100.0], dark: [0.315, 0.009, 150.0] };
/// `--sp-ink`
pub(super) const INK: Token = Token { light: [0.235, 0.012, 155.0], dark: [0.945, 0.008, 100.0] };
/// `--sp-ink-2`
pub(super) const INK_2: Token = Token { light: [0.425, 0.012, 140.0], dark: [0.790, 0.010, 110.0] };
/// `--sp-ink-3`
pub(super) const INK_3: Token = Token { light: [0.505, 0.012, 130.0], dark: [0.690, 0.012, 120.0] };
/// `--sp-sound`
pub(super) const SOUND: Token = Token { light: [0.640, 0.150, 57.0], dark: [0.790, 0.145, 70.0] };
/// `--sp-sound-ink`
pub(super) const SOUND_INK: Token = Token { light: [0.475, 0.112, 54.0], dark: [0.840, 0.120, 74.0] };
/// `--sp-wave`
pub(super) const WAVE: Token = Token { light: [0.625, 0.012, 110.0], dark: [0.560, 0.012, 140.0] };
/// `--sp-spruce`
pub(super) const SPRUCE: Token = Token { light: [0.445, 0.078, 165.0], dark: [0.815, 0.090, 165.0] };

impl Token {
    /// Red, green and blue in 8-bit sRGB.
    pub(super) fn srgb(self, scheme: Scheme) -> [u8; 3] {
        let [lightness, chroma, hue] = match scheme {
            Scheme::Light => self.light,
            Scheme::Dark => self.dark,
        };
        let (sin, cos) = hue.to_radians().sin_cos();
        let (a, b) = (chroma * cos, chroma * sin);
        // CSS Color Module Level 4, section 9.3 and sample code: OKLab to cone responses to linear sRGB.
        let long = (lightness + 0.396_337_777_376_174_9 * a + 0.215_803_757_309_913_6 * b).powi(3);
        let medium = (lightness - 0.105_561_345_815_658_57 * a - 0.063_854_172_825_813_34 * b).powi(3);
        let short = (lightness - 0.089_484_177_529_811_8 * a - 1.291_485_548_019_409 * b).powi(3);
        [
            4.076_741_661_347_994 * long - 3.307_711_590_408_193 * medium + 0.230_969_928_729_427_9 * short,
            -1.268_438_004_092_176_3 * long + 2.609_757_400_663_371_5 * medium - 0.341_319_396_310_219_8 * short,
            -0.004_196_086_541_837_188 * long - 0.703_418_617_573_614_8 * medium + 1.707_614_700_930_944_4 * short,
        ]
        .map(|linear| (companded(linear) * 255.0).round().clamp(0.0, 255.0) as u8)
    }

    /// `#rrggbb`
    pub(super) fn hex(self, scheme: Scheme) -> String {
        let [red, green, blue] = self.srgb(scheme);
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Linear light to sRGB's curve (IEC 61966-2-1).
fn companded(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_what_other_programs_make_of_them() {
        // Converted by ColorAide, an independent implementation of CSS Color 4, in Python.
        let all = [SURFACE, LINE, INK, INK_2, INK_3, SOUND, SOUND_INK, WAVE, SPRUCE];
        let light: Vec<String> = all.iter().map(|token| token.hex(Scheme::Light)).collect();
        let dark: Vec<String> = all.iter().map(|token| token.hex(Scheme::Dark)).collect();
        assert_eq!(light.join(" "), "#fefefd #dfdeda #1a201c #4b504a #62665f #ce7011 #8b470e #888880 #1f6149");
        assert_eq!(dark.join(" "), "#191d1a #2e332f #eeede7 #bbbbb4 #9a9d94 #f5a843 #f9be6d #717670 #89d5b4");
    }

    #[test]
    fn the_formula_meets_the_corners_of_srgb() {
        let corner = |light| Token { light, dark: light }.srgb(Scheme::Light);
        assert_eq!(corner([0.0, 0.0, 0.0]), [0, 0, 0]);
        assert_eq!(corner([1.0, 0.0, 0.0]), [255, 255, 255]);
        // CSS Color 4: red and blue as OKLCH, to the digits a style sheet would carry.
        assert_eq!(corner([0.627_96, 0.257_68, 29.234]), [255, 0, 0]);
        assert_eq!(corner([0.452_01, 0.313_21, 264.052]), [0, 0, 255]);
    }
}
