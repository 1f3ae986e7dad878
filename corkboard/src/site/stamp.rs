//! What of the site is the board's own: its name, what it says of itself, its picture and its colour.

use std::collections::BTreeMap;

use media::PublicBaseUrl;
use message_board::Appearance;
use serde_json::{Value, json};

/// What previews of links show of a board that has no picture of its own.
const PREVIEW: &str = "preview.png";
/// The line of sw.js that is replaced by the files to keep.
const UNSTAMPED: &str = "const SITE = { version: '', files: {} };";

/// Who the site is stamped for.
#[derive(Debug, Clone)]
pub struct Board {
    pub appearance: Appearance,
    /// Where the site is; addresses are absolute where it says a host.
    pub public_base_url: PublicBaseUrl,
    /// `SERVICE_WORKER`: whether browsers may keep the page for when there is no network.
    pub has_service_worker: bool,
}

/// index.html under the board's name.
///
/// # Errors
/// Where one of the tags is not there once, as it is known.
pub fn page(html: &str, board: &Board) -> Result<String, String> {
    let Board {
        appearance,
        public_base_url,
        ..
    } = board;
    let name = escape(&appearance.name);
    let mut html = put(html, "<title>", "</title>", &name)?;
    for property in ["og:title", "og:site_name"] {
        html = put(
            &html,
            &format!("<meta property=\"{property}\" content=\""),
            "\">",
            &name,
        )?;
    }
    if let Some(summary) = appearance.summary() {
        for start in [
            "<meta name=\"description\" content=\"",
            "<meta property=\"og:description\" content=\"",
        ] {
            html = put(&html, start, "\">", &escape(summary))?;
        }
    }
    let image = match appearance.preview() {
        Some(key) => public_base_url.of_key(&key),
        None if public_base_url.origin().is_some() => {
            public_base_url.of_path(&format!("/{PREVIEW}"))
        }
        None => PREVIEW.to_owned(),
    };
    html = put(
        &html,
        "<meta property=\"og:image\" content=\"",
        "\">",
        &escape(&image),
    )?;
    if public_base_url.origin().is_some() {
        let home = escape(&public_base_url.of_path("/"));
        let own = format!(
            "{name}</title>\n  <link rel=\"canonical\" href=\"{home}\">\n  <meta property=\"og:url\" content=\"{home}\">"
        );
        html = html.replacen(&format!("{name}</title>"), &own, 1);
    }
    Ok(html)
}

/// The manifest under the board's name.
///
/// # Errors
/// Where it is no JSON object.
pub fn manifest(text: &str, Board { appearance, .. }: &Board) -> Result<String, String> {
    let mut manifest: BTreeMap<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("the manifest: {error}"))?;
    for key in ["name", "short_name"] {
        manifest.insert(key.into(), json!(appearance.name));
    }
    if let Some(summary) = appearance.summary() {
        manifest.insert("description".into(), json!(summary));
    }
    Ok(json!(manifest).to_string())
}

/// The style with the board's colour.
pub fn style(css: &str, Board { appearance, .. }: &Board) -> String {
    let accent = appearance.accent.as_ref();
    css.to_owned() + &accent.map(message_board::Accent::style).unwrap_or_default()
}

/// The service worker of one version of the site, with the digest of each file that it keeps by the file's name. A
/// worker that is not stamped takes itself back.
///
/// # Errors
/// Where the script has no place for these.
pub fn service_worker(
    script: &str,
    version: &str,
    files: &BTreeMap<&str, String>,
) -> Result<String, String> {
    if script.matches(UNSTAMPED).count() != 1 {
        return Err(format!("the site has not one {UNSTAMPED}"));
    }
    let site = json!({"version": version, "files": files});
    Ok(script.replacen(UNSTAMPED, &format!("const SITE = {site};"), 1))
}

/// Puts `value` between `start` and the next `end`.
fn put(text: &str, start: &str, end: &str, value: &str) -> Result<String, String> {
    let missing = || format!("the site has not one {start}…{end}");
    let (before, rest) = text.split_once(start).ok_or_else(missing)?;
    let at = rest.find(end).ok_or_else(missing)?;
    if rest.contains(start) {
        return Err(missing());
    }
    Ok([before, start, value, &rest[at..]].concat())
}

