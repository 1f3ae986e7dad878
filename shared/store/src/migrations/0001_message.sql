CREATE TABLE IF NOT EXISTS message (
  id CHAR(26) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NOT NULL PRIMARY KEY,
  status VARCHAR(8) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NOT NULL,
  author VARCHAR(40) /*!40101 CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */ NULL,
  text VARCHAR(2000) /*!40101 CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */ NOT NULL,
  picture_format VARCHAR(4) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NULL,
  picture_width INT NULL,
  picture_height INT NULL,
  picture_alt VARCHAR(500) /*!40101 CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */ NULL,
  idempotency_key CHAR(64) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NULL,
  request_digest CHAR(64) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NULL,
  sender CHAR(64) /*!40101 CHARACTER SET ascii COLLATE ascii_bin */ NULL,
  CONSTRAINT message_by_status UNIQUE (status, id),
  CONSTRAINT message_by_idempotency_key UNIQUE (idempotency_key)
)
