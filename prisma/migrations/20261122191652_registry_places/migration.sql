-- AlterTable
ALTER TABLE "Registry" ADD COLUMN     "everywhere" BOOLEAN NOT NULL DEFAULT false;

-- Until now every server got what there was, and its owner goes on pulling with it.
UPDATE "Registry" SET "everywhere" = true;

-- CreateTable
CREATE TABLE "RegistryPlace" (
    "id" SERIAL NOT NULL,
    "registryId" TEXT NOT NULL,
    "serverId" TEXT,
    "groupId" TEXT,

    CONSTRAINT "RegistryPlace_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "RegistryPlace_serverId_idx" ON "RegistryPlace"("serverId");

-- CreateIndex
CREATE INDEX "RegistryPlace_groupId_idx" ON "RegistryPlace"("groupId");

-- CreateIndex
CREATE UNIQUE INDEX "RegistryPlace_registryId_serverId_key" ON "RegistryPlace"("registryId", "serverId");

-- CreateIndex
CREATE UNIQUE INDEX "RegistryPlace_registryId_groupId_key" ON "RegistryPlace"("registryId", "groupId");

-- AddForeignKey
ALTER TABLE "RegistryPlace" ADD CONSTRAINT "RegistryPlace_registryId_fkey" FOREIGN KEY ("registryId") REFERENCES "Registry"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RegistryPlace" ADD CONSTRAINT "RegistryPlace_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RegistryPlace" ADD CONSTRAINT "RegistryPlace_groupId_fkey" FOREIGN KEY ("groupId") REFERENCES "ServerGroup"("id") ON DELETE CASCADE ON UPDATE CASCADE;
