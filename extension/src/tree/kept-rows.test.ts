import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createKeptRows, type KeptRow } from './kept-rows.ts';

interface Plant {
  id: string;
  label: string;
  below?: Plant[];
}

class Row implements KeptRow {
  readonly id: string;
  readonly freshMs: number | undefined;
  plant: Plant;

  constructor(plant: Plant) {
    this.id = plant.id;
    this.plant = plant;
    if (plant.id === 'ages') this.freshMs = 60_000;
  }

  item() {
    return { label: this.plant.label, command: { arguments: [this] } };
  }

  async children(): Promise<Row[]> {
    return (this.plant.below ?? []).map((plant) => new Row(plant));
  }
}

let plants: Plant[] = [];
let time = 0;
const leaf = (id: string, label = id): Plant => ({ id, label });
const rowsOf = () =>
  createKeptRows<Row>(
    async () => plants.map((plant) => new Row(plant)),
    () => time,
  );
const ids = (rows: (Row | undefined)[]): (string | undefined)[] => rows.map((row) => row?.id);

/** As an editor does that shows everything. */
async function open(rows: ReturnType<typeof rowsOf>, row?: Row): Promise<void> {
  for (const each of await rows.children(row)) await open(rows, each);
}

beforeEach(() => {
  time = 0;
  plants = [{ id: 'server', label: 'server', below: [{ id: 'app', label: 'app', below: [leaf('web'), leaf('r1')] }] }];
});

test('what looks the same is not told, whatever new objects it comes in', async () => {
  const rows = rowsOf();
  assert.deepEqual(await rows.changes(), [], 'nobody has asked yet');
  await open(rows);
  plants = structuredClone(plants);
  assert.deepEqual(await rows.changes(), []);
});

test('a row that looks otherwise is told alone, and is the object that the editor has', async () => {
  const rows = rowsOf();
  await open(rows);
  const [server] = await rows.children();
  const [app] = await rows.children(server);
  const [web] = await rows.children(app);
  plants = structuredClone(plants);
  const below = plants[0]?.below?.[0]?.below;
  if (below) below[0] = leaf('web', 'web: 20 MB');
  const changes = await rows.changes();
  assert.deepEqual(ids(changes), ['web']);
  assert.equal(changes[0], web);
  assert.equal(web?.plant.label, 'web: 20 MB', 'a command on it would be about what is past');
  assert.deepEqual(await rows.changes(), [], 'it is told once');
});

test('where a row comes or goes its parent is told, and the top where it is there', async () => {
  const rows = rowsOf();
  await open(rows);
  plants = structuredClone(plants);
  plants[0]?.below?.[0]?.below?.unshift(leaf('running'));
  assert.deepEqual(ids(await rows.changes()), ['app']);
  await open(rows);
  plants = [];
  assert.deepEqual(ids(await rows.changes()), [undefined]);
});

test('below a row that was closed nothing is asked, and what is there is asked for when it is opened again', async () => {
  const rows = rowsOf();
  await open(rows);
  const [server] = await rows.children();
  const [app] = await rows.children(server);
  assert.ok(app);
  rows.close(app);
  plants = structuredClone(plants);
  plants[0]?.below?.[0]?.below?.push(leaf('r2'));
  assert.deepEqual(await rows.changes(), []);
  assert.equal(rows.reopen(app), true);
  assert.equal(rows.reopen(app), false);
  assert.deepEqual(ids(await rows.children(app)), ['web', 'r1', 'r2']);
  assert.deepEqual(await rows.changes(), []);
});

test('a row with a tooltip of its own is told again after a while', async () => {
  plants = [leaf('ages'), leaf('other')];
  const rows = rowsOf();
  await open(rows);
  time = 59_000;
  assert.deepEqual(await rows.changes(), []);
  time = 60_000;
  assert.deepEqual(ids(await rows.changes()), ['ages']);
  assert.deepEqual(await rows.changes(), []);
});
