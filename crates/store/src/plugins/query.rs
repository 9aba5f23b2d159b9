//! Finding plugins.

use super::row::{self, PluginRow, columns};
use crate::database::{Arg, Connection, Order, Select, Sql, args};
use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use semver::{Version, VersionReq};
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_core::ids::PluginVersionId;
use stagehook_core::page::{LIMIT_MAX, Page, PageRequest};
use stagehook_core::plugin::{CatalogueEntry, PluginName, PluginVersion};
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Finds what an exact reference names, yanked or not. A requirement names
    /// no version by itself ([`Store::newest_plugin`]).
    pub async fn find_plugin(&self, plugin: &PluginRef) -> Result<Option<PluginVersion>> {
        row::find(&mut self.reader().await?, plugin).await
    }

    /// The versions that these digests are, in one query; what is not known is
    /// left out.
    pub async fn versions_with_digests(
        &self,
        digests: &BTreeSet<Digest>,
    ) -> Result<BTreeMap<Digest, Version>> {
        if digests.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!(
            "SELECT id, digest, version FROM plugin_versions
             WHERE twin_of IS NULL AND digest IN ({})",
            parameters(digests.len())
        );
        let digests: Vec<Arg<'_>> = digests.iter().map(Arg::from).collect();
        let rows: Vec<(i64, Vec<u8>, String)> =
            self.reader().await?.all(Sql::Built(sql), &digests).await?;
        let found = rows.into_iter().map(|(id, digest, version)| {
            let read = Row::new(Entity::PluginVersion, PluginVersionId::new(id));
            Ok((
                read.digest("digest", digest)?,
                read.text("version", &version)?,
            ))
        });
        found.collect()
    }

    /// The newest version that satisfies a requirement and was not yanked.
    pub async fn newest_plugin(
        &self,
        name: &PluginName,
        requirement: &VersionReq,
    ) -> Result<Option<PluginVersion>> {
        let names = BTreeSet::from([name.clone()]);
        let newest = self
            .usable_versions(&names)
            .await?
            .remove(name)
            .into_iter()
            .flatten()
            .filter(|version| requirement.matches(version))
            .max();
        match newest {
            Some(version) => {
                self.find_plugin(&PluginRef::Version(name.clone(), version))
                    .await
            }
            None => Ok(None),
        }
    }

    /// The versions of these plugins that were not yanked, in one query.
    pub async fn usable_versions(
        &self,
        names: &BTreeSet<PluginName>,
    ) -> Result<BTreeMap<PluginName, Vec<Version>>> {
        let mut found: BTreeMap<PluginName, Vec<Version>> = BTreeMap::new();
        if names.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT p.name, v.version FROM plugin_versions v JOIN plugins p ON p.id = v.plugin_id
             WHERE v.yanked_at IS NULL AND p.name IN ({})",
            parameters(names.len())
        );
        let names: Vec<Arg<'_>> = names.iter().map(|name| Arg::from(name.as_str())).collect();
        let rows: Vec<(String, String)> = self.reader().await?.all(Sql::Built(sql), &names).await?;
        for (name, version) in rows {
            if let (Ok(name), Ok(version)) = (name.parse(), Version::parse(&version)) {
                found.entry(name).or_default().push(version);
            }
        }
        Ok(found)
    }

    /// The catalogue: each plugin with its newest version, in the order in
    /// which the plugins came. `search` finds part of a name, a description, a
    /// hook point or a capability of that version, whatever the case.
    pub async fn list_plugins(
        &self,
        search: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<CatalogueEntry>> {
        let mut select = Select::new(concat!(
            "SELECT ",
            columns!(),
            ", (SELECT count(*) FROM plugin_versions o WHERE o.plugin_id = p.id) AS versions
             FROM plugins p JOIN plugin_versions v ON v.id = p.newest_id"
        ));
        select.and_if("p.search LIKE ? ESCAPE '\\'", search.map(contains));
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "p.id",
                Order::Ascending,
                |row: &EntryRow| row.plugin.plugin_id,
            )
            .await?
            .try_map(CatalogueEntry::try_from)
    }

    /// The versions of a plugin, the highest first; none when there is no such
    /// plugin.
    pub async fn plugin_versions(
        &self,
        name: &PluginName,
        page: PageRequest,
    ) -> Result<Page<PluginVersion>> {
        let mut connection = self.reader().await?;
        // The order of versions is not one that SQL knows, and versions are few
        // and short: all are put in order, and those of the page are read.
        let versions: Vec<(i64, String)> = connection
            .all(
                "SELECT v.id, v.version FROM plugin_versions v JOIN plugins p ON p.id = v.plugin_id
                 WHERE p.name = $1",
                args![name.as_str()],
            )
            .await?;
        let mut ordered: Vec<(Version, i64)> = versions
            .into_iter()
            .filter_map(|(id, version)| Some((Version::parse(&version).ok()?, id)))
            .collect();
        ordered.sort_unstable_by(|a, b| b.cmp(a));
        let mut ids = ordered.into_iter().map(|(_, id)| id);
        if let Some(cursor) = page.cursor {
            // A version is never deleted.
            ids.by_ref().find(|id| *id == cursor.key());
        }
        let limit = page.limit.clamp(1, LIMIT_MAX);
        let ids: Vec<i64> = ids.take(limit as usize + 1).collect();
        let page = Page::cut(ids, limit, |id| *id);
        Ok(Page {
            items: versions_of(&mut connection, &page.items).await?,
            next_cursor: page.next_cursor,
        })
    }

    /// The component with this digest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn plugin_bytes(&self, digest: &Digest) -> Result<Vec<u8>> {
        let row: Option<(Vec<u8>,)> = self
            .reader()
            .await?
            .optional(
                "SELECT bytes FROM plugin_versions WHERE digest = $1 AND twin_of IS NULL",
                args![digest],
            )
            .await?;
        row.map(|(bytes,)| bytes)
            .ok_or_else(|| StoreError::not_found(Entity::Plugin, digest))
    }
}

/// The versions with these ids, in this order.
async fn versions_of(connection: &mut Connection, ids: &[i64]) -> Result<Vec<PluginVersion>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM plugin_versions v WHERE v.id IN ({})"
        ),
        parameters(ids.len())
    );
    let args: Vec<Arg<'_>> = ids.iter().map(|id| Arg::from(*id)).collect();
    let rows: Vec<PluginRow> = connection.all(Sql::Built(sql), &args).await?;
    let versions: Result<Vec<_>> = rows.into_iter().map(PluginVersion::try_from).collect();
    let mut versions = versions?;
    let place = |version: &PluginVersion| ids.iter().position(|id| *id == version.id.get());
    versions.sort_by_key(place);
    Ok(versions)
}

/// `$1, $2, …`
fn parameters(count: usize) -> String {
    let parameters: Vec<String> = (1..=count).map(|i| format!("${i}")).collect();
    parameters.join(", ")
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    #[sqlx(flatten)]
    plugin: PluginRow,
    versions: i64,
}

impl TryFrom<EntryRow> for CatalogueEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self> {
        let newest = PluginVersion::try_from(row.plugin)?;
        let read = Row::new(Entity::PluginVersion, newest.id);
        Ok(Self {
            versions: read.number("versions", row.versions)?,
            newest,
        })
    }
}

/// The pattern for LIKE that finds this text anywhere in a lower-case one.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
