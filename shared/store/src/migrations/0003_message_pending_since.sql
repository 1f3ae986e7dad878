ALTER TABLE message ADD COLUMN
  pending_since CHAR(26) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NULL