/// Text as it stands in HTML, between tags and in attributes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<title>Corkboard</title>\n<meta name=\"description\" content=\"Read.\">\n\
        <meta property=\"og:title\" content=\"Corkboard\">\n<meta property=\"og:site_name\" content=\"Corkboard\">\n\
        <meta property=\"og:description\" content=\"Read.\">\n<meta property=\"og:image\" content=\"preview.png\">\n";

    fn board(settings: &[(&str, &str)]) -> Board {
        let lookup = |name: &str| {
            let given = settings.iter().find(|(variable, _)| *variable == name);
            given
                .map(|(_, value)| (*value).to_owned())
                .or_else(|| (name == "PUBLIC_BASE_URL").then(String::new))
        };
        let public_base_url = PublicBaseUrl::from_lookup(&lookup).unwrap();
        Board {
            appearance: Appearance::from_lookup(&lookup, &public_base_url).unwrap(),
            public_base_url,
            has_service_worker: true,
        }
    }

    #[test]
    fn a_board_without_settings_has_the_page_as_it_is() {
        assert_eq!(page(PAGE, &board(&[])).unwrap(), PAGE);
    }

    #[test]
    fn what_the_board_is_called_is_escaped() {
        let html = page(
            PAGE,
            &board(&[
                ("BOARD_NAME", "Ada's </title> & \"Bob\""),
                ("BOARD_DESCRIPTION", "1 < 2\\nmore"),
            ]),
        )
        .unwrap();
        let name = "Ada&#39;s &lt;/title&gt; &amp; &quot;Bob&quot;";
        assert!(html.contains(&format!("<title>{name}</title>")), "{html}");
        assert!(html.contains(&format!("og:title\" content=\"{name}\">")));
        assert_eq!(html.matches("content=\"1 &lt; 2\">").count(), 2);
    }

    #[test]
    fn addresses_are_absolute_where_the_board_has_one() {
        let base = ("PUBLIC_BASE_URL", "https://board.example");
        let html = page(PAGE, &board(&[base])).unwrap();
        assert!(
            html.contains("og:image\" content=\"https://board.example/preview.png\">"),
            "{html}"
        );
        assert!(html.contains("<link rel=\"canonical\" href=\"https://board.example/\">"));
        assert!(html.contains("og:url\" content=\"https://board.example/\">"));
        let html = page(PAGE, &board(&[base, ("BOARD_HEAD", "images/a hill.jpg")])).unwrap();
        assert!(
            html.contains(
                "og:image\" content=\"https://board.example/small/1280/a%20hill.jpg.jpg\">"
            ),
            "{html}"
        );
    }

    #[test]
    fn a_page_that_has_no_place_for_something_is_named() {
        let error = page("<title>Corkboard</title>", &board(&[])).unwrap_err();
        assert_eq!(
            error,
            "the site has not one <meta property=\"og:title\" content=\"…\">"
        );
        assert!(page(&[PAGE, PAGE].concat(), &board(&[])).is_err());
    }

    #[test]
    fn the_manifest_has_the_boards_name() {
        let text = manifest(
            "{\"name\": \"Corkboard\", \"icons\": []}",
            &board(&[("BOARD_NAME", "\"Ada\"")]),
        )
        .unwrap();
        assert_eq!(
            text,
            r#"{"icons":[],"name":"\"Ada\"","short_name":"\"Ada\""}"#
        );
        assert!(manifest("[]", &board(&[])).is_err());
    }

    #[test]
    fn a_colour_stands_behind_the_pages_own() {
        assert_eq!(style(":root{}\n", &board(&[])), ":root{}\n");
        let css = style(":root{}\n", &board(&[("BOARD_ACCENT", "#0f6b63")]));
        assert!(css.starts_with(":root{}\n:root{--accent:#0f6b63;"), "{css}");
    }

    #[test]
    fn the_service_worker_is_told_what_it_keeps() {
        let files = BTreeMap::from([("app.js", "0a".to_owned())]);
        let script =
            service_worker(&format!("// What.\n{UNSTAMPED}\nrest\n"), "1", &files).unwrap();
        assert_eq!(
            script,
            "// What.\nconst SITE = {\"files\":{\"app.js\":\"0a\"},\"version\":\"1\"};\nrest\n"
        );
        assert!(service_worker("nothing", "1", &files).is_err());
    }
}
