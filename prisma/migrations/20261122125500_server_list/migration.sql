-- Text as it is searched and compared: without case and accents, whatever the database's own locale.
CREATE FUNCTION server_fold("text" TEXT) RETURNS TEXT
LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(regexp_replace(normalize("text", NFKD), '[\u0300-\u036f]', '', 'g'));

-- Orders names as people do: every number in them is made 20 digits long, so that web-9 comes before web-10.
CREATE FUNCTION server_name_key("name" TEXT) RETURNS TEXT
LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(
  regexp_replace(server_fold("name"), '(\d+)', '00000000000000000000\1', 'g'), '\d*(\d{20})', '\1', 'g'
);

-- What lists of servers are ordered and narrowed by.
CREATE INDEX "Server_name_key_idx" ON "Server" (server_name_key("name") COLLATE "C", "id" COLLATE "C");
CREATE INDEX "Server_tags_idx" ON "Server" USING GIN ("tags");
