/** Numbers as people read them. */

/** `0.21 ms` */
export const milliseconds = (value: number): string => `${value.toFixed(2)} ms`;

/** `90.100%`: never 100 or 0 unless it is exactly that. */
export function rate(fraction: number): string {
  if (fraction === 0 || fraction === 1) return `${fraction * 100}.000%`;
  return `${Math.min(Math.max(fraction * 100, 0.001), 99.999).toFixed(3)}%`;
}

/** Percent without the sign: `0`, `0.38`, `9.9`, `99.987`, `100`; a digit after the point, two significant ones within 1 of either end. */
export function percent(fraction: number): string {
  if (fraction === 0 || fraction === 1) return String(fraction * 100);
  const toEnd = Math.min(fraction, 1 - fraction) * 100;
  const decimals = toEnd >= 1 ? 1 : Math.min(1 - Math.floor(Math.log10(toEnd)), MOST_DECIMALS);
  return (fraction * 100).toFixed(decimals);
}

/** Past these a double near 100 has no digits left. */
const MOST_DECIMALS = 12;
