-- Lists are read newest first, by what was asked for: each index holds the order, so that a page is a page's work
-- however long the record is.
DROP INDEX "AuditEvent_action_at_idx";
DROP INDEX "AuditEvent_actorId_at_idx";
DROP INDEX "AuditEvent_at_idx";
DROP INDEX "AuditEvent_serverId_at_idx";

ALTER TABLE "AuditEvent" ADD COLUMN "exitCode" INTEGER,
                         ADD COLUMN "mark"     BYTEA;

CREATE INDEX "AuditEvent_at_id_idx" ON "AuditEvent"("at" DESC, "id" DESC);
CREATE INDEX "AuditEvent_serverId_at_id_idx" ON "AuditEvent"("serverId", "at" DESC, "id" DESC);
CREATE INDEX "AuditEvent_actorId_at_id_idx" ON "AuditEvent"("actorId", "at" DESC, "id" DESC);
CREATE INDEX "AuditEvent_targetId_at_id_idx" ON "AuditEvent"("targetId", "at" DESC, "id" DESC);
CREATE INDEX "AuditEvent_action_at_id_idx" ON "AuditEvent"("action", "at" DESC, "id" DESC);

-- What a datamodel cannot say: by the noun of an action, and by what is rare.
CREATE INDEX "AuditEvent_noun_at_id_idx" ON "AuditEvent"(split_part("action", '.', 1), "at" DESC, "id" DESC);
CREATE INDEX "AuditEvent_outcome_at_id_idx" ON "AuditEvent"("outcome", "at" DESC, "id" DESC) WHERE "outcome" <> 'ok';
CREATE INDEX "AuditEvent_actorKind_at_id_idx" ON "AuditEvent"("actorKind", "at" DESC, "id" DESC) WHERE "actorKind" <> 'user';

-- The chain of seals over the record, written and read by the SQL of api/src/audit alone.
CREATE SCHEMA audit;

-- One row for each event, in the order they were sealed: ids are given out before transactions commit, so an event can
-- come after one with a higher id. Positions have no gaps.
CREATE TABLE audit.seals (
  position bigint PRIMARY KEY,
  event_id bigint NOT NULL UNIQUE,
  -- HMAC over the seal before, the position and the event.
  mac      bytea  NOT NULL
);

-- Places from which the chain can be followed without what was before.
CREATE TABLE audit.checkpoints (
  position      bigint         NOT NULL,
  -- begin: before the first seal. routine: on the way. retention: what was before is deleted.
  kind          text           NOT NULL,
  -- Of the seal at this position.
  mac           bytea          NOT NULL,
  made_at       timestamptz(3) NOT NULL,
  -- begin: events up to this id were written before there were marks.
  unmarked_to   bigint,
  -- retention: events before this moment are deleted.
  deleted_until timestamptz(3),
  -- HMAC over all of the above.
  proof         bytea          NOT NULL,
  PRIMARY KEY (kind, position)
);

-- Events that are yet to be sealed. A row appears when the event's transaction commits, and not before.
CREATE TABLE audit.pending (
  event_id bigint PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

INSERT INTO audit.pending SELECT "id" FROM "AuditEvent";

CREATE FUNCTION audit.await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit.pending (event_id) VALUES (NEW."id");
  RETURN NULL;
END $$;

CREATE TRIGGER "AuditEvent_await_seal" AFTER INSERT ON "AuditEvent"
FOR EACH ROW EXECUTE FUNCTION audit.await_seal();
