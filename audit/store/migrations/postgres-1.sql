CREATE TABLE meta (name text PRIMARY KEY, value bytea NOT NULL);

-- Rules, rule sets and languages, which are the same in many emails.
CREATE TABLE names (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);

CREATE TABLE emails (
  id bytea PRIMARY KEY,
  day integer NOT NULL,                -- since 1970-01-01
  author bytea, author_domain bytea,   -- keyed hashes; NULL: none
  recipient bytea, recipient_domain bytea,
  lang integer NOT NULL,               -- of names
  verdict integer NOT NULL,            -- 0 send, 1 revise, 2 talk
  score integer NOT NULL,
  words integer NOT NULL,
  judge integer NOT NULL,              -- of names
  rules bytea NOT NULL                 -- pairs of uvarints: of names, how often
);
CREATE INDEX emails_author ON emails (author);
CREATE INDEX emails_day ON emails (day);

-- The marked words, where they were asked for.
CREATE TABLE passages (email bytea NOT NULL REFERENCES emails ON DELETE CASCADE, rule integer NOT NULL, text text NOT NULL);
CREATE INDEX passages_email ON passages (email);

CREATE TABLE checkpoints (source bytea PRIMARY KEY, uidvalidity bigint NOT NULL, uid bigint NOT NULL);

-- Who was forgotten, up to which day. All zeros: everybody.
CREATE TABLE forgotten (author bytea PRIMARY KEY, until integer NOT NULL);
