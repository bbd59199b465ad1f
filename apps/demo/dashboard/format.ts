/** `12,345`; a dash for what is not known. */
export const count = (value: number | undefined): string =>
  value === undefined ? '–' : Math.round(value).toLocaleString('en');

/** A rate or a duration with as many digits as it deserves: `0.42`, `7.1`, `1,234`. */
export function figure(value: number): string {
  const digits = value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}

/** A share that was saved: `98.6 %`; below zero there is more than before. */
export function savedPercent(share: number | undefined): string {
  if (share === undefined) return '–';
  const percent = Math.abs(share * 100).toFixed(1);
  if (percent === '0.0') return '0 %';
  return `${share < 0 ? '−' : ''}${percent} %`;
}

export const seconds = (ms: number): string => `${figure(ms / 1_000)} s`;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for HTML, in an element or in a quoted attribute. */
export const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character]!);

export const arrows = (text: string): string => text.replaceAll('->', '→');

/** Our own plain text for HTML, with arrows where it has `->`. */
export const prose = (text: string): string => escape(arrows(text));
