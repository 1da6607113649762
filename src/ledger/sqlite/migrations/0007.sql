-- What the items of a source folder are (PR_CONTAINER_CLASS), where that is not mail.
ALTER TABLE folder ADD COLUMN class TEXT;
