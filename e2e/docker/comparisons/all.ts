import type { Comparison } from '../comparison.ts';
import { builds } from './builds.ts';
import { containerChanges } from './container-changes.ts';
import { containerFields } from './container-fields.ts';
import { containerStreams } from './container-streams.ts';
import { dockerEvents } from './docker-events.ts';
import { dockerFiles } from './docker-files.ts';
import { fleetWork } from './fleet.ts';
import { images } from './images.ts';
import { logs } from './logs.ts';
import { networks } from './networks.ts';
import { pulls } from './pulls.ts';
import { terminals } from './terminals.ts';
import { registries } from './registries.ts';
import { updatePolicyFields } from './update-policies.ts';
import { volumes } from './volumes.ts';
import { stackFields } from './stacks.ts';
import { containerWork } from './container-work.ts';

/** Each room of Docker's adds its own. */
export const comparisons: readonly Comparison[] = [
  ...builds,
  ...containerFields,
  ...containerChanges,
  ...containerStreams,
  ...dockerEvents,
  ...dockerFiles,
  ...fleetWork,
  ...images,
  ...logs,
  ...networks,
  ...pulls,
  ...terminals,
  ...registries,
  ...volumes,
  ...stackFields,
  ...containerWork,
];

const paging = 'how lists are paged is the same for all of them, and tested with them';
const kept = 'kept by ServerKit at a deployment, and tested there against the docker command';
const policy = 'what ServerKit is to do by itself, and tested with a registry';
const ours = 'told by ServerKit about itself';
const ofGit =
  'of a repository, and tested with real ones; what is deployed of them is held against the docker command there';

