-- CreateTable
CREATE TABLE "Secret" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "sealedValue" BYTEA NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "everywhereName" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Secret_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SecretPlace" (
    "id" SERIAL NOT NULL,
    "secretId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "serverId" TEXT,
    "groupId" TEXT,

    CONSTRAINT "SecretPlace_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Secret_everywhereName_key" ON "Secret"("everywhereName");

-- CreateIndex
CREATE INDEX "Secret_name_idx" ON "Secret"("name");

-- CreateIndex
CREATE INDEX "SecretPlace_secretId_idx" ON "SecretPlace"("secretId");

-- CreateIndex
CREATE INDEX "SecretPlace_serverId_idx" ON "SecretPlace"("serverId");

-- CreateIndex
CREATE INDEX "SecretPlace_groupId_idx" ON "SecretPlace"("groupId");

-- CreateIndex
CREATE UNIQUE INDEX "SecretPlace_name_serverId_key" ON "SecretPlace"("name", "serverId");

-- CreateIndex
CREATE UNIQUE INDEX "SecretPlace_name_groupId_key" ON "SecretPlace"("name", "groupId");

-- AddForeignKey
ALTER TABLE "SecretPlace" ADD CONSTRAINT "SecretPlace_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "Secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SecretPlace" ADD CONSTRAINT "SecretPlace_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SecretPlace" ADD CONSTRAINT "SecretPlace_groupId_fkey" FOREIGN KEY ("groupId") REFERENCES "ServerGroup"("id") ON DELETE CASCADE ON UPDATE CASCADE;
