CREATE TABLE IF NOT EXISTS moderation_log (
  id CHAR(26) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NOT NULL PRIMARY KEY,
  moderator VARCHAR(24) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NULL,
  action VARCHAR(24) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NOT NULL,
  message_id CHAR(26) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NULL,
  picture_key VARCHAR(1024) /*!40101 CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */ NULL
)
