/** How long to wait before trying again. Doubles with every attempt up to the cap; milliseconds. */
export type BackOff = { readonly baseMs: number; readonly capMs: number }

export const defaultBackOff: BackOff = { baseMs: 500, capMs: 30_000 }

/** The wait before attempt `attempt + 1`: half of it fixed and half by chance, so that many do not come back together. */
export function jittered(
  attempt: number,
  { baseMs, capMs }: BackOff = defaultBackOff,
  random: () => number = Math.random,
): number {
  const whole = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 20))
  return whole / 2 + (random() * whole) / 2
}
