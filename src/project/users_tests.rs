use super::*;

fn parse_at(text: &str) -> Result<Vec<User>> {
    parse(Path::new("users.csv"), text)
}

#[test]
fn our_own_header_in_any_order_and_case() {
    let text = "\u{feff}Target,source,password,username,priority,type\r\n\
                new@x, old@x ,\" p,w\"\"d\",login,1,shared\r\n\
                \r\n\
                ,,,,,\r\n\
                b@x,b@y,,,,\r\n";
    let users = parse_at(text).unwrap();
    assert_eq!(users.len(), 2);
    let first = &users[0];
    assert_eq!((first.line, first.priority, first.kind.as_deref()), (2, 1, Some("shared")));
    assert_eq!((first.source.address.as_str(), first.source.user.as_str()), ("old@x", "login"));
    assert_eq!(first.source.password.as_ref().unwrap().expose(), " p,w\"d");
    assert_eq!((first.target.address.as_str(), first.target.user.as_str()), ("new@x", "new@x"));
    let second = &users[1];
    assert_eq!((second.line, second.priority), (5, DEFAULT_PRIORITY));
    assert!(second.source.password.is_none() && second.target.password.is_none());
}

#[test]
fn microsofts_header_names_one_address_for_both_sides() {
    let users = parse_at("EmailAddress,UserName,Password\nanna@acme.example,anna,geheim\n").unwrap();
    let user = &users[0];
    assert_eq!(
        (user.source.address.as_str(), user.target.address.as_str()),
        ("anna@acme.example", "anna@acme.example")
    );
    assert_eq!((user.source.user.as_str(), user.target.user.as_str()), ("anna", "anna@acme.example"));
    assert_eq!(user.source.password.as_ref().unwrap().expose(), "geheim");
}

#[test]
fn every_bad_line_is_told_with_its_number_and_remedy() {
    let cases = [
        ("", "line 1: the column `source` is missing"),
        ("source,destination\n", "line 1: there is no column `destination`. The columns are source, target"),
        ("source\na\n", "line 1: the column `target` is missing. Begin the file with `source,target"),
        ("source,target,source\n", "line 1: the column `source` is there twice"),
        ("source;target\na;b\n", "line 1: the fields are not separated by commas"),
        ("EmailAddress,Password\n", "line 1: the column `username` is missing"),
        ("source,target\n", "no mailbox in it"),
        ("source,target\na,b\n,c\n", "line 3: `source` is empty"),
        ("source,target\na,b,c\n", "line 2: 3 fields where the header has 2"),
        ("source,target\na,b\nA,c\n", "line 3: `A` is on line 2 already"),
        ("source,target,priority\na,b,high\n", "line 2: priority `high` is not a whole number"),
        ("source,target\n\"a\nb\",c\n", "line 2: `source` holds a control character"),
        ("EmailAddress,UserName,Password\n,x,y\n", "line 2: `EmailAddress` is empty"),
    ];
    for (text, expected) in cases {
        let error = parse_at(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
        let said = error.subject();
        assert!(said.starts_with("users.csv") && said.contains(expected), "{text:?}\n→ {said}");
    }
}

#[test]
fn many_bad_lines_are_told_together_and_counted() {
    let text = format!("source,target\n{}", ",x\n".repeat(25));
    let said = parse_at(&text).err().unwrap().subject().to_owned();
    assert_eq!(said.lines().count(), 21);
    assert!(said.ends_with("users.csv, and 5 more"), "{said}");
}

#[test]
fn no_error_shows_a_password() {
    let said = parse_at("source,target,username,password\n,b,c,hunter2\na,b,c,hunter2,x\n").err().unwrap();
    assert!(!format!("{said} {said:?}").contains("hunter2"));
}

#[test]
fn passwords_are_emptied_and_nothing_else_changes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users.csv");
    let text = "source,target,username,password,target_password,type\na@old,a@new,\"a,b\",\"p,\"\"1\",q,shared\nb@old,b@new,b,,,\n";
    std::fs::write(&file, text).unwrap();
    empty_passwords(&file).unwrap();
    let emptied = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        emptied,
        "source,target,username,password,target_password,type\na@old,a@new,\"a,b\",,,shared\nb@old,b@new,b,,,\n"
    );
    std::fs::write(&file, "EmailAddress,UserName,Password\na@x,a,p\n").unwrap();
    empty_passwords(&file).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "EmailAddress,UserName,Password\na@x,a,\n");
}
