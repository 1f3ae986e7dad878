CREATE UNIQUE INDEX message_by_sender ON message (sender, id)
