//! What a page says of its article: what it is called, who wrote it and when, where it stands.
//!
//! What belongs here: reading statements and choosing among them. Statements in JSON are read by `linked`. What the page does not say stays empty;
//! only the language is guessed, from the text, since nothing can be read aloud without it.

use jiff::civil::Date;
use model::article::About;
use url::Url;

use crate::linked::{self, Linked};
use crate::parse;
use crate::text::{bare, shortened, tidied, words};
use crate::tree::{Id, Tree};

/// Letters of a title, a name, a summary and an address, at the most.
const LONGEST_TITLE: usize = 300;
const LONGEST_NAME: usize = 200;
const LONGEST_SUMMARY: usize = 1_000;
const LONGEST_ADDRESS: usize = 2_000;

/// Letters of the text from which its language is guessed.
const ENOUGH_LETTERS: usize = 4_000;

/// Letters from which on a page may be contradicted about its language, and how sure one has to be.
const MANY_LETTERS: usize = 400;
const SURE: f64 = 0.95;

/// Languages by three letters and by two, as whatlang and as pages name them.
const BY_THREE: &[&str] = &[
    "afr:af aka:ak amh:am ara:ar aze:az bel:be ben:bn bul:bg cat:ca ces:cs cmn:zh cym:cy dan:da deu:de ell:el",
    "eng:en epo:eo est:et fin:fi fra:fr guj:gu heb:he hin:hi hrv:hr hun:hu hye:hy ind:id ita:it jav:jv jpn:ja",
    "kan:kn kat:ka khm:km kor:ko lat:la lav:lv lit:lt mal:ml mar:mr mkd:mk mya:my nep:ne nld:nl nob:nb ori:or",
    "pan:pa pes:fa pol:pl por:pt ron:ro rus:ru sin:si slk:sk slv:sl sna:sn spa:es srp:sr swe:sv tam:ta tel:te",
    "tgl:tl tha:th tuk:tk tur:tr ukr:uk urd:ur uzb:uz vie:vi yid:yi zul:zu",
];

/// What is known, and whether everybody may read all of it.
pub(crate) struct Known {
    /// What is known.
    pub(crate) about: About,
    /// Whether the page says that everybody may.
    pub(crate) free: Option<bool>,
}

/// Reads what a page says of its article.
pub(crate) fn of(tree: &Tree, address: &str) -> Known {
    let page = Statements::of(tree);
    let linked = linked::of(tree);
    let base = base(tree, address);
    let site = first(
        &[linked.site.clone(), page.meta(&["og:site_name", "application-name", "apple-mobile-web-app-title"])],
        LONGEST_NAME,
    );
    let title = title(&page, &linked, &site);
    let site =
        if site.is_empty() { page.titles.first().map(|whole| beside(whole, &title)).unwrap_or_default() } else { site };
    let about = About {
        author: author(&page, &linked),
        section: first(
            &[
                linked.section.clone(),
                page.meta(&["article:section", "parsely-section", "section"]),
                page.item("articleSection"),
            ],
            LONGEST_NAME,
        ),
        summary: first(
            &[
                page.meta(&["og:description", "description", "twitter:description", "dc.description"]),
                linked.summary.clone(),
            ],
            LONGEST_SUMMARY,
        ),
        language: language(&page, &linked),
        published: published(&page, &linked),
        image: image(&page, &linked, base.as_ref()),
        title,
        site,
    };
    Known { about, free: linked.free }
}

/// The language that it is in, by what the page says and what the text says.
pub(crate) fn spoken_in(stated: &str, text: &str) -> String {
    let text = shortened(text, ENOUGH_LETTERS);
    let Some(guess) = whatlang::detect(text) else { return stated.to_owned() };
    let guessed = two_letters(guess.lang().code());
    if stated.is_empty() {
        return if guess.is_reliable() || text.chars().count() >= MANY_LETTERS {
            guessed.to_owned()
        } else {
            String::new()
        };
    }
    // Templates say "en" of themselves, and are filled with any language. A page that says another was told so by somebody.
    let english = stated == "en" || stated.starts_with("en-");
    let sure = guess.is_reliable() && guess.confidence() >= SURE && text.chars().count() >= MANY_LETTERS;
    if english && sure && guessed != "en" { guessed.to_owned() } else { stated.to_owned() }
}

