//! The last look at the blocks: what only its words give away, and what is said twice.
//!
//! What belongs here: blocks and their texts. Whatever elements and names tell has been seen to in `clutter` before.

use model::article::{About, Block};

use crate::blocks::Found;
use crate::text::{bare, words};

/// Calls, and words over what follows, that are no part of an article when they stand alone. Letters only, in small letters.
const ALONE: &[&str] = &[
    "pressenterorclicktoviewimageinfullsize advertisement advertising sponsored share sharethis sharethisarticle sharethispost sharethisstory shareon",
    "tweet email print save copylink subscribe subscribenow signup signin login follow followus followme comments",
    "leaveacomment leaveareply addacomment nocomments readmore continuereading showmore loadmore seemore more",
    "moreonthistopic related relatedarticles relatedstories relatedposts relatedtopics relatedcontent",
    "youmayalsolike youmightalsolike recommended recommendedforyou mostread mostpopular trending skiptocontent",
    "skiptomaincontent backtotop tableofcontents listentothisarticle translate edit clap upvote downvote anzeige",
    "werbung teilen drucken merken kommentare kommentareanzeigen mehrzumthema weiterlesen lesensieauch newsletter",
    "nachoben zurstartseite publicité partager imprimer enregistrer commentaires liresuite liresuitedelarticle",
    "lirelasuite àlireaussi lireaussi surlemêmesujet sabonner articlesliés publicidad compartir comentarios",
    "leermás seguirleyendo relacionado noticiasrelacionadas suscríbete pubblicità condividi commenti leggianche",
    "leggitutto advertentie delen reacties leesook leesmeer publicidade compartilhar comentários leiamais",
    "leiatambém реклама поделиться комментарии читайтетакже читатьдалее 広告 シェア 関連記事 続きを読む コメント إعلان مشاركة شارك",
    "اقرأأيضا اقرأأيضًا تعليقات مواضيعذاتصلة اقرأالمزيد",
];

/// Beginnings of lines that lead elsewhere, or ask for something. A short line that begins so, and has a link, goes.
const LEADING: &[&str] = &[
    "read more | read also | also read | see also: | related: | read: | read next | more: | continue reading",
    "watch: | listen: | click here | sign up | subscribe | follow us | join our | join the | share this",
    "filed under | tagged | tags: | posted in | photo gallery | download our | get our | support us",
    "lesen sie auch | lesen sie mehr | mehr dazu | mehr zum thema | siehe auch | weiterlesen | abonnieren",
    "à lire aussi | lire aussi | à lire | abonnez-vous | en savoir plus | lea también | leer más | leggi anche",
    "lees ook | leia também | leia mais | читайте также | اقرأ أيضا",
];

/// Words of a line that only leads elsewhere, at the most.
const SHORT_LINE: usize = 20;

/// Blocks at the beginning among which who wrote it, and when, is looked for.
const BEGINNING: usize = 4;

/// Sweeps the blocks of an article that is known by this.
pub(crate) fn swept(found: Vec<Found>, about: &About) -> Vec<Block> {
    let mut kept: Vec<Block> = Vec::new();
    let title = bare(&about.title);
    // After a heading over other articles, until something is no link.
    let mut elsewhere = false;
    for Found { block, linked } in found {
        let text = text_of(&block);
        // Rows of stars part what they stand between; nobody reads them.
        if !matches!(block, Block::Table(_) | Block::Code(_)) && !text.chars().any(char::is_alphanumeric) {
            continue;
        }
        let is_heading = matches!(block, Block::Heading(..));
        if is_title(&block, &title, kept.len()) || kept.len() < BEGINNING && is_credit(&block, about) {
            continue;
        }
        if is_call(text, linked, is_heading, &block) {
            elsewhere = is_heading || elsewhere;
            continue;
        }
        if elsewhere && !is_heading && linked > 0.6 {
            continue;
        }
        elsewhere = false;
        kept.push(match block {
            // Some systems set what an article is about as a heading below its title.
            Block::Heading(_, text) if kept.is_empty() && bare(&text) == bare(&about.summary) => Block::Paragraph(text),
            block => block,
        });
    }
    without_repeats(&mut kept);
    // A heading over nothing stood over what was swept up.
    while matches!(kept.last(), Some(Block::Heading(..))) {
        kept.pop();
    }
    kept
}

/// How many words blocks have.
pub(crate) fn words_in(blocks: &[Block]) -> usize {
    let of = |block: &Block| match block {
        Block::Table(rows) => rows.iter().flatten().map(|cell| words(cell)).sum(),
        block => words(text_of(block)),
    };
    blocks.iter().map(of).sum()
}

fn text_of(block: &Block) -> &str {
    match block {
        Block::Heading(_, text)
        | Block::Paragraph(text)
        | Block::Quote(text)
        | Block::Item(_, text)
        | Block::Caption(text)
        | Block::Code(text) => text,
        Block::Table(_) => "",
    }
}