/** Fields beside Docker's that its command knows nothing of, and why. */
export const notDockers: Readonly<Record<string, string>> = {
  'BulkContainerResult.containerId': 'repeats what was asked',
  'BulkContainerResult.error': 'what an error says is tested where it arises',
  'BulkContainerResult.serverId': 'repeats what was asked',
  'BulkContainerResult.target': 'repeats what was asked',
  'BulkImageResult.error': 'what an error says is tested where it arises',
  'BulkImageResult.reference': 'repeats what was asked',
  'BulkImageResult.serverId': 'repeats what was asked',
  'Container.observedAt': ours,
  'Container.server': ours,
  'ContainerConnection.edges': paging,
  'ContainerConnection.pageInfo': paging,
  'ContainerConnection.totalCount': paging,
  'ContainerEdge.cursor': paging,
  'ContainerEdge.node': paging,
  'ContainerEvent.kind': ours,
  'ContainerEvent.observedAt': ours,
  'ContainerEvent.serverId': ours,
  'ContainerStatsBatch.at': ours,
  'DeployedService.configHash': kept,
  'DeployedService.digests': kept,
  'DeployedService.image': kept,
  'DeployedService.imageId': kept,
  'DeployedService.service': kept,
  'DockerFacts.error':
    'null while Docker is there; what it says otherwise is tested with engines that come and go',
  'DockerEvent.key': ours,
  'DockerEvents.missed': ours,
  'DockerEvents.serverId': ours,
  'EnvironmentVariable.secret': 'kept by ServerKit, and held against what the container gets with it',
  'BindGitSourcePayload.source': ofGit,
  'BindGitSourcePayload.webhookSecret': ofGit,
  'GitSource.branch': ofGit,
  'GitSource.checkedAt': ofGit,
  'GitSource.commit': ofGit,
  'GitSource.credential': ofGit,
  'GitSource.deploying': ofGit,
  'GitSource.failure': ofGit,
  'GitSource.hold': ofGit,
  'GitSource.id': ofGit,
  'GitSource.knownHosts': ofGit,
  'GitSource.onBehalfOf': ofGit,
  'GitSource.path': ofGit,
  'GitSource.plan': ofGit,
  'GitSource.pollSeconds': ofGit,
  'GitSource.retryAt': ofGit,
  'GitSource.seenCommit': ofGit,
  'GitSource.stack': ofGit,
  'GitSource.url': ofGit,
  'GitSource.username': ofGit,
  'GitSource.webhookPath': ofGit,
  'GitSourcePayload.source': ofGit,
  'GitStackPlan.commit': ofGit,
  'GitStackPlan.compose': ofGit,
  'GitStackPlan.plan': ofGit,
  'Mutation.bindGitSource': ofGit,
  'Mutation.checkGitSource': ofGit,
  'Mutation.deployGitSource': ofGit,
  'Mutation.unbindGitSource': ofGit,
  'StackVersion.commit': ofGit,
  'Image.server': ours,
  'ImageConnection.edges': paging,
  'ImageConnection.pageInfo': paging,
  'ImageConnection.totalCount': paging,
  'ImageConnection.unanswered': ours,
  'ImageEdge.cursor': paging,
  'ImageEdge.node': paging,
  'KeptNetwork.reason': 'our own words',
  'KeptVolume.reason': 'our own words',
  'LogSourceReport.clockAheadMs':
    'the clocks of one machine are one; what is corrected is tested with clocks that differ',
  'LogSourceReport.containerId': 'repeats what was asked',
  'LogSourceReport.error': 'what an error says is tested where it arises',
  'LogSourceReport.serverId': 'repeats what was asked',
  'LogSourceReport.source': 'repeats what was asked',
  'LogSourceReport.state': ours,
  'LogSegment.partial': 'the command does not cut lines; what is cut is tested with logs of long lines',
  'MergedLogBatch.sources': ours,
  'MergedLogSegment.partial': 'the command does not cut lines; a line of 10 MB is compared',
  'Network.server': ours,
  'FleetStackPlan.error': 'what an error says is tested where it arises',
  'FleetStackPlan.server': ours,
  'FleetStackPlan.serverId': 'repeats what was asked',
  'Network.serverId': ours,
  'NetworkConnection.edges': paging,
  'NetworkConnection.pageInfo': paging,
  'NetworkConnection.totalCount': paging,
  'NetworkConnection.unanswered': ours,
  'NetworkEdge.cursor': paging,
  'NetworkEdge.node': paging,
  'ImageUpdate.error': 'what an error says is tested where it arises',
  'ImageUpdate.reference': 'repeats what was asked',
  'Query.registries': 'what ServerKit keeps itself',
  'UnansweredServer.code': ours,
  'UnansweredServer.message': ours,
  'UnansweredServer.server': ours,
  'UnansweredServer.serverId': ours,
  'Volume.server': ours,
  'Volume.serverId': ours,
  'VolumeConnection.edges': paging,
  'VolumeConnection.pageInfo': paging,
  'VolumeConnection.totalCount': paging,
  'VolumeConnection.unanswered': ours,
  'VolumeEdge.cursor': paging,
  'VolumeEdge.node': paging,
  'VolumeSizes.measuredAt': ours,
  'Stack.files': 'read from files on the server, and tested with them',
  'Stack.managed': ours,
  'Stack.observedAt': ours,
  'StackEvent.observedAt': ours,
  'Stack.server': ours,
  'Stack.version': ours,
  'Stack.versions': kept,
  'StackConnection.edges': paging,
  'StackConnection.pageInfo': paging,
  'StackConnection.totalCount': paging,
  'StackConnection.unanswered': ours,
  'StackEdge.cursor': paging,
  'StackEdge.node': paging,
  'StackFiles.compose': 'read from files on the server, and tested with them',
  'StackFiles.env': 'read from files on the server, and tested with them',
  'StackPlan.builds': ours,
  'StackPlan.denied': ours,
  'StackPlan.version': ours,
  'StackVersion.composeVersion': kept,
  'StackVersion.deployedAt': kept,
  'StackVersion.files': kept,
  'StackVersion.number': kept,
  'StackVersion.restores': kept,
  'StackVersion.services': kept,
  ...Object.fromEntries(updatePolicyFields.map((field) => [field, policy])),
};
