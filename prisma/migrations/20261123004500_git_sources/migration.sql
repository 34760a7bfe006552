-- CreateTable
CREATE TABLE "GitSource" (
    "id" TEXT NOT NULL,
    "serverId" TEXT NOT NULL,
    "stack" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "username" TEXT,
    "credential" TEXT NOT NULL DEFAULT 'none',
    "sealedCredential" BYTEA,
    "knownHosts" TEXT NOT NULL DEFAULT '',
    "pollSeconds" INTEGER,
    "sealedHook" BYTEA,
    "ownerId" TEXT,
    "ownerScopes" TEXT[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "checkedAt" TIMESTAMPTZ(3),
    "seenCommit" TEXT,
    "commit" TEXT,
    "failedCommit" TEXT,
    "failure" TEXT,
    "jobId" TEXT,
    "wanted" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "GitSource_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "GitSource_ownerId_idx" ON "GitSource"("ownerId");

-- CreateIndex
CREATE UNIQUE INDEX "GitSource_serverId_stack_key" ON "GitSource"("serverId", "stack");

-- AddForeignKey
ALTER TABLE "GitSource" ADD CONSTRAINT "GitSource_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "GitSource" ADD CONSTRAINT "GitSource_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;
