use std::path::Path;

use super::*;
use crate::vault::SecretsFile;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// A vault with its key in a file.
    async fn vault(&self) -> (Vault, KeyFile) {
        let key = Key::generate();
        let file = KeyFile::create(&self.path("key"), &key, None).unwrap();
        let records = SecretsFile::create(&self.path("secrets"), &key.recipient()).unwrap();
        (Vault::open(Arc::new(records), key).await.unwrap(), file)
    }

    /// As another process finds it.
    async fn opened(&self) -> Result<Vault> {
        let (key, _) = KeyFile::read(&self.path("key"), || Err(Error::bug("no passphrase"))).unwrap();
        Vault::open(Arc::new(self.records()), key).await
    }

    fn records(&self) -> SecretsFile {
        SecretsFile::open(&self.path("secrets")).unwrap().unwrap()
    }
}

fn name(user: &str) -> SecretName {
    SecretName::password("old", user)
}

fn secret(text: &str) -> Secret {
    Secret::new(text.into())
}

async fn get(vault: &Vault, user: &str) -> Option<String> {
    vault.get(&name(user)).await.unwrap().map(|secret| secret.expose().to_owned())
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

fn holds(path: &Path, part: &[u8]) -> bool {
    bytes(path).windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn secrets_are_put_got_listed_and_wiped() {
    let place = Place::new();
    let (vault, _) = place.vault().await;
    let sealer = vault.sealer();
    sealer.put(&[(name("anna"), secret("hunter2")), (name("bert"), secret("hunter3"))]).await.unwrap();
    sealer.put(&[(name("anna"), secret("hunter4"))]).await.unwrap();
    let other = place.opened().await.unwrap();
    assert_eq!(get(&other, "Anna").await.as_deref(), Some("hunter4"), "the later one, whatever the case");
    let names: Vec<_> = sealer.list().await.unwrap().into_iter().map(|held| held.name.to_string()).collect();
    assert_eq!(names, ["password/old/anna", "password/old/bert"]);
    assert!(!holds(&place.path("secrets"), b"hunter"));

    assert_eq!(sealer.wipe(vec![name("anna"), name("nobody")]).await.unwrap(), 1);
    assert_eq!((get(&other, "anna").await, get(&other, "bert").await.as_deref()), (None, Some("hunter3")));
    let mode = std::os::unix::fs::MetadataExt::mode(&place.path("secrets").metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn what_is_wiped_or_replaced_is_overwritten() {
    let place = Place::new();
    let (vault, _) = place.vault().await;
    vault.sealer().put(&[(name("anna"), secret("hunter2"))]).await.unwrap();
    let sealed = place.records().get(&name("anna")).await.unwrap().unwrap().sealed;
    let part = &sealed[sealed.len() - 20..];
    assert!(holds(&place.path("secrets"), part));
    vault.sealer().put(&[(name("anna"), secret("hunter3"))]).await.unwrap();
    assert!(!holds(&place.path("secrets"), part), "the old one is still in the file");
    assert!(!place.path("secrets-journal").exists());
}

#[tokio::test]
async fn another_vaults_key_is_refused() {
    let place = Place::new();
    place.vault().await;
    let error = Vault::open(Arc::new(place.records()), Key::generate()).await.err().unwrap();
    assert_eq!(
        (error.code(), error.subject().contains("the vault is encrypted to age1")),
        (crate::error::Code::Vault, true)
    );
}

#[tokio::test]
async fn a_rotation_changes_the_key_and_keeps_the_secrets() {
    let place = Place::new();
    let (vault, file) = place.vault().await;
    let old = bytes(&place.path("key"));
    vault.sealer().put(&[(name("anna"), secret("hunter2"))]).await.unwrap();
    let (sealer, before) = (vault.sealer().clone(), place.records().recipient().await.unwrap());
    assert_eq!(vault.rotate(&file).await.unwrap(), 1);

    let vault = place.opened().await.unwrap();
    assert_eq!(get(&vault, "anna").await.as_deref(), Some("hunter2"));
    assert_ne!(place.records().recipient().await.unwrap(), before);
    let former = Key::parse(std::str::from_utf8(&old).unwrap()).unwrap();
    assert!(Vault::open(Arc::new(place.records()), former).await.is_err(), "the old key still opens it");
    assert!(
        !holds(&place.path("key"), old.split(|byte| *byte == b'\n').nth(1).unwrap()),
        "the old key is still in its file"
    );
    // Who collects secrets notices nothing.
    sealer.put(&[(name("bert"), secret("hunter3"))]).await.unwrap();
    assert_eq!(get(&vault, "bert").await.as_deref(), Some("hunter3"));
}

/// Whoever opened the vault before another rotation ended has the key of before: to go on would write it over the one that is needed now.
#[tokio::test]
async fn a_rotation_with_a_key_of_before_loses_nothing() {
    let place = Place::new();
    let (first, file) = place.vault().await;
    first.sealer().put(&[(name("anna"), secret("hunter2"))]).await.unwrap();
    let second = place.opened().await.unwrap();
    assert_eq!(first.rotate(&file).await.unwrap(), 1);
    assert!(second.rotate(&file).await.is_err());
    assert_eq!(get(&place.opened().await.unwrap(), "anna").await.as_deref(), Some("hunter2"));
}

/// Of rotations that begin in the same instant one goes on, and the key that is in the file afterwards opens the vault.
#[tokio::test(flavor = "multi_thread")]
async fn rotations_at_once_lose_nothing() {
    for _ in 0..20 {
        let place = Place::new();
        let (first, file) = place.vault().await;
        first.sealer().put(&[(name("anna"), secret("hunter2"))]).await.unwrap();
        let others = [place.opened().await.unwrap(), place.opened().await.unwrap()];
        let all = [first].into_iter().chain(others).map(|vault| {
            let file = file.clone();
            tokio::spawn(async move { vault.rotate(&file).await.is_ok() })
        });
        let mut done = 0;
        for task in all.collect::<Vec<_>>() {
            done += usize::from(task.await.unwrap());
        }
        assert_eq!(done, 1);
        assert_eq!(get(&place.opened().await.unwrap(), "anna").await.as_deref(), Some("hunter2"));
    }
}

#[tokio::test]
async fn a_vault_is_not_rekeyed_from_a_key_that_it_has_no_more() {
    let place = Place::new();
    let (vault, _) = place.vault().await;
    let (stale, new) = (Key::generate(), Key::generate());
    let refused = place.records().rekey(&stale.recipient(), &new.recipient(), Box::new(|_| Ok(Vec::new()))).await;
    assert!(refused.is_err());
    assert_eq!(place.records().recipient().await.unwrap(), vault.key.recipient());
}

/// The file of the key and the vault as they are at each step of a rotation that is cut there.
#[tokio::test]
async fn a_rotation_that_is_cut_anywhere_leaves_all_readable() {
    for cut in ["before the vault", "in the vault", "after the vault"] {
        let place = Place::new();
        let (vault, file) = place.vault().await;
        vault.sealer().put(&[(name("anna"), secret("hunter2")), (name("bert"), secret("hunter3"))]).await.unwrap();
        let new = Key::generate();
        file.write(&new.before(&vault.key)).unwrap();
        match cut {
            "before the vault" => {}
            "in the vault" => {
                let mut calls = 0;
                let reseal = move |record: &Record| {
                    calls += 1;
                    if calls == 2 {
                        Err(Error::bug("cut"))
                    } else {
                        Ok(record.sealed.iter().map(|byte| !byte).collect())
                    }
                };
                place
                    .records()
                    .rekey(&vault.current().await.unwrap(), &new.recipient(), Box::new(reseal))
                    .await
                    .unwrap_err();
            }
            _ => assert_eq!(vault.rekey(&new).await.unwrap(), 2),
        }
        let vault = place.opened().await.unwrap();
        assert_eq!(get(&vault, "anna").await.as_deref(), Some("hunter2"), "{cut}");
        assert_eq!(get(&vault, "bert").await.as_deref(), Some("hunter3"), "{cut}");
        // And it can be rotated again.
        let (_, file) = KeyFile::read(&place.path("key"), || Err(Error::bug("no passphrase"))).unwrap();
        assert_eq!(vault.rotate(&file).await.unwrap(), 2, "{cut}");
    }
}

#[tokio::test]
async fn a_key_from_the_environment_is_rotated_into_a_file() {
    let place = Place::new();
    let (vault, _) = place.vault().await;
    vault.sealer().put(&[(name("anna"), secret("hunter2"))]).await.unwrap();
    let new = place.path("new.key");
    assert_eq!(vault.rotate_into(&new, None).await.unwrap(), 1);
    let (key, _) = KeyFile::read(&new, || Err(Error::bug("no passphrase"))).unwrap();
    let vault = Vault::open(Arc::new(place.records()), key).await.unwrap();
    assert_eq!(get(&vault, "anna").await.as_deref(), Some("hunter2"));
}

#[tokio::test]
async fn a_secret_stored_during_a_rotation_is_encrypted_to_the_new_key() {
    let place = Place::new();
    let (vault, file) = place.vault().await;
    let old = place.records().recipient().await.unwrap();
    let record = seal::seal(&name("anna"), &secret("hunter2"), &old).unwrap();
    vault.rotate(&file).await.unwrap();
    assert!(!place.records().put(&old, vec![record]).await.unwrap(), "stored for a key that is gone");
}

#[tokio::test]
async fn other_files_are_no_vaults() {
    let place = Place::new();
    assert!(SecretsFile::open(&place.path("secrets")).unwrap().is_none());
    std::fs::write(place.path("secrets"), "").unwrap();
    assert!(SecretsFile::open(&place.path("secrets")).err().unwrap().subject().contains("no whole vault"));
    std::fs::write(place.path("secrets"), "x".repeat(5000)).unwrap();
    assert!(SecretsFile::open(&place.path("secrets")).is_err());
    rusqlite::Connection::open(place.path("other")).unwrap().execute_batch("PRAGMA user_version = 7").unwrap();
    assert!(SecretsFile::open(&place.path("other")).err().unwrap().subject().contains("another program"));
}
