/** Maps a value to 0..1 and names the places where the axis is labelled. */
export interface Axis {
  at(value: number): number;
  ticks: number[];
  max: number;
}

/** From 0 to a round number at or above `highest`, with about `wanted` steps. */
export function linearAxis(highest: number, wanted: number): Axis {
  const step = niceStep(Math.max(highest, 1e-9) / wanted);
  const max = Math.max(step, Math.ceil(highest / step - 1e-9) * step);
  const ticks = Array.from({ length: Math.round(max / step) + 1 }, (_, index) =>
    Number((index * step).toPrecision(12)),
  );
  return { at: (value) => value / max, ticks, max };
}

/** Powers of ten; nothing is at the foot of the axis, since log(1 + value) starts at 0. */
export function logAxis(highest: number): Axis {
  const decades = Math.max(1, Math.ceil(Math.log10(Math.max(highest, 1))));
  const max = 10 ** decades;
  const ticks = [0, ...Array.from({ length: decades + 1 }, (_, power) => 10 ** power)];
  return { at: (value) => Math.log10(1 + value) / Math.log10(1 + max), ticks, max };
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((each) => each * power >= step - 1e-12) ?? 10;
  return factor * power;
}
