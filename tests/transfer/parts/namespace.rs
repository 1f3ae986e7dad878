use std::fs;
use std::future::Future;
use std::process::Command;

use tokio::runtime::Runtime;

/// Set in the environment of a program that runs apart.
const APART: &str = "CORKBOARD_TEST_APART";

/// A network of a test's own: nothing leads out of it, and what is named here leads to the test itself.
#[derive(Default)]
pub struct Network<'a> {
    /// The addresses of its one interface besides those of loopback.
    pub addresses: &'a [&'a str],
    /// Names with an address each; a name may have several.
    pub names: &'a [(&'a str, &'a str)],
}

impl Network<'_> {
    /// Runs the body of a test in it. A thread cannot go into another network without unsafe code, so this
    /// program is started again there, with nothing but the test.
    #[track_caller]
    pub fn run<F: Future<Output = ()>>(&self, body: F) {
        if std::env::var_os(APART).is_some() {
            let interfaces = fs::read_to_string("/proc/self/net/dev").unwrap();
            let interfaces: Vec<_> = interfaces.lines().skip(2).map(str::trim_start).collect();
            assert!(
                matches!(interfaces[..], [one] if one.starts_with("lo:")),
                "not apart: {interfaces:?}"
            );
            return Runtime::new().unwrap().block_on(body);
        }
        let name = test_of::<F>();
        let folder = tempfile::tempdir().unwrap();
        let hosts = folder.path().join("hosts");
        let names = [("localhost", "127.0.0.1")].iter().chain(self.names);
        let names = names.map(|(name, address)| format!("{address} {name}\n"));
        fs::write(&hosts, names.collect::<String>()).unwrap();
        let output = unshare()
            .args(["sh", "-euc", SETUP, "sh"])
            .args([hosts.as_os_str(), self.addresses.join(" ").as_ref()])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            // Process numbers begin anew there, and MariaDB makes names of temporary files from its own.
            .env("TMPDIR", folder.path())
            .env(APART, "")
            .output()
            .expect("unshare is installed (make tools)");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The name of the test that an async block stands in.
fn test_of<F>() -> &'static str {
    let name = std::any::type_name::<F>();
    let (_, name) = name.split_once("::").unwrap();
    let (name, _) = name.split_once("::{{").unwrap();
    name
}

/// Everything in it ends with its first process.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
}

const SETUP: &str = "
    mount --bind \"$1\" /etc/hosts
    ip link set lo up
    for address in $2; do
        case $address in
            *:*) ip address add \"$address/128\" dev lo nodad ;;
            *) ip address add \"$address/32\" dev lo ;;
        esac
    done
    shift 2
    exec \"$@\"
";
