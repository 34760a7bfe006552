-- AlterTable
ALTER TABLE "Job" ADD COLUMN     "parentId" TEXT,
ADD COLUMN     "serverIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
ALTER COLUMN "serverId" DROP NOT NULL;

-- CreateTable
CREATE TABLE "JobOrder" (
    "jobId" TEXT NOT NULL,
    "credentialId" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,

    CONSTRAINT "JobOrder_pkey" PRIMARY KEY ("jobId")
);

-- CreateIndex
CREATE UNIQUE INDEX "Job_parentId_serverId_key" ON "Job"("parentId", "serverId");

-- AddForeignKey
ALTER TABLE "Job" ADD CONSTRAINT "Job_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Job"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "JobOrder" ADD CONSTRAINT "JobOrder_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"("id") ON DELETE CASCADE ON UPDATE CASCADE;
