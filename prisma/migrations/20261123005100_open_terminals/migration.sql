-- CreateTable
CREATE TABLE "OpenTerminal" (
    "id" TEXT NOT NULL,
    "serverId" TEXT NOT NULL,
    "actor" JSONB NOT NULL,
    "target" JSONB NOT NULL,
    "openedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "OpenTerminal_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "OpenTerminal_serverId_idx" ON "OpenTerminal"("serverId");

-- AddForeignKey
ALTER TABLE "OpenTerminal" ADD CONSTRAINT "OpenTerminal_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;
