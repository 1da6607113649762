-- Which message a placement shows, where the source shows one in several places and says so (Gmail's labels).
ALTER TABLE placement ADD COLUMN content BLOB;
CREATE INDEX placement_content ON placement (pair, content) WHERE content IS NOT NULL;
