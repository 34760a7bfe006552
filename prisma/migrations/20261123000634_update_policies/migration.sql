-- CreateTable
CREATE TABLE "UpdatePolicy" (
    "id" TEXT NOT NULL,
    "serverId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "compose" TEXT,
    "mode" TEXT NOT NULL,
    "window" JSONB NOT NULL,
    "healthTimeoutSeconds" INTEGER NOT NULL,
    "ownerId" TEXT,
    "ownerLabel" TEXT NOT NULL,
    "scopes" TEXT[],
    "setAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "checkedAt" TIMESTAMPTZ(3),
    "nextCheckAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "problem" JSONB,
    "newer" JSONB NOT NULL DEFAULT '[]',
    "noticedAt" TIMESTAMPTZ(3),
    "hold" TEXT,
    "attempt" JSONB,

    CONSTRAINT "UpdatePolicy_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "UpdatePolicy_ownerId_idx" ON "UpdatePolicy"("ownerId");

-- CreateIndex
CREATE UNIQUE INDEX "UpdatePolicy_serverId_kind_name_key" ON "UpdatePolicy"("serverId", "kind", "name");

-- AddForeignKey
ALTER TABLE "UpdatePolicy" ADD CONSTRAINT "UpdatePolicy_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UpdatePolicy" ADD CONSTRAINT "UpdatePolicy_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;
