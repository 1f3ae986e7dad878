ALTER TABLE message ADD COLUMN picture_animated INT NULL
