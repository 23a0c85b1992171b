//! Tests of the loudness curve: what is drawn, and where.

use expect_test::expect;

use super::*;

const AIM: Option<Target> = Some(Target { loudness: -16.0, tolerance: 1.0 });

fn curve<'a>(before: &'a [(f64, f64)], after: &'a [(f64, f64)]) -> Curve<'a> {
    Curve { seconds: 10.0, before, after, before_loudness: -24.3, after_loudness: -16.04, target: AIM }
}

#[test]
fn a_whole_picture() {
    let silence = f64::NEG_INFINITY;
    let before = [(0.0, -20.0), (2.0, -28.0), (3.0, silence), (4.0, -31.0), (6.0, -22.0), (10.0, -40.0)];
    let after = [(0.0, -15.5), (2.0, -16.5), (3.0, silence), (4.0, -18.0), (6.0, -16.0), (10.0, f64::NAN)];
    expect![[r#"
        <svg xmlns="http://www.w3.org/2000/svg" width="840" height="272" viewBox="0 0 840 272" role="img" aria-labelledby="name about">
        <title id="name">Loudness over time</title>
        <desc id="about">Short-term loudness in LUFS. Before, it moved between −40 and −20 LUFS. After mastering, 75 % of it is within 1 LU of −16.</desc>
        <style>
        text{font:11px system-ui,sans-serif;font-variant-numeric:tabular-nums}
        .head{font-size:13px;font-weight:600}.unit{font-size:12px;font-weight:400}.say{font-size:12.5px}.label{font-weight:600}.of-aim{font-weight:400}
        .before,.after,.aim,.grid{fill:none}.before{stroke-width:1.25}.after{stroke-width:1.75}.before,.after{stroke-linejoin:round;stroke-linecap:round}.aim{stroke-dasharray:2 3}.band{opacity:.12}
        .ground{fill:#fefefd}.head{fill:#1a201c}.unit{fill:#4b504a}.say{fill:#4b504a}.axis{fill:#62665f}.of-before{fill:#4b504a}.of-after{fill:#8b470e}.of-aim{fill:#1f6149}.band{fill:#1f6149}.grid{stroke:#dfdeda}.before{stroke:#888880}.after{stroke:#ce7011}.aim{stroke:#1f6149}
        @media (prefers-color-scheme:dark){
        .ground{fill:#191d1a}.head{fill:#eeede7}.unit{fill:#bbbbb4}.say{fill:#bbbbb4}.axis{fill:#9a9d94}.of-before{fill:#bbbbb4}.of-after{fill:#f9be6d}.of-aim{fill:#89d5b4}.band{fill:#89d5b4}.grid{stroke:#2e332f}.before{stroke:#717670}.after{stroke:#f5a843}.aim{stroke:#89d5b4}
        }
        </style>
        <rect class="ground" width="840" height="272"/>
        <text class="head" x="44" y="24">Loudness over time<tspan class="unit" dx="10">short-term, LUFS</tspan></text>
        <clipPath id="plot"><rect x="44" y="44" width="672" height="162"/></clipPath>
        <path class="grid" d="M44 58.5H716"/>
        <text class="axis" x="36" y="62" text-anchor="end">−8</text>
        <text class="axis" x="36" y="106" text-anchor="end">−16</text>
        <path class="grid" d="M44 146.5H716"/>
        <text class="axis" x="36" y="150" text-anchor="end">−24</text>
        <path class="grid" d="M44 190.5H716"/>
        <text class="axis" x="36" y="194" text-anchor="end">−32</text>
        <text class="axis" x="44.0" y="224" text-anchor="start">0:00</text>
        <text class="axis" x="178.4" y="224" text-anchor="middle">0:02</text>
        <text class="axis" x="312.8" y="224" text-anchor="middle">0:04</text>
        <text class="axis" x="447.2" y="224" text-anchor="middle">0:06</text>
        <text class="axis" x="581.6" y="224" text-anchor="middle">0:08</text>
        <text class="axis" x="716.0" y="224" text-anchor="middle">0:10</text>
        <g clip-path="url(#plot)">
        <rect class="band" x="44" y="96.5" width="672" height="11.0"/>
        <path class="aim" d="M44 102.5H716"/>
        <path class="before" d="M44.0 124.0L178.4 168.0M312.8 184.5L447.2 135.0L716.0 234.0"/>
        <path class="after" d="M44.0 99.2L178.4 104.8M312.8 113.0L447.2 102.0"/>
        </g>
        <text class="label of-after" x="724" y="106.2">after, −16.0</text>
        <text class="label of-aim" x="724" y="121.2">target ±1 LU</text>
        <text class="label of-before" x="724" y="151.7">before, −24.3</text>
        <text class="say" x="44" y="256">Before, it moved between −40 and −20 LUFS. After mastering, 75 % of it is within 1 LU of −16.</text>
        </svg>
    "#]].assert_eq(&curve(&before, &after).to_svg());
}

#[test]
fn sentences() {
    let before = [(0.0, -31.2), (1.0, -18.4)];
    let after = [(0.0, -16.4), (1.0, -15.2), (2.0, -18.0), (3.0, f64::NEG_INFINITY)];
    expect![
        "Before, it moved between −31 and −18 LUFS. After mastering, 67\u{2009}% of it is within 1\u{2009}LU of −16."
    ]
    .assert_eq(&curve(&before, &after).sentence());
    expect!["After mastering, it moves between −18 and −15 LUFS."]
        .assert_eq(&Curve { target: None, ..curve(&[], &after) }.sentence());
    let broadcast = Some(Target { loudness: -23.0, tolerance: 0.5 });
    expect!["Before, it stayed at −23 LUFS. After mastering, 100\u{2009}% of it is within 0.5\u{2009}LU of −23."]
        .assert_eq(&Curve { target: broadcast, ..curve(&[(0.0, -23.1)], &[(0.0, -23.1)]) }.sentence());
    expect!["There is no sound in it."].assert_eq(&curve(&[(0.0, -71.0)], &[]).sentence());
    expect!["What was made of it is silent."].assert_eq(&curve(&before, &[(0.0, f64::NAN)]).sentence());
}

#[test]
fn long_recordings_have_few_points_and_keep_their_silence() {
    let day: Vec<(f64, f64)> =
        (0..864_000).map(|n| (f64::from(n) / 10.0, if n / 86_400 == 5 { -90.0 } else { -16.0 })).collect();
    let svg = Curve { seconds: 86_400.0, ..curve(&day, &day) }.to_svg();
    let points = svg.matches('L').count();
    assert!((600..2 * MOST_POINTS + 40).contains(&points), "{points} points");
    assert!(svg.len() < 40_000, "{} bytes", svg.len());
    // Each curve begins, and begins again after the silence.
    let path = svg.lines().find(|line| line.contains("\"after\"")).unwrap_or_default();
    assert_eq!(path.matches('M').count(), 2);
}

#[test]
fn every_length_has_a_readable_axis() {
    for seconds in [0.0, 0.4, 3.0, 59.0, 61.0, 1_000.0, 3_599.0, 2e4, 1e5, 1e7, f64::NAN] {
        let svg = Curve { seconds, ..curve(&[(0.0, -20.0)], &[]) }.to_svg();
        let labels = svg.matches("class=\"axis\"").count() - 4;
        assert!((1..=8).contains(&labels), "{labels} labels for {seconds}");
    }
    assert_eq!(clock(2_880.0, 480.0), "48:00");
    assert_eq!(clock(3_720.0, 60.0), "1:02:00");
    assert_eq!(clock(1.5, 0.5), "0:01.5");
}

#[test]
fn labels_do_not_touch() {
    let mut places = vec![100.0, 101.0, 102.0];
    spread(&mut places, 15.0);
    assert_eq!(places, [100.0, 115.0, 130.0]);
    let mut low = vec![CUT_BELOW - 1.0, CUT_BELOW];
    spread(&mut low, 15.0);
    assert_eq!(low, [CUT_BELOW - 15.0, CUT_BELOW]);
}

#[test]
fn odd_numbers_do_not_reach_the_picture() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.0];
    let points: Vec<(f64, f64)> = odd.iter().flat_map(|a| odd.map(|b| (*a, b))).collect();
    let many: Vec<(f64, f64)> = points.iter().copied().cycle().take(5_000).collect();
    for number in odd {
        for points in [&points, &many] {
            let svg = Curve {
                seconds: number,
                before_loudness: number,
                after_loudness: number,
                target: Some(Target { loudness: number, tolerance: 1.0 }),
                ..curve(points, points)
            }
            .to_svg();
            let drawn: String = svg.lines().filter(|line| line.contains("d=\"") || line.contains("<rect")).collect();
            assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
            assert!(svg.len() < 100_000, "{} bytes for {number}", svg.len());
        }
    }
}
