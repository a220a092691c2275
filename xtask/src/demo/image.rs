//! The image of the demo: one static program, no base, no registry.

use std::{path::Path, process};

use anyhow::{Context as _, Result};

use super::{docker_client::DockerClient, say};
use crate::command::Command;

/// An image that this demo made, under a name that no other has. Dropping it removes its containers and then itself:
/// whatever runs from it is the demo's, also a container whose creation was cut short before its id was known.
pub(super) struct Image<'docker> {
    docker: &'docker DockerClient,
    name: String,
}

impl<'docker> Image<'docker> {
    /// Packs `workload` and has the engine take it as an image that serves.
    pub(super) fn import(docker: &'docker DockerClient, workload: &Path) -> Result<Self> {
        let name = format!("balancer-agent-demo:{}", process::id());
        let dir = super::temporary()
            .tempdir()
            .context("making a directory for the image")?;
        let tar = dir.path().join("image.tar");
        let (from, file) = workload
            .parent()
            .zip(workload.file_name())
            .with_context(|| format!("{} is no file", workload.display()))?;
        let pack = Command::new("tar")
            .args([
                "--create",
                "--owner=0",
                "--group=0",
                "--transform=s/.*/workload/",
                "--file",
            ])
            .arg(&tar)
            .arg("--directory")
            .arg(from)
            .arg(file);
        say::running(&pack);
        pack.output().context("packing the image")?;
        // Owned before it exists: where the call is cut short, the engine may have made it all the same.
        let image = Self { docker, name };
        let tar = tar.to_str().context("the directory for temporary files is not UTF-8")?;
        docker
            .call(&["import", "--change", r#"CMD ["/workload","serve"]"#, tar, &image.name])
            .context("making the image")?;
        Ok(image)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn remove(&self) -> Result<()> {
        let filter = format!("ancestor={}", self.name);
        let images = self.docker.call(&["images", "--quiet", &self.name])?;
        if images.is_empty() {
            return Ok(());
        }
        let ids = self
            .docker
            .call(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter])?;
        let ids: Vec<_> = ids.lines().collect();
        if !ids.is_empty() {
            let mut words = vec!["rm", "--force", "--volumes"];
            words.extend(&ids);
            self.docker.call(&words)?;
        }
        self.docker.call(&["rmi", &self.name])?;
        say::line(&format!(
            "Removed the image {} and its containers ({}).",
            self.name,
            ids.len()
        ));
        Ok(())
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            say::problem(&format!(
                "could not remove the image {} and its containers ({error:#}); where its engine stays, remove them with \
                 `docker --host {} rm` and `rmi`",
                self.name,
                self.docker.url()
            ));
        }
    }
}
