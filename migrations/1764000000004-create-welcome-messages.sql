-- An outbox: messages that are to be sent to new users. The durable handler "welcome-message" writes them in the
-- transaction that moves its checkpoint, so each is written exactly once; whoever sends them marks them as sent.

CREATE TABLE welcome_messages (
  message_id uuid NOT NULL,
  user_id uuid NOT NULL,
  email text NOT NULL,
  text text NOT NULL,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  CONSTRAINT welcome_messages_message_id PRIMARY KEY (message_id),
  CONSTRAINT welcome_messages_user_id UNIQUE (user_id)
);

CREATE INDEX welcome_messages_unsent ON welcome_messages (created_at) WHERE sent_at IS NULL;

COMMENT ON COLUMN welcome_messages.message_id IS 'Id of the UserCreated event: the receiver of a message knows a repeated one by it.';
