//! JavaScript modules that a page always needs, joined, so that they come with one request.
//!
//! Each script of the page (an entry) becomes a chunk: itself, and what it imports that is in no chunk before. Within
//! a chunk a module is a function, called once, that answers its exports (`$feed` for feed.js). What is loaded on
//! demand stays a file, whose imports of chunked modules are rewritten to take these. Under the name of a chunked module
//! stands one that hands on the same exports, so whoever imports it, and how, there is one instance of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A module apart: what it imports, and its text without that.
struct Module<'a> {
    imports: Vec<Import<'a>>,
    exports: Vec<&'a str>,
    /// The text without imports and without the word `export`, line for line.
    body: String,
}

struct Import<'a> {
    /// The line of the file that the import is.
    line: &'a str,
    /// What is imported, each as `(exported, local)` name.
    names: Vec<(&'a str, &'a str)>,
    from: &'a str,
}

/// The modules as they are served.
pub struct Joined {
    /// The files that are served, by their names.
    pub files: BTreeMap<String, String>,
    /// The names of the modules that a page has in another file already.
    pub within: BTreeSet<String>,
}

/// Joins what each of these entries imports.
///
/// # Errors
/// Where a module of a chunk, or an import, has a form that is not known, imports what is not there, or imports itself in
/// the end.
pub fn join(files: &BTreeMap<String, String>, entries: &[&str]) -> Result<Joined, String> {
    let mut modules = BTreeMap::new();
    for (name, text) in files {
        modules.insert(name.as_str(), parse(name, text)?);
    }
    for (name, module) in &modules {
        for import in &module.imports {
            check(name, import, &modules)?;
        }
    }
    let mut chunk_of = BTreeMap::new();
    let mut chunks = Vec::new();
    for entry in entries {
        let mut order = Vec::new();
        collect(entry, &modules, &chunk_of, &mut order, &mut Vec::new())?;
        chunk_of.extend(order.iter().map(|name| (*name, *entry)));
        chunks.push((*entry, order));
    }
    let mut joined: BTreeMap<_, _> = chunks
        .iter()
        .map(|(entry, order)| {
            (
                (*entry).to_owned(),
                chunk(entry, order, &modules, &chunk_of),
            )
        })
        .collect();
    for (name, text) in files {
        let Some(module) = modules.get(name.as_str()) else {
            continue;
        };
        joined
            .entry(name.clone())
            .or_insert_with(|| match chunk_of.get(name.as_str()) {
                Some(chunk) => handing_on(name, module, chunk),
                None => on_demand(text, module, &chunk_of),
            });
    }
    let within = chunk_of.keys().filter(|name| !entries.contains(name));
    Ok(Joined {
        within: within.map(|name| (*name).to_owned()).collect(),
        files: joined,
    })
}

fn parse<'a>(file: &str, text: &'a str) -> Result<Module<'a>, String> {
    let mut module = Module {
        imports: Vec::new(),
        exports: Vec::new(),
        body: String::with_capacity(text.len()),
    };
    for (number, line) in text.lines().enumerate() {
        let unknown = || format!("{file}:{}: this form is not known: {line}", number + 1);
        if line.starts_with("import ") {
            module.imports.push(import(line).ok_or_else(unknown)?);
        } else if let Some(declared) = line.strip_prefix("export ") {
            if !declared.starts_with("default ") {
                module
                    .exports
                    .push(declared_name(declared).ok_or_else(unknown)?);
            }
            module.body.push_str(declared);
        } else {
            module.body.push_str(line);
        }
        module.body.push('\n');
    }
    Ok(module)
}

/// `import { a, b as c } from './file.js';`
fn import(line: &str) -> Option<Import<'_>> {
    let rest = line.strip_prefix("import { ")?.strip_suffix(".js';")?;
    let (names, file) = rest.split_once(" } from './")?;
    let from = &line[line.len() - file.len() - 5..line.len() - 2];
    let names = names.split(", ").map(|name| {
        let (exported, local) = name.split_once(" as ").unwrap_or((name, name));
        (is_name(exported) && is_name(local)).then_some((exported, local))
    });
    Some(Import {
        line,
        names: names.collect::<Option<_>>()?,
        from,
    })
}

