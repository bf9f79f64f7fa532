-- The read model of users: rows that the projector "users" makes from the log, and nothing else writes.

CREATE TABLE users (
  user_id uuid NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  is_active boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL,
  created_position bigint NOT NULL,
  CONSTRAINT users_user_id PRIMARY KEY (user_id),
  CONSTRAINT users_created_position UNIQUE (created_position)
);

COMMENT ON COLUMN users.created_position IS 'Position of UserCreated: the order of lists, and where their next page starts.';

-- Trigrams serve the search for a piece of an address. Where the extension is missing, or this role may not create it,
-- the search works all the same, by reading the table.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
  RAISE NOTICE 'The extension pg_trgm cannot be created: the search by e-mail reads the whole table.';
END
$$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
    CREATE INDEX users_email_pieces ON users USING gin (email gin_trgm_ops);
  END IF;
END
$$;
