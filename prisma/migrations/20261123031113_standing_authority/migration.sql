-- AlterTable
ALTER TABLE "GitSource" ADD COLUMN     "failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "retryAt" TIMESTAMPTZ(3),
ADD COLUMN     "tokenId" TEXT;

-- AlterTable
ALTER TABLE "UpdatePolicy" ADD COLUMN     "tokenId" TEXT;
