import { graphql } from '../generated/agent/index.ts';

/** @public For the code generator. */
export const SampleFields = graphql(`
  fragment SampleFields on Sample {
    at
    monotonicMs
    cpuPercent
    cpuCores
    load1
    load5
    load15
    memoryTotalBytes
    memoryUsedBytes
    swapTotalBytes
    swapUsedBytes
    uptimeSeconds
    mounts {
      path
      device
      fsType
      totalBytes
      usedBytes
      availableBytes
    }
    disks {
      name
      readBytesPerSecond
      writeBytesPerSecond
    }
    networks {
      name
      receivedBytesPerSecond
      sentBytesPerSecond
    }
    temperatures {
      label
      celsius
    }
    containersTotal
    containersRunning
    imagesTotal
  }
`);

/** Everything the agent kept after the cursor, then each new sample. */
export const Samples = graphql(`
  subscription Samples($after: SampleCursor) {
    samples(after: $after) {
      epoch
      monotonicMs
      samples {
        epoch
        seq
        ...SampleFields
      }
    }
  }
`);

/** One sample a second, for as long as somebody watches. */
export const LiveSamples = graphql(`
  subscription LiveSamples {
    liveSamples(intervalMs: 1000) {
      ...SampleFields
    }
  }
`);
