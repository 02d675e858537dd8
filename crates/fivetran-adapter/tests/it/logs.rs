//! Log lines on standard output.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use fivetran_adapter::LogLayer;
use sync_core::Fault;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

use crate::scripted::Step;
use crate::server::{Server, configuration, request, soon};

/// The lines that were written.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Without a subscriber for threads that collect nothing, `tracing` may take a line for one that
/// nobody wants, for good, when such a thread is the first to come by it.
static ELSEWHERE: Once = Once::new();

/// Collects the lines of this thread.
pub(crate) fn collect(context: &[(&'static str, &str)]) -> (Written, DefaultGuard) {
    ELSEWHERE.call_once(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
    });
    let written = Written::default();
    let context = context.iter().map(|&(name, value)| (name, value.to_owned()));
    let writer = written.clone();
    let layer = LogLayer::new(move || writer.clone(), context);
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    (written, guard)
}

fn text(written: &Written) -> String {
    String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn a_line_is_one_object_in_one_of_three_levels() {
    let (written, _guard) = collect(&[]);
    tracing::trace!("not for Fivetran");
    tracing::debug!("nor this");
    tracing::info!("plain");
    tracing::warn!("two\nlines and a \"quote\"");
    tracing::error!(code = 7_u64, "with {}", "arguments");
    insta::assert_snapshot!(text(&written), @r#"
    {"level":"INFO","message":"plain","message-origin":"sdk_connector"}
    {"level":"WARNING","message":"two\nlines and a \"quote\"","message-origin":"sdk_connector"}
    {"level":"SEVERE","message":"with arguments","message-origin":"sdk_connector","context":{"code":7}}
    "#);
}

#[test]
fn fields_and_environment_stand_in_the_context() {
    let (written, _guard) = collect(&[("account", "acme"), ("group", "weather")]);
    let table = Some("cpu");
    tracing::info!(rows = 3_u64, offset = -1_i64, seconds = 0.25, done = true, ?table, "Read");
    tracing::info!(nan = f64::NAN, level = "INFO", "Odd");
    insta::assert_snapshot!(text(&written), @r#"
    {"level":"INFO","message":"Read","message-origin":"sdk_connector","context":{"account":"acme","done":true,"group":"weather","offset":-1,"rows":3,"seconds":0.25,"table":"Some(\"cpu\")"}}
    {"level":"INFO","message":"Odd","message-origin":"sdk_connector","context":{"account":"acme","group":"weather","level":"INFO","nan":null}}
    "#);
}

/// The log lines of this crate during `calls`, without numbers that differ from run to run.
pub(crate) fn lines(written: &Written) -> String {
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut context = line.get("context").cloned().unwrap_or(serde_json::json!({}));
        if let Some(context) = context.as_object_mut() {
            for figure in ["seconds", "port"] {
                if let Some(value) = context.remove(figure) {
                    assert!(value.is_number());
                }
            }
        }
        assert_eq!(line["message-origin"], "sdk_connector");
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        format!("{}: {} {context}\n", text("level"), text("message"))
    };
    text(written).lines().filter(|line| line.contains("sdk_connector")).map(line).collect()
}

async fn sync(steps: &[Step]) {
    let server = Server::start(steps);
    let mut stream = server.client().await.update(request()).await.unwrap();
    while let Ok(Some(_)) = soon("a message", stream.message()).await {}
}

#[tokio::test]
async fn each_call_says_how_it_ended() {
    let (written, _guard) = collect(&[]);
    let server = Server::start([]);
    let mut client = server.client().await;
    for test in ["passes", "fails", "panics", "unheard"] {
        client.test(test, configuration(&[("tokn", "s3cret")])).await.unwrap();
    }
    client.test("passes", configuration(&[("lookback", "s3cret")])).await.unwrap();
    client.schema(configuration(&[])).await.unwrap();
    client.schema(configuration(&[("token", "")])).await.unwrap_err();
    sync(&[Step::Rows(250), Step::Checkpoint("{}"), Step::Warn("w")]).await;
    for fault in [Fault::Setup, Fault::Transient, Fault::Bug] {
        sync(&[Step::Fail(fault)]).await;
    }
    sync(&[Step::Panic]).await;
    assert!(!text(&written).contains("s3cret"));
    insta::assert_snapshot!(lines(&written), @r#"
    INFO: Serving {}
    WARNING: The configuration key "tokn" is unknown and ignored; did you mean `token`? {}
    INFO: Setup test passed {"test":"passes"}
    WARNING: The configuration key "tokn" is unknown and ignored; did you mean `token`? {}
    WARNING: Setup test failed {"fault":"setup","test":"fails"}
    WARNING: The configuration key "tokn" is unknown and ignored; did you mean `token`? {}
    WARNING: Setup test failed {"fault":"bug","test":"panics"}
    WARNING: A setup test was asked for that is not in the form {}
    WARNING: Setup test failed: the configuration is wrong {"problems_found":1,"test":"passes"}
    INFO: Schema answered {"tables":1}
    WARNING: Schema failed: the configuration is wrong {"problems_found":1}
    INFO: Serving {}
    INFO: Sync finished {"checkpoints":1,"rows":250,"warnings":1}
    INFO: Serving {}
    WARNING: Sync ended with a task for the customer {"checkpoints":0,"rows":0,"warnings":0}
    INFO: Serving {}
    SEVERE: Sync failed: the source was not available {"checkpoints":0,"rows":0,"warnings":0}
    INFO: Serving {}
    SEVERE: Sync failed: a bug of the connector {"checkpoints":0,"rows":0,"warnings":0}
    INFO: Serving {}
    SEVERE: Sync failed: a bug of the connector {"checkpoints":0,"rows":0,"warnings":0}
    "#);
}

/// Whoever has reached the port can send any number of them, time and again.
#[tokio::test]
async fn unknown_keys_do_not_flood_the_log() {
    let (written, _guard) = collect(&[]);
    let keys: Vec<_> = (0..1_000).map(|number| format!("k{number:03}")).collect();
    let pairs: Vec<_> = keys.iter().map(|key| (key.as_str(), "")).collect();
    let server = Server::start([]);
    server.client().await.schema(configuration(&pairs)).await.unwrap();
    let lines = lines(&written);
    let warnings: Vec<_> = lines.lines().filter(|line| line.starts_with("WARNING")).collect();
    assert_eq!(warnings.len(), 11, "{lines}");
    insta::assert_snapshot!(warnings[9..].join("\n"), @r#"
    WARNING: The configuration key "k009" is unknown and ignored. {}
    WARNING: Further configuration keys that are unknown and ignored: 990. {}
    "#);
}

#[tokio::test]
async fn a_sync_that_is_cut_short_says_so() {
    let (written, _guard) = collect(&[]);
    let server = Server::start([Step::Rows(1), Step::Hang]);
    let mut stream = server.client().await.update(request()).await.unwrap();
    soon("a row", stream.message()).await.unwrap().unwrap();
    drop(stream);
    soon("the sync's end", server.probe.gone.notified()).await;

    let mut stream = server.client().await.update(request()).await.unwrap();
    soon("a row", stream.message()).await.unwrap().unwrap();
    let serving = server.shut_down();
    soon("the status", stream.message()).await.unwrap_err();
    soon("the server's end", serving).await.unwrap().unwrap();
    insta::assert_snapshot!(lines(&written), @r#"
    INFO: Serving {}
    WARNING: Sync cancelled: the client closed the call {"checkpoints":0,"rows":1,"warnings":0}
    WARNING: Sync stopped: the process is shutting down {"checkpoints":0,"rows":1,"warnings":0}
    INFO: Shut down {}
    "#);
}
