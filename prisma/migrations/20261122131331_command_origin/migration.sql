-- AlterTable
ALTER TABLE "Command" ADD COLUMN     "actor" JSONB,
ADD COLUMN     "target" JSONB;
