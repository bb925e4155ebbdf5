import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Line } from '../text.ts';

export const tlsRoot: Command = {
  name: 'tls:root',
  summary: "print the root certificate of the server's own authority",
  positionals: [],
  options: {},
  details: [
    'It signs the certificates of local names such as NAME.localhost. Programs that trust it accept them: give it to curl with --cacert, to Node.js in NODE_EXTRA_CA_CERTS, or add it to the system or browser.',
  ],
  json: '{ pem: string }',
  examples: ['minicloud tls:root > root.pem'],
  async run(context) {
    const { pem } = await (await context.api()).system.rootCertificate.query();
    if (context.json) context.out.json({ pem });
    else
      context.out.print(
        ...pem
          .trimEnd()
          .split('\n')
          .map((line): Line => [line]),
      );
    return exitCodes.ok;
  },
};
