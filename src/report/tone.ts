/** The few colours there are. */

export type Tone = 'plain' | 'warning' | 'alarm';

/** Select Graphic Rendition (ECMA-48 §8.3.117): yellow, red, and back to the default. */
const CODES = { warning: '\x1b[33m', alarm: '\x1b[31m' } as const;

export const painted = (text: string, tone: Tone): string => (tone === 'plain' ? text : `${CODES[tone]}${text}\x1b[39m`);
