-- In what form a pair's messages go to its target, from its first pass on; NULL: it had none. Whole items are new, so what there is goes as mail.
ALTER TABLE pair ADD COLUMN transport TEXT;
UPDATE pair SET transport = 'mail';