/// The name of what follows `export`: a function, a class or a constant.
fn declared_name(declared: &str) -> Option<&str> {
    const KINDS: [&str; 5] = [
        "async function ",
        "function* ",
        "function ",
        "class ",
        "const ",
    ];
    let name = KINDS.iter().find_map(|kind| declared.strip_prefix(kind))?;
    let end = name.find(|character: char| !is_of_name(character))?;
    is_name(&name[..end]).then_some(&name[..end])
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '$'
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(is_of_name)
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn check(file: &str, import: &Import, modules: &BTreeMap<&str, Module>) -> Result<(), String> {
    let Import { names, from, .. } = import;
    let module = modules
        .get(from)
        .ok_or_else(|| format!("{file} imports {from}, which is not there"))?;
    match names
        .iter()
        .find(|(exported, _)| !module.exports.contains(exported))
    {
        Some((name, _)) => Err(format!(
            "{file} imports {name}, which {from} does not export"
        )),
        None => Ok(()),
    }
}

/// Puts a module and what it imports into `order`, what is imported first.
fn collect<'a>(
    name: &'a str,
    modules: &BTreeMap<&'a str, Module<'a>>,
    chunk_of: &BTreeMap<&'a str, &'a str>,
    order: &mut Vec<&'a str>,
    path: &mut Vec<&'a str>,
) -> Result<(), String> {
    if chunk_of.contains_key(name) || order.contains(&name) {
        return Ok(());
    }
    if path.contains(&name) {
        return Err(format!(
            "{} imports itself: {} → {name}",
            name,
            path.join(" → ")
        ));
    }
    let module = modules
        .get(name)
        .ok_or_else(|| format!("the page names {name}, which is not there"))?;
    if module.body.contains("\ndefault ") || module.body.starts_with("default ") {
        return Err(format!(
            "{name} has a default export, which a module that is joined cannot have"
        ));
    }
    path.push(name);
    for import in &module.imports {
        collect(import.from, modules, chunk_of, order, path)?;
    }
    path.pop();
    order.push(name);
    Ok(())
}

/// How the exports of a module are called in its chunk.
fn namespace(file: &str) -> String {
    format!("${}", file.trim_end_matches(".js").replace(['-', '.'], "_"))
}

/// `const { a, b: c } = $feed;`
fn taken(import: &Import) -> String {
    let names: Vec<_> = import
        .names
        .iter()
        .map(|(exported, local)| {
            if exported == local {
                (*local).to_owned()
            } else {
                format!("{exported}: {local}")
            }
        })
        .collect();
    format!(
        "const {{ {} }} = {};",
        names.join(", "),
        namespace(import.from)
    )
}

fn chunk(
    entry: &str,
    order: &[&str],
    modules: &BTreeMap<&str, Module>,
    chunk_of: &BTreeMap<&str, &str>,
) -> String {
    let mut head = BTreeSet::new();
    let mut body = String::new();
    for name in order {
        let Module {
            imports,
            exports,
            body: own,
        } = &modules[name];
        let elsewhere = imports
            .iter()
            .filter(|import| chunk_of[import.from] != entry);
        head.extend(elsewhere.map(|import| (chunk_of[import.from], namespace(import.from))));
        let imports: String = imports.iter().map(|import| taken(import) + "\n").collect();
        let (own, exports, namespace) = (strip(own), exports.join(", "), namespace(name));
        let _ = if *name == entry {
            // The entry is no function, since it may await something.
            writeln!(body, "{imports}{own}const {namespace} = {{ {exports} }};")
        } else {
            writeln!(
                body,
                "const {namespace} = (() => {{\n{imports}{own}return {{ {exports} }};\n}})();"
            )
        };
    }
    let head = head
        .iter()
        .map(|(chunk, namespace)| format!("import {{ {namespace} }} from './{chunk}';\n"));
    let head = head.collect::<Vec<_>>().concat();
    let all: Vec<_> = order.iter().map(|name| namespace(name)).collect();
    format!("{head}{body}export {{ {} }};\n", all.join(", "))
}

fn handing_on(name: &str, module: &Module, chunk: &str) -> String {
    let (namespace, exports) = (namespace(name), module.exports.join(", "));
    format!(
        "import {{ {namespace} }} from './{chunk}';\nexport const {{ {exports} }} = {namespace};\n"
    )
}

fn on_demand(text: &str, module: &Module, chunk_of: &BTreeMap<&str, &str>) -> String {
    let mut text = text.to_owned();
    for import in &module.imports {
        if let Some(chunk) = chunk_of.get(import.from) {
            let instead = format!(
                "import {{ {} }} from './{chunk}'; {}",
                namespace(import.from),
                taken(import)
            );
            text = text.replacen(import.line, &instead, 1);
        }
    }
    strip(&text)
}

/// Scripts and styles without the lines that are comments, and without what lines begin with. Only a template literal
/// and a comment go over several lines; where an odd number of backticks says that the former may, all stays as it is.
pub fn strip(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines() {
        let line = line.trim();
        let begins = !in_comment && line.starts_with("/*");
        if in_comment || begins {
            let end = line
                .get(if begins { 2 } else { 0 }..)
                .and_then(|rest| rest.find("*/").map(|at| (rest, at)));
            if end.is_some_and(|(rest, at)| at + 2 < rest.len()) {
                return text.to_owned();
            }
            in_comment = end.is_none();
        } else if line.matches('`').count() % 2 == 1 || line.ends_with('\\') {
            return text.to_owned();
        } else if !line.is_empty() && !line.starts_with("//") {
            stripped.push_str(line);
            stripped.push('\n');
        }
    }
    stripped
}

#[cfg(test)]
mod tests;
