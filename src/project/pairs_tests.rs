use super::*;

const CONFIG: &str = "[endpoint.old]\nkind = \"imap\"\nhost = \"old.example.org\"\n\
    [endpoint.older]\nkind = \"imap\"\nhost = \"older.example.org\"\n\
    [endpoint.new]\nkind = \"imap\"\nhost = \"new.example.org\"\n\
    [batch.one]\nsource = \"old\"\ntarget = \"new\"\nusers = \"one.csv\"\n";

fn project(config: &str, files: &[(&str, &str)]) -> Result<(Vec<MailboxPair>, Vec<String>)> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    all(
        &Config::parse(&directory.path().join("mailhaul.toml"), config).unwrap(),
        &HashSet::new(),
        &Finalised::default(),
    )
}

fn refused(config: &str, files: &[(&str, &str)]) -> String {
    project(config, files).err().expect("accepted").subject().to_owned()
}

const HEADER: &str = "source,target,password,target_password,priority\n";

#[test]
fn pairs_come_by_priority_and_are_found_by_either_address() {
    let file = format!("{HEADER}a@old,a@new,p,q,\nb@old,b@new,p,q,1\n");
    let (pairs, notes) = project(CONFIG, &[("one.csv", &file)]).unwrap();
    let order: Vec<_> = pairs.iter().map(|pair| pair.source.identity()).collect();
    assert_eq!(order, ["b@old@imap", "a@old@imap"]);
    assert!(notes.is_empty());

    let one = select(pairs.clone(), &["A@new".to_owned()], None).unwrap();
    assert_eq!(one.len(), 1);
    assert!(select(pairs.clone(), &["c@old".to_owned()], None).is_err());
    assert!(select(pairs.clone(), &[], Some("two")).is_err());
    assert_eq!(select(pairs, &[], Some("one")).unwrap().len(), 2);
}

#[test]
fn two_sources_may_share_a_target_with_a_note() {
    let file = format!("{HEADER}a@old,x@new,p,q,\nb@old,x@new,p,q,\n");
    let (_, notes) = project(CONFIG, &[("one.csv", &file)]).unwrap();
    assert_eq!(notes, ["2 source mailboxes share one target and will be merged there: a@old, b@old"]);
}

#[test]
fn a_missing_password_is_told_with_its_line_and_column() {
    let said = refused(CONFIG, &[("one.csv", &format!("{HEADER}a@old,a@new,,q,\nb@old,b@new,p,,\n"))]);
    assert!(said.contains("one.csv, line 2: `password` is empty, and endpoint `old`"), "{said}");
    assert!(said.contains("one.csv, line 3: `target_password` is empty, and endpoint `new`"), "{said}");
}

#[test]
fn one_source_twice_is_refused_whatever_its_endpoint() {
    let file = format!("{HEADER}a@old,a@new,p,q,\n");
    let again = format!("{CONFIG}[batch.two]\nsource = \"old\"\ntarget = \"new\"\nusers = \"two.csv\"\n");
    let said = refused(&again, &[("one.csv", &file), ("two.csv", &file)]);
    assert!(said.contains("two.csv, line 2: `a@old` is in batch `one` already"), "{said}");

    let other = again.replace("[batch.two]\nsource = \"old\"", "[batch.two]\nsource = \"older\"");
    let said = refused(&other, &[("one.csv", &file), ("two.csv", &file)]);
    assert!(said.contains("`a@old` is also on endpoint `old`") && said.contains("identity = "), "{said}");

    let named = other.replace("host = \"older.example.org\"", "host = \"older.example.org\"\nidentity = \"older\"");
    assert_eq!(project(&named, &[("one.csv", &file), ("two.csv", &file)]).unwrap().0.len(), 2);
}

#[test]
fn a_mailbox_is_never_copied_into_itself() {
    let config = CONFIG.replace("target = \"new\"", "target = \"old\"");
    let said = refused(&config, &[("one.csv", &format!("{HEADER}a@old,a@old,p,q,\n"))]);
    assert!(said.contains("line 2: source and target are the same mailbox `a@old`"), "{said}");
}

#[test]
fn a_password_may_be_in_the_vault() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("one.csv"), format!("{HEADER}a@old,a@new,,q,\n")).unwrap();
    let config = Config::parse(&directory.path().join("mailhaul.toml"), CONFIG).unwrap();
    let held = |user| HashSet::from([SecretName::password("old", user)]);
    let (pairs, _) = all(&config, &held("A@old"), &Finalised::default()).unwrap();
    assert_eq!(pairs[0].source.missing_password(), Some(SecretName::password("old", "a@old")));
    assert_eq!(pairs[0].target.missing_password(), None);
    let said = all(&config, &held("b@old"), &Finalised::default()).err().unwrap();
    assert!(said.subject().contains("mailhaul secrets set 'password/old/a@old'"), "{said}");
}
