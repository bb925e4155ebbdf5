/** Networks and volumes on Docker: each is looked at before it is changed, so that nothing foreign ever is. */

import { z } from 'zod';
import { formatAddress, parseCidr } from '../../platform/cidr.ts';
import { type CallOptions, type Engine, installationLabel, type Labels } from './contract.ts';
import { type Dialect, endpointAddress } from './dialect.ts';
import {
  type containerAnswer,
  type EndpointAnswer,
  type NetworkAnswer,
  networkAnswer,
  networkBlocks,
  volumeAnswer,
  volumeListAnswer,
} from './docker-answers.ts';
import { dockerProblem, failureMessage } from './docker-problems.ts';
import type { Call, Transport } from './docker-transport.ts';
import { conflict, failureCode, foreign, notFound } from './problems.ts';

export type NetworkCalls = Pick<
  Engine,
  | 'ensureNetwork'
  | 'removeNetwork'
  | 'listNetworks'
  | 'usedSubnets'
  | 'connectNetwork'
  | 'disconnectNetwork'
  | 'ensureVolume'
  | 'removeVolume'
  | 'listVolumes'
>;

export interface Guards {
  /** The network of that name; `not_found` when there is none, `forbidden` when it is not ours. */
  network(name: string, options?: CallOptions): Promise<NetworkAnswer>;
  volume(name: string, options?: CallOptions): Promise<void>;
}

/** What createContainer asks before it uses a network or a volume. */
export function guards(transport: Transport, installation: string): Guards {
  const ours = (labels: Labels) => labels[installationLabel] === installation;
  return {
    async network(name, options) {
      const found = await findNetwork(transport, name, options);
      if (!found) throw notFound(`network ${name}`);
      if (!ours(found.Labels)) throw foreign(`network ${name}`);
      return found;
    },
    async volume(name, options) {
      const found = await findVolume(transport, name, options);
      if (!found) throw notFound(`volume ${name}`);
      if (!ours(found.Labels)) throw foreign(`volume ${name}`);
    },
  };
}

