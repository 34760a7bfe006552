-- CreateTable
CREATE TABLE "StackSecret" (
    "serverId" TEXT NOT NULL,
    "stack" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "StackSecret_pkey" PRIMARY KEY ("serverId","stack","name")
);

-- AddForeignKey
ALTER TABLE "StackSecret" ADD CONSTRAINT "StackSecret_serverId_fkey" FOREIGN KEY ("serverId") REFERENCES "Server"("id") ON DELETE CASCADE ON UPDATE CASCADE;
