use super::*;

fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    files.iter().map(owned).collect()
}

const SITE: [(&str, &str); 5] = [
    (
        "app.js",
        "// The app.\n\nimport { Feed } from './feed.js';\nimport { point as show } from './small.js';\n\nawait new Feed();\nimport('./still.js');\n",
    ),
    (
        "feed.js",
        "import { point } from './small.js';\n\nexport class Feed {\n  /** Of it. */\n  point = point;\n}\n",
    ),
    (
        "first.js",
        "import { point } from './small.js';\nexport const first = point();\n",
    ),
    (
        "small.js",
        "export function point() {}\nexport const WIDTHS = [640];\n",
    ),
    (
        "still.js",
        "import { WIDTHS as all } from './small.js';\nimport { hold } from './hold.js';\nexport const still = [all, hold];\n",
    ),
];

fn joined() -> BTreeMap<String, String> {
    let mut files = files(&SITE);
    files.insert("hold.js".into(), "export const hold = 1;\n".into());
    join(&files, &["first.js", "app.js"]).unwrap().files
}

#[test]
fn a_script_of_the_page_has_all_that_it_imports_with_it() {
    assert_eq!(
        joined()["first.js"],
        "const $small = (() => {\nfunction point() {}\nconst WIDTHS = [640];\nreturn { point, WIDTHS };\n})();\n\
         const { point } = $small;\nconst first = point();\nconst $first = { first };\nexport { $small, $first };\n"
    );
}

#[test]
fn what_an_earlier_script_has_comes_from_there() {
    assert_eq!(
        joined()["app.js"],
        "import { $small } from './first.js';\n\
         const $feed = (() => {\nconst { point } = $small;\nclass Feed {\npoint = point;\n}\nreturn { Feed };\n})();\n\
         const { Feed } = $feed;\nconst { point: show } = $small;\nawait new Feed();\nimport('./still.js');\n\
         const $app = {  };\nexport { $feed, $app };\n"
    );
}

#[test]
fn what_comes_on_demand_shares_the_instances_of_the_page() {
    assert_eq!(
        joined()["still.js"],
        "import { $small } from './first.js'; const { WIDTHS: all } = $small;\nimport { hold } from './hold.js';\n\
         export const still = [all, hold];\n"
    );
    assert_eq!(joined()["hold.js"], "export const hold = 1;\n");
}

#[test]
fn under_its_own_name_a_joined_module_hands_on_the_same_instance() {
    assert_eq!(
        joined()["feed.js"],
        "import { $feed } from './app.js';\nexport const { Feed } = $feed;\n"
    );
}

#[test]
fn a_form_that_is_not_known_is_named_with_its_place() {
    for line in [
        "import x from './x.js';",
        "import * as x from './x.js';",
        "import {",
        "import { x } from \"./x.js\";",
        "import { x } from './x.js'; // later",
        "import './x.js';",
        "export { x };",
        "export * from './x.js';",
        "export let x = 1;",
        "export const { x } = y;",
    ] {
        let text = format!("\n{line}\n");
        let error = join(
            &files(&[("app.js", &text), ("x.js", "export const x = 1;\n")]),
            &["app.js"],
        );
        let expected = format!("app.js:2: this form is not known: {line}");
        assert_eq!(error.err().unwrap(), expected);
    }
}

#[test]
fn what_cannot_be_joined_is_named() {
    let import = "import { x } from './x.js';\n";
    for (x, expected) in [
        (None, "app.js imports x.js, which is not there"),
        (
            Some("export const y = 1;\n"),
            "app.js imports x, which x.js does not export",
        ),
        (
            Some("import { y } from './app.js';\nexport const x = y;\n"),
            "app.js imports itself: app.js → x.js → app.js",
        ),
        (
            Some("export const x = 1;\nexport default {\n};\n"),
            "x.js has a default export, which a module that is joined cannot have",
        ),
    ] {
        let app = format!("{import}export const y = 1;\n");
        let mut given = vec![("app.js", app.as_str())];
        given.extend(x.map(|x| ("x.js", x)));
        assert_eq!(join(&files(&given), &["app.js"]).err().unwrap(), expected);
    }
    assert_eq!(
        join(&files(&[]), &["app.js"]).err().unwrap(),
        "the page names app.js, which is not there"
    );
}

#[test]
fn only_lines_that_are_comments_go() {
    let text = "/** What.\n * More. */\n\n  a = 'http://b'; // stays\n  // goes\n  /* goes */\n/* goes\n*/\nb = `${c}`;\n";
    assert_eq!(strip(text), "a = 'http://b'; // stays\nb = `${c}`;\n");
    for stays in [
        "// Of many lines.\na = `\n  // not a comment\n`;\n",
        "// Continued.\na = 'b\\\n  c';\n",
        "/* A comment */ a();\n",
    ] {
        assert_eq!(strip(stays), stays);
    }
}
