//! Rules for words that no dictionary knows: names, mostly, and words that somebody made up.
//!
//! What belongs here: from letters to phonemes, and where the stress goes. Rules are tried in order, the first that fits is taken;
//! each vowel has a full form, for stressed syllables, and a weak one. A word that ends as words of Italian, Spanish, Japanese or
//! Slavic origin do keeps the vowels of those languages, since that is how English speakers read it.
//!
//! The rules were written for this crate and tried against the dictionary; `it_is_close_to_the_dictionary` says how well they do.

mod rules;

use rules::{CONSONANTS, OPEN, Rule, VOWELS};

/// Names whose letters say nothing about their sound, and which are in many newspapers.
const NAMES: &[(&str, &str)] = &[
    ("nguyen", "nwˈɛn"),
    ("xi", "ʃˈiː"),
    ("zhang", "dʒˈɑːŋ"),
    ("zhao", "dʒˈaʊ"),
    ("zhou", "dʒˈoʊ"),
    ("qin", "tʃˈɪn"),
    ("qing", "tʃˈɪŋ"),
    ("xu", "ʃˈuː"),
    ("siobhan", "ʃəvˈɔːn"),
    ("niamh", "nˈiːv"),
    ("saoirse", "sˈɜːʃə"),
    ("caoimhe", "kˈiːvə"),
    ("tadhg", "tˈaɪɡ"),
    ("aoife", "ˈiːfə"),
    ("hermione", "hɚmˈaɪəni"),
    ("goethe", "ɡˈɜːtə"),
];

/// Endings before which the stress is on the last syllable.
const PULLING: &[&str] = &[
    "tion", "sion", "cian", "ic", "ics", "ical", "ity", "ian", "ians", "ious", "eous", "ial", "ient", "ience", "ology",
    "ography", "ify", "ium", "ia",
];

/// Vowels, each of which makes a syllable. The second letter of a diphthong follows its first.
const SYLLABIC: &str = "aeiouæɑɐɒɔəɚɛɜɪʊʌᵻ";

/// Whether something in it can be sung.
pub(super) fn has_vowel(phonemes: &str) -> bool {
    phonemes.chars().any(|phoneme| SYLLABIC.contains(phoneme))
}

/// Lower case, without accents: letters of Latin alphabets as those that English has.
pub(super) fn fold(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for letter in word.chars().flat_map(char::to_lowercase) {
        plain.push_str(match letter {
            'a'..='z' => {
                plain.push(letter);
                continue;
            }
            '\'' | '’' => "'",
            'à' | 'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ' | 'ả' | 'ấ' | 'ầ' | 'ậ' | 'ắ' | 'ằ' => {
                "a"
            }
            'ä' | 'æ' => "ae",
            'ç' => "s",
            'ć' | 'č' => "ch",
            'ĉ' | 'ċ' => "c",
            'ď' | 'đ' | 'ð' => "d",
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ế' | 'ề' | 'ể' | 'ễ' | 'ệ' => "e",
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
            'ĥ' | 'ħ' => "h",
            'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ị' => "i",
            'ĵ' => "j",
            'ķ' => "k",
            'ĺ' | 'ļ' | 'ľ' => "l",
            'ñ' | 'ń' => "ny",
            'ņ' | 'ň' => "n",
            'å' | 'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ọ' | 'ố' | 'ồ' | 'ộ' | 'ớ' | 'ờ' | 'ợ' => {
                "o"
            }
            'ö' | 'ø' | 'œ' => "oe",
            'ŕ' | 'ŗ' => "r",
            'ř' => "rzh",
            'ś' | 'š' | 'ş' | 'ș' | 'ŝ' => "sh",
            'ß' => "ss",
            'ţ' | 'ț' | 'ť' | 'ŧ' => "t",
            'þ' => "th",
            'ù' | 'ú' | 'û' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ' | 'ứ' | 'ừ' => "u",
            'ü' => "ue",
            'ł' | 'ŵ' => "w",
            'ý' | 'ÿ' | 'ŷ' => "y",
            'ź' | 'ż' => "z",
            'ž' => "zh",
            _ => continue,
        });
    }
    plain
}

