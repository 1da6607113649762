-- When the bytes of a placement were last read from the source (Unix seconds): for sources that allow so many bytes a day.
ALTER TABLE placement ADD COLUMN read_at INTEGER;
