/** The sections of a manifest's text form, each with what it means, its defaults and its bounds. */
import * as z from 'zod';
import {
  appName,
  command,
  count,
  cpus,
  domain,
  duration,
  envName,
  envValue,
  filePath,
  freeText,
  gitBranch,
  gitRepo,
  image,
  majorVersion,
  mountPath,
  partName,
  percent,
  port,
  routePath,
  schedule,
  size,
  timezone,
  user,
  word,
} from './schema-scalars.ts';

export const variables = z.record(envName, envValue);

export const resources = z.strictObject({
  memory: size('6MB', '16TB', 'memory')
    .optional()
    .meta({
      description: 'Most memory a replica may use, swap included; above it the replica is restarted.',
      examples: ['256MB', '1GiB'],
    }),
  cpus: cpus.optional().meta({ description: 'Most processor time a replica may use, in cores.', examples: [0.5, 2] }),
  pids: count(16, 32_768, 'pids')
    .optional()
    .describe('Most processes and threads a replica may have at once; the server allows 512 when nothing is said.'),
});

export const expose = z
  .strictObject({
    port: port.meta({ description: 'Port that the app listens on inside its container.', examples: [80, 3000] }),
    proto: z
      .enum(['http', 'tcp', 'udp'])
      .default('http')
      .describe('What is spoken on the port; domains, path, max_body and timeout are for http.'),
    process: partName
      .optional()
      .describe('Process that listens; the primary process (web, else the first) when nothing is said.'),
    domains: z
      .array(domain)
      .default([])
      .meta({
        description: 'Names that lead here; without any the first http port gets NAME.SERVER-DOMAIN.',
        examples: [['shop.example.com']],
      }),
    path: routePath
      .default('/')
      .meta({ description: 'Only requests whose path starts with this come here.', examples: ['/api'] }),
    max_body: size('1kB', '100GB', 'max_body').default('100MB').describe('Largest request body that is let through.'),
    timeout: duration('1s', '1d', 'timeout')
      .default('60s')
      .describe('Longest silence from the app before a request is given up; open WebSockets are exempt.'),
  })
  .meta({ description: 'A port of the app and what leads to it.', examples: [{ port: 80 }] });

/** Kinds of database server that the language knows. */
export const engineNames = ['mariadb', 'postgres'] as const;

const databaseNeed = z.strictObject({
  engine: z.enum(engineNames).default('mariadb').describe('Kind of database server.'),
  version: majorVersion
    .optional()
    .meta({ description: 'Major version of the server; its own choice when nothing is said.', examples: ['17'] }),
  env: envName.default('DATABASE_URL').describe('Variable that gets the connection URL.'),
  dedicated: z
    .boolean()
    .default(false)
    .describe('A database server of the app’s own instead of an own database on the shared one.'),
});
const messagebusNeed = z.strictObject({
  env: envName.default('AMQP_URL').describe('Variable that gets the connection URL.'),
});
const cacheNeed = z.strictObject({
  env: envName.default('REDIS_URL').describe('Variable that gets the connection URL.'),
});
const storageNeed = z.strictObject({
  path: mountPath.default('/data').describe('Folder in the container where the volume is mounted.'),
  size: size('1MB', '100TB', 'size')
    .optional()
    .meta({ description: 'Most that the volume may hold.', examples: ['5GB'] }),
});

/** Each kind of need by its word and as a map of its one key; completion and hover walk both. */
export const need = z
  .union([
    z.enum(['database', 'messagebus', 'cache', 'storage']),
    z.strictObject({ database: databaseNeed.describe('An own database and user, in DATABASE_URL.') }),
    z.strictObject({ messagebus: messagebusNeed.describe('An own RabbitMQ vhost and user, in AMQP_URL.') }),
    z.strictObject({ cache: cacheNeed.describe('A small Redis of the app’s own, in REDIS_URL.') }),
    z.strictObject({ storage: storageNeed.describe('A volume that outlives releases, at /data.') }),
  ])
  .meta({ description: 'One thing the app needs from the server.', examples: ['database'] });

/** What a need is when only its word is written. */
export const needDefaults = {
  database: databaseNeed.parse({}),
  messagebus: messagebusNeed.parse({}),
  cache: cacheNeed.parse({}),
  storage: storageNeed.parse({}),
};

