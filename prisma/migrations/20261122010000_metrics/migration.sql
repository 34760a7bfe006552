-- Metrics have a schema of their own, which the datamodel does not know: partitioned tables, read and written by the
-- SQL of api/src/metrics alone. A server is named by its compact "Server"."number"; there are no foreign keys, because
-- rows of a deleted server are taken away in the background.
CREATE SCHEMA metrics;

-- One row for each 10 s sample of an agent. Everything needed to rebuild the sample value for value is here: gauges as
-- columns, lists (cores, mounts, disks, networks, temperatures) as packed numbers in "detail", whose names are in the
-- shape. Columns are ordered by alignment, so that no byte is padding.
CREATE TABLE metrics.samples (
  -- The agent's wall clock, or the moment as we reckon it where that clock is absurd.
  at               timestamptz(3)   NOT NULL,
  monotonic_ms     bigint           NOT NULL,
  -- The 16 hexadecimal digits of the epoch as 64 bits.
  epoch            bigint           NOT NULL,
  cpu              double precision NOT NULL,
  load1            double precision NOT NULL,
  load5            double precision NOT NULL,
  load15           double precision NOT NULL,
  memory_total     bigint           NOT NULL,
  memory_used      bigint           NOT NULL,
  swap_total       bigint           NOT NULL,
  swap_used        bigint           NOT NULL,
  uptime_seconds   bigint           NOT NULL,
  -- Sums over all interfaces and disks, bytes per second.
  network_received double precision NOT NULL,
  network_sent     double precision NOT NULL,
  disk_read        double precision NOT NULL,
  disk_written     double precision NOT NULL,
  shape            bigint           NOT NULL,
  server_number    integer          NOT NULL,
  seq              integer          NOT NULL,
  -- Of the fullest file system.
  disk_percent     double precision,
  -- What the agent's clock said, in ms since 1970; set only where it is absurd.
  agent_ms         bigint,
  -- Null without Docker.
  containers_total   integer,
  containers_running integer,
  images_total       integer,
  detail           bytea            NOT NULL,
  -- In this order it also serves every read: one server, a stretch of time. That (server_number, epoch, seq) alone is
  -- unique is ensured by the cursor, which moves in the same transaction.
  PRIMARY KEY (server_number, at, epoch, seq)
) PARTITION BY RANGE (at);

-- The names behind the numbers of "detail", once for each day they are in use, so that they leave with their day.
CREATE TABLE metrics.shapes (
  at            timestamptz(3) NOT NULL,
  hash          bigint         NOT NULL,
  server_number integer        NOT NULL,
  body          text           NOT NULL,
  PRIMARY KEY (server_number, hash, at)
) PARTITION BY RANGE (at);

-- How far each server's samples are stored: the only acknowledgement there is.
CREATE TABLE metrics.cursors (
  server_number integer        PRIMARY KEY,
  seq           integer        NOT NULL,
  epoch         bigint         NOT NULL,
  updated_at    timestamptz(3) NOT NULL,
  -- Epochs before this one, the newest last: what they brought is not taken again.
  past          bigint[]       NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);

-- Samples of a width of time, rolled up. Averages are weighted by how many samples there were.
CREATE TABLE metrics.rollup_1m (
  at                   timestamptz(3)   NOT NULL,
  memory_total         bigint           NOT NULL,
  memory_used_min      bigint           NOT NULL,
  memory_used_avg      double precision NOT NULL,
  memory_used_max      bigint           NOT NULL,
  swap_used_min        bigint           NOT NULL,
  swap_used_avg        double precision NOT NULL,
  swap_used_max        bigint           NOT NULL,
  server_number        integer          NOT NULL,
  samples              integer          NOT NULL,
  cpu_min              real NOT NULL,
  cpu_avg              real NOT NULL,
  cpu_max              real NOT NULL,
  load1_min            real NOT NULL,
  load1_avg            real NOT NULL,
  load1_max            real NOT NULL,
  network_received_min real NOT NULL,
  network_received_avg real NOT NULL,
  network_received_max real NOT NULL,
  network_sent_min     real NOT NULL,
  network_sent_avg     real NOT NULL,
  network_sent_max     real NOT NULL,
  disk_read_min        real NOT NULL,
  disk_read_avg        real NOT NULL,
  disk_read_max        real NOT NULL,
  disk_written_min     real NOT NULL,
  disk_written_avg     real NOT NULL,
  disk_written_max     real NOT NULL,
  -- Samples that had a file system, and samples with Docker.
  disk_samples         integer NOT NULL,
  docker_samples       integer NOT NULL,
  disk_percent_min     real,
  disk_percent_avg     real,
  disk_percent_max     real,
  containers_running_min real,
  containers_running_avg real,
  containers_running_max real,
  containers_total     integer,
  PRIMARY KEY (server_number, at)
) PARTITION BY RANGE (at);

CREATE TABLE metrics.rollup_15m (LIKE metrics.rollup_1m INCLUDING ALL) PARTITION BY RANGE (at);
CREATE TABLE metrics.rollup_6h (LIKE metrics.rollup_1m INCLUDING ALL) PARTITION BY RANGE (at);

-- How far the roll-ups are. Minutes before "claimed" are rolled up, or about to be: a sample that comes later than that
-- puts its minute on the list of late ones. One row.
CREATE TABLE metrics.rollup_state (
  id       boolean PRIMARY KEY DEFAULT true CHECK (id),
  claimed  timestamptz(3) NOT NULL,
  done_1m  timestamptz(3) NOT NULL,
  done_15m timestamptz(3) NOT NULL,
  done_6h  timestamptz(3) NOT NULL
);

INSERT INTO metrics.rollup_state (claimed, done_1m, done_15m, done_6h)
SELECT date_bin('1 minute', now(), 'epoch'),
       date_bin('1 minute', now(), 'epoch'),
       date_bin('15 minutes', now(), 'epoch'),
       date_bin('6 hours', now(), 'epoch');

CREATE TABLE metrics.late_minutes (
  at            timestamptz(3) NOT NULL,
  server_number integer        NOT NULL,
  PRIMARY KEY (at, server_number)
);
