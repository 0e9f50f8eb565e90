CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- Rules, rule sets and languages, which are the same in many emails.
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE emails (
  id BLOB PRIMARY KEY,
  day INTEGER NOT NULL,                -- since 1970-01-01
  author BLOB, author_domain BLOB,     -- keyed hashes; NULL: none
  recipient BLOB, recipient_domain BLOB,
  lang INTEGER NOT NULL,               -- of names
  verdict INTEGER NOT NULL,            -- 0 send, 1 revise, 2 talk
  score INTEGER NOT NULL,
  words INTEGER NOT NULL,
  judge INTEGER NOT NULL,              -- of names
  rules BLOB NOT NULL                  -- pairs of uvarints: of names, how often
) WITHOUT ROWID;
CREATE INDEX emails_author ON emails (author);

-- The marked words, where they were asked for.
CREATE TABLE passages (email BLOB NOT NULL, rule INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_email ON passages (email);

CREATE TABLE checkpoints (source BLOB PRIMARY KEY, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL) WITHOUT ROWID;

-- Who was forgotten, up to which day. All zeros: everybody.
CREATE TABLE forgotten (author BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
