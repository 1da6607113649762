-- UIDs below were looked at by a verification: what is missing among them later was there once, and its user took it away (missing = 2).
ALTER TABLE frontier ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
UPDATE frontier SET seen = next WHERE verified = 1;