/// Phonemes of a word, with one primary stress. A word without vowels is spelt; one without known letters is a short pause in the
/// voice, so that every word is heard.
pub(super) fn pronounce(word: &str) -> String {
    let plain = fold(word);
    if let Some((_, phonemes)) = NAMES.iter().find(|(name, _)| *name == plain) {
        return (*phonemes).to_owned();
    }
    let letters: Vec<char> = plain.chars().collect();
    if !letters.iter().any(|&letter| is_vowel(letter)) {
        return spell(&letters);
    }
    let open = matches!(letters.last(), Some('a' | 'i' | 'o' | 'u')) && letters.len() > 2;
    let mut pieces: Vec<&Rule> = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let tables: [&[Rule]; 3] = if open { [OPEN, CONSONANTS, VOWELS] } else { [VOWELS, CONSONANTS, &[]] };
        match tables.into_iter().flatten().find(|rule| fits(rule, &letters, at)) {
            Some(rule) => {
                at += rule.letters.len();
                pieces.push(rule);
            }
            None => at += 1,
        }
    }
    assemble(&pieces, &plain, open)
}

/// Appends what a plural or a possessive adds.
pub(super) fn append(phonemes: &str, ending: &str) -> String {
    let last = phonemes.chars().next_back().unwrap_or(' ');
    let added = match (ending, last) {
        ("s", 's' | 'z' | 'ʃ' | 'ʒ') => "ɪz",
        ("s", 'p' | 't' | 'k' | 'f' | 'θ') => "s",
        _ => "z",
    };
    format!("{phonemes}{added}")
}

/// The same with a primary stress on its first stressed or else first vowel.
pub(super) fn stress(phonemes: &str) -> String {
    let plain: String = phonemes.chars().filter(|mark| *mark != 'ˌ').collect();
    if plain.contains('ˈ') {
        return plain;
    }
    match plain.char_indices().find(|&(_, phoneme)| SYLLABIC.contains(phoneme)) {
        Some((at, _)) => format!("{}ˈ{}", &plain[..at], &plain[at..]),
        None => plain,
    }
}

fn assemble(pieces: &[&Rule], plain: &str, open: bool) -> String {
    // Syllables by the piece that holds their vowel; a piece may hold two, of which the first counts.
    let syllables: Vec<usize> = (0..pieces.len()).filter(|&at| has_vowel(pieces[at].full)).collect();
    let stressed = match syllables.as_slice() {
        [] => None,
        [only] => Some(*only),
        several => {
            let count = several.len();
            let strong =
                |at: usize| pieces[several[at]].full != pieces[several[at]].weak || heavy(pieces[several[at]].full);
            let place = if PULLING.iter().any(|ending| plain.ends_with(ending)) && !open {
                // The ending is its own syllable, or two.
                let own = if plain.ends_with("ity")
                    || plain.ends_with("ical")
                    || plain.ends_with("ify")
                    || plain.ends_with("ology")
                    || plain.ends_with("ography")
                {
                    3
                } else {
                    2
                };
                let own = if ["ian", "ians", "ious", "eous", "ial", "ium", "ient", "ience"]
                    .iter()
                    .any(|ending| plain.ends_with(ending))
                    && pieces.last().is_some_and(|piece| !piece.letters.starts_with('t') && piece.letters.len() < 3)
                    && several.last().is_some_and(|&at| pieces[at].letters.len() < 3)
                {
                    3
                } else {
                    own
                };
                count.saturating_sub(own)
            } else if open || count == 2 {
                if open { count - 2 } else { usize::from(!strong(0) && strong(1)) }
            } else {
                let before_last = several[count - 2];
                let closed = several[count - 1] - before_last > 2;
                if heavy(pieces[before_last].full) && pieces[before_last].full == pieces[before_last].weak || closed {
                    count - 2
                } else {
                    count - 3
                }
            };
            Some(several[place])
        }
    };
    let mut phonemes = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        if Some(at) == stressed {
            // Before the vowel, after what the piece may have before it.
            let from =
                piece.full.char_indices().find(|&(_, phoneme)| SYLLABIC.contains(phoneme)).map_or(0, |(at, _)| at);
            phonemes.push_str(&piece.full[..from]);
            phonemes.push('ˈ');
            phonemes.push_str(&piece.full[from..]);
        } else {
            phonemes.push_str(piece.weak);
        }
    }
    if has_vowel(&phonemes) { phonemes } else { spell(&plain.chars().collect::<Vec<_>>()) }
}

