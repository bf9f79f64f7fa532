-- API keys of callers. Events and stored answers name a caller by the id of its key, so a row is never deleted: no other
-- caller may get the id.
CREATE TABLE api_keys (
  id text COLLATE "C" PRIMARY KEY,
  -- SHA-256 in lower-case hexadecimal. The key itself is nowhere.
  sha256 text COLLATE "C" NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  roles text[] NOT NULL CHECK (cardinality(roles) > 0),
  -- The id of the bearer itself, for roles that reach only its own.
  subject text COLLATE "C",
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Null: the key is valid.
  revoked_at timestamptz
);