/// A language as BCP 47 writes it: "de_ch" is "de-CH". What is no name of a language is nothing.
pub(crate) fn language_tag(stated: &str) -> String {
    let stated = stated.split([',', ';']).next().unwrap_or_default().trim().replace('_', "-");
    let mut parts = stated.split(['-', '.', '@']);
    let first = parts.next().unwrap_or_default().to_ascii_lowercase();
    if !(2..=3).contains(&first.len()) || !first.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return String::new();
    }
    let mut tag = first;
    for part in parts.take(3) {
        let letters = part.bytes().all(|byte| byte.is_ascii_alphabetic());
        match part.len() {
            2 if letters => tag.extend(["-", &part.to_ascii_uppercase()]),
            3 if part.bytes().all(|byte| byte.is_ascii_digit()) => tag.extend(["-", part]),
            4 if letters => {
                let (start, end) = part.split_at(1);
                tag.extend(["-", &start.to_ascii_uppercase(), &end.to_ascii_lowercase()]);
            }
            _ => break,
        }
    }
    tag
}

/// The page's own statements, in the order of the page.
struct Statements<'a> {
    tree: &'a Tree,
    metas: Vec<(String, &'a str)>,
    items: Vec<(&'a str, Id)>,
    titles: Vec<String>,
    headings: Vec<String>,
    language: &'a str,
}

impl<'a> Statements<'a> {
    fn of(tree: &'a Tree) -> Self {
        let mut page =
            Self { tree, metas: Vec::new(), items: Vec::new(), titles: Vec::new(), headings: Vec::new(), language: "" };
        for id in tree.within(Tree::ROOT) {
            let property = tree.attribute(id, "itemprop");
            if let Some(property) = property.filter(|_| page.items.len() < 500) {
                page.items.extend(property.split_whitespace().take(8).map(|property| (property, id)));
            }
            match tree.name(id) {
                "meta" if page.metas.len() < 500 => {
                    let name = ["property", "name", "http-equiv"].iter().find_map(|name| tree.attribute(id, name));
                    if let (Some(name), Some(content)) = (name, tree.attribute(id, "content")) {
                        page.metas.push((name.trim().to_ascii_lowercase(), content));
                    }
                }
                "html" if page.language.is_empty() => {
                    page.language =
                        tree.attribute(id, "lang").or_else(|| tree.attribute(id, "xml:lang")).unwrap_or_default();
                }
                "title" if page.titles.len() < 4 => page.titles.push(one_line(&tree.all_text(id), LONGEST_TITLE)),
                "h1" if page.headings.len() < 4 => page.headings.push(one_line(&tree.all_text(id), LONGEST_TITLE)),
                _ => {}
            }
        }
        page
    }

    /// The first of these names that the head states something for.
    fn meta(&self, names: &[&str]) -> String {
        self.metas_of(names).next().unwrap_or_default().to_owned()
    }

    fn metas_of(&self, names: &[&str]) -> impl Iterator<Item = &str> {
        names
            .iter()
            .flat_map(|name| self.metas.iter().filter(move |(found, _)| found == name))
            .map(|(_, content)| *content)
            .filter(|content| !content.trim().is_empty())
    }

    /// What an element with this `itemprop` says.
    fn item(&self, name: &str) -> String {
        self.items_of(name).map(|id| self.said(id)).find(|said| !said.trim().is_empty()).unwrap_or_default()
    }

    fn items_of<'n>(&'n self, name: &'n str) -> impl Iterator<Item = Id> + 'n {
        self.items.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, id)| *id)
    }

    /// What an element says: in an attribute if it has one for this, or in its text.
    fn said(&self, id: Id) -> String {
        let attribute = ["content", "datetime"].iter().find_map(|name| self.tree.attribute(id, name));
        attribute.map_or_else(|| self.text_of(id), str::to_owned)
    }

    /// The text of a small element. What is larger is no statement.
    fn text_of(&self, id: Id) -> String {
        self.tree.within(id).take(64).filter_map(|id| self.tree.text(id)).collect()
    }
}

