-- Targets whose messages have ids and no numbers: each item of a folder is numbered in the order in which it was first seen, so that a
-- place there is what it is elsewhere. Numbers belong to the mailbox, whichever pair saw the item first.
CREATE TABLE numbered_folder (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox  INTEGER NOT NULL REFERENCES mailbox,
    name     BLOB NOT NULL,                -- on the wire
    validity INTEGER NOT NULL,             -- Unix seconds when the numbering began
    next     INTEGER NOT NULL DEFAULT 1,   -- the number of the next item
    live     INTEGER NOT NULL DEFAULT 0,   -- items that are there
    changes  INTEGER NOT NULL DEFAULT 0,   -- grows with everything that is told of the folder
    round    INTEGER NOT NULL DEFAULT 0,   -- of whole listings
    link     TEXT,                         -- up to where changes were told
    UNIQUE (mailbox, name)
) STRICT;

CREATE TABLE numbered_item (
    folder   INTEGER NOT NULL REFERENCES numbered_folder,
    number   INTEGER NOT NULL,
    item     TEXT NOT NULL,                -- its id
    revision TEXT NOT NULL,                -- as we left it, or as it was first seen
    round    INTEGER NOT NULL,             -- of the whole listing that told it last
    gone     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (folder, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX numbered_item_id ON numbered_item (folder, item);