fn is_title(block: &Block, title: &str, kept: usize) -> bool {
    let text = bare(text_of(block));
    match block {
        Block::Heading(1, _) if kept < BEGINNING => {
            text == title || !title.is_empty() && (text.contains(title) || title.contains(&text))
        }
        Block::Heading(..) => text == title,
        Block::Paragraph(_) => kept == 0 && !text.is_empty() && text == title,
        _ => false,
    }
}

/// Who wrote it, and when: "By A. Person", "21 November 2026 · 5 min read".
fn is_credit(block: &Block, about: &About) -> bool {
    let (Block::Paragraph(text) | Block::Item(None, text)) = block else { return false };
    if words(text) > 14 {
        return false;
    }
    let letters = bare(text);
    let author = bare(&about.author);
    let by = ["by", "von", "par", "por", "di", "door", "av", "автор", "文"];
    let is_author = !author.is_empty()
        && letters.len() <= author.len() + 40
        && (letters.starts_with(&author)
            || by.iter().any(|by| letters.strip_prefix(by).is_some_and(|rest| rest.starts_with(&author))));
    let year = about.published.get(..4).unwrap_or_default();
    let is_date = !year.is_empty() && text.contains(year) && words(text) <= 9 && !text.ends_with(['.', '!', '?', ':']);
    let is_length = ["minread", "minuteread", "minutesread", "minutenlesezeit", "minlesezeit", "mindelecture"]
        .iter()
        .any(|end| letters.ends_with(end));
    // A date in figures, or how many liked it: "1.2K".
    let is_figures = letters.trim_end_matches(['k', 'm']).chars().all(char::is_numeric) && words(text) <= 4;
    is_author || is_figures || is_date || is_length && words(text) <= 8
}

fn is_call(text: &str, linked: f64, is_heading: bool, block: &Block) -> bool {
    if matches!(block, Block::Code(_) | Block::Table(_)) || words(text) > SHORT_LINE {
        return false;
    }
    let letters: String = bare(text).chars().filter(|letter| !letter.is_numeric()).collect();
    if ALONE.iter().flat_map(|line| line.split(' ')).any(|alone| alone == letters) {
        return true;
    }
    // A line that is one link leads elsewhere.
    if matches!(block, Block::Paragraph(_)) && linked > 0.95 && words(text) <= 8 {
        return true;
    }
    let small = text.to_lowercase();
    !is_heading
        && linked > 0.2
        && LEADING.iter().flat_map(|line| line.split(" | ")).any(|start| small.starts_with(start))
}

/// Words that are set apart in large letters, and stand in the article besides, are said once.
fn without_repeats(blocks: &mut Vec<Block>) {
    let paragraphs: Vec<String> =
        blocks.iter().filter(|block| matches!(block, Block::Paragraph(_))).map(|block| bare(text_of(block))).collect();
    let mut looked_at = 0;
    blocks.retain(|block| {
        let Block::Quote(text) = block else { return true };
        let text = bare(text);
        // Each look goes through the whole article.
        looked_at += 1;
        looked_at > 20 || text.len() < 20 || !paragraphs.iter().any(|paragraph| paragraph.contains(&text))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(blocks: &[(Block, f64)], about: &About) -> Vec<Block> {
        swept(blocks.iter().map(|(block, linked)| Found { block: block.clone(), linked: *linked }).collect(), about)
    }

    fn paragraph(text: &str) -> Block {
        Block::Paragraph(text.to_owned())
    }

    #[test]
    fn calls_and_what_follows_them_go() {
        let about = About {
            title: "How tides work".into(),
            author: "Ada Lovelace".into(),
            published: "2026-11-21".into(),
            ..About::default()
        };
        let kept = [
            paragraph("The sea rises."),
            Block::Heading(2, "Why".into()),
            paragraph("Read more than one book about it."),
        ];
        let found = [
            (Block::Heading(1, "How Tides Work".into()), 0.0),
            (paragraph("By Ada Lovelace, Coast Editor"), 0.5),
            (paragraph("21 November 2026 · 5 min read"), 0.0),
            (kept[0].clone(), 0.0),
            (paragraph("ADVERTISEMENT"), 0.0),
            (kept[1].clone(), 0.0),
            (paragraph("Read more: The moon and its faces"), 0.8),
            (kept[2].clone(), 0.0),
            (Block::Quote("The sea rises, twice a day, by itself".into()), 0.0),
            (Block::Heading(2, "Related articles".into()), 0.0),
            (Block::Item(None, "Why the moon is round".into()), 1.0),
            (Block::Heading(3, "Comments (12)".into()), 0.0),
        ];
        let quote = Block::Quote("The sea rises, twice a day, by itself".into());
        assert_eq!(left(&found, &about), [&kept[..], &[quote]].concat());
    }

    #[test]
    fn what_is_set_apart_again_is_said_once() {
        let said = paragraph("It is true that the sea rises twice a day, everywhere.");
        let again = Block::Quote("“The sea rises twice a day”".into());
        assert_eq!(left(&[(said.clone(), 0.0), (again, 0.0)], &About::default()), [said]);
    }
}