export const process = z
  .strictObject({
    command: command.optional().meta({
      description: 'What runs, as a list of arguments or one line; the image’s own command when nothing is said.',
      examples: [['node', 'server.js'], 'node server.js'],
    }),
    count: count(0, 100, 'count').default(1).describe('How many replicas run.'),
    resources: resources
      .optional()
      .describe('Limits of each replica; what is not said here comes from the app’s resources.'),
  })
  .meta({
    description: 'A command of the app and how many replicas of it run.',
    examples: [{ command: 'node server.js', count: 1 }],
  });

export const support = z
  .strictObject({
    image: image.meta({
      description: 'Image of the support container.',
      examples: ['docker.io/getmeili/meilisearch:v1.12'],
    }),
    command: command.optional().describe('What runs in it; the image’s own command when nothing is said.'),
    env: variables.default({}).describe('Variables of the support container; not secret.'),
    volumes: z
      .array(
        z.strictObject({
          path: mountPath.describe('Folder in the support container where the volume is mounted.'),
          size: size('1MB', '100TB', 'size').optional().describe('Most that the volume may hold.'),
        }),
      )
      .default([])
      .describe('Volumes of the support container; they outlive releases.'),
    resources: resources.optional().describe('Limits of the support container.'),
    internet: z
      .boolean()
      .default(false)
      .describe(
        'Whether the support container may ask the internet. The app and its other containers it reaches anyway.',
      ),
  })
  .meta({
    description: 'A container with an image of its own, for this app only.',
    examples: [{ image: 'docker.io/library/redis:8' }],
  });

export const releaseCommand = z.strictObject({
  command: command.meta({
    description: 'What runs in the new image before it gets traffic, such as a migration.',
    examples: ['npm run migrate'],
  }),
  timeout: duration('1s', '1d', 'timeout')
    .default('5m')
    .describe('When it runs longer than this, the deploy fails and the old release stays.'),
});

export const healthcheck = z.strictObject({
  path: routePath.optional().meta({
    description: 'Path that must answer with a status below 400; a TCP connection is enough when nothing is said.',
    examples: ['/healthz'],
  }),
  port: port.optional().describe('Exposed port that is asked; the first http or tcp port when nothing is said.'),
  interval: duration('500ms', '1h', 'interval').default('1s').describe('Time between two checks.'),
  timeout: duration('100ms', '5m', 'timeout').default('2s').describe('Longest wait for one answer.'),
  retries: count(1, 100, 'retries').default(5).describe('Failed checks in a row that make a replica unhealthy.'),
  grace: duration('0s', '1h', 'grace')
    .default('30s')
    .describe('Time after the start in which failed checks do not count.'),
});

export const rollout = z.strictObject({
  strategy: z
    .enum(['rolling', 'steps', 'stop-first'])
    .default('rolling')
    .describe(
      'rolling starts the new replicas before the old ones stop; steps moves traffic in parts; stop-first stops the old ones first, with downtime.',
    ),
  steps: z
    .array(percent)
    .min(1)
    .default(['100%'])
    .meta({
      description: 'Rising shares of the traffic that the new release gets, up to 100%.',
      examples: [['10%', '50%', '100%']],
    }),
  advance: z
    .enum(['auto', 'manual'])
    .default('auto')
    .describe('Whether the next step follows by itself or waits for you.'),
  pause: duration('0s', '7d', 'pause').default('2m').describe('How long a step is watched before the next one.'),
});

export const job = z
  .strictObject({
    name: partName.describe('Name of the job, unique in the app.'),
    schedule: schedule.meta({
      description: 'When it runs: minute, hour, day of the month, month, day of the week.',
      examples: ['0 3 * * *'],
    }),
    timezone: timezone.default('UTC').describe('Time zone of the schedule.'),
    command: command.describe('What runs, in the image of the release.'),
    timeout: duration('1s', '7d', 'timeout')
      .default('1h')
      .describe('When it runs longer than this, it is ended and counts as failed.'),
    overlap: z
      .enum(['forbid', 'allow', 'replace'])
      .default('forbid')
      .describe(
        'What happens when the last run has not ended: the new one is left out, both run, or the old one is ended.',
      ),
  })
  .meta({
    description: 'A command that runs by a schedule.',
    examples: [{ name: 'nightly', schedule: '0 3 * * *', command: './report' }],
  });