fn title(page: &Statements<'_>, linked: &Linked, site: &str) -> String {
    let stated = [
        linked.title.clone(),
        page.meta(&["og:title", "twitter:title", "dc.title", "parsely-title"]),
        page.item("headline"),
    ];
    let whole = page.titles.first().cloned().unwrap_or_default();
    let stated =
        stated.iter().map(|title| without_site(&one_line(title, LONGEST_TITLE), site)).find(|title| !title.is_empty());
    if let Some(stated) = stated {
        // The heading on the page is set with more care, if it says the same.
        return page.headings.iter().find(|heading| bare(heading) == bare(&stated)).cloned().unwrap_or(stated);
    }
    // The window's title has the page's heading in it, and the site's name behind or before.
    let heading = page
        .headings
        .iter()
        .find(|heading| !heading.is_empty() && bare(&whole).contains(&bare(heading)) && bare(heading) != bare(site));
    if let Some(heading) = heading {
        return heading.clone();
    }
    let cut = without_site(&whole, site);
    match page.headings.as_slice() {
        [only] if cut.is_empty() => only.clone(),
        _ if cut == whole => before_sign(&whole),
        _ => cut,
    }
}

/// Signs between a title and the name of its site.
const SIGNS: &[&str] = &[" | ", " » ", " « ", " · ", " :: ", " • ", " — ", " – ", " - ", "｜", ": "];

/// The name of the site that stands behind a title, or before it.
fn beside(whole: &str, title: &str) -> String {
    let found = SIGNS.iter().find_map(|sign| match (whole.rsplit_once(sign), whole.split_once(sign)) {
        (Some((start, end)), _) if bare(start) == bare(title) => Some(end),
        (_, Some((start, end))) if bare(end) == bare(title) => Some(start),
        _ => None,
    });
    found.map(str::trim).filter(|site| words(site) <= 6).unwrap_or_default().to_owned()
}

/// A title without the name of the site before or behind it.
fn without_site(title: &str, site: &str) -> String {
    if site.is_empty() {
        return title.to_owned();
    }
    let small = |text: &str| bare(text);
    for sign in SIGNS {
        if let Some((rest, last)) = title.rsplit_once(sign)
            && small(last) == small(site)
        {
            return rest.trim().to_owned();
        }
        if let Some((first, rest)) = title.split_once(sign)
            && small(first) == small(site)
        {
            return rest.trim().to_owned();
        }
    }
    title.to_owned()
}

/// A title up to the last sign that parts it from a site whose name is not known.
fn before_sign(title: &str) -> String {
    let cut = SIGNS.iter().filter(|sign| **sign != ": ").find_map(|sign| title.rsplit_once(sign));
    match cut {
        Some((start, end)) if words(start) >= 2 && words(end) <= 5 => start.trim().to_owned(),
        _ => title.to_owned(),
    }
}

