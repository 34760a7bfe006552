-- AlterTable
ALTER TABLE "GitSource" ADD COLUMN     "announced" BIGINT NOT NULL DEFAULT 0;