export const build = z.strictObject({
  type: z
    .enum(['dockerfile', 'static', 'nixpacks', 'compose'])
    .default('dockerfile')
    .describe('How the image is made.'),
  git: z
    .strictObject({
      repo: gitRepo.meta({ description: 'Address of the repository.', examples: ['https://example.com/me/app.git'] }),
      branch: gitBranch.optional().describe('Branch or tag; the repository’s own default when nothing is said.'),
    })
    .optional()
    .describe('Repository that is built; the working folder is sent when nothing is said.'),
  context: filePath.default('.').describe('Folder that is built, relative to the root of the source.'),
  dockerfile: z
    .strictObject({
      path: filePath.default('Dockerfile').describe('The Dockerfile, relative to the context.'),
      target: word.optional().describe('Stage that is built; the last one when nothing is said.'),
      args: variables.default({}).describe('Build arguments; they can be read from the image, so not secret.'),
    })
    .optional()
    .describe('For type dockerfile.'),
  static: z
    .strictObject({
      command: freeText.optional().describe('What makes the files; none when they are there already.'),
      output: filePath.default('dist').describe('Folder that is served.'),
    })
    .optional()
    .describe('For type static: a folder of files behind a web server.'),
  nixpacks: z
    .strictObject({
      start: freeText.optional().describe('Start command of the image; detected when nothing is said.'),
      variables: variables.default({}).describe('Variables of the build.'),
    })
    .optional()
    .describe('For type nixpacks: the language is detected.'),
  compose: z
    .strictObject({
      file: filePath.default('docker-compose.yml').describe('The compose file, relative to the context.'),
      service: word.describe('The service of the file whose build section is used.'),
    })
    .optional()
    .describe('For type compose: the build section of one service.'),
});

export const placement = z.strictObject({
  region: word.optional().describe('Region the app must run in.'),
  city: word.optional().describe('City the app must run in.'),
  pop: word.optional().describe('Point of presence the app must run in.'),
  labels: z
    .record(word, envValue)
    .default({})
    .meta({ description: 'Labels that a node must have.', examples: [{ disk: 'ssd' }] }),
  near: appName.optional().describe('App that this one should share a node with.'),
  apart: appName.optional().describe('App that this one must not share a node with.'),
  priority: count(0, 100, 'priority').optional().describe('Who stays when a node is full: higher wins.'),
});

export const backup = z.strictObject({
  schedule: schedule.default('0 2 * * *').describe('When volumes and databases are saved, in UTC.'),
  keep: z
    .strictObject({
      daily: count(0, 1000, 'daily').optional().describe('Daily backups that are kept.'),
      weekly: count(0, 1000, 'weekly').optional().describe('Weekly backups that are kept.'),
      monthly: count(0, 1000, 'monthly').optional().describe('Monthly backups that are kept.'),
    })
    .default({ daily: 7, weekly: 4, monthly: 6 })
    .describe('How many backups are kept.'),
  rehearse: z
    .enum(['daily', 'weekly', 'monthly'])
    .optional()
    .describe('How often a backup is restored and compared, for proof.'),
});

/** Capabilities an app may ask for: those that every container has, and those that lead nowhere out of it. */
export const capabilities = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'IPC_LOCK',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
  'SYS_NICE',
] as const;

export const security = z.strictObject({
  read_only: z.boolean().default(false).describe('The container’s own files can not be changed; volumes and /tmp can.'),
  user: user
    .optional()
    .meta({ description: 'User the app runs as; the image’s own when nothing is said.', examples: ['1000'] }),
  capabilities: z
    .array(z.enum(capabilities))
    .default([])
    .describe('Kernel capabilities beside the few that every image needs to start.'),
  internet: z
    .boolean()
    .default(true)
    .describe(
      'Whether the app may ask the internet. Without it its own containers, the services that it needs and its visitors remain, and names are still looked up.',
    ),
});

export const forward = z.strictObject({
  port: port.describe('Port on the server itself that the domains lead to.'),
  domains: z
    .array(domain)
    .default([])
    .meta({
      description: 'Names that lead to the port; NAME.SERVER-DOMAIN without any.',
      examples: [['tool.example.com']],
    }),
});
