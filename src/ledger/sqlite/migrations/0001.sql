-- The words: a mailbox is a person's whole store at the target; a placement is one message in one source folder and its
-- place at the target. Ids, folder names and cursors are bytes; paths are JSON arrays of segments; flags are names joined
-- by blanks. What is not known is NULL, never a value that could be mistaken for an answer.

-- Pairs that share a target mailbox share its folders, so that one target message answers for one placement.
CREATE TABLE mailbox (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE pair (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    source  TEXT NOT NULL,
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    lease   INTEGER NOT NULL,
    pass    INTEGER,                       -- the pass that runs under the lease
    UNIQUE (source, mailbox)
) STRICT;

CREATE TABLE pass (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    pair     INTEGER NOT NULL REFERENCES pair,
    kind     TEXT NOT NULL,
    started  INTEGER NOT NULL,             -- Unix seconds
    finished INTEGER,                      -- NULL while it runs and where it was cut off
    outcome  TEXT,
    report   TEXT
) STRICT;
CREATE INDEX pass_pair ON pass (pair, id);

CREATE TABLE target_folder (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox INTEGER NOT NULL REFERENCES mailbox,
    name    BLOB NOT NULL,                 -- on the wire
    UNIQUE (mailbox, name)
) STRICT;

-- What a pair has accounted for in a target folder. Per pair: what another pair accounted for says nothing of ours.
CREATE TABLE frontier (
    pair     INTEGER NOT NULL REFERENCES pair,
    folder   INTEGER NOT NULL REFERENCES target_folder,
    validity INTEGER NOT NULL,
    next     INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    modseq   INTEGER,
    verified INTEGER NOT NULL,
    PRIMARY KEY (pair, folder)
) STRICT, WITHOUT ROWID;
CREATE INDEX frontier_folder ON frontier (folder);

-- Folders of the source.
CREATE TABLE folder (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    pair         INTEGER NOT NULL REFERENCES pair,
    name         BLOB NOT NULL,            -- on the wire
    path         TEXT NOT NULL,
    role         TEXT,
    subscribed   INTEGER NOT NULL,
    present      INTEGER NOT NULL,
    skipped_code TEXT,
    skipped_words TEXT,
    cursor       BLOB,
    epoch        INTEGER,
    count        INTEGER,
    pin_path     TEXT,
    pin_folder   INTEGER REFERENCES target_folder,
    UNIQUE (pair, name)
) STRICT;
CREATE INDEX folder_pin ON folder (pin_folder) WHERE pin_folder IS NOT NULL;

-- Within what a source id is unique: a folder's name and UIDVALIDITY for IMAP, the whole mailbox elsewhere.
CREATE TABLE namespace (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    pair  INTEGER NOT NULL REFERENCES pair,
    name  BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    UNIQUE (pair, name, epoch)
) STRICT;

CREATE TABLE placement (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    pair            INTEGER NOT NULL REFERENCES pair,
    folder          INTEGER NOT NULL REFERENCES folder,
    namespace       INTEGER NOT NULL REFERENCES namespace,
    source_id       BLOB NOT NULL,
    version         BLOB NOT NULL,
    state           INTEGER NOT NULL,      -- RowState::number
    in_scope        INTEGER NOT NULL,
    gone            INTEGER NOT NULL DEFAULT 0,
    size            INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,      -- Unix seconds; the least number where unknown, so that it sorts last
    received_offset INTEGER,               -- NULL: the source does not say when
    flags           TEXT NOT NULL,         -- last seen at the source
    applied         TEXT NOT NULL DEFAULT '',
    body_hash       BLOB,
    fingerprint     BLOB,
    sent_size       INTEGER,
    mark            BLOB,
    rung            INTEGER NOT NULL DEFAULT 0,
    repairs         TEXT NOT NULL DEFAULT '',
    target_folder   INTEGER REFERENCES target_folder,
    target_validity INTEGER,
    target_uid      INTEGER,
    missing         INTEGER NOT NULL DEFAULT 0,
    removed         INTEGER NOT NULL DEFAULT 0,
    doubled         INTEGER NOT NULL DEFAULT 0,
    reason_code     TEXT,
    reason_words    TEXT,
    copied_pass     INTEGER,
    updated_pass    INTEGER,
    moved_pass      INTEGER
) STRICT;

-- One message at the source is one placement.
CREATE UNIQUE INDEX placement_key ON placement (namespace, source_id, version);
-- One message at the target answers for one placement, across all pairs that share the mailbox.
CREATE UNIQUE INDEX placement_place ON placement (target_folder, target_validity, target_uid)
    WHERE target_uid IS NOT NULL;
-- Every other index is a walk: its last column is the row number, which SQLite adds, so that pages meet by number.
-- By state and scope: a folder's, a pair's; by state: a target folder's.
CREATE INDEX placement_folder ON placement (folder, state, in_scope);
CREATE INDEX placement_pair ON placement (pair, state, in_scope);
CREATE INDEX placement_target ON placement (target_folder, state) WHERE target_folder IS NOT NULL;
-- Newest first, for what waits to be copied (state 0 is listed).
CREATE INDEX placement_newest ON placement (folder, received_at) WHERE state = 0 AND in_scope = 1;
-- Exceptions, which cost nothing while there are none (states 2 and 3 are copied and already present).
CREATE INDEX placement_flags ON placement (target_folder) WHERE state IN (2, 3) AND flags <> applied;
CREATE INDEX placement_unplaced ON placement (target_folder) WHERE state IN (2, 3) AND target_uid IS NULL;
CREATE INDEX placement_outside ON placement (folder) WHERE in_scope = 0;
CREATE INDEX placement_gone ON placement (folder) WHERE gone = 1;
CREATE INDEX placement_departed ON placement (pair) WHERE gone = 1;
CREATE INDEX placement_doubled ON placement (pair) WHERE doubled = 1;
