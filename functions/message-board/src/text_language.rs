//! In which language somebody wrote, as far as the letters tell: what `text-language.js` does for the board's page,
//! for a reader of whom nothing is known.

use std::collections::BTreeMap;

/// Scripts that several languages write, or that tell one only together with others (ISO 15924).
const LATIN: &str = "Latn";
const HAN: &str = "Hani";
const KANA: &str = "Hrkt";
const HANGUL: &str = "ko";
const BOPOMOFO: &str = "zh-Hant";

/// A Chinese character says about as much as three letters.
const WEIGHT: usize = 3;

const VIETNAMESE: &str = "ơưảấầẩẫậắằẳẵặẻếềểễệỉỏốồổỗộớờởỡợủứừửữựỷ";
/// Frequent characters that one way of writing Chinese has alone, and Japanese has not.
const SIMPLIFIED: &str = "这们说吗对给让欢听买卖关图书东车门见长时为发现实请问还进远边运动开电话语读气爱应习飞马鱼鸟头张两样觉钱间单员难热战儿从业义乡亲亿仅价优传伤师帮带总";
const TRADITIONAL: &str =
    "這們說嗎麼沒對讓歡聽賣點關樂圖國學會來從實發體氣當與應變邊鐵臺灣醫轉處號戰總歲戶覺讀寫";

/// The letters of each script, first and last; of one that tells a language, by the language's tag.
const SCRIPTS: [(&str, &[(char, char)]); 19] = [
    (
        LATIN,
        &[
            ('A', 'Z'),
            ('a', 'z'),
            ('\u{c0}', '\u{d6}'),
            ('\u{d8}', '\u{f6}'),
            ('\u{f8}', '\u{2b8}'),
            ('\u{1e00}', '\u{1eff}'),
        ],
    ),
    (
        HAN,
        &[
            ('\u{3005}', '\u{3007}'),
            ('\u{3400}', '\u{4dbf}'),
            ('\u{4e00}', '\u{9fff}'),
            ('\u{f900}', '\u{faff}'),
            ('\u{20000}', '\u{3ffff}'),
        ],
    ),
    (
        KANA,
        &[
            ('\u{3041}', '\u{309f}'),
            ('\u{30a1}', '\u{30fa}'),
            ('\u{30fd}', '\u{30ff}'),
            ('\u{31f0}', '\u{31ff}'),
            ('\u{ff66}', '\u{ff9d}'),
        ],
    ),
    (
        HANGUL,
        &[
            ('\u{1100}', '\u{11ff}'),
            ('\u{3131}', '\u{318e}'),
            ('\u{ac00}', '\u{d7a3}'),
        ],
    ),
    (
        BOPOMOFO,
        &[('\u{3105}', '\u{312f}'), ('\u{31a0}', '\u{31bf}')],
    ),
    ("el", &[('\u{370}', '\u{3ff}'), ('\u{1f00}', '\u{1fff}')]),
    ("und-Cyrl", &[('\u{400}', '\u{52f}')]),
    ("hy", &[('\u{531}', '\u{58a}')]),
    ("he", &[('\u{591}', '\u{5f4}'), ('\u{fb1d}', '\u{fb4f}')]),
    (
        "ar",
        &[
            ('\u{620}', '\u{6ff}'),
            ('\u{750}', '\u{77f}'),
            ('\u{8a0}', '\u{8ff}'),
            ('\u{fb50}', '\u{fdff}'),
            ('\u{fe70}', '\u{fefc}'),
        ],
    ),
    ("und-Deva", &[('\u{900}', '\u{97f}')]),
    ("bn", &[('\u{980}', '\u{9ff}')]),
    ("ta", &[('\u{b80}', '\u{bff}')]),
    ("te", &[('\u{c00}', '\u{c7f}')]),
    ("th", &[('\u{e01}', '\u{e3a}'), ('\u{e40}', '\u{e5b}')]),
    ("lo", &[('\u{e81}', '\u{eff}')]),
    ("my", &[('\u{1000}', '\u{109f}')]),
    ("ka", &[('\u{10a0}', '\u{10ff}'), ('\u{1c90}', '\u{1cbf}')]),
    ("km", &[('\u{1780}', '\u{17ff}')]),
];

/// The language tag (BCP 47) of a text; `None` where its letters are Latin and tell nothing.
pub fn language_of(text: &str) -> Option<&'static str> {
    let mut counts = BTreeMap::new();
    for script in letters(text).filter_map(script) {
        *counts.entry(script).or_insert(0) += 1;
    }
    let count = |script| counts.get(script).copied().unwrap_or(0);
    let cjk = WEIGHT
        * [HAN, KANA, HANGUL, BOPOMOFO]
            .map(count)
            .iter()
            .sum::<usize>();
    let others = counts
        .iter()
        .filter(|(script, _)| ![LATIN, HAN, KANA, HANGUL, BOPOMOFO].contains(script));
    let other = others.max_by_key(|(_, count)| **count);
    let most = other.map_or(cjk, |(_, count)| cjk.max(*count));
    if most == 0 || most < count(LATIN) {
        let is_vietnamese = has_one_of(&text.to_lowercase(), VIETNAMESE);
        return is_vietnamese.then_some("vi");
    }
    match other {
        Some((tag, count)) if *count > cjk => Some(tag),
        _ if count(HANGUL) > count(KANA) => Some(HANGUL),
        _ if count(KANA) > 0 => Some("ja"),
        _ if count(BOPOMOFO) > 0 => Some(BOPOMOFO),
        _ if has_one_of(text, SIMPLIFIED) => Some("zh-Hans"),
        _ if has_one_of(text, TRADITIONAL) => Some("zh-Hant"),
        _ => Some("zh"),
    }
}

/// The characters of a text without those of addresses.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let words = text.split_whitespace().map(|word| {
        let address = ["https://", "http://"]
            .iter()
            .filter_map(|scheme| word.find(scheme))
            .min();
        address.map_or(word, |start| &word[..start])
    });
    words.flat_map(str::chars)
}

fn has_one_of(text: &str, characters: &str) -> bool {
    text.chars().any(|it| characters.contains(it))
}

/// What a letter is counted as.
fn script(letter: char) -> Option<&'static str> {
    let is_in = |ranges: &[(char, char)]| ranges.iter().any(|(a, z)| (*a..=*z).contains(&letter));
    let found = SCRIPTS.iter().find(|(_, ranges)| is_in(ranges));
    found.map(|(script, _)| *script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_tell_the_language_as_on_the_board() {
        let cases = include_str!("../../../tests/support/text-languages.json");
        let cases: Vec<(String, Option<String>)> = serde_json::from_str(cases).unwrap();
        for (text, language) in &cases {
            assert_eq!(language_of(text), language.as_deref(), "{text}");
        }
    }
}
