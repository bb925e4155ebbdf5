/**
 * Requests that fail while an app is deployed again and again under load: none may. Visitors come through HTTPS at a
 * fixed rate, half of them on connections that stay open; some ask for answers that take longer than the switch does.
 */
import { requireEnv } from '../harness/companion.ts';
import { startBundledLab } from './bundled.ts';
import { type BenchRow, quantile } from './row.ts';
import { startVisitors, type Visits } from './visitors.ts';

const deploys = Number(process.env.MINICLOUD_BENCH_DEPLOYS ?? 20);
const perSecond = 200;
const app = 'busy';
const port = 8080;
/** Every so many visitors ask for an answer that takes this long, milliseconds. */
const slowEvery = 20;
const slowMs = 700;
/** Less than this share of the rate, and the visitors were too slow to prove anything. */
const leastShare = 0.9;

export async function run(): Promise<BenchRow[]> {
  const lab = await startBundledLab();
  try {
    const image = requireEnv('MINICLOUD_TEST_APP_IMAGE');
    const deploy = async (version: number) => {
      const manifest = `name: ${app}\nimage: ${image}:${version}\nexpose:\n- port: ${port}\nhealthcheck: { path: /healthz, port: ${port} }\n`;
      const operation = await lab.deploy(manifest);
      if (operation.state !== 'succeeded') throw new Error(`a deploy failed: ${JSON.stringify(operation.problem)}`);
    };
    await deploy(1);
    const kinds = [true, false].map((keepAlive) => ({
      keepAlive,
      visitors: startVisitors({
        ...{ host: `${app}.localhost`, port: lab.httpsPort, ca: lab.ready.caCertificate },
        ...{ perSecond: perSecond / 2, keepAlive },
        path: (index) => (index % slowEvery === 0 ? `/sleep?ms=${slowMs}` : '/'),
      }),
    }));
    const begin = performance.now();
    for (let count = 1; count <= deploys; count += 1) await deploy((count % 2) + 1);
    const seconds = (performance.now() - begin) / 1000;
    const rows: BenchRow[] = [];
    for (const { keepAlive, visitors } of kinds)
      rows.push(rowOf(keepAlive ? 'kept-alive' : 'a connection each', await visitors.stop(), seconds));
    return rows;
  } finally {
    await lab.remove();
  }
}

function rowOf(kind: string, visits: Visits, seconds: number): BenchRow {
  for (const [words, times] of visits.failures) console.log(`  ${kind}: ${words} × ${times}`);
  const rate = visits.sent / seconds;
  const enough = rate >= (perSecond / 2) * leastShare;
  const tail = Math.round(quantile(visits.took, 0.99));
  return {
    name: `failed of ${visits.sent} over ${deploys} deploys, ${kind}`,
    value: visits.failed,
    unit: 'requests',
    bar: `0 at ${Math.round(rate)} req/s; 99 % within ${tail} ms${enough ? '' : '; too few were sent'}`,
    ok: visits.failed === 0 && enough,
  };
}