/// Whether a vowel is long or a diphthong.
fn heavy(phonemes: &str) -> bool {
    phonemes.contains('ː') || ["eɪ", "aɪ", "ɔɪ", "aʊ", "oʊ"].iter().any(|diphthong| phonemes.contains(diphthong))
}

/// The names of letters, one after the other.
fn spell(letters: &[char]) -> String {
    let names: Vec<&str> = letters.iter().filter_map(|&letter| letter_name(letter)).collect();
    match names.split_last() {
        // Nothing of it has a name: a hesitation marks that something was there.
        None => "ˈʌm".to_owned(),
        Some((last, before)) => before.iter().map(|name| name.replace('ˈ', "ˌ")).chain([(*last).to_owned()]).collect(),
    }
}

/// A letter by its name, with the ending that may follow it: "P" and "Ps".
pub(super) fn called(word: &str) -> String {
    let mut letters = word.chars();
    let plain = fold(letters.next().map(String::from).as_deref().unwrap_or_default());
    let name = plain.chars().next().and_then(letter_name).unwrap_or("ˈʌm");
    if letters.next().is_some() { append(name, "s") } else { name.to_owned() }
}

/// What a letter is called in American English.
fn letter_name(letter: char) -> Option<&'static str> {
    Some(match letter.to_ascii_lowercase() {
        'a' => "ˈeɪ",
        'b' => "bˈiː",
        'c' => "sˈiː",
        'd' => "dˈiː",
        'e' => "ˈiː",
        'f' => "ˈɛf",
        'g' => "dʒˈiː",
        'h' => "ˈeɪtʃ",
        'i' => "ˈaɪ",
        'j' => "dʒˈeɪ",
        'k' => "kˈeɪ",
        'l' => "ˈɛl",
        'm' => "ˈɛm",
        'n' => "ˈɛn",
        'o' => "ˈoʊ",
        'p' => "pˈiː",
        'q' => "kjˈuː",
        'r' => "ˈɑːɹ",
        's' => "ˈɛs",
        't' => "tˈiː",
        'u' => "jˈuː",
        'v' => "vˈiː",
        'w' => "dˈʌbəljˌuː",
        'x' => "ˈɛks",
        'y' => "wˈaɪ",
        'z' => "zˈiː",
        _ => return None,
    })
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