fn author(page: &Statements<'_>, linked: &Linked) -> String {
    let name = |text: &str| {
        let text = one_line(text, LONGEST_NAME);
        let start =
            ["by ", "von ", "par ", "por ", "written by ", "text: ", "posted by ", "door "].iter().find_map(|start| {
                let (first, rest) = text.split_at_checked(start.len())?;
                first.eq_ignore_ascii_case(start).then(|| rest.trim().to_owned())
            });
        let name = start.unwrap_or(text);
        let name = name.trim_matches(|letter: char| letter.is_whitespace() || ",·|•–—".contains(letter)).to_owned();
        // An address is no name, and neither is a sentence.
        let is_name = !name.is_empty() && !name.contains("://") && !name.contains('@') && words(&name) <= 12;
        is_name.then_some(name)
    };
    if !linked.authors.is_empty() {
        let names: Vec<String> = linked.authors.iter().filter_map(|author| name(author)).collect();
        if !names.is_empty() {
            return joined(&names);
        }
    }
    let metas: Vec<String> = page
        .metas_of(&["author", "article:author", "dc.creator", "parsely-author", "sailthru.author", "twitter:creator"])
        .filter_map(name)
        .collect();
    if !metas.is_empty() {
        return joined(&metas);
    }
    let tree = page.tree;
    let items = page.items_of("author").filter_map(|author| {
        // The author's name may be marked within what is marked as the author.
        let inner = tree.within(author).skip(1).take(64).find(|id| tree.attribute(*id, "itemprop") == Some("name"));
        name(&page.said(inner.unwrap_or(author)))
    });
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        return joined(&items);
    }
    let class = |id: Id, names: &[&str]| {
        tree.attribute(id, "class").is_some_and(|class| {
            class.split_whitespace().any(|class| names.contains(&class.to_ascii_lowercase().as_str()))
        })
    };
    let marked = |is: &dyn Fn(Id) -> bool| {
        let found = tree.within(Tree::ROOT).filter(|id| is(*id)).take(6).filter_map(|id| name(&page.text_of(id)));
        joined(&found.collect::<Vec<_>>())
    };
    let by_link = marked(&|id| {
        matches!(tree.name(id), "a" | "link")
            && tree.attribute(id, "rel").is_some_and(|rel| rel.split_whitespace().any(|rel| rel == "author"))
    });
    if !by_link.is_empty() {
        return by_link;
    }
    let by_name = marked(&|id| {
        class(
            id,
            &[
                "author-name",
                "wp-block-post-author-name",
                "byline__name",
                "byline-name",
                "p-author",
                "post-author",
                "entry-author",
                "author",
            ],
        )
    });
    if !by_name.is_empty() {
        return by_name;
    }
    let lines = tree.within(Tree::ROOT).filter(|id| class(*id, &["byline"]));
    lines.take(2).find_map(|id| name(&page.text_of(id))).unwrap_or_default()
}

