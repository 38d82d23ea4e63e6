/** Figures with their limits: judged, and as a table. */
export interface Row {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** null: of a peer, or for comparison. */
  readonly limit: { readonly least: number } | { readonly most: number } | null;
  readonly note?: string;
}

export function isMet({ value, limit }: Row): boolean {
  if (limit === null) return true;
  return 'least' in limit ? value >= limit.least : value <= limit.most;
}

const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(3).replace(/e\+?/, 'e'));

function limitOf({ limit, unit }: Row): string {
  if (limit === null) return '';
  return 'least' in limit ? `≥ ${limit.least}${unit}` : `≤ ${limit.most}${unit}`;
}

export const lineOf = (row: Row): string =>
  `| ${row.figure} | ${number(row.value)}${row.unit} | ${limitOf(row)} | ${row.limit === null ? '' : isMet(row) ? 'met' : '**missed**'} | ${row.note ?? ''} |`;

export const tableOf = (rows: readonly Row[]): string =>
  ['| figure | measured | limit | | |', '| --- | --- | --- | --- | --- |', ...rows.map(lineOf)].join('\n');