fn fits(rule: &Rule, letters: &[char], at: usize) -> bool {
    let count = rule.letters.len();
    let here = letters.get(at..at + count).is_some_and(|found| found.iter().copied().eq(rule.letters.chars()));
    let matches = |mark: char, letter: Option<&char>| match (mark, letter) {
        ('^', letter) => letter.is_none(),
        ('V', Some(&letter)) => is_vowel(letter),
        ('C', Some(&letter)) => letter.is_ascii_lowercase() && !is_vowel(letter),
        ('E', Some(&letter)) => matches!(letter, 'e' | 'i' | 'y'),
        (mark, Some(&letter)) => mark == letter,
        (_, None) => false,
    };
    here && rule
        .left
        .chars()
        .rev()
        .enumerate()
        .all(|(back, mark)| matches(mark, at.checked_sub(back + 1).and_then(|at| letters.get(at))))
        && rule.right.chars().enumerate().all(|(ahead, mark)| matches(mark, letters.get(at + count + ahead)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_one_would() {
        for (word, phonemes) in [
            ("Savart", "sˈævɚt"),
            ("Amati", "əmˈɑːti"),
            ("Kowalski", "koʊwˈɑːlski"),
            ("Tanaka", "tənˈɑːkə"),
            ("Fibonacci", "fɪboʊnˈɑːtʃi"),
            ("Blackthorpe", "blˈækθɚp"),
            ("Nguyen", "nwˈɛn"),
            ("brst", "bˌiːˌɑːɹˌɛstˈiː"),
            ("flargination", "flɚdʒɪnˈeɪʃən"),
            ("Schmidtke", "ʃmˈɪdtk"),
            ("Guarneri", "ɡwɚnˈeɪɹi"),
            ("Oppenheimer", "əpənhˈaɪmɚ"),
            ("Zelensky", "zəlˈɛnski"),
            ("Okonkwo", "oʊkˈɑːŋkwoʊ"),
        ] {
            assert_eq!(pronounce(word), phonemes, "{word}");
        }
    }

    #[test]
    fn anything_gives_something() {
        for word in ["", "'", "☃", "œ", "ααα", "zzzz", "aaaa", "yyy", "qu", "e", "ough"] {
            let phonemes = pronounce(word);
            assert!(has_vowel(&phonemes), "{word}: {phonemes}");
        }
    }

    /// Edits between two lists.
    fn distance(one: &[char], two: &[char]) -> usize {
        let mut row: Vec<usize> = (0..=two.len()).collect();
        for (at, a) in one.iter().enumerate() {
            let mut corner = row[0];
            row[0] = at + 1;
            for (index, b) in two.iter().enumerate() {
                let above = row[index + 1];
                row[index + 1] = (above + 1).min(row[index] + 1).min(corner + usize::from(a != b));
                corner = above;
            }
        }
        row[two.len()]
    }

    #[test]
    fn it_is_close_to_the_dictionary() {
        let dictionary = misaki_rs::Lexicon::new(misaki_rs::Language::EnglishUS);
        let mut words: Vec<_> = dictionary
            .golds
            .iter()
            .filter_map(|(word, entry)| match entry {
                misaki_rs::lexicon::PhonemeEntry::Simple(phonemes)
                    if word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
                {
                    Some((word, phonemes))
                }
                _ => None,
            })
            .collect();
        words.sort();
        let (mut edits, mut phonemes, mut stressed, mut counted) = (0, 0, 0, 0);
        for (word, wanted) in words.into_iter().step_by(10) {
            let wanted: Vec<char> = super::super::as_espeak(wanted).chars().collect();
            let found: Vec<char> = pronounce(word).chars().collect();
            let bare = |from: &[char]| {
                from.iter()
                    .copied()
                    .filter(|mark| !matches!(mark, 'ˈ' | 'ˌ' | 'ː'))
                    .map(|phoneme| if phoneme == 'ɾ' { 't' } else { phoneme })
                    .collect::<Vec<_>>()
            };
            edits += distance(&bare(&found), &bare(&wanted));
            phonemes += bare(&wanted).len();
            let place = |from: &[char]| {
                from.iter().take_while(|mark| **mark != 'ˈ').filter(|mark| SYLLABIC.contains(**mark)).count()
            };
            stressed += usize::from(place(&found) == place(&wanted));
            counted += 1;
        }
        let (wrong, right) = (edits as f64 / phonemes as f64, stressed as f64 / counted as f64);
        // Measured when this was written; whoever changes a rule sees whether it helped.
        assert!(
            wrong < 0.24 && right > 0.62,
            "of {counted} words, {:.1} % of phonemes are wrong and {:.1} % of stresses right",
            wrong * 100.0,
            right * 100.0
        );
    }
}