/// Names as they are printed, each once: "A, B and C".
fn joined(names: &[String]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for name in names.iter().take(20) {
        if !once.iter().any(|known| bare(known) == bare(name)) {
            once.push(name);
        }
    }
    match once.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn language(page: &Statements<'_>, linked: &Linked) -> String {
    let stated = [
        page.language.to_owned(),
        page.meta(&["og:locale", "content-language", "language", "dc.language"]),
        page.item("inLanguage"),
        linked.language.clone(),
    ];
    stated.iter().map(|stated| language_tag(stated)).find(|tag| !tag.is_empty()).unwrap_or_default()
}

fn published(page: &Statements<'_>, linked: &Linked) -> String {
    let names = [
        "article:published_time",
        "datepublished",
        "date",
        "dc.date",
        "dc.date.issued",
        "dcterms.created",
        "pubdate",
        "parsely-pub-date",
        "sailthru.date",
        "citation_publication_date",
    ];
    let tree = page.tree;
    let times = tree.within(Tree::ROOT).filter(|id| tree.name(*id) == "time").take(50);
    let times: Vec<(bool, String)> = times
        .map(|id| {
            let class = tree.attribute(id, "class").unwrap_or_default();
            let said = tree.attribute(id, "datetime").map_or_else(|| page.text_of(id), str::to_owned);
            (class.contains("publi") || class.contains("entry-date"), said)
        })
        .collect();
    // Times that are marked as the one that is meant come before those that only stand there.
    let times = times
        .iter()
        .filter(|(meant, _)| *meant)
        .chain(times.iter().filter(|(meant, _)| !meant))
        .map(|(_, said)| said.clone());
    let mut stated = std::iter::once(linked.published.clone())
        .chain(page.metas_of(&names).map(str::to_owned))
        .chain(page.items_of("datePublished").map(|id| page.said(id)))
        .chain(times);
    stated.find_map(|stated| day(&stated)).unwrap_or_default()
}

/// The day that a time begins with, as ISO 8601 writes it.
fn day(stated: &str) -> Option<String> {
    let stated = stated.trim();
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
    let (year, month, day) = match stated.as_bytes() {
        [_, _, _, _, b'-' | b'/' | b'.', ..] => (stated.get(..4)?, stated.get(5..7)?, stated.get(8..10)?),
        _ => (stated.get(..4)?, stated.get(4..6)?, stated.get(6..8)?),
    };
    let (year, month, day) = (digits(year)?, i8::try_from(digits(month)?).ok()?, i8::try_from(digits(day)?).ok()?);
    // The web is younger than its articles, but not by centuries.
    let date = Date::new(year, month, day).ok().filter(|date| date.year() >= 1500)?;
    Some(date.to_string())
}

fn image(page: &Statements<'_>, linked: &Linked, base: Option<&Url>) -> String {
    let tree = page.tree;
    let items = page
        .items_of("image")
        .filter_map(|id| ["content", "src", "href"].iter().find_map(|name| tree.attribute(id, name)));
    let links = tree
        .within(Tree::ROOT)
        .filter(|id| tree.name(*id) == "link" && tree.attribute(*id, "rel") == Some("image_src"));
    let mut stated = page
        .metas_of(&["og:image:secure_url", "og:image", "og:image:url"])
        .chain(std::iter::once(linked.image.as_str()))
        .chain(page.metas_of(&["twitter:image", "twitter:image:src", "thumbnail"]))
        .chain(items)
        .chain(links.filter_map(|id| tree.attribute(id, "href")));
    stated.find_map(|stated| whole_address(stated, base)).unwrap_or_default()
}

fn whole_address(stated: &str, base: Option<&Url>) -> Option<String> {
    let stated = stated.trim();
    if stated.is_empty() || stated.len() > LONGEST_ADDRESS {
        return None;
    }
    let whole = match base {
        Some(base) => base.join(stated).ok()?,
        None => Url::parse(stated).ok()?,
    };
    matches!(whole.scheme(), "http" | "https").then(|| whole.to_string())
}

/// What addresses on the page start from.
fn base(tree: &Tree, address: &str) -> Option<Url> {
    let address = Url::parse(address).ok()?;
    let stated = tree.within(Tree::ROOT).find(|id| tree.name(*id) == "base" && tree.attribute(*id, "href").is_some());
    let stated = stated.and_then(|id| tree.attribute(id, "href")).and_then(|href| address.join(href).ok());
    Some(stated.unwrap_or(address))
}

/// The first of these statements that says something.
fn first(statements: &[String], longest: usize) -> String {
    let mut lines = statements.iter().map(|statement| one_line(statement, longest));
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

/// A statement in one line. What was written for a browser, and stands in a string, is read as a browser would read text.
fn one_line(statement: &str, longest: usize) -> String {
    let statement = shortened(statement, 4 * LONGEST_SUMMARY);
    let decoded = if statement.contains('&') { parse::text(statement) } else { statement.to_owned() };
    let line = tidied(&decoded);
    match shortened(&line, longest) {
        all if all.len() == line.len() => line,
        start => format!("{}…", start.rsplit_once(' ').map_or(start, |(start, _)| start)),
    }
}

/// The language by its two letters, if it has such.
fn two_letters(code: &'static str) -> &'static str {
    let known =
        BY_THREE.iter().flat_map(|line| line.split(' ')).find_map(|pair| pair.strip_prefix(code)?.strip_prefix(':'));
    known.unwrap_or(code)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    fn about(html: &str) -> About {
        of(&parse::tree(html).unwrap(), "https://tides.example/coast/gauges?x=1").about
    }

    #[test]
    fn titles_lose_the_sites_name() {
        for (html, title) in [
            (
                "<title>How tides work | The Coast Ledger</title><meta property=og:site_name content='The Coast Ledger'>",
                "How tides work",
            ),
            (
                "<title>The Coast Ledger: How tides work</title><meta property=og:site_name content='The Coast Ledger'>",
                "How tides work",
            ),
            ("<title>How tides work – and why – Harbour Notes</title>", "How tides work – and why"),
            ("<title>How tides work - Harbour Notes</title><h1>How tides work</h1>", "How tides work"),
            ("<title>x</title><meta property=og:title content='Salt &amp;amp; water'>", "Salt & water"),
            ("<title>&lt;b&gt;Bold&lt;/b&gt; moves</title>", "<b>Bold</b> moves"),
            ("<h1>Only a heading</h1>", "Only a heading"),
        ] {
            assert_eq!(about(html).title, title, "{html}");
        }
    }

    #[test]
    fn authors_are_names() {
        for (html, author) in [
            ("<meta name=author content='By Ada Lovelace'>", "Ada Lovelace"),
            (
                "<meta property=article:author content='https://social.example/ada'><a rel='author nofollow'>Ada Lovelace</a>",
                "Ada Lovelace",
            ),
            ("<span itemprop=author><a><span itemprop=name>Ada Lovelace</span></a>, editor</span>", "Ada Lovelace"),
            (
                "<meta name=author content=Ada><meta name=author content=Charles><meta name=author content=ADA>",
                "Ada and Charles",
            ),
            ("<p class=byline>By Ada Lovelace</p>", "Ada Lovelace"),
        ] {
            assert_eq!(about(html).author, author, "{html}");
        }
    }

    #[test]
    fn days_are_days() {
        for (stated, expected) in [
            ("2026-11-21T08:00:00+01:00", Some("2026-11-21")),
            ("2026/11/21", Some("2026-11-21")),
            ("20261121", Some("2026-11-21")),
            ("2026-02-30", None),
            ("0000-00-00", None),
            ("yesterday", None),
            ("2026-11", None),
            ("٢٠٢٦-١١-٢١", None),
        ] {
            assert_eq!(day(stated).as_deref(), expected, "{stated}");
        }
    }

    #[test]
    fn languages_are_tags() {
        for (stated, tag) in [
            ("de_CH", "de-CH"),
            ("EN-us", "en-US"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("de, en", "de"),
            ("es-419", "es-419"),
            ("english", ""),
            ("x", ""),
        ] {
            assert_eq!(language_tag(stated), tag);
        }
    }

    #[test]
    fn a_template_is_not_believed_about_its_language() {
        let german = "Die Gezeiten sind die Wasserbewegungen der Ozeane, die durch die Anziehung des Mondes und der Sonne entstehen. ".repeat(5);
        assert_eq!(spoken_in("en-US", &german), "de");
        assert_eq!(spoken_in("nl", &german), "nl");
        assert_eq!(spoken_in("", &german), "de");
        assert_eq!(spoken_in("en-GB", "Gezeiten."), "en-GB");
        assert_eq!(spoken_in("", "12 34"), "");
    }

    #[test]
    fn pictures_have_whole_addresses() {
        assert_eq!(about("<meta property=og:image content='/a.jpg'>").image, "https://tides.example/a.jpg");
        assert_eq!(
            about("<base href='//cdn.example/x/'><meta name=twitter:image content='a b.jpg'>").image,
            "https://cdn.example/x/a%20b.jpg"
        );
        assert_eq!(about("<meta property=og:image content='data:image/png;base64,AAAA'>").image, "");
        assert_eq!(about("<meta property=og:image content='javascript:alert(1)'>").image, "");
    }
}
