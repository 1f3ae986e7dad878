CREATE UNIQUE INDEX message_by_since ON message (status, cleared_at, since, id)
