//! Runs Fivetran's own tester instead of the scenarios: its image plays the platform, and judges by
//! itself. Its warehouse is a DuckDB file, which is not compared.

use anyhow::{Context, Result};

use crate::engine::Container;
use crate::world::{CONNECTOR, CONNECTOR_PORT, Run, Unusual, World};

/// Plays two syncs with the image. False: it ended with another code than 0.
pub(crate) async fn run(run: &Run, image: &str, seed: u64) -> Result<bool> {
    let engine = &run.engine;
    if engine.inspect_image(image).await.is_none() {
        engine.pull(image).await.with_context(|| format!("there is no image {image}"))?;
    }
    let mut world = World::new(run, "sdk-tester", seed).await?;
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    world.write_history(3_000).await?;
    let writers = world.start_writers();
    let platform = world.platform()?;
    let mut content = true;
    for sync in ["first", "second"] {
        let container = Container {
            name: world.container(&format!("sdk-tester-{sync}")),
            image: image.to_owned(),
            command: ["--tester-type", "source", "--port", &CONNECTOR_PORT.to_string()]
                .map(str::to_owned)
                .to_vec(),
            environment: vec![
                format!("GRPC_HOSTNAME={CONNECTOR}"),
                format!("WORKING_DIR={}", platform.directory.display()),
            ],
            binds: vec![format!("{}:/data", platform.directory.display())],
            network: Some((world.network.clone(), format!("sdk-tester-{sync}"))),
            foreign: true,
            ..Container::default()
        };
        engine.start(&run.id, &container).await?;
        let code = engine.wait(&container.name).await?;
        let said = String::from_utf8_lossy(&engine.logs(&container.name).await?).into_owned();
        run.console.say(&format!("{image}, {sync} sync, exit code {code}:\n{said}"));
        content &= code == 0;
    }
    writers.stop().await;
    world.end().await?;
    Ok(content)
}
