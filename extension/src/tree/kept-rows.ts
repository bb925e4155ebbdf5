/**
 * What the editor was told of a tree, kept to tell it only what has changed. An editor that is told to ask anew for a
 * row forgets all rows below it until it has asked: what is clicked in between has lost what it is about. Pure.
 */

export interface KeptRow {
  readonly id: string;
  /** Told again after this time though it looks the same, for what is asked when somebody points at it. */
  readonly freshMs?: number;
  item(): object;
  children(): Promise<KeptRow[]>;
}

export interface KeptRows<Row extends KeptRow> {
  /** Rows below `row`, or at the top. A row is the same object for as long as it is there. */
  children(row?: Row): Promise<Row[]>;
  /** Rows that are to be asked for anew, with all below them; `undefined` among them is the whole tree. */
  changes(): Promise<(Row | undefined)[]>;
  /** False for a row that is gone. */
  has(row: Row): boolean;
  /** Nobody looks below the row any more. */
  close(row: Row): void;
  /** True when the row was closed before: what the editor remembers of it may be old. */
  reopen(row: Row): boolean;
}

interface Told<Row> {
  row: Row;
  looks: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Once they were asked for. */
  below?: Told<Row>[];
}

export function createKeptRows<Row extends KeptRow>(
  top: () => Promise<Row[]>,
  now: () => number = Date.now,
): KeptRows<Row> {
  const known = new Map<string, Told<Row>>();
  const closed = new Set<string>();
  let roots: Told<Row>[] | undefined;
  const fresh = (row?: Row): Promise<Row[]> => (row ? (row.children() as Promise<Row[]>) : top());

  /** The row's own object takes over what the newer one knows, for commands are called with it. */
  function tell(row: Row): Told<Row> {
    const told = known.get(row.id);
    const same = told ? Object.assign(told.row, row) : row;
    const next: Told<Row> = { row: same, looks: looksOf(same), at: now() };
    known.set(row.id, next);
    return next;
  }

  function forget({ row, below }: Told<Row>): void {
    known.delete(row.id);
    below?.forEach(forget);
  }

  /** Adds what has changed at `rows`, which are those that were told, and below. */
  async function compare(
    told: readonly Told<Row>[],
    rows: readonly Row[],
    changed: (Row | undefined)[],
  ): Promise<void> {
    for (const [index, each] of told.entries()) {
      Object.assign(each.row, rows[index]);
      const looks = looksOf(each.row);
      const old = each.row.freshMs !== undefined && now() - each.at >= each.row.freshMs;
      if (old || looks !== each.looks) {
        Object.assign(each, { looks, at: now() });
        changed.push(each.row);
      } else if (each.below) await look(each.row, each.below, changed);
    }
  }

  async function look(row: Row | undefined, below: readonly Told<Row>[], changed: (Row | undefined)[]): Promise<void> {
    const rows = await fresh(row);
    const same = rows.length === below.length && rows.every(({ id }, index) => id === below[index]?.row.id);
    if (same) await compare(below, rows, changed);
    else changed.push(row);
  }

  return {
    async children(row) {
      const rows = await fresh(row);
      const before = row ? known.get(row.id)?.below : roots;
      const kept = new Set(rows.map(({ id }) => id));
      for (const each of before ?? []) if (!kept.has(each.row.id)) forget(each);
      const below = rows.map(tell);
      const parent = row && known.get(row.id);
      if (parent) parent.below = below;
      else if (!row) roots = below;
      return below.map((each) => each.row);
    },
    async changes() {
      const changed: (Row | undefined)[] = [];
      if (roots) await look(undefined, roots, changed);
      return changed;
    },
    has: (row) => known.has(row.id),
    close(row) {
      closed.add(row.id);
      const told = known.get(row.id);
      told?.below?.forEach(forget);
      if (told) delete told.below;
    },
    reopen: (row) => closed.delete(row.id),
  };
}

function looksOf(row: KeptRow): string {
  // What a row hands over when it is clicked is the row itself.
  return JSON.stringify(row.item(), (name, value: unknown) => (name === 'arguments' ? undefined : value));
}
