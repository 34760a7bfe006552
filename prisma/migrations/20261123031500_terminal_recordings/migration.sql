-- AlterTable
ALTER TABLE "Server" ADD COLUMN     "recordTerminals" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "TerminalRecording" (
    "id" TEXT NOT NULL,
    "serverId" TEXT NOT NULL,
    "terminalId" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    "privileged" BOOLEAN NOT NULL,
    "required" BOOLEAN NOT NULL,
    "actor" JSONB NOT NULL,
    "target" JSONB NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),
    "ending" TEXT,
    "pieces" INTEGER NOT NULL DEFAULT 0,
    "sizeBytes" INTEGER NOT NULL DEFAULT 0,
    "durationMs" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "TerminalRecording_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "TerminalRecording_serverId_idx" ON "TerminalRecording"("serverId");

-- CreateIndex
CREATE INDEX "TerminalRecording_startedAt_id_idx" ON "TerminalRecording"("startedAt" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "TerminalRecording_terminalId_idx" ON "TerminalRecording"("terminalId");

-- AddForeignKey
ALTER TABLE "TerminalRecording" ADD CONSTRAINT "TerminalRecording_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;
