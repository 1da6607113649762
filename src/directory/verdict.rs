//! The verdicts of a look-up (microsoft365.md §4.11), in words.

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// A person's mailbox.
    User,
    /// A mailbox of several people.
    Shared,
    /// A mailbox of a room or of a thing that is booked.
    Room,
    /// A person's mailbox; the person may not sign in.
    Blocked,
    /// Another address of a mailbox.
    Alias,
    /// Somebody of another organisation: no mailbox here.
    Guest,
    /// A person without a licence for mail.
    Unlicensed,
    /// A mailbox on premises.
    OnPremises,
    /// A mailbox that the application may not open.
    Denied,
    /// Nobody.
    Missing,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 10] = [
        Verdict::User,
        Verdict::Shared,
        Verdict::Room,
        Verdict::Blocked,
        Verdict::Alias,
        Verdict::Guest,
        Verdict::Unlicensed,
        Verdict::OnPremises,
        Verdict::Denied,
        Verdict::Missing,
    ];

    /// The word for scripts.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::User => "user",
            Verdict::Shared => "shared",
            Verdict::Room => "room",
            Verdict::Blocked => "blocked",
            Verdict::Alias => "alias",
            Verdict::Guest => "guest",
            Verdict::Unlicensed => "unlicensed",
            Verdict::OnPremises => "on-premises",
            Verdict::Denied => "denied",
            Verdict::Missing => "missing",
        }
    }

    /// Whether mail can be copied there as things are.
    pub fn is_ready(self) -> bool {
        match self {
            Verdict::User | Verdict::Shared | Verdict::Room | Verdict::Blocked | Verdict::Alias => true,
            Verdict::Guest | Verdict::Unlicensed | Verdict::OnPremises | Verdict::Denied | Verdict::Missing => false,
        }
    }

    /// What it is, or what is wrong.
    pub fn problem(self) -> &'static str {
        match self {
            Verdict::User => "a user's mailbox",
            Verdict::Shared => "a shared mailbox: it needs no licence up to 50 GB, and nobody signs in to it",
            Verdict::Room => "a room's or a device's mailbox",
            Verdict::Blocked => "the user's sign-in is blocked; the mailbox is there",
            Verdict::Alias => "another address of a mailbox",
            Verdict::Guest => "a guest of this tenant: the mailbox is in another organisation",
            Verdict::Unlicensed => "the user has no mailbox: no licence with Exchange Online is assigned",
            Verdict::OnPremises => "the mailbox is not in Exchange Online but on premises, or was deleted",
            Verdict::Denied => "the mailbox is there, but the application may not open it",
            Verdict::Missing => "nobody in this tenant has this address",
        }
    }

    /// What to do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Verdict::User | Verdict::Room => "Nothing to do.",
            Verdict::Shared => {
                "Sign in as the application or as a user with full access to it; assign a licence above 50 GB."
            }
            Verdict::Blocked => "Sign in as the application: the user's own sign-in is refused.",
            Verdict::Alias => "Use the main address that is shown.",
            Verdict::Guest => "Create a mailbox for this person in the tenant, or take the line out.",
            Verdict::Unlicensed => {
                "Assign a licence with Exchange Online and wait some minutes until the mailbox exists."
            }
            Verdict::OnPremises => "Move the mailbox to Exchange Online first, or use its server as an IMAP target.",
            Verdict::Denied => {
                "Add the mailbox to the application's scope (New-ManagementRoleAssignment) or consent to Mail.ReadWrite."
            }
            Verdict::Missing => "Check the address; create the user or the shared mailbox first.",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_verdict_has_words_of_its_own() {
        let words: BTreeSet<_> = Verdict::ALL.into_iter().map(Verdict::word).collect();
        let problems: BTreeSet<_> = Verdict::ALL.into_iter().map(Verdict::problem).collect();
        assert_eq!((words.len(), problems.len()), (Verdict::ALL.len(), Verdict::ALL.len()));
        for verdict in Verdict::ALL {
            assert!(verdict.next_step().ends_with('.'), "{verdict:?}");
        }
    }
}
