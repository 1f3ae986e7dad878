//! Where pictures may come from. The hostile addresses are this test's own, in a network without a way out.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::old_boards::take_over;
use crate::parts::corkboard::Board;
use crate::parts::mariadb::Database;
use crate::parts::namespace::Network;
use crate::parts::pictures::PictureServer;

fn row(id: usize, url: &str) -> String {
    format!("{id}, 'message {id}', '{url}', '2024-07-01 12:00:00'")
}

/// Listens where nothing may come.
struct Trap {
    address: SocketAddr,
    came: Arc<AtomicUsize>,
}

impl Trap {
    fn at(address: &str, port: u16) -> Self {
        let address = SocketAddr::new(address.parse().unwrap(), port);
        let listener = TcpListener::bind(address).unwrap();
        let came = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&came);
        // It ends with the process, which is this test's alone.
        std::thread::spawn(move || {
            for _connection in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, came }
    }

    /// Nothing came, and what would have come would have been noticed.
    fn assert_untouched(&self) {
        // Connections are accepted in their order: this one is after all others.
        let _ours = TcpStream::connect(self.address).unwrap();
        while self.came.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(self.came.load(Ordering::SeqCst), 1, "{}", self.address);
    }
}

#[test]
fn link_local_addresses_are_never_asked_whatever_is_allowed() {
    let addresses = [
        "169.254.169.254",
        "fd00:ec2::254",
        "64:ff9b::a9fe:a9fe",
        "100.100.100.200",
    ];
    let names = [
        ("metadata.test", "169.254.169.254"),
        ("metadata.test", "fd00:ec2::254"),
        ("near.test", "fe80::1"),
        ("both.test", "169.254.169.254"),
        ("both.test", "127.0.0.1"),
    ];
    let network = Network {
        addresses: &addresses,
        names: &names,
    };
    network.run(async {
        let server = PictureServer::start().await;
        let (_, port) = server.url.rsplit_once(':').unwrap();
        let traps = addresses.map(|address| Trap::at(address, port.parse().unwrap()));
        let hosts = [
            "169.254.169.254",
            "2852039166",
            "0xa9.0xfe.0251.254",
            "169.254.43518",
            "user@169.254.169.254",
            "１69.254.169.254",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[fd00:ec2::254]",
            "[FD00:0EC2:0::254]",
            "[64:ff9b::169.254.169.254]",
            "[fe80::1]",
            "100.100.100.200",
            "metadata.test",
            "METADATA.test",
            "near.test",
        ];
        let picture = format!(":{port}/pictures/small.jpg");
        let directly = hosts.map(|host| format!("http://{host}{picture}"));
        let redirected = directly
            .iter()
            .map(|url| format!("{}/to?{url}", server.url));
        let urls: Vec<_> = directly.iter().cloned().chain(redirected).collect();
        let rows = urls.iter().zip(1..).map(|(url, id)| row(id, url));
        let old = Database::with_messages("DATETIME", &rows.collect::<Vec<_>>()).await;
        let board = Board::new();
        let said = take_over(&board, &old).done();
        let (lines, sums) = said.split_at(said.find("\nmessages: ").unwrap() + 1);
        assert_eq!(lines.lines().count(), urls.len(), "{said}");
        for line in lines.lines() {
            let refusal =
                " is in this machine's own surroundings, and no picture is taken from there";
            assert!(line.ends_with(refusal), "{line}");
        }
        assert_eq!(
            sums,
            "messages: 32 taken, 0 already there, 0 not taken\n\
             pictures: 0 taken, 0 already there, 32 not taken\n"
        );

        // A name that has an address which may be asked is asked there.
        let both = row(urls.len() + 1, &format!("http://both.test{picture}"));
        old.run(&format!("INSERT INTO message VALUES ({both})"))
            .await;
        let said = take_over(&board, &old).done();
        assert!(said.contains("\npictures: 1 taken, "), "{said}");
        assert_eq!(server.asked(), ["small.jpg"]);
        for trap in &traps {
            trap.assert_untouched();
        }
    });
}

#[test]
fn pictures_at_private_addresses_are_taken_only_when_allowed() {
    let public = "192.0.1.1";
    let network = Network {
        addresses: &[public],
        ..Network::default()
    };
    network.run(async {
        let server = PictureServer::start().await;
        let elsewhere = PictureServer::start_at(public).await;
        let (_, port) = server.url.rsplit_once(':').unwrap();
        let directly = [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "[::ffff:127.0.0.1]",
            "localhost",
            "user@localhost",
        ]
        .map(|host| format!("http://{host}:{port}/pictures/small.jpg"));
        let redirected = directly
            .iter()
            .map(|url| format!("{}/to?{url}", elsewhere.url));
        let urls: Vec<_> = directly.iter().cloned().chain(redirected).collect();
        let rows = urls.iter().zip(1..).map(|(url, id)| row(id, url));
        let old = Database::with_messages("DATETIME", &rows.collect::<Vec<_>>()).await;
        let board = Board::new();
        let url = old.url();
        let refused = board
            .run(&["import", "--from", &url, "--timezone", "Asia/Taipei"])
            .done();
        let refusal = "127.0.0.1 is a private address: --allow-private";
        assert_eq!(refused.matches(refusal).count(), 12, "{refused}");
        assert!(server.asked().is_empty());
        assert!(board.content().images.is_empty());

        // The messages are there already; now their pictures come.
        let said = take_over(&board, &old).done();
        assert_eq!(
            said,
            "messages: 0 taken, 12 already there, 0 not taken\n\
             pictures: 12 taken, 0 already there, 0 not taken\n"
        );
        let content = board.content();
        content.assert_whole();
        assert_eq!(content.images.len(), 12);
    });
}
