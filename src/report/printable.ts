/** Text from strangers on its way to a terminal. */

/** Names come from whoever runs the reverse zone: control and direction characters would rewrite the screen. */
export const printable = (text: string): string => text.replaceAll(UNPRINTABLE, '?');

/** The same for messages, which may have several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
