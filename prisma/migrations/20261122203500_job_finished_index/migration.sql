-- Jobs that ended long ago are looked for every day.
CREATE INDEX "Job_finishedAt_idx" ON "Job"("finishedAt");
