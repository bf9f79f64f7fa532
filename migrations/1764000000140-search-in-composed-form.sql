-- Addresses are stored as they were given, and searched in the composed form of Unicode (NFC): the index has that form.
DO $$
BEGIN
  IF to_regclass('users_email_pieces') IS NOT NULL THEN
    DROP INDEX users_email_pieces;
    CREATE INDEX users_email_pieces ON users USING gin (normalize(email, NFC) gin_trgm_ops)
      WITH (gin_pending_list_limit = 128);
  END IF;
END
$$;