export function networkCalls(
  transport: Transport,
  installation: string,
  guard: Guards,
  guardContainer: (name: string, options?: CallOptions) => Promise<z.infer<typeof containerAnswer>>,
  dialect: Dialect,
): NetworkCalls {
  const filters = JSON.stringify({ label: [`${installationLabel}=${installation}`] });

  /** Success when what is there is what was asked for; the errors otherwise. */
  const accept = (object: string, found: Labels, wanted: Labels) => {
    if (found[installationLabel] !== installation) throw foreign(object);
    const other = Object.keys(wanted).find((key) => key in found && found[key] !== wanted[key]);
    if (other) throw conflict(object, `Its label ${other} is "${found[other]}" and not "${wanted[other]}".`);
  };

  return {
    async ensureNetwork({ name, subnet, range, labels }, options) {
      const object = `network ${name}`;
      const acceptNetwork = (found: NetworkAnswer) => {
        accept(object, found.Labels, labels);
        const has = found.IPAM?.Config?.map((config) => config.Subnet).join(', ') ?? '';
        if (has !== subnet) throw conflict(object, `It has the addresses ${has} and not ${subnet}.`);
      };
      const found = await findNetwork(transport, name, options);
      if (found) return acceptNetwork(found);
      const gateway = formatAddress(parseCidr(subnet).base + 1);
      try {
        await transport.ask(
          {
            method: 'POST',
            path: '/networks/create',
            body: {
              Name: name,
              Driver: 'bridge',
              CheckDuplicate: true,
              Internal: false,
              Attachable: false,
              EnableIPv6: false,
              // The gateway is said because Docker would otherwise take the first address of the range.
              IPAM: {
                Driver: 'default',
                Config: [{ Subnet: subnet, Gateway: gateway, ...(range && { IPRange: range }) }],
              },
              Labels: { ...labels, [installationLabel]: installation },
            },
            verb: 'create the network',
            object,
          },
          z.object({ Id: z.string() }),
          options,
        );
      } catch (error) {
        const winner = await findNetwork(transport, name, options);
        if (!winner) throw error;
        acceptNetwork(winner);
      }
    },

    async removeNetwork(name, options) {
      const found = await findNetwork(transport, name, options);
      if (!found) return;
      accept(`network ${name}`, found.Labels, {});
      await transport.tell(
        {
          method: 'DELETE',
          path: `/networks/${found[dialect.networkKey]}`,
          verb: 'remove the network',
          object: `network ${name}`,
        },
        options,
      );
    },

    async listNetworks(options) {
      const call: Call = {
        method: 'GET',
        path: '/networks',
        query: { filters },
        verb: 'list the networks',
        object: 'networks',
      };
      const found = await transport.ask(call, z.array(networkAnswer), options);
      return found.map(({ Name: name, IPAM, Labels: labels }) => ({
        name,
        subnet: IPAM?.Config?.[0]?.Subnet ?? '',
        labels,
      }));
    },

    async usedSubnets(options) {
      const call: Call = { method: 'GET', path: '/networks', verb: 'list the networks', object: 'networks' };
      const found = await transport.ask(call, z.array(networkBlocks), options);
      return found
        .flatMap(({ IPAM }) => IPAM?.Config ?? [])
        .flatMap(({ Subnet: subnet }) => (subnet?.includes('.') ? [subnet] : []));
    },

    async connectNetwork(network, container, endpoint, options) {
      const { Id: networkId } = await guard.network(network, options);
      const before = await guardContainer(container, options);
      const object = `container ${container}`;
      const attached = before.NetworkSettings?.Networks?.[network];
      if (attached) return sameEndpoint(object, network, before.Id, attached, endpoint, dialect);
      try {
        await transport.tell(
          {
            method: 'POST',
            path: `/networks/${networkId}/connect`,
            body: {
              Container: before.Id,
              EndpointConfig: {
                Aliases: endpoint.aliases,
                ...endpointAddress(endpoint.address, dialect),
              },
            },
            verb: `connect the container to ${network}`,
            object,
          },
          options,
        );
      } catch (error) {
        const now = await guardContainer(container, options);
        const winner = now.NetworkSettings?.Networks?.[network];
        if (!winner) throw error;
        sameEndpoint(object, network, now.Id, winner, endpoint, dialect);
      }
    },

    async disconnectNetwork(network, container, options) {
      const found = await findNetwork(transport, network, options);
      if (!found) return;
      accept(`network ${network}`, found.Labels, {});
      let id: string;
      try {
        id = (await guardContainer(container, options)).Id;
      } catch (error) {
        if (failureCode(error) === 'not_found') return;
        throw error;
      }
      try {
        await transport.tell(
          {
            method: 'POST',
            path: `/networks/${found.Id}/disconnect`,
            body: { Container: id, Force: true },
            verb: `disconnect the container from ${network}`,
            object: `container ${container}`,
          },
          options,
        );
      } catch (error) {
        if (!/is not connected/i.test(failureMessage(error))) throw error;
      }
    },

    async ensureVolume(name, labels, options) {
      const object = `volume ${name}`;
      const found = await findVolume(transport, name, options);
      if (found) return accept(object, found.Labels, labels);
      // Docker gives an existing volume back whatever labels were asked for: the answer is checked like a found one.
      const made = await transport.ask(
        {
          method: 'POST',
          path: '/volumes/create',
          body: { Name: name, Driver: 'local', Labels: { ...labels, [installationLabel]: installation } },
          verb: 'create the volume',
          object,
        },
        volumeAnswer,
        options,
      );
      accept(object, made.Labels, labels);
    },

    async removeVolume(name, options) {
      const found = await findVolume(transport, name, options);
      if (!found) return;
      accept(`volume ${name}`, found.Labels, {});
      await transport.tell(
        { method: 'DELETE', path: `/volumes/${name}`, verb: 'remove the volume', object: `volume ${name}` },
        options,
      );
    },

    async listVolumes(options) {
      const call: Call = {
        method: 'GET',
        path: '/volumes',
        query: { filters },
        verb: 'list the volumes',
        object: 'volumes',
      };
      const found = await transport.ask(call, volumeListAnswer, options);
      return (found.Volumes ?? []).map((volume) => ({ name: volume.Name, labels: volume.Labels }));
    },
  };
}

function findNetwork(transport: Transport, name: string, options?: CallOptions): Promise<NetworkAnswer | undefined> {
  const object = `network ${name}`;
  return transport.find(
    { method: 'GET', path: `/networks/${checkedName(name, object)}`, verb: 'look at the network', object },
    networkAnswer,
    options,
  );
}

function findVolume(transport: Transport, name: string, options?: CallOptions) {
  const object = `volume ${name}`;
  return transport.find(
    { method: 'GET', path: `/volumes/${checkedName(name, object)}`, verb: 'look at the volume', object },
    volumeAnswer,
    options,
  );
}

/** Names become part of a path: nothing but a name may. */
export function checkedName(name: string, object: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) return name;
  throw dockerProblem(new Error(`"${name.slice(0, 60)}" is no name.`), { object, verb: 'use the name' });
}

function sameEndpoint(
  object: string,
  network: string,
  containerId: string,
  found: EndpointAnswer,
  wanted: { aliases: string[]; address?: string },
  dialect: Dialect,
): void {
  const address = dialect.tellsAskedAddress
    ? found.IPAMConfig?.IPv4Address || undefined
    : // What it has counts where something was asked for and it has one at all, which it has only while it runs.
      wanted.address && (found.IPAddress || wanted.address);
  // Docker adds the container's own short id to what it was given.
  const aliases = (found.Aliases ?? []).filter((alias) => !containerId.startsWith(alias));
  const same = address === wanted.address && [...aliases].sort().join() === [...wanted.aliases].sort().join();
  if (same) return;
  throw conflict(object, `It is connected to ${network} already, with another address or other names.`);
}
