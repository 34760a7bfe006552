-- AlterTable
ALTER TABLE "Server" ADD COLUMN     "agentKeyAt" TIMESTAMPTZ(3),
ADD COLUMN     "keySet" TEXT;

-- CreateTable
CREATE TABLE "KeyRotation" (
    "id" TEXT NOT NULL,
    "serverId" TEXT NOT NULL,
    "agentId" TEXT NOT NULL,
    "oldKey" BYTEA NOT NULL,
    "newKey" BYTEA,
    "signedByOld" TEXT,
    "signedByNew" TEXT,
    "openServerId" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "askedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "pendingAt" TIMESTAMPTZ(3),
    "promotedAt" TIMESTAMPTZ(3),
    "abandonedAt" TIMESTAMPTZ(3),
    "reason" TEXT,

    CONSTRAINT "KeyRotation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "KeyRotation_openServerId_key" ON "KeyRotation"("openServerId");

-- CreateIndex
CREATE INDEX "KeyRotation_serverId_askedAt_idx" ON "KeyRotation"("serverId", "askedAt" DESC);

-- CreateIndex
CREATE INDEX "KeyRotation_agentId_promotedAt_idx" ON "KeyRotation"("agentId", "promotedAt" DESC);

-- AddForeignKey
ALTER TABLE "KeyRotation" ADD CONSTRAINT "KeyRotation_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Until now the key of every agent has been the one it registered with.
UPDATE "Server" SET "agentKeyAt" = "registeredAt" WHERE "agentKey" IS NOT NULL;
